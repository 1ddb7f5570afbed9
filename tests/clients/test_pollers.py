"""Rebuilt pollers: each collects everything visible, in order, once, while others write."""

from collections.abc import Callable
from typing import Any

import pytest

from clients.pollers import Elastic, OpenCtiConnector, OpenCtiFeed, Sentinel, Xsoar
from clients.submitters import Sender
from clients.writing import collect, ids, objects
from support.grounds import GROUP, Grounds
from support.live import TAXII, Client

ROOT = f"/taxii2/{GROUP}/"
POLLERS: dict[str, Callable[[Client, str], Any]] = {
    "OpenCTI's own feed": OpenCtiFeed,
    "Elastic": Elastic,
    "XSOAR": lambda client, path: Xsoar(client, path, limit=5),
    "Sentinel": lambda client, path: Sentinel(client, ROOT, path),
}


@pytest.mark.row("I-170", "I-172", "T-141", "T-127")
@pytest.mark.parametrize("name", POLLERS)
def test_everything_arrives(live: Grounds, name: str) -> None:
    """What was there before, and what is written meanwhile."""
    place = live.fresh()
    before = objects(8)
    with live.client("producer") as writer, live.client("reader") as client:
        writer.post(place.objects, before)
        poller = POLLERS[name](client, place.objects)
        written = collect(live, poller.poll, place)
        assert poller.seen == ids([*before, *written[place.id]])


@pytest.mark.row("T-145", "I-043")
def test_opencti_connector(live: Grounds) -> None:
    """It takes one collection's `next` to another, and into its next run: nothing is lost for that in either."""
    places = [live.fresh(), live.fresh()]
    with live.client("reader") as client:
        poller = OpenCtiConnector(client, [place.objects for place in places])
        written = collect(live, poller.poll, *places)
    for place in places:
        assert list(dict.fromkeys(poller.seen[place.objects])) == ids(written[place.id])


@pytest.mark.row("T-045", "T-046")
def test_xsoar_does_not_fall_back(live_on_sqlite: Grounds) -> None:
    """No refusal of ours is taken for that of a TAXII 2.0 server."""
    sender = Sender(live_on_sqlite.hub.url, "reader", live_on_sqlite.tokens["reader"])
    for accept in ("application/vnd.oasis.taxii+json; version=2.0", "application/taxii+json;version=2.0", "text/html"):
        answer = sender.send("GET", "/taxii2/", Accept=accept)
        assert answer.status == 406
        assert not Xsoar.falls_back(answer.status, answer.body.decode() + str(answer.headers))
    assert sender.send("GET", "/taxii2/", Accept=TAXII).status == 200
