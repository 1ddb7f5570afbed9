"""Claim: one process at a time runs a feed. What the run brings goes through `submit`, with its provenance in the same transaction."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from indicator_hub.audit.event import Event
from indicator_hub.errors import Conflict, NotFound, Unavailable
from indicator_hub.sharing.act import Act, Caller
from indicator_hub.sharing.submit import Foreseen, foresee, submit
from indicator_hub.stix.reader import Received
from indicator_hub.store import audit, credentials, entries, feeds, jobs, lists, records, roster
from indicator_hub.store.engine import Transaction
from indicator_hub.store.feeds import Bookmark, Claim, Refused, Whole
from indicator_hub.store.lists import Listed
from indicator_hub.store.opened import Store
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach, reach_of
from indicator_hub.trust.roster import Feed

_log = logging.getLogger(__name__)

LEASE = 30 * 1_000_000
"""How long a process may be silent before another may take over the feed that it runs, in microseconds. It is not, while it lives."""
BEAT = 5.0
"""Seconds between two signs of life."""
RESTS_AFTER = 5
"""Failures in a row after which a feed is tried once a day only: its source has changed, or does not want us."""
_DAY = 86_400_000_000


class Moved(Exception):
    """Another feed of the scope has said something of the same values since they were looked up: nothing of the batch was stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one feed, while its lease is held."""

    store: Store
    caller: Caller
    reach: Reach
    feed: Feed
    bookmark: Bookmark
    number: int
    worker: str
    started: int
    released: frozenset[tuple[bytes, str]]
    """The rows that a person has let through, by digest and reason."""
    created_by_ref: str
    """The importing organisation's own STIX identity; empty when it declares none."""

    async def known(self, identifiers: Sequence[str]) -> tuple[dict[str, Claim], frozenset[str]]:
        """What was said before of these indicators, and which of them were taken back."""
        async with self.store.transactions.read() as tx:
            known = await feeds.claims(tx, self.bookmark.feed_id, self.reach.key, identifiers)
            return known, await entries.closed(tx, self.reach, identifiers)

    async def closed(self, identifiers: Sequence[str]) -> frozenset[str]:
        """Which of these were taken back."""
        async with self.store.transactions.read() as tx:
            return await entries.closed(tx, self.reach, identifiers)

    async def took_back(self) -> bool:
        """Whether anything of this organisation's was taken back here."""
        async with self.store.transactions.read() as tx:
            return await entries.any_recalled(tx, self.reach)

    async def submit(
        self,
        body: Sequence[Received],
        *,
        claims: Sequence[Claim],
        known: Mapping[str, Claim] | None = None,
        ended: Sequence[str] = (),
        modified: int = 0,
    ) -> Status:
        """Submit one batch; the claims of what was taken, and those that have ended, are kept with it.

        `known` is what the claims were worked out from, `modified` the latest version that says of one that it has ended. Raises what `submit` raises,
        Conflict if the lease is lost, Moved where another feed has said something meanwhile.
        """

        async def alongside(_: Act, tx: Transaction, status: Status) -> None:
            # The collection's clock is locked: what other feeds have said into it is there now, or comes after this.
            if known is not None:
                names = [one.stix_id for one in claims]
                there = await feeds.claims(tx, self.bookmark.feed_id, self.reach.key, names)
                if any(there.get(name) != known.get(name) for name in names):
                    raise Moved
            if ended:
                alone = {str(one.value["id"]) for one in body}
                if await feeds.said_by_others(tx, self.bookmark.feed_id, self.reach.key, alone):
                    raise Moved
            refused = {detail.id for detail in status.details if detail.failed}
            await feeds.claim(
                tx, self.bookmark.feed_id, self.number, [one for one in claims if one.stix_id not in refused]
            )
            if ended:
                await feeds.end_claims(tx, self.bookmark.feed_id, ended, now=self.started, modified=modified)
            await self._renew(tx)

        # Judged at every batch: a suspension or the end of a window stops a run in its middle.
        reach = await _reach(self.store, self.feed)
        return await submit(self.store, self.caller, reach, body, alongside=alongside)

    async def foresee(self, objects: Sequence[Received]) -> list[Foreseen]:
        """What would become of these, and nothing stored."""
        return await foresee(self.store, self.reach, objects)

    async def keep(self, claims: Sequence[Claim], refused: Sequence[Refused]) -> None:
        """Keep what was seen again unchanged, and what was refused."""
        if claims or refused:
            async with self.store.transactions.begin() as tx:
                await feeds.claim(tx, self.bookmark.feed_id, self.number, claims)
                await feeds.quarantined(tx, self.bookmark.feed_id, self.number, refused)
                await self._renew(tx)

    async def lists(self) -> Sequence[Listed]:
        """The lists that this feed is held to."""
        async with self.store.transactions.read() as tx:
            return await lists.of_collection(tx, self.reach.key, nation=self.reach.nation)

    async def list_before(self) -> str | None:
        """What this feed brought last, where it brings a list."""
        async with self.store.transactions.read() as tx:
            return await lists.content(tx, self.bookmark.feed_id)

    async def keep_list(self, content: str, refused: Sequence[Refused]) -> None:
        """What this feed brings now is what others are held to."""
        async with self.store.transactions.begin() as tx:
            await lists.put(tx, self.bookmark.feed_id, content, now=self.store.now())
            await feeds.quarantined(tx, self.bookmark.feed_id, self.number, refused)
            await self._renew(tx)

    async def last_whole(self) -> Whole | None:
        """The last run before this one that took the whole content."""
        async with self.store.transactions.read() as tx:
            return await feeds.last_whole(tx, self.bookmark.feed_id)

    async def dropped(self, *, before: int, limit: int) -> list[str]:
        """The ids of what the feed said last before a run, and has not ended yet."""
        async with self.store.transactions.read() as tx:
            return await feeds.dropped(tx, self.bookmark.feed_id, before=before, limit=limit)

    async def said_by_others(self, identifiers: Sequence[str]) -> set[str]:
        """Of these, what another feed of the scope says still."""
        async with self.store.transactions.read() as tx:
            return await feeds.said_by_others(tx, self.bookmark.feed_id, self.reach.key, identifiers)

    async def latest(self, identifiers: Sequence[str]) -> list[bytes]:
        """What the importing organisation shares under these ids in this collection, the newest version of each."""
        async with self.store.transactions.read() as tx:
            return await records.own_latest(tx, self.reach.organisation_id, self.reach.key, identifiers)

    async def keep_place(self, place: str) -> None:
        """Everything before this place was taken."""
        async with self.store.transactions.begin() as tx:
            await feeds.set_place(tx, self.bookmark.feed_id, place, now=self.store.now())
            await self._renew(tx)

    async def end(self, identifiers: Sequence[str]) -> None:
        """The feed says these no longer, and nothing is to be published about it."""
        async with self.store.transactions.begin() as tx:
            await feeds.end_claims(tx, self.bookmark.feed_id, identifiers, now=self.started)
            await self._renew(tx)

    async def _renew(self, tx: Transaction) -> None:
        if not await jobs.renew(tx, jobs.of_feed(self.feed.name), self.worker, now=self.store.now(), lease=LEASE):
            raise Conflict(f"Another process has taken over the feed {self.feed.name}.")
        if await feeds.is_mended(tx, self.bookmark):
            # What it would bring from here on would bear marks, or come from a place, that are not declared any longer.
            raise Conflict(f"The feed {self.feed.name} is declared otherwise now: its next run reads it so.")

    async def settle(
        self,
        tally: Mapping[str, int],
        *,
        outcome: str,
        reason: str = "",
        content: tuple[str | None, str | None, bytes] | None = None,
        counts: bool = True,
        rest: int = 0,
    ) -> None:
        """The run is over: its tally, and how far the feed was read (`content`: ETag, Last-Modified, SHA-256 of what was taken whole).

        `counts`: a failure is the source's, and makes the feed wait longer; `rest`: for how many seconds it asks not to be asked.
        """
        async with self.store.transactions.begin() as tx:
            now = self.store.now()
            if outcome != "failed":  # whoever has lost the lease does not say how far the feed was read
                await self._renew(tx)
            if rest:
                await jobs.set_due(tx, jobs.of_feed(self.feed.name), due=now + rest * 1_000_000)
            if counts:
                await feeds.count_failure(tx, self.bookmark.feed_id, failed=outcome == "failed")
            await feeds.end_run(tx, self.number, outcome=outcome, reason=reason, tally=tally, now=now)
            if content is not None:
                etag, last_modified, sha256 = content
                await feeds.set_bookmark(
                    tx, self.bookmark, etag=etag, last_modified=last_modified, content_sha256=sha256, now=now
                )
            await audit.add(tx, [self._event(now, outcome, reason, tally)])

    def _event(self, now: int, outcome: str, reason: str, tally: Mapping[str, int]) -> Event:
        account = self.reach.account
        return Event(
            at=now,
            action="ingest",
            outcome="refused" if outcome == "failed" else "done",
            account_id=account.id if account else 0,
            organisation_id=self.reach.organisation_id,
            group_id=self.reach.group_id,
            collection_id=self.reach.key,
            details={"feed": self.feed.name, "run": self.number, "outcome": outcome, "reason": reason, **tally},
        )


def to_accept(name: str) -> str:
    """What a run says that is held for a person: how it is taken."""
    return f"Look at it, and if it is right, run `indicator-hub ingest {name} --accept`."


async def declared(store: Store) -> list[Feed]:
    """The feeds declared and not ended, by name."""
    async with store.transactions.read() as tx:
        return await roster.feeds(tx)


async def due(store: Store) -> list[Feed]:
    """The feeds that are to run now and that nobody is running: one that was never run is due at once."""
    now = store.now()
    async with store.transactions.read() as tx:
        listed, jobs_of = await roster.feeds(tx), await jobs.states(tx)
    when = {feed.name: jobs_of.get(jobs.of_feed(feed.name), (0, 0)) for feed in listed}
    ready = [feed for feed in listed if feed.every and max(when[feed.name]) <= now]
    return sorted(ready, key=lambda feed: when[feed.name])


async def run_now(tx: Transaction, name: str, *, now: int) -> None:
    """A feed is due at once."""
    await jobs.set_due(tx, jobs.of_feed(name), due=now)


async def postpone(store: Store, feed: Feed) -> None:
    """It may not run now, and nobody need try again before its next turn."""
    now = store.now()
    async with store.transactions.begin() as tx:
        await jobs.set_due(tx, jobs.of_feed(feed.name), due=following(feed, 0, now=now, chance=random.random()) or now)  # noqa: S311 - as below


def following(feed: Feed, failures: int, *, now: int, chance: float) -> int | None:
    """When a feed runs again: after its interval, a tenth more or less by chance; after failures twice as late each time, a day at most.

    None for one that runs only when it is told to. `chance` lies between 0 and 1.
    """
    if not feed.every:
        return None
    wait = feed.every if failures < RESTS_AFTER else max(_DAY, feed.every)
    wait = min(wait * 2 ** min(failures, RESTS_AFTER), max(_DAY, feed.every))
    return now + int(wait * (0.9 + 0.2 * chance))


@asynccontextmanager
async def claim(store: Store, feed: Feed, worker: str, *, scheduled: bool = False) -> AsyncGenerator[Run]:
    """Hold the feed while it runs. Raises NotFound when it may not run now, Conflict when another process is running it.

    `scheduled`: only if it is due; Conflict when another process was first.
    """
    now = store.now()
    reach = await _reach(store, feed)
    async with store.transactions.begin() as tx:
        if not await jobs.claim(tx, jobs.of_feed(feed.name), worker, now=now, lease=LEASE, only_due=scheduled):
            raise Conflict(
                f"Another process is running the feed {feed.name}, or was when it ended: "
                f"it is free again {LEASE // 1_000_000} seconds after its last sign of life."
            )
        bookmark = await feeds.bookmark(tx, feed.name)
        await feeds.end_left_runs(tx, bookmark.feed_id, now=now)
        number = await feeds.start_run(tx, bookmark.feed_id, now=now)
        identities = await credentials.identities(tx, reach.organisation_id)
        let_through = await feeds.released(tx, bookmark.feed_id)
    caller, identity = Caller(reach.account), min(identities, default="")
    beating = asyncio.create_task(_beat(store, feed, worker))
    try:
        yield Run(store, caller, reach, feed, bookmark, number, worker, now, let_through, identity)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        async with store.transactions.begin() as tx:
            failures = await feeds.failures(tx, bookmark.feed_id)
            at = following(feed, failures, now=store.now(), chance=random.random())  # noqa: S311 - spread, not secret
            await jobs.release(tx, jobs.of_feed(feed.name), worker, due=at, least=bool(failures))
            if await feeds.released(tx, bookmark.feed_id) != let_through:
                # Meanwhile, and this run may have set the bookmark behind them.
                await feeds.forget(tx, bookmark.feed_id)
            if await feeds.is_mended(tx, bookmark):
                await run_now(tx, feed.name, now=store.now())


async def glance(store: Store, feed: Feed) -> Run:
    """A run that holds nothing and is not recorded: to see what one would do. Raises NotFound when it may not run now."""
    reach = await _reach(store, feed)
    async with store.transactions.read() as tx:
        bookmark = await feeds.bookmark(tx, feed.name)
        identities = await credentials.identities(tx, reach.organisation_id)
        let_through = await feeds.released(tx, bookmark.feed_id)
    identity = min(identities, default="")
    return Run(store, Caller(reach.account), reach, feed, bookmark, -1, "", store.now(), let_through, identity)


async def _beat(store: Store, feed: Feed, worker: str) -> None:
    """Signs of life while a run waits for its source, or works between two batches."""
    while True:
        await asyncio.sleep(BEAT)
        try:
            async with store.transactions.begin() as tx:
                await jobs.renew(tx, jobs.of_feed(feed.name), worker, now=store.now(), lease=LEASE)
        except Unavailable:
            continue  # the lease lasts for several of them
        except Exception:  # noqa: BLE001 - the next sign of life is to be given, whatever went wrong with this one
            _log.exception("no sign of life of feed %s", feed.name)


async def _reach(store: Store, feed: Feed) -> Reach:
    """The feed's reach in its collection now. Raises NotFound when it may not run."""
    now = store.now()
    known = await credentials.by_feed(store, feed.name, now=now)
    reach = reach_of(known.account, known.ties, now) if known else None
    if reach is None:
        raise NotFound(
            f"The feed {feed.name} may not run: it, its organisation's membership or its group is not live now."
        )
    return reach
