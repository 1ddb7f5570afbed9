"""How much CPU a tree of processes has used."""

import time
from collections.abc import Iterable
from typing import Self

import psutil

_CLOCK_OF_PROCESS = 2


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def used(pids: Iterable[int]) -> float:
    """CPU seconds of these processes, all threads, user and system."""
    return sum(map(_used, pids))


def _used(pid: int) -> float:
    try:
        # Linux keeps a clock for each process, in nanoseconds; the tables in /proc count hundredths of a second.
        return time.clock_gettime((~pid << 3) | _CLOCK_OF_PROCESS)
    except (OSError, AttributeError, OverflowError):
        pass
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


class Meter:
    """CPU used inside a `with`, by a server's tree and by a database's."""

    def __init__(self, server: int, database: int | None = None) -> None:
        self._server = tree(server)
        self._database = tree(database) if database else []
        self.server = self.database = self.wall = 0.0

    def __enter__(self) -> Self:
        self._was = used(self._server), used(self._database), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        server, database, wall = self._was
        self.wall = time.perf_counter() - wall
        self.server, self.database = used(self._server) - server, used(self._database) - database
