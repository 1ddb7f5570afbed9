"""Sharing scenarios: one nation posts, another polls, and finds what was posted, byte for byte the same."""

from typing import Any

import pytest

from interop.parties import (
    DAYS,
    FIRST,
    IDENTITY,
    THEIR_IDENTITY,
    THEIRS,
    Object,
    Poller,
    indicator,
    listed,
    made,
    observable,
    post,
    relationship,
    share,
    written,
)
from support.grounds import Grounds
from support.specimens import specimen
from support.world import TLP

SHA256, MD5 = "a1" * 32, "b2" * 16
SITE = "https://www.example.com/heron"
TARGET = indicator(10)
MALWARE = made("malware", 11, name="Gannet", is_family=True, malware_types=["backdoor"])
ACTOR = made("threat-actor", 12, name="Quiet Heron", threat_actor_types=["spy"])
BLOCK = made("course-of-action", 13, name="Block the address at the border")
FILE = observable("file", 14, name="heron.bin", hashes={"SHA-256": SHA256})
DOMAIN = observable("domain-name", 15, value="www.example.com")
ADDRESS = observable("ipv4-addr", 16, value="203.0.113.16")
SEEN = {"first_observed": DAYS[0], "last_observed": DAYS[1], "number_observed": 3}


def arrives(live: Grounds, objects: list[Object]) -> None:
    """Nation A posts these with its identity; nation B finds them at its next poll, in this order, and nothing at the one after."""
    place, before = live.fresh(), indicator(99)
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, before)
        poller = Poller(consumer, place)
        assert poller.poll() == [before]
        share(producer, place, IDENTITY, *objects)
        assert poller.poll() == [IDENTITY, *objects]
        assert [one for one in objects if written(one) not in poller.body] == []
        assert poller.poll() == []
        creators = {one.get("created_by_ref", IDENTITY["id"]) for one in objects}
        assert [listed(consumer, f"{place.objects}{one}/") for one in creators] == [[IDENTITY]]


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param([indicator(1, "[ipv4-addr:value = '198.51.100.7']")], marks=pytest.mark.row("I-100"), id="address"),
        pytest.param([indicator(1, "[ipv4-addr:value ISSUBSET '198.51.100.0/25']")], marks=pytest.mark.row("I-101"), id="network"),
        pytest.param(
            [indicator(1, "[ipv4-addr:value ISSUBSET '198.51.100.0/25' OR ipv4-addr:value ISSUBSET '203.0.113.64/26']")],
            marks=pytest.mark.row("I-102"), id="two networks",
        ),
        pytest.param(
            [indicator(1, "[ipv6-addr:value = '2001:0db8:0000:0000:0000:00c4:0000:0007']")], marks=pytest.mark.row("I-103"), id="long IPv6 address"
        ),
        pytest.param([indicator(1, "[ipv6-addr:value ISSUBSET '2001:DB8:C4::0/112']")], marks=pytest.mark.row("I-104"), id="IPv6 network in capitals"),
        pytest.param([indicator(3), indicator(2)], marks=pytest.mark.row("I-105"), id="two indicators"),
        pytest.param([indicator(1, "[domain-name:value = 'heron.example.com']")], marks=pytest.mark.row("I-106"), id="domain"),
        pytest.param([indicator(1, f"[url:value = '{SITE}']")], marks=pytest.mark.row("I-107"), id="URL"),
        pytest.param(
            [indicator(1, f"[url:value = '{SITE}' OR domain-name:value = 'heron.example.com']")], marks=pytest.mark.row("I-108"), id="URL or domain"
        ),
        pytest.param(
            [indicator(1, f"[file:hashes.'SHA-256' = '{SHA256}' OR file:hashes.MD5 = '{MD5}']")], marks=pytest.mark.row("I-109"), id="one hash or another"
        ),
        pytest.param(
            [indicator(1, "[ url:value = 'http://example.org']", name="Harmless", indicator_types=["benign"], confidence=85)],
            marks=pytest.mark.row("I-110"), id="confidence",
        ),
        pytest.param([BLOCK], marks=pytest.mark.row("I-113"), id="course of action"),
        pytest.param([TARGET, BLOCK, relationship(20, "mitigates", BLOCK, TARGET)], marks=pytest.mark.row("I-114"), id="what mitigates an indicator"),
        pytest.param(
            [ACTOR, made("note", 21, abstract="Seen again", content="Since spring… 漢字 Ερωδιός", object_refs=[ACTOR["id"]])],
            marks=pytest.mark.row("I-117"), id="note",
        ),
        pytest.param(
            [TARGET, made("grouping", 22, name="Lures", context="suspicious-activity", object_refs=[TARGET["id"]])],
            marks=pytest.mark.row("I-118"), id="grouping",
        ),
        pytest.param(
            [TARGET, made("report", 23, name="Weekly", report_types=["indicator"], published=DAYS[0], object_refs=[TARGET["id"]])],
            marks=pytest.mark.row("I-119"), id="report",
        ),
    ],
)  # fmt: skip
def test_what_is_posted_arrives(live: Grounds, objects: list[Object]) -> None:
    """Nothing is shortened, split, put in order or written anew."""
    arrives(live, objects)


@pytest.mark.row("I-110")
@pytest.mark.parametrize(("confidence", "taken"), [(0, True), (70, True), (100, True), (101, False), ("85", False)])
def test_a_confidence_is_a_number_up_to_a_hundred(live_on_sqlite: Grounds, confidence: Any, taken: bool) -> None:
    """It comes back as it was sent, in no other scale; what is no such number is refused."""
    place = live_on_sqlite.fresh()
    with live_on_sqlite.client("producer") as producer:
        assert post(producer, place, indicator(confidence=confidence))["success_count"] == taken
        assert [one["confidence"] for one in listed(producer, place.objects)] == ([confidence] if taken else [])


@pytest.mark.row("I-113", "X-029", "X-136")
def test_the_reserved_property(live_on_sqlite: Grounds) -> None:
    """A course of action with it is refused."""
    place = live_on_sqlite.fresh()
    with live_on_sqlite.client("producer") as producer:
        status = post(producer, place, BLOCK | {"action": "block"})
        assert (status["success_count"], status["failure_count"]) == (0, 1)
        assert "action is a reserved property" in status["failures"][0]["message"]
        assert listed(producer, place.objects) == []


def theirs(kind: str, number: int, /, **properties: Any) -> Object:
    """An object of nation B."""
    return made(kind, number, created_by_ref=THEIRS, **properties)


OBSERVED = theirs("observed-data", 30, **SEEN, object_refs=[ADDRESS["id"]])
SIGHTING = theirs(
    "sighting", 31, sighting_of_ref=TARGET["id"], count=50, first_seen=DAYS[0], last_seen=DAYS[2], where_sighted_refs=[THEIRS]
)  # fmt: skip
DERIVED = theirs(
    "indicator", 32, name="Relay 10 and its name", pattern="[domain-name:resolves_to_refs[*].value = '198.51.100.10']",
    pattern_type="stix", valid_from=DAYS[1],
)  # fmt: skip


@pytest.mark.row("X-131", "X-135")
@pytest.mark.parametrize(
    "said",
    [
        pytest.param([SIGHTING], marks=pytest.mark.row("I-111"), id="sighting"),
        pytest.param(
            [ADDRESS, OBSERVED, SIGHTING | {"observed_data_refs": [OBSERVED["id"]], "summary": True}],
            marks=pytest.mark.row("I-112"), id="sighting of observed data",
        ),
        pytest.param(
            [theirs("opinion", 33, opinion="strongly-disagree", object_refs=[TARGET["id"]])], marks=pytest.mark.row("I-115"), id="opinion on an indicator"
        ),
        pytest.param(
            [theirs("opinion", 34, opinion="disagree", explanation="A tool.", object_refs=[MALWARE["id"]])],
            marks=pytest.mark.row("I-116"), id="opinion on malware",
        ),
        pytest.param(
            [DERIVED, relationship(35, "derived-from", DERIVED, TARGET, created_by_ref=THEIRS)], marks=pytest.mark.row("I-136"), id="derived indicator"
        ),
    ],
)  # fmt: skip
def test_what_another_nation_says(live: Grounds, said: list[Object]) -> None:
    """It needs no right to what it is about, and that stays as it is."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        poller = Poller(producer, place)
        share(producer, place, IDENTITY, TARGET, MALWARE)
        assert poller.poll() == [IDENTITY, TARGET, MALWARE]
        share(consumer, place, THEIR_IDENTITY, *said)
        assert poller.poll() == [THEIR_IDENTITY, *said]
        for one in (TARGET, MALWARE):
            assert listed(producer, f"{place.objects}{one['id']}/", **{"match[version]": "all"}) == [one]


@pytest.mark.row("I-120")
@pytest.mark.parametrize(
    ("observed", "links"), [([FILE], []), ([DOMAIN, ADDRESS], [relationship(40, "resolves-to", DOMAIN, ADDRESS)])]
)
def test_observed_data(live: Grounds, observed: list[Object], links: list[Object]) -> None:
    """Observables travel with it; each has one version, named after the moment when it came."""
    sent = [
        *observed,
        *links,
        made("observed-data", 41, **SEEN, object_refs=[one["id"] for one in (*observed, *links)]),
    ]
    arrives(live, sent)
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        said = {one["id"]: one["version"] for one in post(producer, place, *sent)["successes"]}
        for one in observed:
            answer = consumer.get(f"{place.objects}{one['id']}/versions/")
            assert answer.json["versions"] == [answer.headers[FIRST]] == [said[one["id"]]]


OTHERS = [
    specimen(kind, created_by_ref=IDENTITY["id"], object_marking_refs=[TLP["GREEN"]], granular_markings=None)
    for kind in (
        "attack-pattern", "campaign", "infrastructure", "intrusion-set", "location", "malware", "malware-analysis",
        "threat-actor", "tool", "vulnerability",
    )
]  # fmt: skip


@pytest.mark.row("I-121", "T-152")
def test_every_other_type(live: Grounds) -> None:
    """With all of its properties; each is found by its type, alone."""
    arrives(live, OTHERS)
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, *OTHERS, relationship(42, "uses", OTHERS[1], OTHERS[5]))
        for one in OTHERS:
            assert listed(consumer, place.objects, **{"match[type]": one["type"]}) == [one]
