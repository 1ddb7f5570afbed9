"""Python in a process of its own, forked from one that has imported the hub: an interpreter that begins with nothing takes a second of CPU to be there.

It has a pid, an environment, streams and signals like any other. It has not what an interpreter takes from its environment when it begins
(TZ, a seed for hashes: all of them share one), nor does it do what was left to `atexit`. That the commands work as they are typed is shown by those
who type them (`journeys`, `house/test_wheel.py`, `faults/test_workers.py`). Imports nothing of ours here.
"""

import json
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self, TextIO

PATIENCE = 60
"""Seconds after which a process that does not start, stop or answer has failed. No test is meant to come near."""
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["indicator_hub.cli.serving", "indicator_hub.store.migrate"])


class Child:
    """Runs a module, as `python -m` does, or a file. Leaving the block kills it. Started, and asked how it ended, from one thread alone."""

    def __init__(self, program: str | Path, *arguments: str, env: Mapping[str, str], reads: int = 1) -> None:
        """`reads` is the stream that is read here: 1 or 2. Its standard input is written here; the rest is this process's own."""
        given, giving = _FORKING.Pipe(duplex=False)
        hearing, heard = _FORKING.Pipe(duplex=False)
        streams = {0: given, reads: heard}
        self._process = _FORKING.Process(target=_run, args=(program, arguments, dict(env), streams))
        self._process.start()
        given.close()
        heard.close()
        self._stdin, self.lines = _opened(giving, "w"), _opened(hearing, "r")

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended, negative when a signal ended it; None while it lives."""
        return self._process.exitcode

    def heard(self) -> Any:
        """The next line that it says, read as JSON."""
        line = self.lines.readline()
        assert line, f"a process of the test ended: {self.wait()}"
        return json.loads(line)

    def tell(self) -> None:
        """Let it go on: it waits for a line."""
        self._stdin.write("\n")
        self._stdin.flush()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        if self.code is None:  # else its number may be another's: it is buried as soon as it has ended
            self._process.terminate()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self.code is None:
            self._process.kill()

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """Until it has ended. Returns its exit code; None when it lives on."""
        self._process.join(seconds)
        return self.code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.join()
        self.lines.close()
        with suppress(BrokenPipeError):  # what it was told last, it has not read
            self._stdin.close()


def _opened(end: Connection, mode: str) -> TextIO:
    with end:
        return os.fdopen(os.dup(end.fileno()), mode, encoding="utf-8")


def _run(
    program: str | Path, arguments: tuple[str, ...], env: Mapping[str, str], streams: Mapping[int, Connection]
) -> None:
    os.environ.clear()
    os.environ.update(env)
    for number, end in streams.items():
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.argv = [str(program), *arguments]
    if isinstance(program, Path):
        runpy.run_path(str(program), run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
