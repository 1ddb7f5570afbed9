"""The ranges of a page: as many as a reader has audiences, and none forgotten."""

import hashlib
import json
import re

import pytest
from sqlalchemy import select

from indicator_hub.sharing.poll import poll_joined
from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries, hot, pages, visible
from indicator_hub.store.hot import parts
from indicator_hub.store.hot_postgresql import PostgresHot
from indicator_hub.store.hot_sqlite import SqliteHot
from indicator_hub.store.opened import open_store
from indicator_hub.store.schema import event
from indicator_hub.taxii.page import Joined
from indicator_hub.taxii.query import Filters, Query, Resource
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


@pytest.mark.parametrize("together", [1, 48])
async def test_the_newest_is_asked_for_among_all_audiences(
    database_url: str, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Also where the newer version is in the range of another statement."""
    monkeypatch.setattr(hot, "_TOGETHER", together)
    async with world(database_url) as w:
        for level, day in (("CLEAR", 1), ("AMBER", 2)):
            one = indicator(1, tlp=level, modified=f"2026-11-1{day}T00:00:00.000Z")
            await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(one))
        reach = await w.reach("bea")
        for _ in range(2):  # the first learns which audiences there are
            page = await entries.page(w.store, reach, Query(-1, 10, Filters()), bodies=True)
            assert [one.version for one in page.entries] == ["2026-11-12T00:00:00.000Z"]


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


async def test_a_joined_page_ends_with_so_many_bytes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rows end: with the body that reaches the bound, whether the bodies and what joins them are just below it or above."""
    async with world(database_url) as w:
        await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*map(indicator, range(6))))
        query, reach = Query(-1, 1_000, Filters()), await w.reach("bea")
        whole = sum(len(one.body) for one in (await entries.page(w.store, reach, query, bodies=True)).entries)
        ends = set[tuple[int, bool]]()
        for most in (1, *range(whole - 3, whole + 8), whole // 2):
            monkeypatch.setattr(pages, "MAX_BYTES", most)
            page = await entries.page(w.store, reach, query, bodies=True)
            for lines in (True, False):
                joined = await entries.joined_page(w.store, reach, query, named=lines)
                assert joined == Joined.of(page, lines=lines)
            ends.add((joined.number, joined.more))
        assert ends == {(1, True), (3, True), (6, False)}


async def _passed_over(w: World, account: str, limit: int) -> int:
    """How many rows the database looked at for a page and did not give."""
    reach, query = await w.reach(account), Query(-1, limit, Filters())
    hot, shape = w.store.hot, pages.Shape.of(Filters(), bodies=True, names=2)
    bound = visible.parameters(reach) | pages.parameters(query, reach)
    if isinstance(hot, SqliteHot):
        await hot.joined(shape, bound)
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        hot._here.set_progress_handler(step, 1)
        hot._joined(hot._here, shape, bound)
        hot._here.set_progress_handler(None, 1)
        return steps
    assert isinstance(hot, PostgresHot)
    await hot.joined(shape, bound)
    reached = hot._audiences.guess(bound)
    text, order = hot._statement("joined", shape, len(reached))
    values = bound | parts(reached)[0] | {"reached": reached}
    plan = await hot._asked(f"EXPLAIN (ANALYZE, TIMING OFF) {text}", [values[key] for key in order])
    return sum(int(found[1]) for row in plan if (found := re.search(r"Rows Removed by Filter: (\d+)", row[0])))


async def test_the_digest_is_over_the_lines_of_a_page(database_url: str) -> None:
    """The audit's digest of a page, worked out by hand: one line `id version` for each object, in order."""
    async with world(database_url) as w:
        sent = [
            indicator(number, tlp=LEVELS[number % 4], modified=f"2026-11-1{number}T00:00:00.000Z")
            for number in range(1, 8)
        ]
        await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*sent))
        for limit in (3, 7, 100):
            joined = await poll_joined(
                w.store, await w.caller("bea"), await w.reach("bea"), Query(-1, limit, Filters()), Resource.OBJECTS
            )
            assert json.loads(b"[%b]" % joined.objects) == sent[:limit]
            lines = "".join(f"{one['id']} {one['modified']}\n" for one in sent[:limit])
            async with w.store.transactions.read() as tx:
                kept = (await tx.execute(select(event.c.sha256).order_by(event.c.id.desc()).limit(1))).scalar_one()
            assert kept == joined.digest() == hashlib.sha256(lines.encode()).hexdigest()


async def test_a_guess_of_audiences_is_checked_by_each_page(database_url: str) -> None:
    """Audiences that are remembered from another server, or another day, give nobody anything: each page says which there are."""
    async with world(database_url) as w:
        await _send(w, *range(8))
        reach = await w.reach("bank")
        owed = [indicator(number)["id"] for number in range(8) if number % 4 < 3]
        audiences = w.store.hot._audiences  # type: ignore[attr-defined]
        bound = visible.parameters(reach) | pages.parameters(Query(-1, 100, Filters()), reach)
        assert await _walk(w, "bank", 100) == owed
        right = audiences.guess(bound)
        for wrong in ((1, 2, 3, 4, 5, 6), right[:1], (right[0], right[-1] + 1, right[-1] + 2)):
            for whole in (True, False):
                assert not audiences.holds((), bound, wrong)
                page = await entries.page(w.store, reach, Query(-1, 100, Filters()), bodies=True)
                assert not audiences.holds((), bound, wrong)
                joined = await entries.joined_page(w.store, reach, Query(-1, 100, Filters()), named=whole)
                assert [one.id for one in page.entries] == owed
                assert [one["id"] for one in json.loads(b"[%b]" % joined.objects)] == owed
                assert audiences.guess(bound) == right


async def test_long_bodies_behind_a_page_are_not_read(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that ends early, since its bodies are long, costs the same whether few or many lie behind it."""
    monkeypatch.setattr(pages, "MAX_BYTES", 25_000)
    async with world(sqlite_url) as w:
        steps = list[int]()
        for first in (0, 100, 200):
            long = [indicator(one, x_text="a" * 10_000) for one in range(first, first + 100)]
            await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*long))
            page = await entries.joined_page(w.store, await w.reach("bea"), Query(-1, 1_000, Filters()), named=True)
            assert (page.number, page.more) == (3, True)
            steps.append(await _passed_over(w, "bea", 1_000))
        assert max(steps) <= steps[0]


async def test_whoever_shares_the_most_does_not_walk_over_it(database_url: str) -> None:
    """A page costs an organisation no more when it has put ten times as much there: on SQLite steps are counted, on PostgreSQL rows."""
    async with world(database_url) as w:
        await _send(w, *range(40))
        few = await _passed_over(w, "ana", 5)
        await _send(w, *range(40, 400))
        many = await _passed_over(w, "ana", 5)
        assert many <= few + (0 if isinstance(w.store.hot, SqliteHot) else 5)
        assert len(await _walk(w, "ana", 100)) == 400
