"""Selectors of granular markings (STIX 2.1 section 7.2.3.1): `labels.[0]`, `external_references.[0].source_name`."""

import re
from collections.abc import Mapping
from typing import Any, cast

_INDEX = re.compile(r"\[(0|[1-9][0-9]{0,8})\]", re.ASCII)


def points_at_content(value: Mapping[str, Any], selector: str) -> bool:
    """Whether the selector addresses something in this object: a property, a key of a dictionary, an item of a list."""
    at: object = value
    for component in selector.split("."):
        if isinstance(at, dict):
            members = cast("dict[str, object]", at)
            if component not in members:
                return False
            at = members[component]
        elif isinstance(at, list):
            items, index = cast("list[object]", at), _INDEX.fullmatch(component)
            if index is None or int(index[1]) >= len(items):
                return False
            at = items[int(index[1])]
        else:
            return False
    return True
