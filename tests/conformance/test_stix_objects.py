"""What a STIX object must be: data types, common properties, and every type by its own table (STIX 2.1 sections 2 to 7)."""

import json
import uuid
from typing import Any

import pytest

from indicator_hub.stix.ids import derive
from indicator_hub.stix.objects import ObjectVersion, Unacceptable, accept
from indicator_hub.stix.reader import read
from support.http import OBJECTS, site
from support.specimens import identifier, specimen

WHEN, LATER = "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"


def domain(kind: str, **changes: Any) -> dict[str, Any]:
    """The least object of a type, in its first version, changed; None takes a property away."""
    return specimen(f"{kind}, least", **({"created": WHEN, "modified": WHEN} | changes))


def observable(kind: str, **changes: Any) -> dict[str, Any]:
    """The least observable of a type, changed."""
    return specimen(f"{kind}, least", **changes)


def an(kind: str, number: int = 1) -> str:
    """An id."""
    return identifier(kind, number)


INDICATOR, NAMED = domain("indicator"), specimen("tool")
STATEMENT = specimen("marking-definition, least", created=WHEN)


def judged(value: Any) -> ObjectVersion | Unacceptable:
    """What becomes of it."""
    return accept(read(json.dumps({"objects": [value]}).encode())[0])


def refused(value: Any) -> str:
    """The reason."""
    found = judged(value)
    assert isinstance(found, Unacceptable), value
    return found.reason


GOOD: dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]] = {
    "times": (("X-007", "X-008"), [domain("indicator", modified=f"2026-11-02T00:00:00.{digits}Z") for digits in ("000", "123456", "123456789012", "0" * 100)]
              + [domain("indicator", valid_from=text) for text in ("2026-11-01T00:00:00Z", "2024-02-29T23:59:59.9Z", "0001-01-01T00:00:00Z")]),
    "open words": (("X-009", "X-096", "X-091", "X-094"), [domain("indicator", indicator_types=["our own"], pattern_version="x"), domain("identity", identity_class="guild"),
                                                          domain("grouping", context="anything")]),
    "ids": (("X-023", "X-042", "X-045", "X-022"), [domain("indicator", id=f"indicator--{text}") for text in (
        "00000000-0000-1000-8000-000000000008", "00000000-0000-5000-8000-000000000008", "01890a5d-ac96-774b-bcce-b302099a8057", str(an("malware", 8))[-36:])]
        + [observable("ipv4-addr", id="ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"), observable("process", id=an("process", 9))]),
    "references to nothing": (("X-031", "X-134"), [domain("relationship", source_ref=an("x-own"), target_ref=an("ipv4-addr")), domain("observed-data", object_refs=None,
                              objects={"0": {"type": "ipv4-addr", "value": "198.51.100.1"}, "1": {"type": "network-traffic", "src_ref": "0", "protocols": ["tcp"]}})]),
    "confidence": (("X-026", "X-171"), [domain("indicator", confidence=number) for number in (0, 100)] + [INDICATOR]),
    "languages": (("X-027", "X-151"), [domain("tool", lang=tag) for tag in ("en", "de-CH-1996", "zh-Hant", "x-own", "i-klingon")]
                  + [domain("language-content", contents={"fr": {"name": "n", "aliases": ["", "a"]}, "ar": {"nothing_there": "x"}})]),
    "labels": (("X-028", "X-051", "X-064", "X-061"), [domain("indicator", labels=["malicious-activity"]), domain("indicator", modified=LATER),
               observable("mutex", spec_version="2.1", created=WHEN, modified=LATER, revoked=True, created_by_ref=an("identity"))]),
    "language content": (("X-150", "X-152", "X-153"), [domain("language-content", object_modified="2026-11-02T00:00:00.123456789Z", object_ref=an("relationship"))]),
    "relationships": (("X-065", "X-098", "X-138", "X-132"), [domain("relationship", relationship_type=name) for name in ("derived-from", "duplicate-of", "related-to", "x9")]
                      + [domain("note", object_refs=[an("relationship")]), domain("sighting", summary=False)]),
    "unknown words": (("X-163", "X-165", "X-166"), [
        {"type": "x-own-thing", "spec_version": "2.1", "id": an("x-own-thing"), "created": WHEN, "modified": WHEN, "anything": {"A b": [1, None]}},
        {"type": "abc", "spec_version": "2.1", "id": an("abc"), "extensions": {an("extension-definition"): {"extension_type": "new-sco"}}},
        {"type": "abc", "id": an("abc"), "extensions": {an("extension-definition"): {"extension_type": "new-sco"}}},
        domain("tool", x_rank=1, foo="bar", abc_hex="00ff", abc_ref=an("x-own"), abc_refs=[an("x-own")], abc_bin="aGk="),
        domain("tool", rank=1, extensions={an("extension-definition"): {"extension_type": "toplevel-property-extension"}}),
        observable("file", extensions={"x-own-ext": {"a": 1}}),
    ]),
    "marks": (("X-070", "X-072", "X-075", "X-076", "X-077"), [
        STATEMENT, STATEMENT | {"definition_type": "x-own", "definition": {"anything": 1}, "name": "n"},
        {"type": "marking-definition", "spec_version": "2.1", "id": an("marking-definition"), "created": WHEN,
         "extensions": {an("extension-definition"): {"extension_type": "property-extension"}}},
        NAMED | {"granular_markings": [{"lang": "en", "selectors": ["name", "labels", "labels.[0]", "external_references.[0].source_name", "kill_chain_phases.[0].phase_name",
                                                                    "granular_markings.[0].lang", "revoked", "confidence"]}]},
    ]),
    "external references": (("X-011", "X-012"), [domain("tool", external_references=[{"source_name": "s", name: "x"} for name in ("description", "url", "external_id")])]),
}  # fmt: skip


@pytest.mark.row(
    "X-007",
    "X-008",
    "X-009",
    "X-011",
    "X-012",
    "X-022",
    "X-023",
    "X-026",
    "X-027",
    "X-028",
    "X-031",
    "X-042",
    "X-045",
    "X-051",
    "X-061",
    "X-064",
    "X-065",
    "X-070",
    "X-072",
    "X-075",
    "X-076",
    "X-077",
    "X-091",
    "X-094",
    "X-096",
    "X-098",
    "X-132",
    "X-134",
    "X-138",
    "X-150",
    "X-151",
    "X-152",
    "X-153",
    "X-163",
    "X-165",
    "X-166",
    "X-171",
)
@pytest.mark.parametrize("name", GOOD)
def test_what_is_right(name: str) -> None:
    """Taken, and read as what it is."""
    for value in GOOD[name][1]:
        found = judged(value)
        assert isinstance(found, ObjectVersion), (found, value)
        assert json.loads(found.raw) == value
        assert (found.id, found.version) == (value["id"], value.get("modified") or value.get("created"))


E = an("extension-definition")
BAD: dict[str, tuple[tuple[str, ...], list[tuple[str, dict[str, Any]]]]] = {
    "names": (("X-002", "X-166"), [
        *(("property name", domain("tool", **{name: 1})) for name in ("Rank", "ab", "9lives", "a b", "x-y", "x" * 251, "\u00e9\u00e9\u00e9")),
        *(("type", {"type": kind, "spec_version": "2.1", "id": an(kind), "created": WHEN, "modified": WHEN}) for kind in ("X-own", "ab", "a--b", "x_own", "-ab", "9ab", "x" * 251)),
    ]),
    "endings": (("X-003",), [
        ("own_ref", domain("tool", own_ref="x")), ("own_refs", domain("tool", own_refs=an("tool"))), ("own_hex", domain("tool", own_hex="abc")),
        ("own_bin", domain("tool", own_bin="a")), ("name_enc", observable("file", name=None, hashes={"MD5": "0" * 32}, name_enc="utf-8")),
    ]),
    "empty": (("X-004",), [("labels", domain("tool", labels=[])), ("extensions", domain("tool", extensions={})), ("empty", domain("tool", own={"a": []})),
                           ("empty", domain("tool", own=[{}])), ("hashes", observable("file", hashes={})), ("contents", domain("language-content", contents={}))]),
    "integers": (("X-005",), [("2^53", domain("tool", own=2**53)), ("2^53", domain("tool", own=-(2**53))), ("number", observable("autonomous-system", number=1.0))]),
    "keys": (("X-006",), [("key", observable("process", environment_variables={"a b": "c"})), ("key", observable("process", environment_variables={"a" * 251: "c"})),
                          ("hash", observable("file", hashes={"ab": "c"})), ("hash", observable("file", hashes={"\u00e9\u00e9\u00e9": "c"}))]),
    "times": (("X-007", "X-008"), [
        *(("valid_from must be a timestamp", domain("indicator", valid_from=text)) for text in (
            "2026-11-01T00:00:00+00:00", "2026-11-01 00:00:00Z", "2026-11-01T00:00:00.Z", "2026-11-01T00:00:00z", "2026-02-30T00:00:00Z", "2026-11-01T24:00:00Z",
            "2026-11-01T00:00Z", "20261101T000000Z", "2026-11-01T00:00:00." + "1" * 101 + "Z", 1, "")),
        *((f"{name} must have at least three", domain("tool", **{name: text})) for name in ("created", "modified") for text in ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00.12Z")),
    ]),
    "enumerations": (("X-010",), [
        ("opinion", domain("opinion", opinion="maybe")), ("extension_types", domain("extension-definition", extension_types=["new-thing"])),
        ("encryption_algorithm", observable("artifact", encryption_algorithm="rot13")), ("data_type", observable("windows-registry-key", values=[{"data_type": "REG_X"}])),
        ("address_family", observable("network-traffic", extensions={"socket-ext": {"address_family": "AF_X"}})),
        ("integrity_level", observable("process", extensions={"windows-process-ext": {"integrity_level": "none"}})),
        ("start_type", observable("process", extensions={"windows-service-ext": {"start_type": "NOW"}})),
    ]),
    "external references": (("X-011",), [("external_references", domain("tool", external_references=[one])) for one in (
        {"source_name": "s"}, {"description": "d"}, {"source_name": 1, "url": "u"}, {"source_name": "s", "url": 1}, {"source_name": "s", "url": "u", "hashes": {"MD5": "x"}}, "s")]),
    "kill chains": (("X-012", "X-095"), [("kill_chain_phases", domain("tool", kill_chain_phases=[one])) for one in (
        {"kill_chain_name": "a"}, {"phase_name": "a"}, {"kill_chain_name": 1, "phase_name": "a"}, "a")]),
    "specification": (("X-020",), [("spec_version", domain("tool", spec_version="3.0")), ("spec_version", domain("tool", spec_version=2.1)), ("is missing", domain("tool", spec_version=None)),
                                       *(("spec_version must be 2.1", domain(kind, spec_version=None)) for kind in ("note", "opinion", "grouping", "location", "malware-analysis", "infrastructure", "language-content"))]),
    "ids": (("X-021", "X-023", "X-024"), [("id must be", domain("tool", id=text)) for text in (
        an("malware"), "tool--1", an("tool").upper(), f"tool--{'A' * 8}-0000-4000-8000-000000000001", "tool--00000000-0000-0000-0000-000000000000",
        "tool--00000000-0000-9000-8000-000000000001", "tool--00000000-0000-4000-7000-000000000001", f"tool-{an('tool')[6:]}", f"{an('tool')}x", 1, [an("tool")])]),
    "order": (("X-025",), [("modified is earlier", domain("tool", created=LATER))]),
    "confidence": (("X-026",), [("confidence", domain("tool", confidence=value)) for value in (-1, 101, 50.5, "50", True)]),
    "languages": (("X-027", "X-151"), [*(("lang", domain("tool", lang=tag)) for tag in ("", "e", "english_uk", "en-", "toolonglang", 1)),
                                       ("contents", domain("language-content", contents={"e n": {"a": "b"}})), ("contents", domain("language-content", contents={"en": "text"}))]),
    "reserved": (("X-029", "X-136"), [(f"{name} is a reserved", domain("course-of-action", **{name: "x"})) for name in ("severity", "username", "phone_number", "action")]),
    "marks": (("X-070", "X-071", "X-072", "X-073", "X-062"), [
        ("needs extensions", {key: value for key, value in STATEMENT.items() if not key.startswith("definition")}), ("needs extensions", {key: STATEMENT[key] for key in STATEMENT if key != "definition"}),
        ("statement", STATEMENT | {"definition": {"words": "x"}}), ("given ids only", STATEMENT | {"definition_type": "tlp", "definition": {"tlp": "red"}}),
        ("object_marking_refs", domain("tool", object_marking_refs=[an("tool")])), ("object_marking_refs", domain("tool", object_marking_refs="x")),
        ("mark itself", STATEMENT | {"object_marking_refs": [STATEMENT["id"]]}), ("cannot have versions", STATEMENT | {"modified": WHEN}),
        ("differs", STATEMENT | {"id": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"}),
    ]),
    "granular marks": (("X-075", "X-076"), [
        *(("granular_markings", NAMED | {"granular_markings": [one]}) for one in (
            {"lang": "en"}, {"selectors": ["name"]}, {"selectors": ["name"], "lang": "en", "marking_ref": an("marking-definition")}, {"selectors": [], "lang": "en"},
            {"selectors": ["name"], "marking_ref": an("tool")}, {"selectors": ["name"], "lang": 1})),
        *(("points at nothing", NAMED | {"granular_markings": [{"selectors": [text], "lang": "en"}]}) for text in (
            "nothing", "name.[0]", "labels.x", "labels.[9]", "labels.[00]", "labels[0]", "", ".", "name.", "external_references.source_name", "external_references.[0].hashes.SHA-9")),
    ]),
    "indicators": (("X-090", "X-092", "X-093", "X-118"), [
        *((f"{name} is missing", domain("indicator", **{name: None})) for name in ("pattern", "pattern_type", "valid_from")), ("pattern:", domain("indicator", pattern="ipv4")),
        ("valid_until must be later", domain("indicator", valid_from=WHEN, valid_until=WHEN)), ("valid_until must be later", domain("indicator", valid_until="2020-01-01T00:00:00Z")),
        ("pattern must", domain("indicator", pattern="")),
    ]),
    "relationships": (("X-130", "X-138"), [
        *(("source_ref", domain("relationship", source_ref=an(kind))) for kind in ("relationship", "sighting", "bundle", "language-content", "marking-definition", "extension-definition")),
        *(("relationship_type", domain("relationship", relationship_type=name)) for name in ("", "Uses", "a_b", "a b", 1)), ("stop_time", domain("relationship", start_time=WHEN, stop_time=WHEN)),
    ]),
    "sightings": (("X-131", "X-132"), [
        *(("sighting_of_ref", domain("sighting", sighting_of_ref=an(kind))) for kind in ("ipv4-addr", "relationship", "marking-definition")),
        *(("count", domain("sighting", count=number)) for number in (-1, 1_000_000_000, 1.5)), ("last_seen", domain("sighting", first_seen=LATER, last_seen=WHEN)),
        ("observed_data_refs", domain("sighting", observed_data_refs=[an("indicator")])), ("where_sighted_refs", domain("sighting", where_sighted_refs=[an("tool")])),
        ("summary", domain("sighting", summary="true")),
    ]),
    "observed data": (("X-133",), [
        ("last_observed", domain("observed-data", first_observed=LATER, last_observed=WHEN)), *(("number_observed", domain("observed-data", number_observed=number)) for number in (0, 10**9, "1")),
        ("exclude each other", domain("observed-data", objects={"0": {"type": "mutex", "name": "m"}})), ("is missing", domain("observed-data", object_refs=None)),
        ("object_refs", domain("observed-data", object_refs=[an("tool")])),
    ]),
    "language content": (("X-150",), [("object_ref", domain("language-content", object_ref="x")), ("object_modified", domain("language-content", object_modified="x"))]),
    "extensions": (("X-160", "X-161", "X-162"), [
        ("created_by_ref is missing", domain("extension-definition", created_by_ref=None)), ("extension_properties", domain("extension-definition", extension_types=["new-sdo"], extension_properties=["a_b"])),
        *(("extension_type", domain("tool", extensions={E: one})) for one in ({"rank": 1}, {"extension_type": "other"}, {"extension_type": 1})),
        *(("extensions", domain("tool", extensions=one)) for one in ({E: {}}, {E: 1}, {"extension-definition--1": {"a": 1}}, {"Own Ext": {"a": 1}})),
        ("archive-ext", observable("file", extensions={"archive-ext": {"comment": "c"}})), ("icmp_code_hex", observable("network-traffic", extensions={"icmp-ext": {"icmp_type_hex": "08"}})),
    ]),
    "other rules": (("X-030",), [
        ("name is missing", domain("malware", is_family=True)), ("latitude", domain("location", latitude=1.0)), ("latitude", domain("location", latitude=91, longitude=1)), ("precision", domain("location", precision=1)),
        ("result", domain("malware-analysis", result=None)), ("languages", observable("software", languages=[""])), ("one of gid", observable("user-account", extensions={"unix-account-ext": {"own": 1}})), ("SO_A", observable("network-traffic", extensions={"socket-ext": {"address_family": "AF_INET", "options": {"SO_A": "x"}}})), ("hashes", observable("artifact", payload_bin=None, url="https://example.com/a")),
        ("exclude", observable("artifact", url="https://example.com/a", hashes={"MD5": "0" * 32})), ("body_multipart", observable("email-message", is_multipart=False, body_multipart=[{"body": "b"}])),
        ("body is for", observable("email-message", is_multipart=True, body="b")), ("end is earlier", observable("network-traffic", start=LATER, end=WHEN)), ("is_active", observable("network-traffic", end=WHEN, is_active=True)),
        ("src_port", observable("network-traffic", src_port=65536)), ("32 hexadecimal", observable("file", hashes={"MD5": "0" * 31})), ("decryption_key", observable("artifact", decryption_key="k")),
    ]),
}  # fmt: skip


@pytest.mark.row(
    "X-002",
    "X-003",
    "X-004",
    "X-005",
    "X-006",
    "X-007",
    "X-008",
    "X-010",
    "X-011",
    "X-012",
    "X-020",
    "X-021",
    "X-023",
    "X-024",
    "X-025",
    "X-026",
    "X-027",
    "X-029",
    "X-030",
    "X-062",
    "X-070",
    "X-071",
    "X-072",
    "X-073",
    "X-075",
    "X-076",
    "X-090",
    "X-092",
    "X-093",
    "X-095",
    "X-118",
    "X-130",
    "X-131",
    "X-132",
    "X-133",
    "X-136",
    "X-138",
    "X-150",
    "X-151",
    "X-160",
    "X-161",
    "X-162",
    "X-166",
)
@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong(name: str) -> None:
    """Refused, by the name of what must be mended."""
    for word, value in BAD[name][1]:
        reason = refused(value)
        assert word in reason, (word, reason, value)


@pytest.mark.row("X-043", "X-046", "X-054")
async def test_ids_and_authors(database_url: str) -> None:
    """The hub's own ids are no observables'; an observable has no author; a default left out is no other value, another value is."""
    namespace = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
    theirs = str(uuid.uuid5(namespace, '["group","x"]'))
    assert derive("indicator", "group", "x") not in (f"indicator--{theirs}", derive("indicator", "group", "y"))
    address = observable("ipv4-addr")
    async with site(database_url) as s:
        for account in ("ana", "bea"):
            assert (await s.post(address | {"x_by": account}, account=account)).json()["success_count"] == 1
        assert (await s.get(OBJECTS, "bea")).json()["objects"] == [address | {"x_by": "ana"}]
        same = [address | {"x_by": "ana", "spec_version": "2.1"}, address | {"x_by": "ana", "defanged": False}]
        assert (await s.post(INDICATOR, INDICATOR | {"revoked": False}, *same)).json()["success_count"] == 4
        others = (INDICATOR | {"summary": False}, INDICATOR | {"revoked": True}, address)
        assert (await s.post(*others)).json()["failure_count"] == 3
        listed = (await s.get(f"{OBJECTS}?match[version]=all")).json()["objects"]
        assert listed == [address | {"x_by": "ana"}, INDICATOR]


@pytest.mark.parametrize(("test", "cases"), [(test_what_is_right, GOOD), (test_what_is_wrong, BAD)])
def test_each_row_has_its_cases(test: Any, cases: dict[str, tuple[tuple[str, ...], list[Any]]]) -> None:
    """A test's rows are those of its cases: who takes the cases away takes the rows away."""
    marked = {row for mark in test.pytestmark if mark.name == "row" for row in mark.args}
    assert marked == {row for rows, _ in cases.values() for row in rows}
