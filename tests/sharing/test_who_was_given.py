"""Who was given what was taken back is worked out by the collection's clock: whatever machines' clocks show, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from indicator_hub.errors import HubError
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.recalls import listed
from indicator_hub.sharing.reissue import reissue
from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries
from indicator_hub.taxii.page import Page
from indicator_hub.taxii.query import Filters, Query, Resource
from support.marks import marking
from support.world import World, envelope, indicator, roster, world

EVERY = Filters(keywords=frozenset(("all",)))
ONE = indicator(1)["id"]
IDENTITY_B = "identity--00000000-0000-4000-8000-0000000000b2"


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world."""
    async with world(database_url) as made:
        yield made


async def send(w: World, account: str, *objects: dict[str, Any]) -> None:
    """Post, and expect it to be taken."""
    status = await submit(w.store, await w.caller(account), await w.reach(account), envelope(*objects))
    assert not any(detail.failed for detail in status.details), status.details


async def read(w: World, account: str, *, limit: int = 1000) -> list[str]:
    """A page, recorded; its ids."""
    page = await poll(
        w.store, await w.caller(account), await w.reach(account), Query(-1, limit, Filters()), Resource.OBJECTS
    )
    return [one.id for one in page.entries]


async def take_back(w: World, account: str = "ana", *, versions: tuple[str, ...] = ()) -> None:
    """Recalled, whole or these versions."""
    filters = Filters(keywords=frozenset(), values=versions) if versions else EVERY
    await recall(w.store, await w.caller(account), await w.reach(account), ONE, filters, "other")


async def told(w: World, account: str) -> list[list[str]]:
    """The versions of each recall that an account's organisation finds in its list."""
    found, _ = await listed(w.store, await w.caller(account), after=(-1, ""), limit=100)
    return [one["versions"] for one in found]


@pytest.mark.parametrize("seconds", [-86_400, -20, 0, 20, 86_400])
async def test_a_clock_that_steps_changes_nothing(w: World, seconds: int) -> None:
    """Forward or back, between the page and the recall: who was given it is told; who asked after the recall is not."""
    await send(w, "ana", indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
    assert ONE in await read(w, "bea")
    w.clock.forward(seconds=seconds)
    await take_back(w)
    w.clock.forward(seconds=-2 * seconds)
    assert ONE not in await read(w, "dan")
    assert (await told(w, "bea"), await told(w, "dan")) == ([[indicator(1)["modified"]]], [])


async def test_a_page_that_is_recorded_after_the_recall(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was read before, and its event is written when the recall has been committed: whoever was given it is told."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    page_of = entries.page

    async def and_then_it_is_recalled(*arguments: Any, **named: Any) -> Page:
        page = await page_of(*arguments, **named)
        monkeypatch.setattr(entries, "page", page_of)
        w.clock.forward(seconds=1)
        await take_back(w)
        w.clock.forward(seconds=1)
        return page

    monkeypatch.setattr(entries, "page", and_then_it_is_recalled)
    assert await read(w, "bea") == [ONE]
    assert await told(w, "bea") == [[indicator(1)["modified"]]]


async def test_a_page_and_another_date(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken back and brought back, under a new date, while the page goes out: that was given under the old one."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    page_of = entries.page

    async def and_then_it_comes_again(*arguments: Any, **named: Any) -> Page:
        page = await page_of(*arguments, **named)
        monkeypatch.setattr(entries, "page", page_of)
        await take_back(w)
        await reissue(w.store, await w.caller("ana"), await w.reach("ana"), ONE)
        return page

    monkeypatch.setattr(entries, "page", and_then_it_comes_again)
    assert await read(w, "bea") == [ONE]
    await read(w, "dan")
    await take_back(w)
    # The first recall concerns bea alone, the second those who were given it afterwards, and bea's page was before both.
    assert (len(await told(w, "bea")), len(await told(w, "dan"))) == (2, 1)


async def test_at_once(w: World) -> None:
    """Pages and a recall, as it comes: whoever has it was told, and nobody else."""
    for number in range(1, 6):
        one = indicator(number, tlp="GREEN")
        await send(w, "ana", one)
        reach = await w.reach("ana")
        deeds = [
            read(w, "bea"),
            recall(w.store, await w.caller("ana"), reach, one["id"], EVERY, "other"),
            read(w, "dan"),
        ]
        pages = await asyncio.gather(*deeds, return_exceptions=True)
        assert not [found for found in pages if isinstance(found, BaseException) and not isinstance(found, HubError)]
        for account, page in (("bea", pages[0]), ("dan", pages[2])):
            found, _ = await listed(w.store, await w.caller(account), after=(-1, ""), limit=100)
            assert isinstance(page, list)
            assert (one["id"] in [each["object"] for each in found]) is (one["id"] in page)


async def test_an_older_version_that_a_newer_one_hid(w: World) -> None:
    """The newer one lies beyond the end of the page, and is still why the older one was not on it."""
    newer = indicator(1, tlp="GREEN", modified="2026-11-02T00:00:00.000Z")
    await send(w, "ana", indicator(2, tlp="GREEN"), indicator(1, tlp="GREEN"), indicator(3, tlp="GREEN"), newer)
    assert await read(w, "bea", limit=2) == [indicator(2)["id"], indicator(3)["id"]]
    await take_back(w)
    assert await told(w, "bea") == []


async def test_a_relays_line_that_the_creators_hid(w: World) -> None:
    """The creator's own line lies beyond the page's end, too."""
    usual = roster()
    organisations = dict(usual.organisations)
    organisations["xb-cert"] = replace(organisations["xb-cert"], stix_identities=(IDENTITY_B,))
    await apply(w.store, roster(organisations=organisations))
    one = indicator(1, tlp="GREEN", created_by_ref=IDENTITY_B)
    await send(w, "ana", indicator(2, tlp="GREEN"), one, indicator(3, tlp="GREEN"))
    await send(w, "bea", one | {"name": "The creator's own"})
    assert await read(w, "dan", limit=2) == [indicator(2)["id"], indicator(3)["id"]]
    await take_back(w)
    assert await told(w, "dan") == []


async def test_ones_own_line_that_is_held_hid_it(w: World) -> None:
    """Held is not recalled: its originator is shown its own line, and so was not given another's."""
    usual = roster()
    organisations = dict(usual.organisations)
    organisations["xb-cert"] = replace(organisations["xb-cert"], stix_identities=(IDENTITY_B,))
    await apply(w.store, roster(organisations=organisations))
    one = indicator(1, tlp="GREEN", created_by_ref=IDENTITY_B)
    await send(w, "ana", indicator(2, tlp="GREEN"), one)
    await send(w, "bea", one | {"object_marking_refs": [marking(7)["id"]]})
    assert await read(w, "bea") == await read(w, "dan") == [indicator(2)["id"], ONE]
    await take_back(w)
    assert (await told(w, "bea"), await told(w, "dan")) == ([], [[one["modified"]]])
