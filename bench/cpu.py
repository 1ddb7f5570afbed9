"""How much CPU a tree of processes has used."""

import os
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
    """CPU used inside a `with`, by a server's tree and by a database's, processes that come and go meanwhile included."""

    def __init__(self, server: int, database: int | None = None) -> None:
        self._roots = server, database
        self.server = self.database = self.wall = 0.0

    def __enter__(self) -> Self:
        server, database = self._roots
        # The database first and last: looking for processes must not count where this process is the one measured.
        self._database = _whole(database)
        self._server = _whole(server)
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        server, database = self._roots
        self.wall = time.perf_counter() - self._begun
        self.server = _whole(server) - self._server
        self.database = _whole(database) - self._database


def _whole(root: int | None) -> float:
    """A tree's CPU seconds; of processes that have ended, what their parent knows."""
    if root is None:
        return 0.0
    if root == os.getpid():
        return time.process_time()
    ended = psutil.Process(root).cpu_times()
    return used(tree(root)) + getattr(ended, "children_user", 0.0) + getattr(ended, "children_system", 0.0)
