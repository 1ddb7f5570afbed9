"""A valid object of every type of STIX 2.1: with nothing but what is required, and with every property that the standard gives it.

Properties that exclude each other need a second specimen. Names are `type`, `type, least` and `type, ...`.
"""

import copy
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from support.observables import EXTENDED, OBSERVABLES

Object = dict[str, Any]

CREATED, MODIFIED = "2026-10-01T08:00:00.000Z", "2026-10-02T09:30:00.250Z"
EARLIER, LATER = "2026-09-01T00:00:00Z", "2026-09-30T23:59:59.5Z"
EXTENSION = f"extension-definition--{uuid.UUID(int=0xE0, version=4)}"
STATEMENT = f"marking-definition--{uuid.UUID(int=0xE1, version=4)}"


def identifier(kind: str, number: int = 1) -> str:
    """An id of this type: the same number gives the same one."""
    return f"{kind}--{uuid.UUID(int=number, version=4)}"


_CHAIN = [{"kill_chain_name": "exercise-chain", "phase_name": "delivery"}]
_SEEN = {"first_seen": EARLIER, "last_seen": LATER}
_SHA256 = "a1" * 32
_WORDS: Object = {"name": "Quiet Heron", "description": "Made up for this test."}

DOMAIN: Mapping[str, tuple[Object, Object]] = {
    "attack-pattern": ({"name": "Lure"}, {**_WORDS, "aliases": ["Bait"], "kill_chain_phases": _CHAIN}),
    "campaign": ({"name": "Wave"}, {**_WORDS, "aliases": ["Tide"], **_SEEN, "objective": "Access to mail."}),
    "course-of-action": ({"name": "Block it"}, _WORDS),
    "grouping": (
        {"context": "suspicious-activity", "object_refs": [identifier("indicator")]},
        {**_WORDS, "context": "unspecified", "object_refs": [identifier("mutex"), identifier("sighting")]},
    ),
    "identity": (
        {"name": "CERT Heron"},
        {**_WORDS, "roles": ["analyst"], "identity_class": "organization", "sectors": ["energy"], "contact_information": "duty@cert.example"},
    ),
    "incident": ({"name": "Break-in"}, {**_WORDS, "kill_chain_phases": _CHAIN}),
    "indicator": (
        {"pattern": "[ipv4-addr:value = '192.0.2.7']", "pattern_type": "stix", "valid_from": EARLIER},
        {**_WORDS, "indicator_types": ["malicious-activity"], "pattern": "[url:value LIKE 'http://%.example/' AND url:value != 'x'] REPEATS 2 TIMES",
         "pattern_type": "stix", "pattern_version": "2.1", "valid_from": EARLIER, "valid_until": LATER, "kill_chain_phases": _CHAIN},
    ),
    "infrastructure": (
        {"name": "Relay"},
        {**_WORDS, "infrastructure_types": ["botnet"], "aliases": ["Hop"], "kill_chain_phases": _CHAIN, **_SEEN},
    ),
    "intrusion-set": (
        {"name": "Heron"},
        {**_WORDS, "aliases": ["Egret"], **_SEEN, "goals": ["espionage"], "resource_level": "team",
         "primary_motivation": "dominance", "secondary_motivations": ["ideology"]},
    ),
    "location": (
        {"region": "northern-europe"},
        {**_WORDS, "latitude": 48.8566, "longitude": -2.3522, "precision": 10.5, "region": "western-europe", "country": "fr",
         "administrative_area": "FR-56", "city": "Vannes", "street_address": "1 Quai", "postal_code": "56000"},
    ),
    "malware": (
        {"is_family": False},
        {**_WORDS, "malware_types": ["backdoor"], "is_family": True, "aliases": ["Wader"], "kill_chain_phases": _CHAIN, **_SEEN,
         "operating_system_refs": [identifier("software")], "architecture_execution_envs": ["x86-64"],
         "implementation_languages": ["rust"], "capabilities": ["exfiltrates-data"], "sample_refs": [identifier("file"), identifier("artifact")]},
    ),
    "malware-analysis": (
        {"product": "sandbox", "result": "benign"},
        {"product": "sandbox", "version": "3.1", "host_vm_ref": identifier("software", 1), "operating_system_ref": identifier("software", 2),
         "installed_software_refs": [identifier("software", 3)], "configuration_version": "7", "modules": ["network"],
         "analysis_engine_version": "5.1", "analysis_definition_version": "11", "submitted": EARLIER, "analysis_started": EARLIER,
         "analysis_ended": LATER, "result_name": "Heron.A", "result": "malicious", "analysis_sco_refs": [identifier("domain-name")],
         "sample_ref": identifier("file")},
    ),
    "note": (
        {"content": "Seen before.", "object_refs": [identifier("relationship")]},
        {"abstract": "Old", "content": "Seen before.", "authors": ["Duty officer"], "object_refs": [identifier("campaign"), identifier("file")]},
    ),
    "observed-data": (
        {"first_observed": EARLIER, "last_observed": EARLIER, "number_observed": 1, "object_refs": [identifier("ipv4-addr")]},
        {"first_observed": EARLIER, "last_observed": LATER, "number_observed": 999_999_999,
         "object_refs": [identifier("file"), identifier("relationship")]},
    ),
    "opinion": (
        {"opinion": "neutral", "object_refs": [identifier("indicator")]},
        {"explanation": "Two more cases.", "authors": ["Duty officer"], "opinion": "strongly-agree", "object_refs": [identifier("note")]},
    ),
    "report": (
        {"name": "Weekly", "published": EARLIER, "object_refs": [identifier("malware")]},
        {**_WORDS, "report_types": ["campaign"], "published": LATER, "object_refs": [identifier("tool"), identifier("url")]},
    ),
    "threat-actor": (
        {"name": "Heron"},
        {**_WORDS, "threat_actor_types": ["spy"], "aliases": ["Egret"], **_SEEN, "roles": ["director"], "goals": ["access"],
         "sophistication": "advanced", "resource_level": "team", "primary_motivation": "ideology",
         "secondary_motivations": ["dominance"], "personal_motivations": ["revenge"]},
    ),
    "tool": (
        {"name": "Copier"},
        {**_WORDS, "tool_types": ["exploitation"], "aliases": ["Mover"], "kill_chain_phases": _CHAIN, "tool_version": "1.0"},
    ),
    "vulnerability": ({"name": "Overflow"}, _WORDS),
}  # fmt: skip
"""Type: what is required of its own, and everything of its own."""

RELATIONSHIPS: Mapping[str, tuple[Object, Object]] = {
    "relationship": (
        {"relationship_type": "uses", "source_ref": identifier("campaign"), "target_ref": identifier("malware")},
        {"relationship_type": "related-to", "description": "As seen.", "source_ref": identifier("indicator"),
         "target_ref": identifier("domain-name"), "start_time": EARLIER, "stop_time": LATER},
    ),
    "sighting": (
        {"sighting_of_ref": identifier("indicator")},
        {"description": "On the gateway.", **_SEEN, "count": 0, "sighting_of_ref": identifier("malware"),
         "observed_data_refs": [identifier("observed-data")],
         "where_sighted_refs": [identifier("identity"), identifier("location")], "summary": True},
    ),
}  # fmt: skip

META: Mapping[str, tuple[Object, Object]] = {
    "language-content": (
        {"object_ref": identifier("campaign"), "contents": {"de": {"name": "Welle"}}},
        {"object_ref": identifier("threat-actor"), "object_modified": MODIFIED,
         "contents": {"fr-CA": {"goals": ["", "courriel"], "name": "Héron"}, "el": {"name": "Ερωδιός"}}},
    ),
    "extension-definition": (
        {"created_by_ref": identifier("identity"), "name": "Score", "schema": "https://schema.example/score",
         "version": "1.0.0", "extension_types": ["property-extension"]},
        {**_WORDS, "schema": "https://schema.example/score", "version": "2.0.1",
         "extension_types": ["toplevel-property-extension", "new-sdo", "new-sco", "new-sro", "property-extension"],
         "extension_properties": ["score", "score_source"]},
    ),
    "marking-definition": (
        {"definition_type": "statement", "definition": {"statement": "Copyright CERT Heron"}},
        {"name": "Exercise", "definition_type": "statement", "definition": {"statement": "Exercise only"}},
    ),
}  # fmt: skip

_COMMON: Object = {
    "created_by_ref": identifier("identity"),
    "revoked": False,
    "labels": ["exercise"],
    "confidence": 85,
    "lang": "en",
    "external_references": [
        {"source_name": "heron", "description": "Advisory", "url": "https://cert.example/1", "hashes": {"SHA-256": _SHA256}},
        {"source_name": "tracker", "external_id": "4711"},
    ],
    "object_marking_refs": [STATEMENT],
    "granular_markings": [
        {"marking_ref": STATEMENT, "selectors": ["labels.[0]", "external_references.[1]"]},
    ],
    "extensions": {EXTENSION: {"extension_type": "property-extension", "score": 7.5, "rank_hex": "ff", "why": {"who": ["a"]}}},
}  # fmt: skip
_LACKS = {
    "extension-definition": {"confidence", "lang", "extensions"},
    "language-content": {"lang"},
    "marking-definition": {"revoked", "labels", "confidence", "lang"},
}
"""Common properties that the standard does not give to a meta object (3.2)."""


def _object(kind: str, own: Object, number: int, *, full: bool) -> Object:
    made: Object = {"type": kind, "spec_version": "2.1", "id": identifier(kind, number), "created": CREATED}
    if kind != "marking-definition":
        made["modified"] = MODIFIED if full else CREATED
    made |= own
    if full:
        made |= {name: one for name, one in _COMMON.items() if name not in _LACKS.get(kind, ())}
        if kind == "marking-definition":
            made["granular_markings"] = [{"marking_ref": STATEMENT, "selectors": ["name"]}]
    return made


def _observable(kind: str, own: Object, number: int, *, full: bool) -> Object:
    made: Object = {"type": kind, "id": identifier(kind, number), **own}
    if full:
        made |= {"spec_version": "2.1", "defanged": False, "object_marking_refs": [STATEMENT]}
        made["granular_markings"] = [{"marking_ref": STATEMENT, "selectors": ["id", "object_marking_refs.[0]"]}]
        made["extensions"] = own.get("extensions", {}) | _COMMON["extensions"]
    return made


_ADDRESS = {"type": "ipv4-addr", "value": "192.0.2.9"}


def _others() -> Iterator[tuple[str, Object]]:
    """What one specimen cannot hold beside the rest."""
    container = DOMAIN["observed-data"][0] | {
        "objects": {"0": _ADDRESS, "1": {"type": "domain-name", "value": "a.example", "resolves_to_refs": ["0"]}}
    }
    yield (
        "observed-data, container",
        {k: v for k, v in _object("observed-data", container, 3, full=False).items() if k != "object_refs"},
    )
    yield (
        "marking-definition, extension",
        _object("marking-definition", {"extensions": _COMMON["extensions"], "name": "By extension"}, 3, full=False),
    )
    yield (
        "indicator, language of a part",
        _object(
            "indicator",
            DOMAIN["indicator"][0] | {"name": "Reiher", "granular_markings": [{"lang": "de", "selectors": ["name"]}]},
            3,
            full=False,
        ),
    )
    yield (
        "indicator, another language",
        _object(
            "indicator",
            {"pattern": "rule a { condition: true }", "pattern_type": "yara", "valid_from": EARLIER},
            4,
            full=False,
        ),
    )
    yield "indicator, revoked", _object("indicator", DOMAIN["indicator"][0] | {"revoked": True}, 5, full=False)
    yield "location, position", _object("location", {"latitude": 0, "longitude": 180.0}, 3, full=False)
    yield "location, country", _object("location", {"country": "se"}, 4, full=False)
    yield (
        "malware-analysis, findings",
        _object("malware-analysis", {"product": "x", "analysis_sco_refs": [identifier("url")]}, 3, full=False),
    )
    for name, own in EXTENDED.items():
        kind = name.partition(",")[0]
        yield name, _observable(kind, own, 3, full=False)
    yield (
        "mutex, versioned",
        _observable(
            "mutex",
            {"name": "m", "spec_version": "2.1", "created": CREATED, "modified": MODIFIED, "revoked": True},
            5,
            full=False,
        ),
    )
    case = _object(
        "x-heron-case", {"extensions": {EXTENSION: {"extension_type": "new-sdo"}}, "title": "Case"}, 1, full=False
    )
    yield "x-heron-case, a new type", case
    yield (
        "x-heron-link, a new relationship",
        _object(
            "x-heron-link",
            {
                "extensions": {EXTENSION: {"extension_type": "new-sro"}},
                "from_ref": identifier("tool"),
                "to_refs": [identifier("x-heron-case")],
            },
            1,
            full=False,
        ),
    )
    yield (
        "x-heron-wallet, a new observable",
        _observable(
            "x-heron-wallet",
            {"extensions": {EXTENSION: {"extension_type": "new-sco"}}, "address": "abc"},
            1,
            full=False,
        ),
    )
    yield (
        "indicator, new properties",
        _object(
            "indicator",
            DOMAIN["indicator"][0]
            | {
                "extensions": {EXTENSION: {"extension_type": "toplevel-property-extension"}},
                "score": 9,
                "x_heron_note": {"a-B_9": [1, "x"]},
            },
            6,
            full=False,
        ),
    )


@cache
def _made() -> dict[str, Object]:
    made: dict[str, Object] = {}
    for kind, (least, whole) in (DOMAIN | RELATIONSHIPS | META).items():
        made[f"{kind}, least"] = _object(kind, least, 1, full=False)
        made[kind] = _object(kind, whole, 2, full=True)
    for kind, (least, whole) in OBSERVABLES.items():
        made[f"{kind}, least"] = _observable(kind, least, 1, full=False)
        made[kind] = _observable(kind, whole, 2, full=True)
    return made | dict(_others())


def specimens() -> dict[str, Object]:
    """Name: object. Every one is the caller's own, to change as it likes."""
    return copy.deepcopy(_made())


def specimen(name: str, /, **changes: Any) -> Object:
    """One of them, with these properties changed; None removes one."""
    made = copy.deepcopy(_made()[name]) | changes
    return {key: value for key, value in made.items() if value is not None}
