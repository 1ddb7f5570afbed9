"""TAXII scenarios: a thousand objects, page by page, while others write, with a borrowed token, and across a restart."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from interop.parties import LAST, Object, delete, indicator, listed, share
from support.grounds import FOREIGN, Grounds
from support.http import OBJECTS
from support.live import Client, Hub
from support.world import world

THOUSAND = [indicator(number) for number in range(1_000)]
PAGE = 100


def pages(client: Client, path: str, by: str, following: str | None = None) -> Iterator[list[Object]]:
    """The pages of a walk: by `next`, or by the date of the last object, with `next` left alone."""
    asked: dict[str, Any] = {"next": following}
    while True:
        answer = client.get(path, limit=PAGE, **asked)
        assert answer.status == 200, answer.body
        yield answer.json.get("objects", [])
        if not answer.json["more"]:
            return
        asked = {"next": answer.json["next"]} if by == "next" else {"added_after": answer.headers[LAST]}


@pytest.mark.row("I-040", "I-041")
@pytest.mark.parametrize("by", ["next", "date"])
def test_a_walk(live: Grounds, by: str) -> None:
    """Ten pages of a hundred; all thousand, each once, ascending."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, *THOUSAND)
        found = list(pages(consumer, place.objects, by))
        assert [len(page) for page in found] == [PAGE] * 10
        assert [one for page in found for one in page] == THOUSAND
        dates = [record["date_added"] for record in listed(consumer, place.manifest, limit=1_000)]
        assert dates == sorted(set(dates))


@pytest.mark.row("I-042")
@pytest.mark.parametrize("by", ["next", "date"])
def test_a_walk_while_others_write(live: Grounds, by: str) -> None:
    """What stays throughout comes once, what is deleted ahead of the walk does not come, what is added comes at the end."""
    place = live.fresh()
    doomed = THOUSAND[600::8]
    added = [indicator(number) for number in range(1_000, 1_050)]
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, *THOUSAND)
        walk = pages(consumer, place.objects, by)
        found: list[Object] = []
        for at in range(0, 50, 10):
            found += next(walk)
            share(producer, place, *added[at : at + 10])
            for one in doomed[at : at + 10]:
                assert delete(producer, f"{place.objects}{one['id']}/").status == 200
        assert found == THOUSAND[:500]
        found += [one for page in walk for one in page]
    assert (len(doomed), len(added)) == (50, 50)
    assert found == [one for one in THOUSAND if one not in doomed] + added


@pytest.mark.row("I-043")
def test_a_borrowed_token(live: Grounds) -> None:
    """In another's hands it counts as not sent, and so it does at another collection: each is shown its own, from the beginning."""
    place, empty = live.fresh(), live.fresh()
    theirs = f"/taxii2/elsewhere/collections/{FOREIGN}/objects/"
    objects = [indicator(number) for number in range(1, 4)]
    with live.client("producer") as producer, live.client("consumer") as consumer, live.client("outsider") as outsider:
        share(producer, place, *objects)
        token = consumer.get(place.objects, limit=2).json["next"]
        assert listed(consumer, place.objects, next=token) == objects[2:]
        assert listed(producer, place.objects, next=token) == objects
        assert listed(consumer, empty.objects, next=token) == []
        assert outsider.get(place.objects, next=token).status == 404
        assert outsider.get(theirs, next=token).body == outsider.get(theirs).body


@pytest.mark.row("I-176", "T-146")
async def test_a_restart_during_a_walk(database_url: str, fast_path: Path) -> None:
    """The hub is stopped after four pages and started again: the last `next` still counts, and brings the rest, each once."""
    async with world(database_url) as w:
        producer, consumer = (("ana", w.tokens["ana"]), ("bea", w.tokens["bea"]))
    with Hub(database_url, fast_path) as hub:
        with Client(hub.url, *producer) as client:
            assert client.post(OBJECTS, THOUSAND).json["success_count"] == 1_000
        with Client(hub.url, *consumer) as client:
            answers = [answer.json for answer in islice(client.pages(OBJECTS, limit=PAGE), 4)]
        hub.stop()
    with Hub(database_url, fast_path) as hub, Client(hub.url, *consumer) as client:
        rest = list(pages(client, OBJECTS, "next", answers[-1]["next"]))
    assert (len(answers), len(rest)) == (4, 6)
    assert [one for page in answers for one in page["objects"]] + [one for page in rest for one in page] == THOUSAND
