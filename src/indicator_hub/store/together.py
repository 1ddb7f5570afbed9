"""Small deeds on one collection, several in one transaction: one wait for the clock and one for the disk for all of them.

The first goes at once; those that come meanwhile go together when it is done. Each does what it would do by itself, in the order of arrival,
and is told when all are committed. No savepoints: when one fails, nothing was done, and each goes again by itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from indicator_hub.errors import Unavailable
from indicator_hub.store.engine import Transaction, Transactions

_MOST = 16
"""In one transaction, so that others who wait for the clock have their turn."""
_Made = TypeVar("_Made")


class Apart(Exception):
    """The transaction was rolled back, perhaps for another's sake: go again by yourself."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    deed: Callable[[Transaction], Awaitable[Any]]
    told: "asyncio.Future[Any]"


class Together:
    """One group for each collection at a time; the next gathers meanwhile."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._waiting: dict[int, deque[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, key: int, deed: Callable[[Transaction], Awaitable[_Made]]) -> _Made:
        """What the deed gives, when it is committed. It must bear to be done again, and lock this collection's clock before anything else.

        Whoever is cancelled before its turn is left out; afterwards it is done all the same. Raises Apart when nothing was done and others were
        concerned, what the deed raised when they were not, and Unavailable as `Transactions.begin` does.
        """
        one = _Waiting(deed, asyncio.get_running_loop().create_future())
        if key in self._waiting:
            self._waiting[key].append(one)
        else:
            self._waiting[key] = deque([one])
            task = asyncio.create_task(self._go_on(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return cast("_Made", await one.told)

    async def close(self) -> None:
        """Wait until everything gathered is committed."""
        await asyncio.gather(*self._tasks)

    async def _go_on(self, key: int) -> None:
        waiting = self._waiting[key]
        group: list[_Waiting] = []
        try:
            while waiting:
                group = [waiting.popleft() for _ in range(min(len(waiting), _MOST))]
                group = [one for one in group if not one.told.done()]
                if group:
                    await self._commit(group)
        finally:
            del self._waiting[key]
            for one in (*group, *waiting):
                one.told.cancel()  # only where this task was: all others have been told

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        made: list[Any] | None = None
        try:
            async with self._transactions.begin() as tx:
                found = [await one.deed(tx) for one in group]
                made = found
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told
            alone = len(group) == 1
            for one in group:
                if not one.told.done():
                    one.told.set_exception(Apart() if made is None and not alone else _own(error))
        else:
            for one, what in zip(group, made, strict=True):
                if not one.told.done():
                    one.told.set_result(what)


def _own(error: Exception) -> Exception:
    """For one of those who wait: each goes on to note in it whether to try again."""
    if not isinstance(error, Unavailable):
        return error
    copy = Unavailable(error.detail, retry=error.retry)
    copy.undone = error.undone
    copy.__cause__ = error
    return copy
