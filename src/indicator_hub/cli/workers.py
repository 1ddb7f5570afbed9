"""Several processes that serve from one listening socket, and one above them that watches.

The one above takes no connection, opens no database and runs no event loop, so that it can make a process by forking at any time. One that
dies is followed by another. Each holds the end of a pipe: when the one above is gone, however it ended, the pipe says so and they end too.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing import connection as pipes
from multiprocessing.context import ForkProcess
from typing import Any

from indicator_hub.errors import HubError, Misconfigured

_log = logging.getLogger("indicator_hub.workers")
_FORK = multiprocessing.get_context("fork")
_TRIES = 10
"""Starts in a row that may fail, once there was one that did not, before the whole ends."""
_LONGEST = 5.0
"""Seconds between two starts, at most: the first follows at once, each further one twice as late."""
_PATIENCE = 20.0
"""Seconds that those told to end are waited for: each lets its answers go out, which takes ten at most."""

Work = Callable[[int, Callable[[str], None], pipes.Connection], None]
"""What one does: its number, whom it tells the URL once it answers, and the pipe that ends with the one above."""


@dataclass(slots=True)
class _Worker:
    process: ForkProcess
    pipe: pipes.Connection
    ready: bool = False
    refused: str = ""


def run(number: int, work: Work, ready: Callable[[str], None]) -> None:
    """Keep so many at work until told to stop. `ready` is told the URL once all answer.

    Raises Misconfigured with what a worker said that could not start: the first time at once, later after several tries.
    """
    with _told() as (asked, signals):
        _Above(number, work, ready, signals).watch()
    if asked:
        signal.raise_signal(asked[0])


class _Above:
    def __init__(self, number: int, work: Work, ready: Callable[[str], None], signals: int) -> None:
        self._work, self._ready, self._signals = work, ready, signals
        self._workers: dict[int, _Worker | None] = dict.fromkeys(range(number))
        self._said = False
        self._failed = 0
        self._next = 0.0

    def watch(self) -> None:
        """Until a signal comes."""
        try:
            while True:
                self._start()
                waiting: dict[Any, int] = {}
                for number, one in self._workers.items():
                    if one is not None:
                        waiting |= {one.process.sentinel: number, **({} if one.pipe.closed else {one.pipe: number})}
                rest = max(self._next - time.monotonic(), 0) if None in self._workers.values() else None
                found = pipes.wait([*waiting, self._signals], rest)
                if self._signals in found:
                    return
                for number in {waiting[one] for one in found}:
                    self._look(number)
        finally:
            self._end()

    def _start(self) -> None:
        for number, one in self._workers.items():
            if one is not None or time.monotonic() < self._next:
                continue
            ours, theirs = _FORK.Pipe()
            above = [*(other.pipe for other in self._workers.values() if other is not None), ours]
            process = _FORK.Process(target=_begin, args=(self._work, number, theirs, above), name=f"worker {number}")
            process.start()
            theirs.close()
            self._workers[number] = _Worker(process, ours)

    def _look(self, number: int) -> None:
        """What one said, and whether it has ended."""
        one = self._workers[number]
        if one is None:
            return
        if not one.pipe.closed and one.pipe.poll():
            try:
                kind, told = one.pipe.recv()
            except (EOFError, OSError):
                one.pipe.close()
            else:
                self._hear(one, kind, told)
        if one.process.is_alive():
            return
        code = one.process.exitcode
        one.pipe.close()
        one.process.close()
        self._workers[number] = None
        if one.ready:
            _log.error("worker %d ended (%s): another follows", number, code)
            return
        self._failed += 1
        self._next = time.monotonic() + min(0.1 * 2**self._failed, _LONGEST)
        why = one.refused or f"A worker ended before it could answer ({code}): what it said stands above."
        if not self._said or self._failed >= _TRIES:
            raise Misconfigured(why)
        _log.error("worker %d did not start: %s", number, why)

    def _hear(self, one: _Worker, kind: str, told: str) -> None:
        if kind == "refused":
            one.refused = told
            return
        one.ready, self._failed = True, 0
        if not self._said and all(other is not None and other.ready for other in self._workers.values()):
            self._said = True
            self._ready(told)

    def _end(self) -> None:
        left = [one.process for one in self._workers.values() if one is not None]
        for process in left:
            process.terminate()
        ends = time.monotonic() + _PATIENCE
        for process in left:
            process.join(max(ends - time.monotonic(), 0))
            if process.is_alive():
                process.kill()
                process.join()


@contextlib.contextmanager
def _told() -> Generator[tuple[list[int], int]]:
    """The signals that came, and what can be read from when one has."""
    asked: list[int] = []
    read, write = os.pipe()

    def note(number: int, _: object) -> None:
        asked.append(number)
        os.write(write, b".")

    before = {one: signal.signal(one, note) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked, read
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        os.close(read)
        os.close(write)


def _begin(work: Work, number: int, pipe: pipes.Connection, above: list[pipes.Connection]) -> None:
    """In the new process."""
    for one in above:
        one.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C goes to all processes of a terminal: the one above says when these end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        work(number, lambda url: pipe.send(("ready", url)), pipe)
    except HubError as error:
        pipe.send(("refused", error.detail or error.sentence))
        raise SystemExit(1) from None
