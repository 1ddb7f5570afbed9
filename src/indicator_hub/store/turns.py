"""Whose turn it is to write."""

import asyncio
from collections import deque


class Turns:
    """One at a time, in order; but what is soon done goes before the rest, and not twice in a row while others wait.

    Pages are recorded before they go out: hundreds of pollers would else wait for every envelope that is ahead of them.
    """

    def __init__(self) -> None:
        self._taken = False
        self._was_short = False
        self._short, self._long = deque[asyncio.Future[None]](), deque[asyncio.Future[None]]()

    async def take(self, *, short: bool = False) -> None:
        """Wait for one's turn. Whoever gives up waiting, or is cancelled, leaves the queue."""
        if not self._taken:
            self._taken, self._was_short = True, short
            return
        waiting, queue = asyncio.get_running_loop().create_future(), self._short if short else self._long
        queue.append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled():  # it was given just now
                self.give()
            raise

    def give(self) -> None:
        """The turn is over: the next one's begins."""
        queues = (self._long, self._short) if self._was_short else (self._short, self._long)
        for queue in queues:
            while queue:
                waiting = queue.popleft()
                if not waiting.cancelled():
                    self._was_short = queue is self._short
                    waiting.set_result(None)
                    return
        self._taken = False
