"""Another hub as a source: polled over TAXII, everything as its producer wrote it, nothing lost or doubled, wherever a run is broken off."""

import base64
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest import run as running
from indicator_hub.ingest.run import run
from indicator_hub.ingest.sources import taxii
from indicator_hub.sharing.claim import Run, declared
from indicator_hub.sharing.poll import poll
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Feed
from support.grounds import Grounds, Place
from support.world import World, envelope, indicator, roster, world

EVERY = Filters(keywords=frozenset(("all",)))


@pytest.fixture
def there(live_on_sqlite: Grounds, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A fresh collection of another hub; the credential of a partner who reads it stands in the environment."""
    pair = f"reader:{live_on_sqlite.tokens['reader']}".encode()
    monkeypatch.setenv("PARTNER", f"Basic {base64.b64encode(pair).decode()}")
    monkeypatch.setattr(taxii, "_LIMIT", 3)
    return live_on_sqlite.fresh()


@pytest.fixture
async def w(database_url: str, live_on_sqlite: Grounds, there: Place) -> AsyncIterator[World]:
    """A hub of our own, whose feed `bundles` is that collection."""
    feeds = dict(roster().feeds)
    source = f"{live_on_sqlite.hub.url}{there.path}"
    changes: dict[str, Any] = {
        "source": source,
        "format": "taxii",
        "internal": True,
        "headers": {"Authorization": "$PARTNER"},
    }
    feeds["bundles"] = replace(feeds["bundles"], **changes)
    async with world(database_url, roster(feeds=feeds)) as made:
        yield made


async def feed(w: World) -> Feed:
    """The feed as stored."""
    return next(one for one in await declared(w.store) if one.name == "bundles")


async def pull(w: World, **options: Any) -> dict[str, int]:
    """A run, and what it counted."""
    return {
        name: number for name, number in (await run(w.store, await feed(w), **options))[1].as_dict().items() if number
    }


async def ours(w: World) -> list[bytes]:
    """The bytes that a member of ours is given."""
    page = await poll(
        w.store, await w.caller("bea"), await w.reach("bea", collection="fed"), Query(-1, 1000, EVERY), Resource.OBJECTS
    )
    return [one.body for one in page.entries]


def theirs(live: Grounds, there: Place, *objects: dict[str, Any]) -> list[bytes]:
    """Posted over there, in odd JSON; each as its bytes."""
    with live.client("producer") as client:
        answer = client.post(there.objects, objects)
    assert answer.status == 202, answer.body
    return [json.dumps(one).encode() for one in objects]


async def test_everything_as_it_was_written(w: World, live_on_sqlite: Grounds, there: Place) -> None:
    """Page after page, marks and versions too; the next run begins where this one ended, and the one after has nothing new."""
    first = theirs(
        live_on_sqlite, there, *(indicator(number, tlp="GREEN", x_note=[1.50, "é"]) for number in range(1, 9))
    )
    assert await pull(w) == {"candidates": 8, "new": 8}
    assert await ours(w) == first
    again = await pull(w)
    assert (again.get("new"), again["unchanged"]) == (None, again["candidates"])
    assert again["candidates"] <= 1, "the last one, whose date could be another's too"
    newer = indicator(1, tlp="GREEN", modified="2026-11-02T00:00:00.000Z")
    second = theirs(live_on_sqlite, there, newer, indicator(20, tlp="AMBER"))
    tally = await pull(w)
    assert (tally["new"], tally["updated"]) == (1, 1)
    assert await ours(w) == first + second
    assert (await pull(w, again=True)).get("new") is None, "read from the beginning, nothing is new"


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_run_that_is_broken_off(
    w: World, live_on_sqlite: Grounds, there: Place, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """After a page was stored and before its place was kept, or between two: the next run goes on, and nothing comes twice or not at all."""
    sent = theirs(live_on_sqlite, there, *(indicator(number, tlp="GREEN") for number in range(1, 9)))
    keep, kept = Run.keep_place, list[str]()

    async def broken(self: Run, place: str) -> None:
        kept.append(place)
        if len(kept) == page:
            raise FeedFailed("The power is gone.")
        await keep(self, place)

    monkeypatch.setattr(Run, "keep_place", broken)
    with pytest.raises(FeedFailed):
        await pull(w)
    monkeypatch.setattr(Run, "keep_place", keep)
    tally = await pull(w)
    assert tally.get("new", 0) + 3 * page >= len(sent)
    assert await ours(w) == sent


async def test_who_may_not_read_is_told(
    w: World, live_on_sqlite: Grounds, there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong credential, a right that is missing, no such collection, something else than TAXII: the reason, and nothing stored."""
    theirs(live_on_sqlite, there, indicator(1, tlp="GREEN"))
    source = (await feed(w)).source
    pair = base64.b64encode(f"sink:{live_on_sqlite.tokens['sink']}".encode()).decode()
    refused = (
        ("Basic d3Jvbmc6d3Jvbmc=", source, "answers 401"), (f"Basic {pair}", source, "may not read"),
        (None, source.replace(there.id, "00000000-0000-4000-8000-000000000000"), "answers 404"),
        (None, f"{live_on_sqlite.hub.url}/healthz/", "no TAXII collection"),
    )  # fmt: skip
    for credential, where, says in refused:
        with monkeypatch.context() as patch:
            if credential:
                patch.setenv("PARTNER", credential)
            with pytest.raises(FeedFailed, match=says) as failed:
                await run(w.store, replace(await feed(w), source=where))
            assert "Basic" not in str(failed.value)
    with pytest.raises(FeedFailed, match="no address of the Internet"):
        await run(w.store, replace(await feed(w), internal=False, unencrypted=True))
    assert await ours(w) == []


async def test_a_server_that_goes_round_in_circles(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`more` and no way on, or the same `next` for ever: the run fails instead of going on for ever."""
    body = json.dumps({"more": True, "next": "x", **json.loads(envelope(indicator(1, tlp="GREEN")))}).encode()

    async def ask(*_: object) -> Any:
        return taxii.http.Answer({}, io.BytesIO(body))

    async def readable(*_: object) -> None:
        return None

    monkeypatch.setattr(taxii.http, "ask", ask)
    monkeypatch.setattr(taxii, "_require_readable", readable)
    with pytest.raises(FeedFailed, match="and not where"):
        await pull(w)
    assert running.taxii is taxii
