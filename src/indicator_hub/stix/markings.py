"""Data markings as values (STIX 2.1 section 7.2): the nine TLP objects, and which marks an object bears.

TLP is recognised by the full id and by nothing else: public code with wrong ids exists, so TLP words under another id are not TLP.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from indicator_hub.stix import ids

TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
PAP_EXTENSION = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
"""What one may do with it: the Permissible Actions Protocol, as STIX extension."""
HANDLING_EXTENSION = "extension-definition--49475743-d6b8-4a71-9b73-353a1679aea0"
"""The hub's own: handling codes and the nations it may go to, as a property extension of a marking-definition."""
_V1 = {
    "613f2e26-407d-48c7-9eca-b8e91df99dc9": "white",
    "34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
    "f88d31f6-486f-44da-b317-01333bde0b82": "amber",
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
}
_V2 = {
    "94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
    "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
    "55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
    "939a9414-2ddd-4d32-a0cd-375ea402b003": "amber+strict",
    "e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
}
_LEVELS = {
    "white": "CLEAR",
    "clear": "CLEAR",
    "green": "GREEN",
    "amber": "AMBER",
    "amber+strict": "AMBER+STRICT",
    "red": "RED",
}

TLP: Mapping[str, str] = {f"marking-definition--{uuid}": _LEVELS[word] for uuid, word in (_V1 | _V2).items()}
"""The id of each of the nine TLP objects (four of version 1, five of version 2) and its level, in TLP 2.0 spelling."""

TLP_IDS: Mapping[str, str] = {_LEVELS[word]: f"marking-definition--{uuid}" for uuid, word in _V2.items()}
"""The level and the id of its TLP 2.0 object: what the hub itself writes."""
_TLP_MARKS = frozenset(TLP)
_NONE: frozenset[str] = frozenset()


def object_marks(value: Mapping[str, Any]) -> frozenset[str]:
    """The marks of the whole object, `object_marking_refs`. The value must be well formed (`objects.accept`)."""
    return frozenset(value.get("object_marking_refs", ()))


def granular_marks(value: Mapping[str, Any]) -> frozenset[str]:
    """The marks of its parts, `granular_markings`; language tags mark nothing."""
    if "granular_markings" not in value:
        return _NONE
    return frozenset(part["marking_ref"] for part in value["granular_markings"] if "marking_ref" in part)


def are_tlp(marks: frozenset[str]) -> bool:
    """Whether all of these are TLP marks."""
    return marks <= _TLP_MARKS


def has_tlp(marks: frozenset[str]) -> bool:
    """Whether any of these is a TLP mark."""
    return not marks.isdisjoint(_TLP_MARKS)


def is_tlp_object(value: Mapping[str, Any]) -> bool:
    """Whether this is one of the nine TLP objects, unchanged in everything that has a meaning."""
    uuid = str(value.get("id")).removeprefix("marking-definition--")
    if word := _V1.get(uuid):
        return (
            value.get("definition_type") == "tlp"
            and value.get("definition") == {"tlp": word}
            and str(value.get("created")).startswith("2017-01-20T00:00:00")
            and value.get("name", f"TLP:{word.upper()}") == f"TLP:{word.upper()}"
            and not value.get("extensions")
        )
    if word := _V2.get(uuid):
        return (
            value.get("extensions") == {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": word}}
            and str(value.get("created")).startswith("2022-10-01T00:00:00")
            and value.get("name", f"TLP:{word.upper()}") == f"TLP:{word.upper()}"
            and "definition" not in value
        )
    return False


def nation_list(group: str, organisation: str, *nations: str, marks: Sequence[str] = ()) -> dict[str, Any]:
    """The marking-definition by which an organisation keeps what it shares to some nations: to its own where the licence of a feed asks for it.

    The same for the same organisation, group, nations and marks, whenever it is made. `marks` are those of what bears it: whoever sees
    that is then given its definition too, whatever the collection's default.
    """
    listed = sorted(set(nations))
    marked = {"object_marking_refs": list(marks)} if marks else {}
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": ids.derive("marking-definition", group, organisation, listed, *marks),
        "created": "2026-01-01T00:00:00.000Z",
        "name": f"Not to be passed on beyond {' and '.join(listed)}",
        "extensions": {HANDLING_EXTENSION: {"extension_type": "property-extension", "releasable_to": listed}},
        **marked,
    }
