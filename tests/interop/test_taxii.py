"""TAXII scenarios: who is asked for credentials, what is there, and one object from its post to its deletion."""

import base64
import re
from typing import Any

import pytest

from interop.parties import (
    FIRST,
    LAST,
    MOMENT,
    UNKNOWN,
    Poller,
    ask,
    delete,
    identifier,
    indicator,
    listed,
    post,
    share,
)
from support.grounds import FOREIGN, READ_ONLY, Grounds, Place
from support.http import site
from support.live import TAXII
from support.world import indicator as plain

RIGHTS = {"sink": (False, True), "producer": (True, True), "reader": (True, False), "nothing": (False, False)}
"""Account: can_read, can_write. One for each of the four kinds of collection that the scenarios know."""


def basic(username: str, token: str) -> dict[str, str]:
    """What HTTP Basic sends."""
    return {"Accept": TAXII, "Authorization": f"Basic {base64.b64encode(f'{username}:{token}'.encode()).decode()}"}


def stocked(live: Grounds) -> Place:
    """A collection with one indicator of nation A in it."""
    place = live.fresh()
    with live.client("producer") as producer:
        share(producer, place, indicator())
    return place


@pytest.mark.row("I-001", "I-002")
@pytest.mark.parametrize("sent", [{"Accept": TAXII}, basic("producer", "wrong"), basic("nobody", "wrong")])
def test_without_valid_credentials(live_on_sqlite: Grounds, sent: dict[str, str]) -> None:
    """401, the ways to sign in, and a title."""
    answer = ask(live_on_sqlite, "GET", "/taxii2/", sent)
    assert (answer.status, answer.headers["content-type"]) == (401, TAXII)
    assert re.findall(r"(\w+) realm=", answer.headers["www-authenticate"]) == ["Basic", "Bearer"]
    assert (answer.json["http_status"], bool(answer.json["title"])) == ("401", True)


@pytest.mark.row("I-004", "I-005")
def test_discovery(live: Grounds) -> None:
    """A title, the roots as absolute URLs that answer, and one of them as the default."""
    sent = basic("producer", live.tokens["producer"])
    answer = ask(live, "GET", "/taxii2/", sent)
    assert (answer.status, answer.headers["content-type"]) == (200, TAXII)
    assert answer.json == {"title": "Indicator hub", "default": live.root, "api_roots": [live.root]}
    assert live.root.startswith(live.hub.url)
    assert ask(live, "GET", live.root.removeprefix(live.hub.url), sent).json["versions"] == [TAXII]


@pytest.mark.row("I-006")
def test_api_root(live: Grounds) -> None:
    """Title, media type and the size of a body."""
    with live.client("producer") as producer:
        assert producer.get("/taxii2/exercise/").json == {
            "title": "Exercise",
            "description": "The group exercise.",
            "versions": [TAXII],
            "max_content_length": 10_485_760,
        }


@pytest.mark.row("I-007", "I-014", "I-019")
@pytest.mark.parametrize(
    "path",
    [
        "/api3/",
        "/taxii2/api3/",
        f"/taxii2/exercise/collections/{UNKNOWN}/",
        f"{{objects}}{identifier('indicator', 99)}/",
        f"{{objects}}{identifier('indicator', 99)}/versions/",
    ],
)
def test_what_is_not_there(live: Grounds, path: str) -> None:
    """404 for a root, a collection and an object that nobody knows."""
    place = stocked(live)
    with live.client("producer") as producer:
        answer = producer.get(path.format(objects=place.objects))
    assert (answer.status, answer.headers["content-type"], answer.json["http_status"]) == (404, TAXII, "404")


@pytest.mark.row("I-008")
def test_collections(live: Grounds) -> None:
    """Ascending by id, and the same when asked again; each account is shown its own group's."""
    with live.client("producer") as producer, live.client("outsider") as outsider:
        first = producer.get("/taxii2/exercise/collections/")
        ids = [one["id"] for one in first.json["collections"]]
        assert ids == sorted(set(ids))
        assert {live.fresh().id, READ_ONLY} < set(ids)
        assert producer.get("/taxii2/exercise/collections/").body == first.body
        assert [one["id"] for one in outsider.get("/taxii2/elsewhere/collections/").json["collections"]] == [FOREIGN]


@pytest.mark.row("I-009")
@pytest.mark.parametrize("account", RIGHTS)
def test_rights_are_shown(live: Grounds, account: str) -> None:
    """Whatever one may do there, the collection is shown, and says what that is."""
    place = live.fresh()
    with live.client(account) as client:
        answer = client.get(place.path)
    assert (answer.status, answer.json["id"]) == (200, place.id)
    assert (answer.json["can_read"], answer.json["can_write"]) == RIGHTS[account]


@pytest.mark.row("I-010")
@pytest.mark.parametrize("account", ["sink", "nothing"])
def test_reading_without_the_right(live: Grounds, account: str) -> None:
    """403 for the objects and for the manifest."""
    place = stocked(live)
    with live.client(account) as client:
        answers = [client.get(path) for path in (place.objects, place.manifest)]
    assert [(one.status, one.json["http_status"]) for one in answers] == [(403, "403"), (403, "403")]


@pytest.mark.row("I-011")
@pytest.mark.parametrize("account", ["reader", "nothing"])
def test_posting_without_the_right(live: Grounds, account: str) -> None:
    """403, and nothing is stored."""
    place = stocked(live)
    with live.client(account) as client, live.client("producer") as producer:
        assert client.post(place.objects, [indicator(2)]).status == 403
        assert listed(producer, place.objects) == [indicator()]


@pytest.mark.row("I-012", "I-013")
@pytest.mark.parametrize(("account", "status"), [("reader", 403), ("sink", 403), ("nothing", 404)])
def test_deleting_without_both_rights(live: Grounds, account: str, status: int) -> None:
    """403 with one of them, 404 with none; the object stays."""
    place = stocked(live)
    with live.client(account) as client, live.client("producer") as producer:
        assert delete(client, f"{place.objects}{indicator()['id']}/").status == status
        assert listed(producer, place.objects) == [indicator()]


@pytest.mark.row("I-015", "I-016", "I-018", "I-020")
def test_one_object_on_every_resource(live: Grounds) -> None:
    """As a record, in the collection, by its id and by its versions; its date stands in both headers of each."""
    place, one = stocked(live), indicator()
    with live.client("consumer") as consumer:
        manifest = consumer.get(place.manifest)
        [record] = manifest.json["objects"]
        date = record.pop("date_added")
        assert re.fullmatch(MOMENT, date)
        assert record == {
            "id": one["id"],
            "version": one["modified"],
            "media_type": "application/stix+json;version=2.1",
        }
        objects = consumer.get(place.objects)
        alone = consumer.get(f"{place.objects}{one['id']}/")
        assert objects.json == alone.json == {"more": False, "objects": [one]}
        versions = consumer.get(f"{place.objects}{one['id']}/versions/")
        assert versions.json == {"more": False, "versions": [one["modified"]]}
        for answer in (manifest, objects, alone, versions):
            assert (answer.headers[FIRST], answer.headers[LAST]) == (date, date)


@pytest.mark.row("I-017")
def test_an_empty_collection(live: Grounds) -> None:
    """200 without `objects`, on the manifest too."""
    place = live.fresh()
    with live.client("consumer") as consumer:
        assert [(one.status, one.json) for one in map(consumer.get, (place.objects, place.manifest))] == [(200, {})] * 2


@pytest.mark.row("I-021", "I-022")
def test_the_status_of_one_object(live: Grounds) -> None:
    """202 and complete at once; asked for again it is the same, byte for byte."""
    place, one = live.fresh(), indicator()
    with live.client("producer") as producer:
        answer = producer.post(place.objects, [one])
        status: dict[str, Any] = answer.json
        assert (answer.status, answer.headers["content-type"]) == (202, TAXII)
        assert re.fullmatch(MOMENT, status["request_timestamp"])
        assert status == {
            "id": status["id"],
            "status": "complete",
            "request_timestamp": status["request_timestamp"],
            "total_count": 1,
            "success_count": 1,
            "failure_count": 0,
            "pending_count": 0,
            "successes": [{"id": one["id"], "version": one["modified"]}],
        }
        again = producer.get(f"/taxii2/exercise/status/{status['id']}/")
        assert (again.status, again.body) == (200, answer.body)


@pytest.mark.row("I-023")
def test_the_status_of_three_of_which_one_is_bad(live: Grounds) -> None:
    """Each object is in one list, with its version; the bad one with the reason; the others are stored."""
    place = live.fresh()
    good, bad, other = indicator(1), indicator(2, pattern_type=None), indicator(3)
    with live.client("producer") as producer:
        status = post(producer, place, good, bad, other)
        again = producer.get(f"/taxii2/exercise/status/{status['id']}/").json
        assert again == status
        assert [status[f"{name}_count"] for name in ("total", "success", "failure", "pending")] == [3, 2, 1, 0]
        assert status["successes"] == [{"id": one["id"], "version": one["modified"]} for one in (good, other)]
        [failure] = status["failures"]
        assert (failure["id"], failure["version"]) == (bad["id"], bad["modified"])
        assert "pattern_type is missing" in failure["message"]
        assert "pendings" not in status
        assert listed(producer, place.objects) == [good, other]


@pytest.mark.row("I-024")
def test_deletion(live: Grounds) -> None:
    """200 without a body; then the object is gone from every resource, for everybody."""
    place = stocked(live)
    one = f"{place.objects}{indicator()['id']}/"
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, indicator(2))
        gone = delete(producer, one)
        assert (gone.status, gone.body) == (200, b"")
        for client in (producer, consumer):
            assert [client.get(path).status for path in (one, f"{one}versions/")] == [404, 404]
            assert Poller(client, place).poll(**{"match[version]": "all"}) == [indicator(2)]
            assert [record["id"] for record in listed(client, place.manifest)] == [indicator(2)["id"]]
        assert delete(producer, one).status == 404


@pytest.mark.row("I-039")
async def test_how_long_a_status_is_kept(database_url: str) -> None:
    """A minute before its day is over it is still there, a minute later no more."""
    async with site(database_url) as s:
        path = f"/taxii2/alpha/status/{(await s.post(plain())).json()['id']}/"
        s.world.clock.forward(seconds=23 * 3_600 + 59 * 60)
        assert (await s.get(path)).json()["status"] == "complete"
        s.world.clock.forward(seconds=2 * 60)
        assert (await s.get(path)).status_code == 404
