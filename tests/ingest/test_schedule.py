"""The schedule: what is due is run once, by whichever process is first, and again when its turn comes; what fails waits longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from indicator_hub.errors import Conflict
from indicator_hub.ingest import run as running
from indicator_hub.ingest.run import run
from indicator_hub.ingest.schedule import scheduled
from indicator_hub.ingest.sources import Fetched
from indicator_hub.sharing import enrol
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.claim import LEASE, RESTS_AFTER, claim, declared, due, following
from indicator_hub.sharing.feeding import listed
from indicator_hub.stix import timestamps
from indicator_hub.store import jobs
from indicator_hub.store.opened import Store, open_store
from indicator_hub.store.schema import feed as table
from indicator_hub.store.schema import feed_run, job
from indicator_hub.trust.roster import Feed
from support.world import World, roster, world

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
TICK = 0.002


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The usual world, in which the feed `numbers` runs every ten minutes."""
    path = tmp_path / "numbers.txt"
    path.write_text("192.0.2.1\n", encoding="ascii")
    feeds = dict(roster().feeds)
    feeds["numbers"] = replace(feeds["numbers"], source=str(path), every=10 * MINUTE)
    async with world(database_url, roster(feeds=feeds)) as made:
        yield made


async def runs(store: Store) -> list[str]:
    """How each run ended, in order."""
    async with store.transactions.read() as tx:
        return list((await tx.execute(select(feed_run.c.outcome).order_by(feed_run.c.id))).scalars())


async def held(store: Store) -> bool:
    """Whether any process holds a feed."""
    async with store.transactions.read() as tx:
        return bool((await tx.execute(select(job.c.name).where(job.c.worker != ""))).first())


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(20):
        while not await there():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(TICK)


async def ended(store: Store, number: int) -> list[str]:
    """Wait until so many runs have ended, their feeds are free again, and nothing is due; how they did.

    A run ends before its feed is free: who moved the clock in between would put off the feed's next turn.
    """

    async def there() -> bool:
        found = await runs(store)
        over = len(found) >= number and "running" not in found
        return over and not await held(store) and not await due(store)

    await until(there)
    return await runs(store)


async def the_feed(w: World) -> Feed:
    """The feed as stored."""
    return next(one for one in await declared(w.store) if one.name == "numbers")


@pytest.mark.parametrize(
    ("failures", "chance", "after"),
    [(0, 0.5, 10), (0, 0.0, 9), (0, 1.0, 11), (1, 0.5, 20), (2, 0.5, 40), (4, 0.5, 160), (RESTS_AFTER, 0.5, 1_440), (40, 0.5, 1_440)],
)  # fmt: skip
def test_when_it_runs_again(failures: int, chance: float, after: int) -> None:
    """Its interval, a tenth more or less; twice as late with each failure; once a day from the fifth on."""
    feed = Feed("f", "", "o", "g", "c", "s", "list", every=10 * MINUTE)
    assert following(feed, failures, now=7, chance=chance) == pytest.approx(7 + after * MINUTE, abs=2)
    assert following(replace(feed, every=None), failures, now=7, chance=chance) is None
    slow = following(replace(feed, every=7 * DAY), failures, now=0, chance=0.5)
    assert slow == 7 * DAY, "never more often than it says"


async def test_two_processes_run_it_once(w: World) -> None:
    """Due at once, and again after its interval: each time one run, whoever looks."""
    async with AsyncExitStack() as stack:
        other = await open_store(str(w.store.url.render_as_string(hide_password=False)), now=w.clock)
        stack.push_async_callback(other.close)
        for store in (w.store, other, w.store):
            await stack.enter_async_context(scheduled(store, tick=TICK))
        assert await ended(w.store, 1) == ["done"]
        for number in (2, 3, 4):
            w.clock.forward(seconds=12 * 60)
            assert await ended(w.store, number) == ["done"] * number


async def test_what_fails_waits_longer(w: World) -> None:
    """And is as often as before when its source is there again."""
    path = Path((await the_feed(w)).source)
    away = path.rename(path.with_suffix(".away"))  # noqa: ASYNC240 - a test's own file
    async with scheduled(w.store, tick=TICK):
        assert await ended(w.store, 1) == ["failed"]
        w.clock.forward(seconds=17 * 60)
        assert await due(w.store) == [], "twice its interval"
        away.rename(path)
        w.clock.forward(seconds=6 * 60)
        assert await ended(w.store, 2) == ["failed", "done"]
        w.clock.forward(seconds=12 * 60)
        assert await ended(w.store, 3) == ["failed", "done", "done"]


async def test_a_process_that_died_is_followed_by_another(w: World) -> None:
    """Its lease runs out; until then nobody else runs the feed. Its run is over, too."""
    feed = await the_feed(w)
    async with claim(w.store, feed, "the dead"):
        async with w.store.transactions.begin() as tx:  # as its last sign of life would have left it
            await tx.execute(update(job).values(lease_until=w.clock.now + LEASE))
        with pytest.raises(Conflict, match="Another process"):
            await run(w.store, feed, scheduled=True)
        w.clock.now += LEASE
        assert (await run(w.store, feed, scheduled=True))[0] == "done"
        assert await runs(w.store) == ["failed", "done"]
        with pytest.raises(Conflict):
            await run(w.store, feed, scheduled=True)


async def test_it_stops_with_the_hub(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for its source is stopped, says so, holds nothing, and counts as no failure of the source."""
    begun = asyncio.Event()

    async def forever(*_: object, **__: object) -> Fetched:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(running, "fetch", forever)
    async with scheduled(w.store, tick=TICK):
        await asyncio.wait_for(begun.wait(), 20)
    assert await runs(w.store) == ["failed"]
    monkeypatch.undo()
    assert (await run(w.store, await the_feed(w)))[0] == "done"
    w.clock.forward(seconds=12 * 60)
    assert [one.name for one in await due(w.store)] == ["numbers"], "after its interval, not twice as late"


async def test_what_may_not_run_is_asked_for_once_an_interval(w: World) -> None:
    """Its organisation is suspended: no run, and no look at it again before its next turn."""
    await enrol.suspend(w.store, "xa-cert", whole_organisation=True, suspended=True)
    async with scheduled(w.store, tick=TICK):

        async def postponed() -> bool:
            return not await due(w.store)

        await until(postponed)
    assert await runs(w.store) == []
    await enrol.suspend(w.store, "xa-cert", whole_organisation=True, suspended=False)
    w.clock.forward(seconds=12 * 60)
    async with scheduled(w.store, tick=TICK):
        assert await ended(w.store, 1) == ["done"]


async def stored(w: World) -> tuple[int, str | None, bytes | None, str | None]:
    """What is remembered of the feed: failures, ETag, digest of its content, place."""
    columns = (table.c.failures, table.c.etag, table.c.content_sha256, table.c.place)
    async with w.store.transactions.read() as tx:
        failures, etag, digest, place = (await tx.execute(select(*columns).where(table.c.name == "numbers"))).one()
    return failures, etag, digest, place


async def remember(w: World) -> None:
    """As runs of the past left it: it rests until tomorrow."""
    values = {"failures": RESTS_AFTER, "etag": '"1"', "content_sha256": b"1", "place": "2026-01-01T00:00:00Z"}
    async with w.store.transactions.begin() as tx:
        await tx.execute(update(table).where(table.c.name == "numbers").values(**values))
        await jobs.set_due(tx, jobs.of_feed("numbers"), due=w.clock.now + DAY)


async def declare(w: World, **changes: object) -> None:
    """Apply the roster with the feed changed."""
    feeds = {**roster().feeds, "numbers": await the_feed(w)}
    await apply(w.store, roster(feeds={**feeds, "numbers": replace(feeds["numbers"], **changes)}))


async def test_a_feed_that_is_declared_otherwise_begins_anew(w: World) -> None:
    """It is due at once, without the failures of its old declaration, and reads the same content again; elsewhere, from the beginning."""
    await remember(w)
    await declare(w)
    assert await due(w.store) == [], "nothing changed"
    assert (await stored(w))[0] == RESTS_AFTER
    await declare(w, labels=("new",))
    assert [one.name for one in await due(w.store)] == ["numbers"]
    assert await stored(w) == (0, None, None, "2026-01-01T00:00:00Z")
    await remember(w)
    await declare(w, source=f"{(await the_feed(w)).source}.new")
    assert [one.name for one in await due(w.store)] == ["numbers"]
    assert await stored(w) == (0, None, None, None)


async def test_a_feed_that_is_declared_again_begins_anew(w: World) -> None:
    """After it had ended, with the very same words."""
    feed = await the_feed(w)
    others = {name: one for name, one in roster().feeds.items() if name != "numbers"}
    await remember(w)
    await apply(w.store, roster(feeds=others))
    await apply(w.store, roster(feeds={**others, "numbers": feed}))
    assert [one.name for one in await due(w.store)] == ["numbers"]
    assert (await stored(w))[0] == 0


async def test_a_run_of_the_old_declaration_goes_no_further(w: World) -> None:
    """It takes nothing more, leaves no bookmark, and the feed is due at once: what it brings would bear the old marks."""
    feed = await the_feed(w)
    with pytest.raises(Conflict, match="declared otherwise"):
        async with claim(w.store, feed, "one") as run_:
            await declare(w, level=3)
            with pytest.raises(Conflict, match="declared otherwise"):
                await run_.keep_place("2026-02-02T00:00:00Z")
            await run_.settle({}, outcome="done", content=('"2"', None, b"2"))
            await run_.end(["indicator--x"])
    assert await stored(w) == (0, None, None, None)
    assert [one.name for one in await due(w.store)] == ["numbers"]


async def test_how_a_feed_stands(w: World) -> None:
    """When its turn is, as the schedule has it, and that it is running."""
    feed = await the_feed(w)
    async with claim(w.store, feed, "one"):
        [told] = [one for one in await listed(w.store, OPERATOR) if one["feed"] == "numbers"]
        assert told["state"] == "running"
    [told] = [one for one in await listed(w.store, OPERATOR) if one["feed"] == "numbers"]
    waits = timestamps.parse(told["next"]) - w.clock.now
    assert 9 * MINUTE <= waits <= 11 * MINUTE
