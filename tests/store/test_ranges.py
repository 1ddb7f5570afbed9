"""The ranges of a page: as many as a reader has audiences, and none forgotten."""

import json

import pytest

from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries, hot
from indicator_hub.store.opened import open_store
from indicator_hub.taxii.page import Joined
from indicator_hub.taxii.query import Filters, Query
from support.world import World, envelope, indicator, world

LEVELS = ("CLEAR", "GREEN", "AMBER", "STRICT")


async def _send(w: World, *numbers: int) -> None:
    made = [indicator(number, tlp=LEVELS[number % len(LEVELS)]) for number in numbers]
    await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*made))


async def _walk(w: World, account: str, limit: int) -> list[str]:
    reach, given, after = await w.reach(account), list[str](), -1
    while True:
        page = await entries.page(w.store, reach, Query(after, limit, Filters()), bodies=True)
        given += [json.loads(one.body)["id"] for one in page.entries]
        if not page.more:
            return given
        after = page.last


@pytest.mark.parametrize("together", [1, 2, 3])
async def test_more_audiences_than_one_statement_takes(
    database_url: str, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Several statements in one snapshot give the same pages."""
    monkeypatch.setattr(hot, "_TOGETHER", together)
    async with world(database_url) as w:
        await _send(w, *range(20))
        for account, levels in (("ana", 4), ("bea", 4), ("bank", 3)):
            owed = [indicator(number)["id"] for number in range(20) if number % 4 < levels]
            for limit in (1, 3, 100):
                assert await _walk(w, account, limit) == owed


async def test_an_audience_that_another_process_adds(database_url: str) -> None:
    """A reader whose audiences are remembered is given what reaches it through a new one, first of all and alone."""
    async with world(database_url) as w:
        await _send(w, 0)
        assert await _walk(w, "bea", 10) == [indicator(0)["id"]]
        other = await open_store(str(w.store.url.render_as_string(hide_password=False)), now=w.clock)
        try:
            new = indicator(1, tlp="AMBER")
            await submit(other, await w.caller("ana"), await w.reach("ana"), envelope(new))
        finally:
            await other.close()
        assert await _walk(w, "bea", 10) == [indicator(0)["id"], new["id"]]
        alone = await entries.page(w.store, await w.reach("bea"), Query(w.clock() - 1, 10, Filters()), bodies=True)
        assert [one.id for one in alone.entries][-1:] == [new["id"]]


async def test_long_bodies_stand_in_their_places(database_url: str) -> None:
    """Bodies too long to be sent unasked come with the others, in order and byte for byte; also without their names."""
    long = [indicator(number, x_text="a" * (40_000 if number % 3 else 1)) for number in range(9)]
    async with world(database_url) as w:
        await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*long))
        query = Query(-1, 1_000, Filters())
        page = await entries.page(w.store, await w.reach("bea"), query, bodies=True)
        assert [json.loads(row[1]) for row in page.rows] == long
        assert (page.more, page.as_of) == (False, page.last)
        for lines in (True, False):
            joined = await entries.joined_page(w.store, await w.reach("bea"), query, named=lines)
            assert joined == Joined.of(page, lines=lines)
