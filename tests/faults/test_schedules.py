"""Two servers on one PostgreSQL run the feeds of both; one is killed in the middle. Every turn is taken once, none is lost."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from indicator_hub.sharing.claim import LEASE
from indicator_hub.store.opened import Store, open_store, wall_clock
from indicator_hub.store.schema import feed, feed_run
from support.live import Hub
from support.world import roster, world

FEEDS = 20
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Ran:
    """A run. Instants in microseconds; `finished` None: it goes on."""

    feed: str
    started: int
    finished: int | None
    outcome: str


async def declared(url: str, folder: Path, number: int) -> None:
    """So many feeds that run every second, each with an address of its own."""
    usual = roster()
    feeds = {}
    for one in range(number):
        path = folder / f"{one}.txt"
        path.write_text(f"198.51.100.{one}\n", encoding="ascii")
        name = f"feed-{one}"
        feeds[name] = replace(usual.feeds["numbers"], name=name, source=str(path), every=SECOND)
    async with world(url, roster(feeds=feeds)):
        pass


async def history(url: str) -> list[Ran]:
    """Every run there was, by its feed and in order."""
    store = await open_store(url, now=wall_clock)
    try:
        return await runs_in(store)
    finally:
        await store.close()


async def runs_in(store: Store) -> list[Ran]:
    """The same, of an open store."""
    async with store.transactions.read() as tx:
        columns = (feed.c.name, feed_run.c.started, feed_run.c.finished, feed_run.c.outcome)
        joined = select(*columns).join(feed, feed.c.id == feed_run.c.feed_id)
        return [Ran(*row) for row in await tx.execute(joined.order_by(feed.c.name, feed_run.c.id))]


def of_each(runs: Sequence[Ran]) -> dict[str, list[Ran]]:
    """By feed."""
    found: dict[str, list[Ran]] = {}
    for one in runs:
        found.setdefault(one.feed, []).append(one)
    return found


@pytest.mark.torture
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_two_servers_and_a_kill(database_url: str, tmp_path: Path) -> None:
    """INDICATOR_HUB_TEST_SECONDS says how long (120). No two runs of a feed overlap or follow within its interval; what the dead one held goes on."""
    seconds = int(os.environ.get("INDICATOR_HUB_TEST_SECONDS", "120"))
    asyncio.run(declared(database_url, tmp_path, FEEDS))
    with Hub(database_url, tmp_path / "one") as one, Hub(database_url, tmp_path / "two") as two:
        time.sleep(seconds / 2)
        one.kill()
        killed = wall_clock()
        time.sleep(max(seconds / 2, LEASE / SECOND + 10))
        assert two.stop() in (0, -signal.SIGTERM)
    runs = of_each(asyncio.run(history(database_url)))
    assert len(runs) == FEEDS
    for name, ran in runs.items():
        assert {each.outcome for each in ran} <= {"done", "failed"}, name
        broken = [each for each in ran if each.outcome == "failed"]
        assert len(broken) <= 2, "what a kill or the end broke off, and nothing else"
        for before, after in pairwise(ran):
            assert before.finished is not None
            assert before.finished <= after.started, f"{name}: two at once"
            if before.outcome == "done":
                assert after.started - before.started >= 0.85 * SECOND, f"{name}: a turn taken twice"
        assert any(each.started > killed for each in ran), f"{name} is run by nobody"
        gaps = [after.started - before.started for before, after in pairwise(ran)]
        assert max(gaps) <= LEASE + 20 * SECOND, f"{name}: a turn was lost"
