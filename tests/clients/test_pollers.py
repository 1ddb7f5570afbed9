"""Products that poll, rebuilt: each collects everything visible while two nations write, however it keeps its place."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from requests.exceptions import HTTPError

from clients import misp, opencti
from clients.elastic import Elastic
from clients.sentinel import Sentinel
from clients.writing import collect, objects, versions
from clients.xsoar import Xsoar
from indicator_hub.sharing.enrol import enrol
from indicator_hub.store.opened import open_store
from support.grounds import GROUP, Grounds, Place

LIMIT = 5
"""Objects in a page, where the product has a setting or a number of its own: so that everything takes many pages."""


def account(live: Grounds, name: str = "reader") -> tuple[str, str]:
    """User name and token."""
    return name, live.tokens[name]


def title(live: Grounds, place: Place) -> str:
    """What the collection is called: some products know it by that alone."""
    with live.client("reader") as client:
        return client.get(place.path).json["title"]


def elastic(live: Grounds, place: Place, *, since: str = "1.8.2", name: str = "reader", token: str = "") -> Elastic:
    """Elastic, in one of its versions."""
    new = since == "1.8.2"
    return Elastic(
        live.hub.url,
        place.objects,
        (name, token or live.tokens[name]),
        limit=LIMIT,
        keeps_added_after=new,
        knows_empty=new,
    )


def sentinel(live: Grounds, place: Place, *, follows_next: bool) -> Sentinel:
    """Sentinel, one way or the other."""
    return Sentinel(live.hub.url, GROUP, place.id, account(live), follows_next=follows_next)


def feed(live: Grounds, place: Place) -> opencti.Feed:
    """OpenCTI's own feed."""
    return opencti.Feed(live.hub.url, GROUP, place.id, live.tokens["reader"], limit=LIMIT)


def browse(live: Grounds, place: Place) -> misp.Browse:
    """MISP's pages."""
    return misp.Browse(live.hub.url, GROUP, place.id, misp.key(*account(live)), limit=LIMIT)


def xsoar(live: Grounds, place: Place) -> AbstractContextManager[Xsoar]:
    """XSOAR."""
    return nullcontext(Xsoar(live.hub.url, *account(live), title=title(live, place), limit=LIMIT))


EXACT: dict[str, Callable[[Grounds, Place], AbstractContextManager[Any]]] = {
    "Elastic before 1.8": lambda live, place: elastic(live, place, since="1.7"),
    "Elastic since 1.8.2": elastic,
    "Sentinel by next": lambda live, place: sentinel(live, place, follows_next=True),
    "Sentinel by date": lambda live, place: sentinel(live, place, follows_next=False),
}
COARSE: dict[str, Callable[[Grounds, Place], AbstractContextManager[Any]]] = {
    "OpenCTI feed": feed,
    "XSOAR": xsoar,
    "MISP browse": browse,
}


@pytest.mark.row("I-170", "T-127", "T-141", "T-145", "T-182", "T-183", "T-185", "T-187")
@pytest.mark.parametrize("name", EXACT)
def test_once(live: Grounds, name: str) -> None:
    """Who keeps its place by X-TAXII-Date-Added-Last gets everything, once, in the order in which it was written."""
    place = live.fresh()
    with EXACT[name](live, place) as poller:
        written = collect(live, poller.poll, place)
    written[place.id].require_all(poller.seen)


@pytest.mark.row("T-124", "T-141", "T-145", "T-182")
@pytest.mark.parametrize("name", COARSE)
def test_at_least_once(live: Grounds, name: str) -> None:
    """Who keeps it less exactly, or not at all, gets everything too, and some of it again."""
    place = live.fresh()
    with COARSE[name](live, place) as poller:
        written = collect(live, poller.poll, place)
    written[place.id].require_all(poller.seen, once=False)


@pytest.mark.row("T-145")
def test_opencti_connector(live: Grounds) -> None:
    """It takes one collection's `next` to the next collection and into its next run, and loses nothing for that in either."""
    places = [live.fresh(), live.fresh()]
    names = [f"{GROUP}.{title(live, place)}" for place in places]
    connector = opencti.Connector(live.hub.url, *account(live), names, limit=7)
    written = collect(live, connector.poll, *places)
    for place in places:
        written[place.id].require_all(connector.seen[place.id], once=False)


@pytest.mark.row("T-202")
def test_elastic_and_empty_answers(live: Grounds) -> None:
    """An older one takes an answer without objects for a fault, loses nothing, and has none where its account gets empty lists."""

    async def token() -> str:
        store = await open_store(live.database)
        try:
            return (await enrol(store, "agent", organisation="xb-cert", kind="service", lists_empty=True))[1]
        finally:
            await store.close()

    place = live.fresh()
    with elastic(live, place, since="1.7") as plain, elastic(
        live, place, since="1.7", name="agent", token=asyncio.run(token())
    ) as listed, live.client("producer") as writer:  # fmt: skip
        assert [plain.poll(), listed.poll()] == [False, False]
        made = objects(2)
        writer.post(place.objects, made[:1])
        assert [plain.poll(), listed.poll()] == [True, True]
        assert [plain.poll(), listed.poll()] == [False, False]
        writer.post(place.objects, made[1:])
        assert [plain.poll(), listed.poll()] == [True, True]
        assert plain.seen == listed.seen == versions(made)
        assert (plain.errors, listed.errors) == (2, 0)


@pytest.mark.row("T-006", "T-008", "T-252")
def test_xsoar_signs_in_and_stays(live: Grounds) -> None:
    """All three ways to sign in, and never a reason to try TAXII 2.0 instead: not even for who may not come in."""
    place = live.fresh()
    with live.client("producer") as writer:
        writer.post(place.objects, objects(1))
    name, token = account(live)
    for username, password in ((name, token), ("_api_token_key", token), ("_header:Authorization", f"Bearer {token}")):
        client = Xsoar(live.hub.url, username, password, title=title(live, place), root=GROUP)
        assert (client.poll(), client.fell_back) == (True, False)
    with pytest.raises(HTTPError, match="401") as refused:
        Xsoar(live.hub.url, name, "wrong", title=title(live, place))
    assert "version=2.0" not in str(refused.value)


@pytest.mark.row("T-006", "T-008")
def test_misp_browse(live: Grounds) -> None:
    """The scheme in small letters; the collections to choose from, a page, one object."""
    place = live.fresh()
    made = objects(3)
    with live.client("producer") as writer:
        writer.post(place.objects, made)
    with browse(live, place) as pages:
        assert place.id in {one["id"] for one in pages.collections()}
        assert pages.poll()
        assert pages.seen == versions(made)
        assert pages.object(made[1]["id"]) == made[1]
