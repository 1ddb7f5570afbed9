"""Walk-throughs: a feed and who polls it, a platform that enriches, a SIEM, a system that blocks, and a sensor that may only write."""

import pytest

from interop.joined import Joined
from interop.parties import (
    DAYS,
    IDENTITY,
    LAST,
    THEIR_IDENTITY,
    THEIRS,
    Object,
    Poller,
    delete,
    indicator,
    listed,
    made,
    post,
    relationship,
    share,
)
from support.grounds import GROUP, Grounds
from support.live import Client

ALL = {"match[version]": "all"}
BLOCK = made("course-of-action", 50, name="Block it")


def new(client: Client, path: str, after: str | None) -> tuple[list[str], str | None]:
    """The patterns added since a date, and the date for the next poll."""
    answer = client.get(path, added_after=after)
    assert answer.status == 200
    return [one["pattern"] for one in answer.json.get("objects", [])], answer.headers.get(LAST, after)


@pytest.mark.row("I-170")
def test_a_feed_and_who_polls_it(joined: Joined) -> None:
    """Each poll brings what is new in the feed; rows that are unchanged, or come in another order, make no new versions."""
    patterns = {name: f"[domain-name:value = '{name}.example.com']" for name in ("gull", "tern", "heron")}
    gull, tern, heron = (f"{name}.example.com" for name in patterns)
    with joined.client("importer") as client:
        assert joined.ingest(gull, tern) == {"candidates": 2, "new": 2}
        found, after = new(client, joined.objects, None)
        assert found == [patterns["gull"], patterns["tern"]]
        page = client.get(joined.objects, **ALL).body
        assert joined.ingest("# the same rows", tern, gull) == {"candidates": 2, "unchanged": 2}
        assert new(client, joined.objects, after) == ([], after)
        assert client.get(joined.objects, **ALL).body == page
        assert joined.ingest(tern, heron) == {"candidates": 2, "new": 1, "unchanged": 1}
        found, after = new(client, joined.objects, after)
        assert found == [patterns["heron"]]
        assert new(client, joined.objects, after) == ([], after)
        assert [one["pattern"] for one in listed(client, joined.objects, **ALL)] == list(patterns.values())
    with joined.client("producer") as outside:
        assert outside.get(joined.objects).status == 404


def theirs(number: int, kind: str, /, **properties: object) -> Object:
    """What nation B makes."""
    return made(kind, number, created_by_ref=THEIRS, **properties)


@pytest.mark.row("I-171")
def test_a_platform(live: Grounds) -> None:
    """It pulls everything, and what it adds it shares as objects of its own; as a new version of another's it is refused."""
    place = live.fresh()
    source = [IDENTITY, indicator(1), indicator(2)]
    richer = indicator(
        60, name="Relay 1, since May", created_by_ref=THEIRS, description="Two more cases.", confidence=70
    )
    added = [
        THEIR_IDENTITY,
        richer,
        relationship(61, "derived-from", richer, source[1], created_by_ref=THEIRS),
        theirs(62, "note", content="Known here.", object_refs=[source[2]["id"]]),
    ]
    with live.client("producer") as producer, live.client("consumer") as platform:
        share(producer, place, *source)
        back = Poller(producer, place)
        assert back.poll() == source
        poller = Poller(platform, place)
        pulled = poller.poll()
        assert pulled == source
        status = post(platform, place, pulled[1] | {"description": "Two more cases.", "modified": DAYS[1]})
        assert (status["success_count"], status["failure_count"]) == (0, 1)
        share(platform, place, *added)
        assert back.poll() == poller.poll() == added
        assert listed(producer, place.objects, **ALL) == source + added


@pytest.mark.row("I-172")
def test_a_siem(live: Grounds) -> None:
    """It polls indicators alone, and reports sightings by an account that may only write."""
    place = live.fresh()
    target = indicator(1)
    sighting = theirs(70, "sighting", sighting_of_ref=target["id"], count=2, first_seen=DAYS[0], last_seen=DAYS[1])
    with (
        live.client("producer") as producer,
        live.client("reader") as siem,
        live.client("sink") as sensor,
    ):
        share(producer, place, IDENTITY, target, BLOCK)
        poller = Poller(siem, place)
        assert poller.poll(**{"match[type]": "indicator"}) == [target]
        share(sensor, place, sighting)
        share(producer, place, indicator(2))
        assert poller.poll(**{"match[type]": "indicator"}) == [indicator(2)]
        assert [poller.poll(**{"match[type]": "indicator"}) for _ in range(20)] == [[]] * 20
        assert listed(producer, place.objects, **{"match[type]": "sighting"}) == [sighting]


@pytest.mark.row("I-173")
def test_a_system_that_blocks(live: Grounds) -> None:
    """It polls indicators and what to do about them; an end of validity, also one gone by, and a revocation reach it as they were written."""
    place = live.fresh()
    target, ended = indicator(1, valid_until=DAYS[4]), indicator(2, valid_until="2026-10-06T00:00:00Z")
    counter = relationship(71, "mitigates", BLOCK, target)
    revoked = target | {"modified": DAYS[1], "revoked": True}
    wanted = {"match[type]": "indicator,course-of-action"}
    with live.client("producer") as producer, live.client("reader") as system:
        share(producer, place, IDENTITY, target, ended, BLOCK, counter)
        poller = Poller(system, place)
        assert poller.poll(**wanted) == [target, ended, BLOCK]
        share(producer, place, revoked)
        assert poller.poll(**wanted) == [revoked]
        assert listed(system, place.objects, **wanted) == [ended, BLOCK, revoked]


@pytest.mark.row("I-174", "T-242")
def test_a_sensor_that_may_only_write(live: Grounds) -> None:
    """It writes, and reads the status of that; nothing else is given to it, and its status to nobody else."""
    place = live.fresh()
    one = indicator(1, created_by_ref=THEIRS)
    with (
        live.client("sink") as sensor,
        live.client("consumer") as colleague,
        live.client("producer") as producer,
        live.client("outsider") as outsider,
    ):
        status = post(sensor, place, one)
        assert (status["status"], status["success_count"], status["total_count"]) == ("complete", 1, 1)
        path = f"/taxii2/{GROUP}/status/{status['id']}/"
        assert [client.get(path).json for client in (sensor, colleague)] == [status, status]
        assert [client.get(path).status for client in (producer, outsider)] == [404, 404]
        own = f"{place.objects}{one['id']}/"
        for refused in (place.objects, place.manifest, own, f"{own}versions/"):
            assert (refused, sensor.get(refused).status) == (refused, 403)
        assert delete(sensor, own).status == 403
        assert listed(producer, place.objects) == [one]
