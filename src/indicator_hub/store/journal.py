"""Serve events, committed in groups: one transaction for all that wait, so that a busy hub pays for one fsync and not for hundreds.

`write` returns when the event is committed; only then may the answer it tells of go out.
"""

import asyncio
from collections.abc import Mapping, Sequence

from indicator_hub.audit.event import Event
from indicator_hub.errors import Unavailable
from indicator_hub.store import audit, tokens
from indicator_hub.store.again import again
from indicator_hub.store.engine import Transactions
from indicator_hub.store.hot import Hot


class Journal:
    """One group commits while the next gathers."""

    def __init__(self, transactions: Transactions, hot: Hot) -> None:
        self._transactions, self._hot = transactions, hot
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self._used: dict[int, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def write(self, *events: Event) -> None:
        """Write events, all of them or none. Raises Unavailable when they could not be committed."""
        loop = asyncio.get_running_loop()
        # Gathered in one go, so that they are in one group.
        futures = [loop.create_future() for _ in events]
        self._waiting.extend(zip(events, futures, strict=True))
        self._go_on()
        await asyncio.gather(*futures)

    def note_use(self, token: int, at: int) -> None:
        """A token was used (microseconds). Nobody waits for it, and it is let go when it cannot be written: it is a note for people."""
        self._used[token] = at
        self._go_on()

    def _go_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_all())

    async def close(self) -> None:
        """Wait until everything gathered is committed."""
        if self._task is not None:
            await self._task

    async def _commit_all(self) -> None:
        while self._waiting or self._used:
            group, self._waiting = self._waiting, []
            used, self._used = self._used, {}
            events = [event for event, _ in group]
            try:
                await self._commit(events, used)
            except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told
                _tell(group, error)
            else:
                _tell(group, None)

    async def _commit(self, events: Sequence[Event], used: Mapping[int, int]) -> None:
        """One transaction; again in another where the database was lost, without the events that turn out to be committed.

        Only one commit could be missed: that of a server which lives on without the connection, and still waits for its standby when it is
        asked. Then a page is recorded twice; never not at all.
        """
        try:
            await self._write(events, used)
        except Unavailable as error:
            if not error.retry:
                raise
            await again(lambda: self._write(events, used, tried=True), self._transactions.patience, error)

    async def _write(self, events: Sequence[Event], used: Mapping[int, int], *, tried: bool = False) -> None:
        if not (tried or used):
            # Nearly always: nothing is to be looked at first, and each page that goes out waits for it.
            async with self._transactions.turn(short=True):
                await self._hot.insert(audit.rows(events))
            return
        async with self._transactions.begin(short=True) as tx:
            if tried:
                there = await audit.written(tx, events)
                events = [one for one, known in zip(events, there, strict=True) if not known]
            if events:
                await audit.add(tx, events)
            for token, at in sorted(used.items()):
                await tokens.touch(tx, token, now=at)


def _tell(group: Sequence[tuple[Event, "asyncio.Future[None]"]], error: Exception | None) -> None:
    for _, done in group:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error if isinstance(error, Unavailable) else Unavailable(str(error)))
