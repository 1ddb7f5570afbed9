"""Admission: who is let in now, who waits a little, and who is told at once to come again (503). One gate in each process.

What is served inline in the event loop never waits where the hub could see it: requests lie in the kernel while the loop works, and a bound on
those under way does nothing. So the loop is kept turning instead: of what has been read, `width` requests of a lane run at a time, which
bounds the work of one turn, and in every turn all that has come meanwhile is read and either queued or refused. A refusal therefore takes
a turn or two, however long the queue is; and it costs a few microseconds, since it needs no task, no route and no database.

A queue holds what will be served within `patience`, by the pace at which requests of its lane leave while others wait (measured, not set: a poll takes a
fifth of a millisecond, a page ten times that, a POST a hundred times). Short queues are never refused: a burst after a pause is no overload.
A page that waits for its event to be committed runs nothing, and stands aside meanwhile: sixteen pages would else hold up every poll until
whoever writes is ready. What takes long or matters more does not stand in the way of polls, nor they in its: there is a lane for reads, one for writes, one for lists (a slow device
holds its place as long as it reads) and one for the console; health and metrics pass by all of them.
"""

import asyncio
import resource
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

_MOST = 4_096
"""Waiting in a lane, whatever its pace."""
_CONNECTIONS, _FILES = 10_000, 200
"""Connections at most, however many files a process may have open; files kept for everything else."""
LANE = "indicator_hub.lane"
"""Where a request's scope names the lane that it runs in."""
ASIDE = 32 * 1024 * 1024
"""Bytes of answers that wait outside of a lane, in each process."""
_TASK = 64 * 1024
"""Bytes that each counts at least: 512 stand aside at most."""
_SMOOTH = 1 / 64
_STALLED = 4
"""When the first in the queue has waited so many times the patience, nothing moves: no more are taken."""


class Lane:
    """Requests of one kind. `width` run at a time; others wait, in their order, as long as that is `patience` seconds at most."""

    __slots__ = (
        "_aside", "_back", "_few", "_freed", "_pace", "_patience", "_waiting", "_width", "name", "refused", "running",
    )  # fmt: skip

    def __init__(self, name: str, *, width: int, few: int, patience: float) -> None:
        self.name, self._width, self._few, self._patience = name, width, few, patience
        self.running = self.refused = 0
        self._waiting: deque[tuple[float, Callable[[], bool]]] = deque()
        self._back: deque[asyncio.Future[None]] = deque()
        self._aside = 0
        self._pace = 0.0
        self._freed = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self) -> bool:
        """Whether the next may begin at once; then it counts as running, until `left`."""
        if self.running >= self._width:
            return False
        self.running += 1
        return True

    @property
    def full(self) -> bool:
        """Whether the next is to be refused: it would wait too long."""
        waiting = len(self._waiting)
        if waiting < self._few:
            return False
        return (
            waiting * self._pace > self._patience
            or waiting >= _MOST
            or perf_counter() - self._waiting[0][0] > _STALLED * self._patience
        )

    def wait(self, begin: Callable[[], bool]) -> None:
        """Take it into the queue. `begin` is called when it is its turn, and says whether it runs now: its client may have gone."""
        self._waiting.append((perf_counter(), begin))

    def left(self, _: object = None) -> None:
        """One has ended."""
        self.running -= 1
        if self._waiting:
            now = perf_counter()
            if self._freed:
                self._pace += (now - self._freed - self._pace) * _SMOOTH
            self._freed = now
        else:
            self._freed = 0.0
        self._fill()

    def _fill(self) -> None:
        """Let others in, first of all those who come back."""
        while self._back and self.running < self._width:
            if not (one := self._back.popleft()).cancelled():
                self.running += 1
                one.set_result(None)
        while self._waiting and self.running < self._width:
            self.running += self._waiting.popleft()[1]()

    @asynccontextmanager
    async def aside(self, size: int) -> AsyncGenerator[None]:
        """Let others run while one that is running only waits for a commit, and holds so many bytes to answer with. Past ASIDE bytes it stays."""
        size += _TASK
        if self._aside + size > ASIDE:
            yield
            return
        self._aside += size
        self.running -= 1
        self._fill()
        try:
            try:
                yield
            except BaseException:
                self.running += 1  # there is nothing to answer with: it ends at once
                raise
            await self._come_back()
        finally:
            self._aside -= size

    async def _come_back(self) -> None:
        if self.running < self._width:
            self.running += 1
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._back.append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.cancelled():
                self.running += 1  # it ends all the same, and then counts as one less
            raise


class Gate:
    """The lanes of a process. `inline`: the database answers within the loop (SQLite), and more at a time would only make its turns longer."""

    def __init__(self, *, inline: bool = True) -> None:
        self.reads = Lane("reads", width=16 if inline else 32, few=256, patience=0.5)
        self.writes = Lane("writes", width=16, few=64, patience=2)
        self.lists = Lane("lists", width=32, few=64, patience=5)
        self.console = Lane("console", width=8, few=64, patience=5)
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        unbounded = files == resource.RLIM_INFINITY
        self.most_connections = _CONNECTIONS if unbounded else max(100, min(_CONNECTIONS, files - _FILES))
        self.connections = 0
        """Refused since there were too many already."""

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All of them."""
        return self.reads, self.writes, self.lists, self.console

    def full(self, lane: Lane) -> bool:
        """Whether the next in this lane is to be refused.

        When there is no time for all reads, there is none for all writes either, one of which costs a hundred polls: both are refused in the same measure.
        """
        return lane.full or (lane is self.writes and self.reads.full)

    def lane(self, method: str, path: str) -> Lane | None:
        """Where a request stands; None: it is never refused."""
        if path.startswith("/taxii2/"):
            return self.reads if method in ("GET", "HEAD") else self.writes
        if path.startswith("/console"):
            return self.console
        if path.startswith("/exports/"):
            return self.lists
        if path.rstrip("/") in ("/healthz", "/readyz", "/metrics"):
            return None
        return self.writes if method in ("POST", "DELETE") else self.reads
