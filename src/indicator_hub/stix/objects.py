"""An object version: what the hub reads out of a STIX object to keep it, find it and decide about it; or why it cannot be kept.

The object itself stays the bytes it came as (STIX 2.1 section 3.5: who changes anything must use a new id).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from indicator_hub.errors import Invalid
from indicator_hub.limits import LIMITS, Limits
from indicator_hub.stix import grammar, ids, timestamps
from indicator_hub.stix.kinds import Shape
from indicator_hub.stix.markings import TLP, granular_marks, is_tlp_object, object_marks
from indicator_hub.stix.reader import Received
from indicator_hub.stix.selectors import points_at_content
from indicator_hub.stix.shapes import CUSTOM, CUSTOM_2_0, CUSTOM_OBSERVABLE, SHAPES, SHAPES_2_0
from indicator_hub.stix.vocabulary import OBSERVABLES

_ESCAPED_FAULT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_NOWHERE = "unknown--00000000-0000-4000-8000-000000000000"


class ObjectVersion(NamedTuple):
    """A STIX object at one `modified`. `version` is None for an observable that carries no time: the hub then gives it one."""

    id: str
    type: str
    spec_version: str
    version: str | None
    created: str | None
    created_by: str | None
    revoked: bool
    marks: frozenset[str]
    part_marks: frozenset[str]
    builtin: bool
    value: Mapping[str, Any]
    raw: bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Unacceptable:
    """An object that cannot be kept, named as well as it names itself, and why."""

    id: str
    version: str
    reason: str


class _Fault(Exception):
    """What is wrong with one object."""


def accept(received: Received, limits: Limits = LIMITS) -> ObjectVersion | Unacceptable:
    """The object version, or why not. Never raises."""
    try:
        return _accept(_require_object(received), received.raw, limits)
    except _Fault as fault:
        return Unacceptable(_name(received.value), _version_name(received.value), str(fault))


def _require_object(received: Received) -> dict[str, Any]:
    if received.fault:
        raise _Fault(f"not I-JSON: {received.fault}")
    value: object = received.value
    if not isinstance(value, dict):
        raise _Fault("a STIX object must be a JSON object")
    return cast("dict[str, Any]", value)


def _accept(value: dict[str, Any], raw: bytes, limits: Limits) -> ObjectVersion:
    _require_sound(value, raw, limits)
    kind, identifier = value.get("type"), value.get("id")
    if not isinstance(kind, str) or not (kind in SHAPES or ids.is_type(kind)):
        raise _Fault("type is missing or not a valid name")
    if kind == "bundle":
        raise _Fault("a bundle is not a STIX object: send what is in it")
    if ids.type_of(identifier) != kind:
        raise _Fault(f"id must be {kind}--UUID, in lower case")
    spec = _spec_version(kind, value)
    if (wrong := _shape(kind, value, spec).check(value)) is not None:
        raise _Fault(
            wrong if "spec_version" in value or spec == "2.1" else f"{wrong} (without spec_version it is STIX 2.0)"
        )
    created, modified = value.get("created"), value.get("modified")
    if created != modified and created and modified and timestamps.sort_key(modified) < timestamps.sort_key(created):
        raise _Fault("modified is earlier than created")
    if "granular_markings" in value:
        _require_content(value)
    if kind == "indicator":
        _require_pattern(value, spec, limits)
    elif kind == "marking-definition":
        _require_marking(value)
    return ObjectVersion(
        cast("str", identifier),
        kind,
        spec,
        modified or created,
        created,
        value.get("created_by_ref"),
        value.get("revoked") is True,
        object_marks(value),
        granular_marks(value),
        identifier in TLP,
        value,
        raw,
        hashlib.sha256(raw).digest(),
    )


def _spec_version(kind: str, value: Mapping[str, Any]) -> str:
    """STIX 2.1 section 3.2: absent means 2.1 for an observable, 2.0 for anything else."""
    spec = value.get("spec_version")
    if spec is None and "spec_version" not in value:
        return "2.1" if kind in OBSERVABLES or (kind not in SHAPES and _declares_observable(value)) else "2.0"
    if spec not in ("2.0", "2.1"):
        raise _Fault("spec_version must be 2.1 (2.0 is taken too)")
    return cast("str", spec)


def _shape(kind: str, value: Mapping[str, Any], spec: str) -> Shape:
    if spec == "2.0":
        if kind in SHAPES and kind not in SHAPES_2_0 and kind not in OBSERVABLES:
            raise _Fault(f"spec_version must be 2.1: there is no {kind} in STIX 2.0")
        return SHAPES_2_0.get(kind, CUSTOM_2_0)
    known = SHAPES.get(kind)
    if known is not None:
        # Versioned by its producer (3.6), an observable has what a domain object has.
        return known
    return CUSTOM if "created" in value or "modified" in value else CUSTOM_OBSERVABLE


def _declares_observable(value: Mapping[str, Any]) -> bool:
    """Whether an extension says that this custom type is an observable (7.3)."""
    declared = value.get("extensions")
    return isinstance(declared, dict) and any(
        isinstance(one, dict) and cast("dict[str, Any]", one).get("extension_type") == "new-sco"
        for one in cast("dict[str, Any]", declared).values()
    )


def _require_content(value: Mapping[str, Any]) -> None:
    """STIX 2.1 section 7.2.3: a granular marking selects something that is there."""
    for marking in value["granular_markings"]:
        for selector in marking["selectors"]:
            if not points_at_content(value, selector):
                raise _Fault(f"granular_markings: the selector {selector[:60]} points at nothing")


def _require_pattern(value: Mapping[str, Any], spec: str, limits: Limits) -> None:
    pattern = value["pattern"]
    if not pattern:
        raise _Fault("pattern must not be empty")
    if value.get("pattern_type", "stix" if spec == "2.0" else None) == "stix":
        try:
            grammar.check(pattern, limits)
        except Invalid as error:
            raise _Fault(f"pattern: {error.detail}") from None


def _require_marking(value: Mapping[str, Any]) -> None:
    """STIX 2.1 sections 7.2.1 and 7.2.1.4: never versioned; no TLP mark but the given ones, and those unchanged."""
    if "modified" in value:
        raise _Fault("a marking-definition cannot have versions: modified is not allowed")
    if value["id"] in object_marks(value) | granular_marks(value):
        raise _Fault("a marking-definition cannot mark itself")
    if value["id"] in TLP:
        if not is_tlp_object(value):
            raise _Fault("this is the id of a TLP object, and the content differs from it")
    elif value.get("definition_type") == "tlp":
        raise _Fault("TLP marks exist under their given ids only")


def _require_sound(value: dict[str, Any], raw: bytes, limits: Limits) -> None:
    """What JSON allows and STIX or I-JSON forbids. The text is asked first, so that nearly every object is spared the walk."""
    if b"\\" in raw and b"\\u" in raw and _ESCAPED_FAULT.search(raw.decode()):
        for text in _texts(value):
            if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
                raise _Fault("a string holds U+0000 or half of a surrogate pair")
    if raw.count(b"{") + raw.count(b"[") > limits.depth:
        _require_shallow(value, 1, limits.depth)
    if len(raw) > limits.text and any(len(text) > limits.text for text in _texts(value)):
        raise _Fault(f"a string is longer than {limits.text} characters")


def _require_shallow(value: object, depth: int, most: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if depth > most:
        raise _Fault(f"nested deeper than {most} levels")
    container = cast("dict[str, object] | list[object]", value)
    for child in container.values() if isinstance(container, dict) else container:
        _require_shallow(child, depth + 1, most)


def _texts(value: object) -> Iterable[str]:
    stack: list[object] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            members = cast("dict[str, object]", one)
            stack.extend(members)
            stack.extend(members.values())
        elif isinstance(one, list):
            stack.extend(cast("list[object]", one))


def _name(value: Any) -> str:
    """What to call an object in a status when it may not even have an id (TAXII 2.1 section 4.3.1: a required string)."""
    identifier = cast("dict[str, Any]", value).get("id") if isinstance(value, dict) else None
    if not isinstance(identifier, str) or not identifier:
        return _NOWHERE
    # Said back in a status, which must be UTF-8 whatever was sent.
    return identifier[:300].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _version_name(value: Any) -> str:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        for name in ("modified", "created"):
            if timestamps.is_timestamp(members.get(name)):
                return members[name]
    return "1970-01-01T00:00:00.000000Z"
