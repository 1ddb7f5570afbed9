"""Which objects an object refers to (STIX 2.1 section 2.9): ends of relationships, what is sighted, parts of reports, anything in a `_ref`."""

from collections.abc import Mapping
from typing import Any, cast

# Who made it and how it is marked is no content.
_NO_CONTENT = frozenset(("created_by_ref", "object_marking_refs", "marking_ref"))


def references(value: Mapping[str, Any], raw: bytes) -> frozenset[str]:
    """The ids it refers to, wherever in it they stand. `raw` are its own bytes: nearly every indicator is spared the walk by them."""
    if b"\\" not in raw or b"\\u" not in raw:
        # Each of these names holds the letters once; where they stand anywhere else, there are more.
        usual = ("created_by_ref" in value) + ("object_marking_refs" in value) + ("external_references" in value)
        if raw.count(b"_ref") == usual:
            return frozenset()
    found: set[str] = set()
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += cast("list[Any]", one)
        elif isinstance(one, dict):
            for name, content in cast("dict[str, Any]", one).items():
                if name.endswith(("_ref", "_refs")) and name not in _NO_CONTENT:
                    listed = cast("list[Any]", content if isinstance(content, list) else [content])
                    found.update(target for target in listed if isinstance(target, str))
                elif isinstance(content, (dict, list)):
                    stack.append(content)
    return frozenset(found - {value.get("id")})
