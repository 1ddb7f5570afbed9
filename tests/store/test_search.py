"""Search shows what a page shows: on both databases, in collections made by chance, for readers made by chance; and by which indexes."""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from indicator_hub.stix.terms import digest, terms
from indicator_hub.store import pages, search, visible
from indicator_hub.store.hot_sqlite import SqliteHot
from indicator_hub.store.search import BEHIND, Row
from indicator_hub.taxii.query import ALL, Filters
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.trust.reach import Reach
from store.readers import asker
from store.test_visible import WRITERS, in_this_thread
from store.worlds import IDS, TYPES, World
from support.world import world

CASES = 160
VALUES = [digest("ipv4-addr", f"198.51.100.{number}") for number in range(len(IDS))]
__all__ = ["in_this_thread"]


def told(rows: Sequence[Row]) -> list[tuple[int, int, str]]:
    """What is compared."""
    return [(one.date_added, one.entry, one.stix_id) for one in rows]


async def compare(there: World, reach: Reach) -> int:
    """Each way to find something gives what the twin of a page gives, the newest first. Returns how much that is."""
    chance, versions = there.chance, there.versions
    owed = [one for listed in versions.values() for one in given(reach, Filters(), listed)]
    owed.sort(key=lambda one: one.date_added, reverse=True)
    before = chance.choice(there.dates) if chance.random() < 0.3 else BEHIND
    cut = [one for one in owed if one.date_added < before]
    limit = chance.choice((1, 3, 1_000))
    assert told(await search.newest(there.store, reach, before=before, rows=limit)) == _said(cut[:limit])
    which = chance.randrange(len(IDS))
    of_one = [one for one in cut if one.stix_id == IDS[which]]
    named = [one for one in cut if TYPES[which] == "indicator" and one.stix_id == IDS[which]]
    assert told(await search.by_id(there.store, reach, IDS[which], before=before, rows=9)) == _said(of_one)
    async with there.store.transactions.read() as tx:
        found = await search.by_value(tx, reach, [VALUES[which]], before=before, rows=9)
        assert told(found) == _said(named)
        known = await search.known(tx, reach, VALUES, each=9)
        assert {one.stix_id for rows in known.values() for one in rows} == {
            one.stix_id for one in owed if one.type == "indicator"
        }
        everything = [one.entry for one in there.placed.values()]
        seen = {
            one.entry
            for listed in versions.values()
            for one in given(reach, Filters(keywords=frozenset((ALL,)), spec_versions=("2.0", "2.1")), listed)
        }
        # Of contested ids other lines are visible too: what is not is never told.
        visible_at_all = {key for key in everything if _sees(reach, there, key)}
        assert seen <= visible_at_all
        assert set(await search.values(tx, reach, everything)) == set(await search.kinds(tx, reach, everything)) == {
            key for key in visible_at_all if _has_values(there, key)
        }  # fmt: skip
    counted = await search.counted(there.store, reach, since=0, until=BEHIND)
    every = [one for listed in versions.values() for one in given(reach, Filters(keywords=frozenset((ALL,))), listed)]
    numbers: Counter[tuple[int, str, int, int]] = Counter()
    for one in counted:
        numbers[one.day, one.type, one.floor, one.organisation_id] += one.number
    assert numbers == Counter(
        (one.date_added // 86_400_000_000, one.type, one.audience.floor, one.organisation_id) for one in every
    )
    return len(owed)


def _said(owed: Sequence[Placed]) -> list[tuple[int, int, str]]:
    return [(one.date_added, one.entry, one.stix_id) for one in owed]


def _sees(reach: Reach, there: World, key: int) -> bool:
    one = next(one for one in there.placed.values() if one.entry == key)
    return bool(given(reach, Filters(keywords=frozenset((ALL,)), spec_versions=("2.0", "2.1")), [one]))


def _has_values(there: World, key: int) -> bool:
    first = next(at for at, one in there.placed.items() if one.entry == key)
    return bool(terms(there.sent[first].value))


async def test_search_shows_what_a_page_shows(database_url: str) -> None:
    """Nothing that a page does not show, and nothing less: whatever rosters, marks, versions, recalls and moments there are."""
    chance, readers, shown = random.Random("search"), 0, 0
    async with world(database_url) as w:
        writers = [await w.reach(name) for name in WRITERS]
        organisations = [one.organisation_id for one in writers] + [99] * len(writers)
        cases = 0
        while cases < CASES:
            there = await World.begin(w.store, chance, writers)
            for _ in range(5):
                await there.go_on()
                for _ in range(4):
                    cases += 1
                    reach = asker(chance, there.key, organisations, list(there.placed)).reach
                    if reach is not None:
                        readers += 1
                        shown += await compare(there, reach)
    assert (readers > CASES / 2, shown > CASES) == (True, True)


@pytest.mark.parametrize(
    ("build", "index"),
    [
        (
            pages.newest_shared,
            "ix_entry_audience_covering (collection_id=? AND audience_id=? AND date_added>? AND date_added<?)",
        ),
        (pages.newest_own, "ix_entry_organisation_covering (collection_id=? AND organisation_id=? AND date_added<?)"),
        (pages.newest_by_id, "ux_entry_line (collection_id=? AND stix_id=?)"),
        (
            pages.counted_shared,
            "ix_entry_audience (collection_id=? AND audience_id=? AND date_added>? AND date_added<?)",
        ),
        (
            pages.counted_own,
            "ix_entry_organisation (collection_id=? AND organisation_id=? AND date_added>? AND date_added<?)",
        ),
    ],
)
async def test_sqlite_reads_each_range_by_its_index(sqlite_url: str, build, index: str) -> None:
    """From its newest end, in order; nothing hidden is passed over, and what is told of it is not sorted."""
    async with world(sqlite_url, accounts=["bea"]) as w:
        plan = await _plan(w.store.hot, str(w.store.url.database), build, visible.parameters(await w.reach("bea")))
        assert f"SEARCH e USING INDEX {index}" in plan
        assert not [step for step in plan if step.startswith("SCAN e")]
        assert any("ORDER BY" in step for step in plan) is (build is pages.newest_by_id)


async def _plan(hot: object, path: str, build, values: dict[str, object]) -> list[str]:
    assert isinstance(hot, SqliteHot)
    text = hot._text(("plan", build.__name__), build)
    connection = sqlite3.connect(Path(path))
    try:
        bound = values | {name: 1 for name in re.findall(r":(\w+)", text) if name not in values}
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", bound)]
    finally:
        connection.close()


async def test_sqlite_finds_by_keys(sqlite_url: str) -> None:
    """By values, what is in entries and what was said of them: nothing walks over a collection, whatever is hidden in it."""
    ran: list[tuple[str, Sequence[object]]] = []

    def note(_connection: object, _cursor: object, text: str, bound: Sequence[object], *_: object) -> None:
        if "entry" in text:
            ran.append((text, bound))

    async with world(sqlite_url, accounts=["bea"]) as w:
        reach = await w.reach("bea")
        listen(w.store.transactions.engine.sync_engine, "before_cursor_execute", note)
        async with w.store.transactions.read() as tx:
            await search.by_value(tx, reach, VALUES[:1], before=BEHIND, rows=9)
            await search.known(tx, reach, VALUES, each=3)
            await search.known(tx, reach, VALUES, each=3, types=("indicator",), within=False)
            await search.values(tx, reach, [1, 2])
            await search.kinds(tx, reach, [1, 2])
            await search.said(tx, reach, IDS)
        with closing(sqlite3.connect(Path(str(w.store.url.database)))) as connection:
            plans = [[row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", bound)] for text, bound in ran]
    assert len(plans) == 6
    for (text, _), plan in zip(ran, plans, strict=True):
        walks = [step for step in plan if _WALK.match(step)]
        assert not walks, (text, plan)


_WALK = re.compile(r"SCAN (e|s|entry|observable|reference)\b|SEARCH (e|s) .*(date_added|\(collection_id=\?\))")
