"""Versions of shared objects, and who may make them."""

from typing import Any

import pytest

from support.grounds import Grounds
from support.world import indicator

DAYS = (
    "2026-11-01T00:00:00.000Z",
    "2026-11-02T00:00:00.000Z",
    "2026-11-03T00:00:00.000Z",
    "2026-11-04T00:00:00.000Z",
    "2026-11-05T00:00:00.000Z",
)
SIGHTING: dict[str, Any] = {
    "type": "sighting", "spec_version": "2.1", "id": "sighting--00000000-0000-4000-8000-000000000601", "created": DAYS[0], "sighting_of_ref": indicator(1)["id"],
    "first_seen": "2026-10-01T00:00:00Z", "count": 1, "object_marking_refs": indicator(1, tlp="GREEN")["object_marking_refs"],
}  # fmt: skip
LINES: dict[str, list[dict[str, Any]]] = {
    "indicator": [
        indicator(1, tlp="GREEN", indicator_types=["malicious-activity"]),
        indicator(1, tlp="GREEN", indicator_types=["anomalous-activity"], pattern="[ ipv4-addr:value = '198.51.100.1' ]", modified=DAYS[1]),
        indicator(1, tlp="GREEN", indicator_types=["anomalous-activity"], modified=DAYS[2], revoked=True),
        indicator(1, tlp="GREEN", indicator_types=["anomalous-activity"], modified=DAYS[3]),
    ],
    "sighting": [
        SIGHTING | {"modified": DAYS[0], "last_seen": "2026-10-02T00:00:00Z"},
        SIGHTING | {"modified": DAYS[1], "last_seen": "2026-10-03T00:00:00Z"},
        SIGHTING | {"modified": DAYS[2], "last_seen": "2026-10-03T00:00:00Z", "revoked": True},
        SIGHTING | {"modified": DAYS[3], "last_seen": "2026-10-04T00:00:00Z"},
    ],
}  # fmt: skip


@pytest.mark.row(
    "I-130", "I-131", "I-132", "I-133", "I-134", "I-173", "X-050", "X-059", "X-060", "X-063", "X-099", "T-160"
)
@pytest.mark.parametrize("kind", LINES)
def test_a_life(live: Grounds, kind: str) -> None:
    """Made, changed, revoked; a poller hears of each; nothing follows."""
    place = live.fresh()
    first, second, revoked, later = LINES[kind]
    one = f"{place.objects}{first['id']}/"
    with live.client("producer") as producer, live.client("consumer") as consumer:
        after = "2026-01-01T00:00:00Z"
        for number, version in enumerate((first, second, revoked), 1):
            assert producer.post(place.objects, [version]).json["success_count"] == 1
            answer = consumer.get(place.objects, added_after=after)
            assert answer.json["objects"] == [version]
            after = answer.headers["x-taxii-date-added-last"]
            assert consumer.get(place.objects).json["objects"] == [version]
            assert len(consumer.get(place.objects, **{"match[version]": "all"}).json["objects"]) == number
            assert consumer.get(f"{one}versions/").json["versions"] == list(DAYS[:number])
        status = producer.post(place.objects, [later]).json
        assert (status["failure_count"], "revoked" in status["failures"][0]["message"]) == (1, True)
        assert consumer.get(place.objects, added_after=after).json == {}


@pytest.mark.row("I-135", "I-138", "X-056", "X-058", "X-052", "X-055")
def test_who_may_make_versions(live: Grounds) -> None:
    """Only the creator; the same version with other content, and another `created`, are failures that name the rule."""
    place = live.fresh()
    first = indicator(1, tlp="GREEN")
    with live.client("producer") as producer, live.client("consumer") as consumer:
        producer.post(place.objects, [first])
        for client, wrong, word in (
            (consumer, indicator(1, tlp="GREEN", modified=DAYS[1]), "only its creator"),
            (consumer, indicator(1, tlp="GREEN", name="n"), "other content"),
            (producer, indicator(1, tlp="GREEN", name="n"), "other content"),
            (producer, indicator(1, tlp="GREEN", modified=DAYS[2], created=DAYS[1]), "created must stay the same"),
        ):
            answer = client.post(place.objects, [wrong])
            assert (answer.status, answer.json["failure_count"]) == (202, 1)
            assert word in answer.json["failures"][0]["message"]
        assert consumer.post(place.objects, [first]).json["success_count"] == 1
        assert producer.get(place.objects, **{"match[version]": "all"}).json["objects"] == [first]


@pytest.mark.row("I-137", "X-053", "T-161")
def test_versions_in_reverse(live: Grounds) -> None:
    """The latest is the greatest `modified`."""
    place = live.fresh()
    with live.client("producer") as producer:
        for day in reversed(DAYS):
            producer.post(place.objects, [indicator(1, tlp="GREEN", modified=day)])
            assert producer.get(place.objects).json["objects"][0]["modified"] == DAYS[-1]
        assert producer.get(place.objects, **{"match[version]": "first"}).json["objects"][0]["modified"] == DAYS[0]


@pytest.mark.row("I-139", "X-057", "T-078")
def test_in_two_collections(live: Grounds) -> None:
    """The same bytes, each with a date of its own."""
    places = [live.fresh(), live.fresh()]
    with live.client("producer") as producer:
        for place in places:
            producer.post(place.objects, [indicator(1, tlp="GREEN")])
        assert producer.get(places[0].objects).body == producer.get(places[1].objects).body
        dates = [producer.get(place.manifest).json["objects"][0]["date_added"] for place in places]
        assert dates[0] < dates[1]


@pytest.mark.row("I-036", "T-334", "T-103", "T-183")
def test_versions_by_date(live: Grounds) -> None:
    """Five versions in pages of three, carried on by the date of the last."""
    place = live.fresh()
    versions = f"{place.objects}{indicator(1)['id']}/versions/"
    with live.client("producer") as producer, live.client("consumer") as consumer:
        producer.post(place.objects, [indicator(1, tlp="GREEN", modified=day) for day in DAYS])
        page = consumer.get(versions, limit=3)
        assert (page.json["versions"], page.json["more"]) == (list(DAYS[:3]), True)
        rest = consumer.get(versions, limit=3, added_after=page.headers["x-taxii-date-added-last"])
        assert (rest.json["versions"], rest.json.get("more", False)) == (list(DAYS[3:]), False)


@pytest.mark.row("I-174", "T-242", "I-021", "I-022")
def test_a_sink(live: Grounds) -> None:
    """It writes, reads its own status, and nothing else."""
    place = live.fresh()
    with live.client("sink") as sink:
        answer = sink.post(place.objects, [indicator(1)])
        assert (
            answer.status,
            answer.json["total_count"],
            answer.json["success_count"],
            answer.json["pending_count"],
        ) == (202, 1, 1, 0)
        assert sink.get(f"/taxii2/exercise/status/{answer.json['id']}/").json == answer.json
        assert sink.get(place.objects).status == 403
    with live.client("producer") as other:
        assert other.get(f"/taxii2/exercise/status/{answer.json['id']}/").status == 404
