"""Indicators that the hub makes itself."""

import json
import uuid

import pytest

from indicator_hub.errors import Invalid
from indicator_hub.stix import ids, indicator

TLP = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
NATION = "marking-definition--00000000-0000-4000-8000-000000000001"
CREATED = 1_700_000_000_123_456
PATTERN = "[ipv4-addr:value = '198.51.100.1']"
SCOPE = {"group": "exercise", "organisation": "cert-a", "marking_ids": [TLP], "pattern": PATTERN}
ID = indicator.id_of(**SCOPE)


def built(**changes):
    """An indicator with every required argument."""
    arguments = {
        "stix_id": ID,
        "marking_ids": [TLP],
        "pattern": PATTERN,
        "name": "198[.]51[.]100[.]1",
        "created_by_ref": "identity--00000000-0000-4000-8000-000000000002",
        "created": CREATED,
        "modified": CREATED,
        "valid_from": CREATED,
    }
    return indicator.build(**(arguments | changes))


def test_keys_stand_in_a_fixed_order():
    """Equal arguments give equal bytes, keys in one order, instants with milliseconds."""
    made = built(
        description="d",
        labels=["a"],
        confidence=50,
        valid_until=CREATED + 86_400_000_000,
        external_references=[{"source_name": "Feed", "url": "https://feed.example/1"}],
    )
    order = (
        "type spec_version id created_by_ref created modified name description indicator_types pattern pattern_type pattern_version"
        " valid_from valid_until labels confidence external_references object_marking_refs"
    )
    assert " ".join(made) == order
    assert made["created"] == "2023-11-14T22:13:20.123Z"


def test_empty_properties_are_left_out():
    """STIX allows no empty lists, and absent confidence is not zero confidence."""
    made = built(marking_ids=[], indicator_types=[])
    assert not {
        "description",
        "labels",
        "confidence",
        "external_references",
        "object_marking_refs",
        "indicator_types",
    } & set(made)
    assert built(confidence=0)["confidence"] == 0


def test_the_id_follows_from_scope_marks_and_pattern_alone():
    """Importing again gives the same id; another group, organisation, mark or pattern another one."""
    assert indicator.id_of(**SCOPE) == ID == built()["id"]
    assert indicator.id_of(**SCOPE | {"marking_ids": [NATION, TLP]}) == indicator.id_of(
        **SCOPE | {"marking_ids": [TLP, NATION]}
    )
    others = [
        {"group": "g"},
        {"organisation": "o"},
        {"marking_ids": [NATION]},
        {"pattern": "[url:value = 'http://a.example/']"},
    ]
    assert len({ID, *(indicator.id_of(**SCOPE | other) for other in others)}) == 5


@pytest.mark.parametrize(
    "parts",
    [
        ("a", "b", ["x"], "stix", PATTERN),
        ("é", '"', [], "\u2028\x01\\"),
        ("g", ["a", "b"]),
        ("one",),
        (True, "x"),
        (1, "x"),
    ],
)
def test_a_derived_id_is_a_version_5_uuid(parts):
    """RFC 9562, 5.5, over the RFC 8785 form of the parts, also when a part was there before as another type."""
    name = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    assert ids.derive("indicator", *parts) == f"indicator--{uuid.uuid5(ids.NAMESPACE, name)}"


@pytest.mark.parametrize(
    "wrong", [{"modified": CREATED - 1}, {"valid_until": CREATED + 400}, {"confidence": 101}, {"confidence": -1}]
)
def test_what_stix_forbids_is_not_built(wrong):
    """No version before its creation, no empty window of validity, no confidence off the scale."""
    with pytest.raises(Invalid):
        built(**wrong)


def test_encoding_is_compact_utf_8():
    """No blanks between tokens and no escapes where UTF-8 will do."""
    assert indicator.encode({"a": "ü", "b": [1]}) == '{"a":"ü","b":[1]}'.encode()
    assert json.loads(indicator.encode(built())) == built()
