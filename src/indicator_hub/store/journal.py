"""Serve events, committed in groups: one transaction for all that wait, so that a busy hub pays for one fsync and not for hundreds.

`write` returns when the event is committed; only then may the answer it tells of go out.
"""

import asyncio
from collections.abc import Sequence

from indicator_hub.audit.event import Event
from indicator_hub.errors import Unavailable
from indicator_hub.store import audit, tokens
from indicator_hub.store.engine import Transactions


class Journal:
    """One group commits while the next gathers."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
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
            try:
                async with self._transactions.begin() as tx:
                    if group:
                        await audit.add(tx, [event for event, _ in group])
                    for token, at in sorted(used.items()):
                        await tokens.touch(tx, token, now=at)
            except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told
                _tell(group, error)
            else:
                _tell(group, None)


def _tell(group: Sequence[tuple[Event, "asyncio.Future[None]"]], error: Exception | None) -> None:
    for _, done in group:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error if isinstance(error, Unavailable) else Unavailable(str(error)))
