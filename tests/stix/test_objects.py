"""What the hub takes for a STIX object, and why not."""

import json
from typing import Any

import pytest

from indicator_hub.stix.objects import ObjectVersion, Unacceptable, accept
from indicator_hub.stix.reader import read
from support.world import TLP, envelope, indicator

TIMES = {"created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z"}
UUID = "00000000-0000-4000-8000-000000000001"
DEEP: Any = "x"
for _ in range(70):
    DEEP = {"a": DEEP}

GOOD: list[tuple[str, dict[str, Any], tuple[str, str | None]]] = [
    ("an indicator", indicator(1), ("2.1", "2026-11-01T00:00:00.000Z")),
    ("of STIX 2.0", indicator(1, spec_version=None, pattern_type=None, labels=["x"]), ("2.0", "2026-11-01T00:00:00.000Z")),
    ("an observable", {"type": "mutex", "id": f"mutex--{UUID}", "name": "m"}, ("2.1", None)),
    ("an observable with versions", {"type": "mutex", "id": f"mutex--{UUID}", "name": "m", **TIMES}, ("2.1", TIMES["modified"])),
    ("a custom type", {"type": "x-case", "spec_version": "2.1", "id": f"x-case--{UUID}", **TIMES}, ("2.1", TIMES["modified"])),
    ("a custom observable", {"type": "x-wallet", "spec_version": "2.1", "id": f"x-wallet--{UUID}"}, ("2.1", None)),
    ("a statement", {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{UUID}", "created": TIMES["created"],
                     "definition_type": "statement", "definition": {"statement": "(c)"}}, ("2.1", TIMES["created"])),
    ("more digits", indicator(1, modified="2026-11-01T00:00:00.1234567891Z"), ("2.1", "2026-11-01T00:00:00.1234567891Z")),
    ("another pattern language", indicator(1, pattern_type="yara", pattern="rule a {condition: true}"), ("2.1", TIMES["modified"])),
    ("a foreign extension", indicator(1, extensions={"extension-definition--" + UUID: {"extension_type": "property-extension"}}), ("2.1", TIMES["modified"])),
    ("custom properties", indicator(1, x_a={"b": [1, 2.5, None, "ü"]}), ("2.1", TIMES["modified"])),
    ("brackets in a text", indicator(1, name="[] {} \\u0000"), ("2.1", TIMES["modified"])),
]  # fmt: skip
BAD: list[tuple[str, Any]] = [
    ("a STIX object must be", 1), ("a STIX object must be", ["x"]), ("a bundle is not", {"type": "bundle", "id": f"bundle--{UUID}"}),
    ("type is missing", {"id": f"indicator--{UUID}"}), ("type is missing", indicator(1, type="Bad_Type")),
    ("id must be indicator--UUID", indicator(1, id=f"malware--{UUID}")), ("id must be", indicator(1, id=f"indicator--{UUID}".upper())),
    ("spec_version", indicator(1, spec_version="3.0")), ("created is missing", indicator(1, created=None)),
    ("modified must be a timestamp", indicator(1, modified="2026-11-01T00:00:00+00:00")),
    ("created must be a timestamp", indicator(1, created="2026-02-30T00:00:00.000Z")),
    ("earlier than created", indicator(1, modified="2025-11-01T00:00:00.000Z")), ("revoked must be", indicator(1, revoked="yes")),
    ("confidence must be", indicator(1, confidence=101)), ("confidence must be", indicator(1, confidence=True)),
    ("severity is a reserved", indicator(1, severity="high")), ("labels must be", indicator(1, labels=[1])),
    ("labels must be", indicator(1, labels=[])), ("an empty dictionary", indicator(1, x_a={"b": {}})), ("an empty list", indicator(1, x_a=[[]])), ("deeper than 64", indicator(1, x_a=DEEP)),
    ("U+0000", indicator(1, name="a\0b")), ("U+0000", indicator(1, name="\ud800")), ("U+0000", indicator(1, **{"x_\0": 1})),
    ("created_by_ref", indicator(1, created_by_ref=f"malware--{UUID}")), ("object_marking_refs", indicator(1, object_marking_refs=["tlp"])),
    ("selectors is missing", indicator(1, granular_markings=[{"marking_ref": TLP["RED"]}])),
    ("exclude each other", indicator(1, granular_markings=[{"selectors": ["name"], "marking_ref": TLP["RED"], "lang": "en"}])),
    ("pattern is missing", indicator(1, pattern=None)), ("pattern must not be empty", indicator(1, pattern="")), ("pattern must be", indicator(1, pattern=1)), ("pattern:", indicator(1, pattern="[a")),
    ("pattern_type is missing", indicator(1, pattern_type=None)), ("valid_until must be later", indicator(1, valid_until="2026-11-01T00:00:00.0Z")),
    ("source_ref must be", {"type": "relationship", "spec_version": "2.1", "id": f"relationship--{UUID}", **TIMES, "relationship_type": "x",
                            "source_ref": "x", "target_ref": f"malware--{UUID}"}),
    ("object_refs must be", {"type": "note", "spec_version": "2.1", "id": f"note--{UUID}", **TIMES, "content": "x", "object_refs": "x"}),
    ("cannot have versions", {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{UUID}", **TIMES,
                              "definition_type": "statement", "definition": {"statement": "(c)"}}),
    ("under their given ids", {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{UUID}",
                               "created": TIMES["created"], "definition_type": "tlp", "definition": {"tlp": "red"}}),
    ("differs from it", {"type": "marking-definition", "spec_version": "2.1", "id": TLP["RED"], "created": TIMES["created"],
                         "definition_type": "tlp", "definition": {"tlp": "white"}}),
]  # fmt: skip


def judged(value: Any) -> ObjectVersion | Unacceptable:
    """What becomes of one object."""
    return accept(read(envelope(value))[0])


@pytest.mark.parametrize(("name", "value", "versions"), GOOD, ids=[one[0] for one in GOOD])
def test_what_is_taken(name: str, value: dict[str, Any], versions: tuple[str, str | None]) -> None:
    """These are kept, under this specification and version."""
    found = judged(value)
    assert isinstance(found, ObjectVersion), found
    assert (found.spec_version, found.version) == versions
    assert json.loads(found.raw) == value


@pytest.mark.parametrize(("reason", "value"), BAD)
def test_what_is_not(reason: str, value: Any) -> None:
    """These are refused with this reason; the refusal names the object as well as it names itself, in two non-empty texts."""
    found = judged(value)
    assert isinstance(found, Unacceptable), found
    assert reason in found.reason
    assert found.id
    assert found.version


def test_the_nine_tlp_objects() -> None:
    """TLP is known by its full id: the objects as published are built in, and a wrong id is no TLP."""
    red1 = {"type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
            "created": "2017-01-20T00:00:00.000Z", "definition_type": "tlp", "name": "TLP:RED", "definition": {"tlp": "red"}}  # fmt: skip
    strict = {"type": "marking-definition", "spec_version": "2.1", "id": TLP["STRICT"], "created": "2022-10-01T00:00:00.000Z",
              "name": "TLP:AMBER+STRICT", "extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                  "extension_type": "property-extension", "tlp_2_0": "amber+strict"}}}  # fmt: skip
    for one in (red1, strict):
        found = judged(one)
        assert isinstance(found, ObjectVersion)
        assert found.builtin
