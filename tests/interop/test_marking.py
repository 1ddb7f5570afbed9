"""Marking scenarios: whom an object reaches by its marks, on every resource alike, and that it is delivered whole or not at all."""

import pytest

from interop.joined import Joined
from interop.parties import (
    DAYS,
    FIRST,
    IDENTITY,
    LAST,
    THEIR_IDENTITY,
    UNKNOWN,
    Object,
    Poller,
    indicator,
    listed,
    made,
    post,
    share,
)
from support.grounds import GROUP, Grounds, Place
from support.live import Client
from support.world import TLP

V1 = {
    "WHITE": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
ALL = {"match[version]": "all"}
READERS = ("consumer", "reader", "client", "observer")
"""Two accounts of another member, a client of the originator, an observer."""
MEMBERS = {"consumer", "reader"}
STATEMENT = made(
    "marking-definition", 1, modified=None, definition_type="statement", definition={"statement": "Copyright CERT of XA"}
)  # fmt: skip


def given(client: Client, place: Place, one: Object) -> list[Object]:
    """What a reader is given of one object; that every resource agrees on it is checked on the way."""
    own = f"{place.objects}{one['id']}/"
    found = listed(client, place.objects, **ALL, **{"match[id]": one["id"]})
    records = listed(client, place.manifest, **ALL, **{"match[id]": one["id"]})
    versions = [each.get("modified", each["created"]) for each in found]
    assert [(record["id"], record["version"]) for record in records] == [(one["id"], version) for version in versions]
    if not found:
        assert [client.get(path).status for path in (own, f"{own}versions/")] == [404, 404]
        return found
    assert listed(client, own, **ALL) == found
    answer = client.get(f"{own}versions/")
    assert answer.json == {"more": False, "versions": versions}
    assert (answer.headers[FIRST], answer.headers[LAST]) == (records[0]["date_added"], records[-1]["date_added"])
    return found


def reached(joined: Joined, place: Place, one: Object) -> set[str]:
    """The accounts, other than the originator's, that are given an object; each is given it whole, or not at all."""
    found: set[str] = set()
    for account in READERS:
        with joined.client(account) as client:
            objects = given(client, place, one)
            assert objects in ([], [one])
            found |= {account} if objects else set()
    with joined.client("producer") as producer, joined.client("outsider") as outsider:
        assert given(producer, place, one) == [one]
        assert outsider.get(place.objects).status == 404
    return found


@pytest.mark.row("X-071", "X-072")
@pytest.mark.parametrize(
    ("mark", "readers"),
    [
        pytest.param(V1["WHITE"], set(READERS), marks=pytest.mark.row("I-150"), id="TLP 1, WHITE"),
        pytest.param(V1["GREEN"], set(READERS), marks=pytest.mark.row("I-151"), id="TLP 1, GREEN"),
        pytest.param(V1["AMBER"], {*MEMBERS, "client"}, marks=pytest.mark.row("I-152"), id="TLP 1, AMBER"),
        pytest.param(V1["RED"], set(), marks=pytest.mark.row("I-153"), id="TLP 1, RED"),
        pytest.param(TLP["CLEAR"], set(READERS), marks=pytest.mark.row("I-155"), id="CLEAR"),
        pytest.param(TLP["GREEN"], set(READERS), marks=pytest.mark.row("I-155"), id="GREEN"),
        pytest.param(TLP["AMBER"], {*MEMBERS, "client"}, marks=pytest.mark.row("I-155"), id="AMBER"),
        pytest.param(TLP["STRICT"], MEMBERS, marks=pytest.mark.row("I-155"), id="AMBER+STRICT"),
        pytest.param(TLP["RED"], set(), marks=pytest.mark.row("I-155"), id="RED"),
    ],
)
def test_tlp(joined: Joined, mark: str, readers: set[str]) -> None:
    """Known by its id alone, without its object; whoever it does not reach finds nothing on any resource."""
    networks = "[ipv4-addr:value ISSUBSET '198.51.100.0/25' OR ipv4-addr:value ISSUBSET '203.0.113.64/26']"
    marked = indicator(1, networks, object_marking_refs=[mark])
    place = joined.live.fresh()
    with joined.client("producer") as producer:
        share(producer, place, IDENTITY, THEIR_IDENTITY, marked)
    assert reached(joined, place, marked) == readers


@pytest.mark.row("I-154", "X-074")
def test_a_statement(live: Grounds) -> None:
    """Its marking-definition is an object like others, with `created` as its version. It restricts nobody, wherever in the envelope it stands."""
    place = live.fresh()
    marked = indicator(1, object_marking_refs=[STATEMENT["id"]])
    both = indicator(2, object_marking_refs=[TLP["CLEAR"], STATEMENT["id"]])
    with live.client("producer") as producer, live.client("consumer") as consumer:
        status = post(producer, place, IDENTITY, marked, both, STATEMENT)
        said = {one["id"]: one for one in status["successes"]}
        assert (status["success_count"], said[STATEMENT["id"]]["version"]) == (4, STATEMENT["created"])
        assert not any("message" in one for one in said.values())
        assert given(consumer, place, STATEMENT) == [STATEMENT]
        assert Poller(consumer, place).poll() == [IDENTITY, marked, both, STATEMENT]


@pytest.mark.row("I-156", "T-009")
def test_a_collection_of_another_group(live: Grounds) -> None:
    """404 on every resource, and the same bytes as for one that never was."""
    place = live.fresh()
    shared = indicator(1)
    with live.client("producer") as producer, live.client("consumer") as consumer, live.client("outsider") as outsider:
        share(producer, place, shared)
        assert given(consumer, place, shared) == [shared]
        for path in (
            place.path,
            place.objects,
            place.manifest,
            f"{place.objects}{shared['id']}/",
            f"{place.objects}{shared['id']}/versions/",
        ):
            answer, never = outsider.get(path), outsider.get(path.replace(place.id, UNKNOWN))
            assert (answer.status, answer.body) == (never.status, never.body) == (404, never.body)
        assert outsider.post(place.objects, [indicator(2)]).status == 404
        assert outsider.get(f"/taxii2/{GROUP}/collections/").status == 404
        assert listed(producer, place.objects) == [shared]


@pytest.mark.row("I-157", "X-080")
def test_no_mark(joined: Joined) -> None:
    """The collection's default, AMBER, decides who is given it; nothing is written into it."""
    place, unmarked = joined.live.fresh(), indicator(1, object_marking_refs=None)
    with joined.client("producer") as producer:
        share(producer, place, unmarked)
    assert reached(joined, place, unmarked) == {*MEMBERS, "client"}


@pytest.mark.row("I-158", "X-074", "X-077", "X-078")
@pytest.mark.parametrize(
    ("whole", "part", "readers"),
    [
        pytest.param("GREEN", "RED", set(), id="a stricter part"),
        pytest.param("GREEN", "STRICT", MEMBERS, id="a part for members"),
        pytest.param("STRICT", "CLEAR", MEMBERS, id="a laxer part"),
    ],
)
def test_a_marked_part(joined: Joined, whole: str, part: str, readers: set[str]) -> None:
    """The strictest mark counts for all of it: nobody is given the object without the part."""
    place = joined.live.fresh()
    marked = indicator(
        1,
        description="Seen by a source.",
        object_marking_refs=[TLP[whole]],
        granular_markings=[{"marking_ref": TLP[part], "selectors": ["description"]}],
    )
    with joined.client("producer") as producer:
        share(producer, place, marked)
    assert reached(joined, place, marked) == readers


@pytest.mark.row("I-159", "X-071")
@pytest.mark.parametrize("level", ["white", "green", "amber", "red", "purple"])
def test_a_forged_tlp(live: Grounds, level: str) -> None:
    """A failure with the reason; the rest of the envelope is taken."""
    place = live.fresh()
    forged = made("marking-definition", 2, modified=None, definition_type="tlp", definition={"tlp": level})
    with live.client("producer") as producer:
        status = post(producer, place, forged, indicator(1))
        assert (status["success_count"], status["failure_count"]) == (1, 1)
        [failure] = status["failures"]
        assert (failure["id"], "TLP" in failure["message"]) == (forged["id"], True)
        assert listed(producer, place.objects) == [indicator(1)]


@pytest.mark.row("I-160", "T-009")
@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        pytest.param("AMBER", "CLEAR", {"observer"}, id="wider"),
        pytest.param("RED", "GREEN", set(READERS), id="much wider"),
        pytest.param("CLEAR", "CLEAR", set(), id="the same"),
    ],
)
def test_a_new_mark(joined: Joined, before: str, after: str, left_out: set[str]) -> None:
    """It counts from the new version on: whom the older one did not reach is never given that one, all versions asked for or not."""
    place = joined.live.fresh()
    older = indicator(1, object_marking_refs=[TLP[before]])
    newer = indicator(1, object_marking_refs=[TLP[after]], modified=DAYS[1])
    clients = {account: joined.client(account) for account in READERS}
    pollers = {account: Poller(client, place) for account, client in clients.items()}
    with joined.client("producer") as producer:
        share(producer, place, older)
        assert {account for account, poller in pollers.items() if not poller.poll()} == left_out
        share(producer, place, newer)
        assert [poller.poll() for poller in pollers.values()] == [[newer]] * len(READERS)
        for account, client in clients.items():
            assert given(client, place, older) == ([newer] if account in left_out else [older, newer])
            client.close()
        assert given(producer, place, older) == [older, newer]


@pytest.mark.row("I-160")
def test_a_narrower_mark(joined: Joined) -> None:
    """Whom only the older version reaches keeps that, and hears nothing of the newer one."""
    place = joined.live.fresh()
    older = indicator(1, object_marking_refs=[TLP["GREEN"]])
    newer = indicator(1, object_marking_refs=[TLP["AMBER"]], modified=DAYS[1])
    with (
        joined.client("producer") as producer,
        joined.client("observer") as observer,
        joined.client("client") as client,
    ):
        share(producer, place, older)
        poller = Poller(observer, place)
        assert poller.poll() == [older]
        share(producer, place, newer)
        assert poller.poll() == []
        assert given(observer, place, older) == [older]
        assert listed(observer, place.objects) == [older]
        assert given(client, place, older) == [older, newer]
