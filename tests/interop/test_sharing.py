"""Sharing use cases: one nation posts, another polls, and finds what was posted, byte for value the same."""

import uuid
from typing import Any

import pytest

from support.grounds import Grounds
from support.world import TLP, indicator

TIMES = {"created": "2026-10-05T09:30:00.000Z", "modified": "2026-10-05T09:30:00.000Z"}
V1 = {
    "GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "WHITE": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
}  # fmt: skip


def made(kind: str, number: int, **properties: Any) -> dict[str, Any]:
    """An object of nation A, marked GREEN unless said otherwise."""
    one = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.UUID(int=number, version=4)}",
        "created_by_ref": OURS,
        **TIMES,
    }
    return one | {"object_marking_refs": [TLP["GREEN"]]} | properties


OURS = f"identity--{uuid.UUID(int=501, version=4)}"
THEIRS = f"identity--{uuid.UUID(int=502, version=4)}"
IDENTITY = made("identity", 501, name="CERT of XA", identity_class="organization")
THEIR_IDENTITY = made("identity", 502, name="CERT of XB", identity_class="organization", created_by_ref=THEIRS)


def pattern(text: str, number: int = 510, **more: Any) -> dict[str, Any]:
    """An indicator."""
    plain = {
        "name": "Seen",
        "indicator_types": ["malicious-activity"],
        "pattern": text,
        "pattern_type": "stix",
        "valid_from": TIMES["created"],
    }
    return made("indicator", number, **(plain | more))


HASHES = f"[file:hashes.'SHA-256' = '{'a1' * 32}' OR file:hashes.MD5 = '{'b2' * 16}']"
TARGET = pattern("[ipv4-addr:value = '198.51.100.7']")
CASES: dict[str, list[dict[str, Any]]] = {
    "I-100": [pattern("[ipv4-addr:value = '198.51.100.1']")],
    "I-101": [pattern("[ipv4-addr:value ISSUBSET '198.51.100.0/24']")],
    "I-102": [pattern("[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv4-addr:value ISSUBSET '203.0.113.0/24']")],
    "I-103": [pattern("[ipv6-addr:value = '2001:0db8:0000:0000:0000:0000:0000:0007']")],
    "I-104": [pattern("[ipv6-addr:value ISSUBSET '2001:DB8::0/120']")],
    "I-105": [pattern("[ipv4-addr:value = '198.51.100.2']", 512), pattern("[ipv4-addr:value = '198.51.100.1']", 511)],
    "I-106": [pattern("[domain-name:value = 'www.example.com']")],
    "I-107": [pattern("[url:value = 'https://www.example.com/foo']")],
    "I-108": [pattern("[url:value = 'https://www.example.com/foo' OR domain-name:value = 'www.example.com']")],
    "I-109": [pattern(HASHES)],
    "I-110": [pattern("[ url:value = 'http://example.org']", confidence=85, indicator_types=["benign"])],
    "I-113": [made("course-of-action", 520, name="Block the address at the border")],
    "I-114": [TARGET, made("course-of-action", 520, name="Block"),
              made("relationship", 521, relationship_type="mitigates", source_ref=made("course-of-action", 520)["id"], target_ref=TARGET["id"])],
    "I-117": [made("threat-actor", 522, name="Gale"), made("note", 523, content="Seen again\u2026 \u6f22\u5b57", object_refs=[made("threat-actor", 522)["id"]])],
    "I-118": [TARGET, made("grouping", 524, context="suspicious-activity", object_refs=[TARGET["id"]])],
    "I-119": [TARGET, made("report", 525, name="Findings", published=TIMES["created"], report_types=["indicator"], object_refs=[TARGET["id"]])],
}  # fmt: skip
OTHERS = [
    made("attack-pattern", 530, name="Phishing"), made("campaign", 531, name="Autumn"), made("infrastructure", 532, name="Relay"),
    made("intrusion-set", 533, name="Gale set"), made("location", 534, country="de"), made("malware", 535, name="m", is_family=True),
    made("malware-analysis", 536, product="scanner", result="malicious"), made("threat-actor", 537, name="Gale"), made("tool", 538, name="t"),
    made("vulnerability", 539, name="CVE-2026-0001"),
]  # fmt: skip


def share(live: Grounds, objects: list[dict[str, Any]], *, account: str = "consumer") -> list[dict[str, Any]]:
    """What the other nation gets of what nation A posts, in one poll after its last one."""
    place = live.fresh()
    with live.client("producer") as producer, live.client(account) as consumer:
        status = producer.post(place.objects, [IDENTITY, *objects]).json
        assert (status["success_count"], status["failure_count"]) == (len(objects) + 1, 0), status
        page = consumer.get(place.objects, added_after="2026-01-01T00:00:00.000000Z").json
        assert page["objects"][0] == IDENTITY
        return page["objects"][1:]


@pytest.mark.row(
    "I-100",
    "I-101",
    "I-102",
    "I-103",
    "I-104",
    "I-105",
    "I-106",
    "I-107",
    "I-108",
    "I-109",
    "I-110",
    "I-113",
    "I-114",
    "I-117",
    "I-118",
    "I-119",
)
@pytest.mark.parametrize("row", CASES)
def test_the_same_comes_back(live: Grounds, row: str) -> None:
    """In the order it was posted."""
    assert share(live, CASES[row]) == CASES[row]


@pytest.mark.row("I-121", "T-152")
def test_every_other_type(live: Grounds) -> None:
    """Each comes back the same, and is found by its type."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        assert producer.post(place.objects, OTHERS).json["success_count"] == len(OTHERS)
        for one in OTHERS:
            assert consumer.get(place.objects, **{"match[type]": one["type"]}).json["objects"] == [one]


@pytest.mark.row("I-111", "I-112", "I-115", "I-116", "I-172", "I-171", "I-136", "X-131", "X-135")
def test_what_another_nation_says(live: Grounds) -> None:
    """Sightings, observed data, opinions and derived objects need no right to what they are about, and leave it as it is."""
    place = live.fresh()
    address = {
        "type": "ipv4-addr",
        "spec_version": "2.1",
        "id": f"ipv4-addr--{uuid.UUID(int=540, version=5)}",
        "value": "198.51.100.7",
    }
    malware = made("malware", 541, name="m", is_family=False)
    theirs = {"created_by_ref": THEIRS}
    observed = made(
        "observed-data",
        542,
        first_observed=TIMES["created"],
        last_observed=TIMES["created"],
        number_observed=50,
        object_refs=[address["id"]],
        **theirs,
    )
    derived = pattern(
        "[ipv4-addr:value = '198.51.100.7' AND ipv4-addr:resolves_to_refs[*].value = '00:00:5e:00:53:01']",
        543,
        **theirs,
    )
    said = [
        THEIR_IDENTITY, address, observed,
        made("sighting", 544, sighting_of_ref=TARGET["id"], count=50, first_seen=TIMES["created"], last_seen="2026-10-06T09:30:00.000Z",
             where_sighted_refs=[THEIRS], observed_data_refs=[observed["id"]], summary=True, **theirs),
        made("opinion", 545, opinion="strongly-disagree", object_refs=[TARGET["id"]], **theirs),
        made("opinion", 546, opinion="disagree", object_refs=[malware["id"]], explanation="A tool.", **theirs),
        derived,
        made("relationship", 547, relationship_type="derived-from", source_ref=derived["id"], target_ref=TARGET["id"], **theirs),
    ]  # fmt: skip
    with live.client("producer") as producer, live.client("consumer") as consumer:
        producer.post(place.objects, [IDENTITY, TARGET, malware])
        status = consumer.post(place.objects, said).json
        assert (status["success_count"], status["failure_count"]) == (len(said), 0), status
        found = producer.get(place.objects).json["objects"]
        # An unmarked observable has the collection's default, which this account reads.
        assert found == [IDENTITY, TARGET, malware, *said]
        assert producer.get(f"{place.objects}{TARGET['id']}/versions/").json["versions"] == [TARGET["modified"]]


@pytest.mark.row("I-113", "X-029", "X-136")
def test_the_reserved_property(live_on_sqlite: Grounds) -> None:
    """A course of action with it is refused."""
    place = live_on_sqlite.fresh()
    with live_on_sqlite.client("producer") as producer:
        status = producer.post(place.objects, [made("course-of-action", 520, name="Block", action="block")]).json
        assert status["failure_count"] == 1
        assert "action is a reserved property" in status["failures"][0]["message"]


@pytest.mark.row("I-150", "I-151", "I-152", "I-153", "I-155", "X-071", "X-072")
@pytest.mark.parametrize(
    ("mark", "readers"),
    [
        (V1["WHITE"], {"consumer", "reader"}), (V1["GREEN"], {"consumer", "reader"}), (V1["AMBER"], {"consumer", "reader"}), (V1["RED"], set()),
        (TLP["CLEAR"], {"consumer", "reader"}), (TLP["GREEN"], {"consumer", "reader"}), (TLP["AMBER"], {"consumer", "reader"}),
        (TLP["STRICT"], {"consumer", "reader"}), (TLP["RED"], set()),
    ],
)  # fmt: skip
def test_tlp(live_on_sqlite: Grounds, mark: str, readers: set[str]) -> None:
    """Known by its id alone, without its object; RED stays with its originator where nobody is named."""
    live, marked = live_on_sqlite, pattern("[ipv4-addr:value = '198.51.100.1']", object_marking_refs=[mark])
    place = live.fresh()
    with live.client("producer") as producer:
        assert producer.post(place.objects, [marked]).json["success_count"] == 1
        assert producer.get(place.objects).json["objects"] == [marked]
    for account in ("consumer", "reader"):
        with live.client(account) as client:
            assert (account, client.get(place.objects).json.get("objects", [])) == (
                account,
                [marked] if account in readers else [],
            )
    with live.client("outsider") as outsider:
        assert outsider.get(place.objects).status == 404


@pytest.mark.row("I-154", "I-158", "I-159", "I-160", "I-157", "X-074", "X-078", "X-080", "T-009")
def test_other_marks(live: Grounds) -> None:
    """A statement is an object; a forged TLP is not; a marked part counts for the whole; a new mark for the new version only."""
    place = live.fresh()
    statement = {
        "type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.UUID(int=550, version=4)}", "created": TIMES["created"],
        "definition_type": "statement", "definition": {"statement": "Copyright XA"}, "object_marking_refs": [TLP["GREEN"]],
    }  # fmt: skip
    forged = statement | {
        "id": f"marking-definition--{uuid.UUID(int=551, version=4)}",
        "definition_type": "tlp",
        "definition": {"tlp": "white"},
    }
    part = indicator(
        552, tlp="GREEN", description="d", granular_markings=[{"marking_ref": TLP["RED"], "selectors": ["description"]}]
    )
    unmarked = indicator(553)
    amber, clear = indicator(554, tlp="AMBER"), indicator(554, tlp="CLEAR", modified="2026-11-02T00:00:00.000Z")
    with live.client("producer") as producer, live.client("consumer") as consumer:
        status = producer.post(place.objects, [statement, forged, part, unmarked, amber, clear]).json
        assert [one["id"] for one in status["failures"]] == [forged["id"]]
        assert (
            next(one for one in status["successes"] if one["id"] == statement["id"])["version"] == statement["created"]
        )
        assert consumer.get(place.objects).json["objects"] == [statement, unmarked, clear]
        assert consumer.get(f"{place.objects}{part['id']}/").status == 404
        assert producer.get(f"{place.objects}{part['id']}/").json["objects"] == [part]
        versions = consumer.get(f"{place.objects}{clear['id']}/", **{"match[version]": "all"}).json["objects"]
        assert versions == [amber, clear]
