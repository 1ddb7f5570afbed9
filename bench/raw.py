"""The limits of the databases: the driver alone, no HTTP, no rights, one statement by key.

CPU is this process's own, and that of the database's processes.
"""

import asyncio
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import uvloop

from bench.cpu import Meter

_BODIES = "SELECT date_added, body FROM entry WHERE collection_id = 1 AND date_added > {0} AND superseded <> 1 ORDER BY date_added LIMIT 1000"
_KEYS = "SELECT date_added, stix_id, version FROM entry WHERE collection_id = 1 AND date_added > {0} AND superseded <> 1 ORDER BY date_added LIMIT 1000"
_ID = "SELECT date_added, body FROM entry WHERE collection_id = 1 AND stix_id = {0} ORDER BY version_key DESC LIMIT 1"
QUERIES = {"empty_poll": _BODIES, "page": _BODIES, "match_id": _ID, "object": _ID, "manifest": _KEYS}
COLUMNS = (
    "collection_id", "stix_id", "type", "spec_version", "version", "version_key", "unique_key", "created", "revoked", "organisation_id",
    "account_id", "status_id", "audience_id", "held", "date_added", "first_added", "superseded", "recalled", "line_order", "sha256", "body",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU and of wall for one call."""

    server: float
    database: float
    wall: float


class Raw(Protocol):
    """A driver at work."""

    def bodies(self, workload: str, argument: Any) -> bytes:
        """One query, and the bodies it found, joined."""
        ...

    def cost(self, workload: str, argument: Any, seconds: float) -> Cost:
        """The mean of as many queries as fit in the time."""
        ...

    def insert(self, number: int) -> Cost:
        """New rows like those already there, in one transaction. The cost of one row."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Sqlite:
    """sqlite3 on the hub's own file for reading, and on a copy of it for writing."""

    def __init__(self, path: str, copy: str) -> None:
        self._read, self._write = (
            sqlite3.connect(one, isolation_level=None, cached_statements=512) for one in (path, copy)
        )
        self._read.executescript("PRAGMA query_only = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824")
        self._write.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536")
        self._rows = self._read.execute(f"SELECT {','.join(COLUMNS)} FROM entry ORDER BY id LIMIT 1000").fetchall()
        self._last = _last(self._write.execute("SELECT max(date_added) FROM entry").fetchone()[0])

    def bodies(self, workload: str, argument: Any) -> bytes:
        """One query."""
        return b",".join([row[1] for row in self._read.execute(QUERIES[workload].format("?"), (argument,))])

    def cost(self, workload: str, argument: Any, seconds: float) -> Cost:
        """Manifests are rows only: making JSON of them is not the driver's work."""
        text = QUERIES[workload].format("?")
        joined = workload != "manifest"

        def once() -> None:
            rows = self._read.execute(text, (argument,)).fetchall()
            if joined:
                b",".join([row[1] for row in rows])

        once()
        calls = 0
        with Meter(os.getpid()) as meter:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                once()
                calls += 1
        return _cost(meter, calls)

    def insert(self, number: int) -> Cost:
        """executemany."""
        rows, self._last = _fresh(self._rows, number, self._last)
        text = f"INSERT INTO entry ({','.join(COLUMNS)}) VALUES ({','.join('?' * len(COLUMNS))})"
        with Meter(os.getpid()) as meter:
            self._write.execute("BEGIN IMMEDIATE")
            self._write.executemany(text, rows)
            self._write.execute("COMMIT")
        return _cost(meter, number)

    def close(self) -> None:
        """Close."""
        self._read.close()
        self._write.close()


class Postgresql:
    """asyncpg on the hub's own database for reading, and on a copy of it for writing."""

    def __init__(self, url: str, copy: str, postmaster: int | None) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._postmaster = postmaster
        settings = {"jit": "off", "enable_seqscan": "off", "enable_sort": "off"}
        self._read = self._runner.run(asyncpg.connect(url, server_settings=settings))
        self._write = self._runner.run(asyncpg.connect(copy, server_settings=settings))
        self._rows = self._runner.run(self._read.fetch(f"SELECT {','.join(COLUMNS)} FROM entry ORDER BY id LIMIT 1000"))
        self._last = _last(self._runner.run(self._write.fetchval("SELECT max(date_added) FROM entry")))

    def bodies(self, workload: str, argument: Any) -> bytes:
        """One query."""
        return b",".join(
            [row[1] for row in self._runner.run(self._read.fetch(QUERIES[workload].format("$1"), argument))]
        )

    def cost(self, workload: str, argument: Any, seconds: float) -> Cost:
        """As for SQLite."""
        text = QUERIES[workload].format("$1")
        joined = workload != "manifest"

        async def run() -> Cost:
            once: Callable[[], Awaitable[Sequence[Any]]] = lambda: self._read.fetch(text, argument)  # noqa: E731
            await once()
            calls = 0
            with Meter(os.getpid(), self._postmaster) as meter:
                until = time.perf_counter() + seconds
                while time.perf_counter() < until:
                    rows = await once()
                    if joined:
                        b",".join([row[1] for row in rows])
                    calls += 1
            return _cost(meter, calls)

        return self._runner.run(run())

    def insert(self, number: int) -> Cost:
        """executemany in a transaction."""
        rows, self._last = _fresh(self._rows, number, self._last)
        places = ",".join(f"${place + 1}" for place in range(len(COLUMNS)))
        text = f"INSERT INTO entry ({','.join(COLUMNS)}) VALUES ({places})"

        async def run() -> Cost:
            with Meter(os.getpid(), self._postmaster) as meter:
                async with self._write.transaction():
                    await self._write.executemany(text, rows)
            return _cost(meter, number)

        return self._runner.run(run())

    def close(self) -> None:
        """Close."""
        self._runner.run(self._read.close())
        self._runner.run(self._write.close())
        self._runner.close()


def page_objects(body: bytes) -> bytes:
    """The objects of an envelope as they stand in it, without the brackets."""
    begin = body.index(b'"objects":[') + len(b'"objects":[')
    assert json.loads(body)["objects"]
    return body[begin:-2]


def _cost(meter: Meter, calls: int) -> Cost:
    return Cost(meter.server / calls, meter.database / calls, meter.wall / calls)


def _last(found: int) -> int:
    return found + 1


def _fresh(rows: Sequence[Any], number: int, last: int) -> tuple[list[tuple[Any, ...]], int]:
    """Rows with the same content under other ids, one microsecond apart."""
    made: list[tuple[Any, ...]] = []
    for place in range(number):
        row = dict(zip(COLUMNS, rows[place % len(rows)], strict=True))
        last += 1
        row |= {
            "stix_id": f"indicator--{uuid.uuid4()}",
            "date_added": last,
            "first_added": last,
            "line_order": last,
            "superseded": 0,
        }
        made.append(tuple(row[name] for name in COLUMNS))
    return made, last
