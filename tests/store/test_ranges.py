"""The ranges of a page: as many as a reader has audiences, and none forgotten."""

import json
import re

import pytest

from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries, hot, pages, visible
from indicator_hub.store.hot import parts
from indicator_hub.store.hot_postgresql import PostgresHot
from indicator_hub.store.hot_sqlite import SqliteHot
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


async def _passed_over(w: World, account: str, limit: int) -> int:
    """How many rows the database looked at for a page and did not give."""
    reach, query = await w.reach(account), Query(-1, limit, Filters())
    hot, shape = w.store.hot, pages.Shape.of(Filters(), bodies=True, names=2)
    bound = visible.parameters(reach) | pages.parameters(query, reach)
    if isinstance(hot, SqliteHot):
        hot._joined(hot._here, shape, bound)
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        hot._here.set_progress_handler(step, 1)
        hot._joined(hot._here, shape, bound)
        hot._here.set_progress_handler(None, 1)
        return steps
    assert isinstance(hot, PostgresHot)
    _, reached = await hot._reached(bound)
    text, order = hot._joining(shape, len(reached))
    values = bound | parts(reached)[0]
    plan = await hot._asked(f"EXPLAIN (ANALYZE, TIMING OFF) {text}", [values[key] for key in order])
    return sum(int(found[1]) for row in plan if (found := re.search(r"Rows Removed by Filter: (\d+)", row[0])))


async def test_whoever_shares_the_most_does_not_walk_over_it(database_url: str) -> None:
    """A page costs an organisation no more when it has put ten times as much there: on SQLite steps are counted, on PostgreSQL rows."""
    async with world(database_url) as w:
        await _send(w, *range(40))
        few = await _passed_over(w, "ana", 5)
        await _send(w, *range(40, 400))
        many = await _passed_over(w, "ana", 5)
        assert many <= few + (0 if isinstance(w.store.hot, SqliteHot) else 5)
        assert len(await _walk(w, "ana", 100)) == 400
