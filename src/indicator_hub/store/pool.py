"""The connections of the hot path. The driver's own pool takes longer to lend a connection than the database to find a row."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any


class Pool:
    """Lends connections, the last given back first. One that was lent before `expire` is closed when it comes back."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, most: int, wait: float) -> None:
        """`wait`: seconds until whoever finds none free is told so."""
        self._connect, self._most, self._wait = connect, most, wait
        self._idle: list[Any] = []
        self._lent: set[Any] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Any:
        """A connection, to be given back. Raises TimeoutError, and what connecting raises."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._lent.add(connection)
                return connection
        if len(self._lent) + self._opening >= self._most:
            await self._turn()
            return await self.take()
        self._opening += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            self._wake()
            raise
        self._opening -= 1
        self._lent.add(connection)
        return connection

    def give(self, connection: Any, *, whole: bool) -> None:
        """Take a connection back. `whole` False: something is still going on in it, and nobody else is to have it."""
        if connection not in self._lent:
            connection.terminate()  # lent before `expire`
            return
        self._lent.discard(connection)
        if whole and not connection.is_closed():
            self._idle.append(connection)
        else:
            connection.terminate()
        self._wake()

    def expire(self) -> None:
        """Let go of all there are: the server behind them is not the one that is wanted any more."""
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()
        self._lent.clear()
        while self._waiting:
            self._wake()

    async def close(self) -> None:
        """Close what is free, and what is lent when it comes back."""
        idle, self._idle = self._idle, []
        self._lent.clear()
        for connection in idle:
            await connection.close()

    async def _turn(self) -> None:
        """Wait until one may be free, behind those who wait already."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._wake()  # it was this one's turn: the next has it
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
