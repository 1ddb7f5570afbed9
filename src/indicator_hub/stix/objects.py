"""An object version: what the hub reads out of a STIX object to keep it, find it and decide about it; or why it cannot be kept.

The object itself stays the bytes it came as (STIX 2.1 section 3.5: who changes anything must use a new id).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from indicator_hub.errors import Invalid
from indicator_hub.stix import grammar, ids, timestamps
from indicator_hub.stix.markings import TLP, granular_marks, is_tlp_object, object_marks
from indicator_hub.stix.reader import MAX_DEPTH, Received
from indicator_hub.stix.vocabulary import OBSERVABLES, REQUIRED, REQUIRED_2_0, RESERVED

MAX_CONFIDENCE = 100
_ESCAPED_FAULT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_MAYBE_EMPTY = re.compile(rb"\[\s*\]|\{\s*\}")
_NOWHERE = "unknown--00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class ObjectVersion:
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


def accept(received: Received) -> ObjectVersion | Unacceptable:
    """The object version, or why not. Never raises."""
    try:
        return _accept(_require_object(received), received.raw)
    except _Fault as fault:
        return Unacceptable(_name(received.value), _version_name(received.value), str(fault))


def _require_object(received: Received) -> dict[str, Any]:
    if received.fault:
        raise _Fault(f"not I-JSON: {received.fault}")
    value: object = received.value
    if not isinstance(value, dict):
        raise _Fault("a STIX object must be a JSON object")
    return cast("dict[str, Any]", value)


def _accept(value: dict[str, Any], raw: bytes) -> ObjectVersion:
    _require_sound(value, raw)
    kind, identifier = value.get("type"), value.get("id")
    if kind == "bundle":
        raise _Fault("a bundle is not a STIX object: send what is in it")
    if not ids.is_type(kind):
        raise _Fault("type is missing or not a valid name")
    if ids.type_of(identifier) != kind:
        raise _Fault(f"id must be {kind}--UUID, in lower case")
    spec = _spec_version(kind, value)
    created, modified = _instant(value, "created"), _instant(value, "modified")
    _require_times(kind, value, spec, created, modified)
    _require_common(value)
    _require_properties(kind, value, spec)
    if kind == "marking-definition":
        _require_marking(value)
    if kind == "indicator":
        _require_indicator(value, spec)
    return ObjectVersion(
        id=cast("str", identifier),
        type=kind,
        spec_version=spec,
        version=modified or created,
        created=created,
        created_by=value.get("created_by_ref"),
        revoked=value.get("revoked") is True,
        marks=object_marks(value),
        part_marks=granular_marks(value),
        builtin=identifier in TLP,
        value=value,
        raw=raw,
        sha256=hashlib.sha256(raw).digest(),
    )


def _spec_version(kind: str, value: Mapping[str, Any]) -> str:
    """STIX 2.1 section 3.2: absent means 2.1 for an observable, 2.0 for anything else."""
    spec = value.get("spec_version", "2.1" if kind in OBSERVABLES else "2.0")
    if spec not in ("2.0", "2.1"):
        raise _Fault("spec_version must be 2.1 (2.0 is taken too)")
    return spec


def _require_times(kind: str, value: Mapping[str, Any], spec: str, created: str | None, modified: str | None) -> None:
    if kind == "marking-definition":
        if created is None:
            raise _Fault("created is missing")
        if modified is not None:
            raise _Fault("a marking-definition cannot have versions: modified is not allowed")
        return
    if kind in REQUIRED or spec == "2.0" or (kind not in OBSERVABLES and (created or modified)):
        for name, text in (("created", created), ("modified", modified)):
            if text is None:
                raise _Fault(f"{name} is missing")
    if created and modified and timestamps.sort_key(modified) < timestamps.sort_key(created):
        raise _Fault("modified is earlier than created")
    if (revoked := value.get("revoked")) is not None and not isinstance(revoked, bool):
        raise _Fault("revoked must be true or false")


def _require_common(value: Mapping[str, Any]) -> None:
    creator = value.get("created_by_ref")
    if creator is not None and ids.type_of(creator) != "identity":
        raise _Fault("created_by_ref must be the id of an identity")
    confidence = value.get("confidence")
    if confidence is not None and (type(confidence) is not int or not 0 <= confidence <= MAX_CONFIDENCE):
        raise _Fault("confidence must be an integer from 0 to 100")
    if reserved := RESERVED.intersection(value):
        raise _Fault(f"{min(reserved)} is a reserved property")
    labels = value.get("labels")
    if labels is not None and not _all(labels, str):
        raise _Fault("labels must be a list of strings")
    marks = value.get("object_marking_refs")
    if marks is not None and not (_all(marks, str) and all(ids.type_of(m) == "marking-definition" for m in marks)):
        raise _Fault("object_marking_refs must be a list of ids of marking-definitions")
    if value["id"] in (marks or ()):
        raise _Fault("a marking-definition cannot mark itself")
    _require_granular(value.get("granular_markings"))


def _require_granular(parts: object) -> None:
    if parts is None:
        return
    if not _all(parts, dict):
        raise _Fault("granular_markings must be a list of objects")
    for part in cast("list[dict[str, Any]]", parts):
        if not _all(part.get("selectors"), str):
            raise _Fault("a granular marking needs selectors")
        if ("marking_ref" in part) == ("lang" in part):
            raise _Fault("a granular marking has either marking_ref or lang")
        if "marking_ref" in part and ids.type_of(part["marking_ref"]) != "marking-definition":
            raise _Fault("marking_ref must be the id of a marking-definition")


def _require_properties(kind: str, value: Mapping[str, Any], spec: str) -> None:
    required = REQUIRED.get(kind, ())
    if spec == "2.0":
        required = REQUIRED_2_0.get(
            kind, () if kind in ("malware", "location", "grouping", "note", "opinion") else required
        )
    for name in required:
        if name not in value:
            raise _Fault(f"{name} is missing")
    for name, content in value.items():
        if name.endswith("_ref") and not (isinstance(content, str) and (kind not in REQUIRED or ids.type_of(content))):
            raise _Fault(f"{name[:40]} must be the id of a STIX object")
        if name.endswith("_refs") and not (
            _all(content, str) and (kind not in REQUIRED or all(map(ids.type_of, content)))
        ):
            raise _Fault(f"{name[:40]} must be a list of ids of STIX objects")


def _require_indicator(value: Mapping[str, Any], spec: str) -> None:
    begins = _instant(value, "valid_from")
    ends = _instant(value, "valid_until")
    if begins and ends and timestamps.sort_key(ends) <= timestamps.sort_key(begins):
        raise _Fault("valid_until must be later than valid_from")
    pattern = value["pattern"]
    if not isinstance(pattern, str) or not pattern:
        raise _Fault("pattern must be a string")
    if value.get("pattern_type", "stix" if spec == "2.0" else None) == "stix":
        try:
            grammar.check(pattern)
        except Invalid as error:
            raise _Fault(f"pattern: {error.detail}") from None


def _require_marking(value: Mapping[str, Any]) -> None:
    """STIX 2.1 section 7.2.1.4: no TLP mark but the given ones, and those unchanged."""
    if value["id"] in TLP:
        if not is_tlp_object(value):
            raise _Fault("this is the id of a TLP object, and the content differs from it")
    elif value.get("definition_type") == "tlp":
        raise _Fault("TLP marks exist under their given ids only")
    elif "extensions" not in value and not ("definition_type" in value and "definition" in value):
        raise _Fault("a marking-definition needs extensions, or definition_type and definition")


def _instant(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    if text is None:
        return None
    if not timestamps.is_timestamp(text):
        raise _Fault(f"{name} must be a timestamp like 2026-01-31T12:00:00.000Z")
    return text


def _all(content: object, kind: type) -> bool:
    if not isinstance(content, list) or not content:
        return False
    return all(isinstance(item, kind) for item in cast("list[object]", content))


def _require_sound(value: dict[str, Any], raw: bytes) -> None:
    """What JSON allows and STIX or I-JSON forbids. The text is asked first, so that nearly every object is spared the walk."""
    if b"\\u" in raw and _ESCAPED_FAULT.search(raw.decode()):
        for text in _texts(value):
            if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
                raise _Fault("a string holds U+0000 or half of a surrogate pair")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH or _MAYBE_EMPTY.search(raw):
        _walk(value, 1)


def _walk(value: object, depth: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    container = cast("dict[str, object] | list[object]", value)
    if not container:
        raise _Fault("an empty list or dictionary is not allowed: leave the property out")
    if depth > MAX_DEPTH:
        raise _Fault(f"nested deeper than {MAX_DEPTH} levels")
    for child in container.values() if isinstance(container, dict) else container:
        _walk(child, depth + 1)


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
