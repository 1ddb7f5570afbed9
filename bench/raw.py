"""The limits of the databases: the driver alone, no HTTP, no rights, each in the ways it can do a thing.

CPU is this process's own, and that of the database's processes.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import asyncpg
import uvloop

from bench.cpu import Meter
from indicator_hub.store.schema import entry

_FROM = "FROM entry WHERE collection_id = 1 AND date_added > {0} AND superseded <> 1 ORDER BY date_added LIMIT 1000"
_BODIES = f"SELECT date_added, body {_FROM}"
_KEYS = f"SELECT date_added, stix_id, version {_FROM}"
_ID = "SELECT date_added, body FROM entry WHERE collection_id = 1 AND stix_id = {0} ORDER BY version_key DESC LIMIT 1"
_QUERIES = {"empty_poll": _BODIES, "page": _BODIES, "match_id": _ID, "object": _ID, "manifest": _KEYS}
_JOINED = {
    "sqlite": f"SELECT max(date_added), group_concat(body) FROM ({_BODIES})",
    "postgresql": f"SELECT max(date_added), string_agg(body, ','::bytea ORDER BY date_added) FROM ({_BODIES}) page",
}
"""The page as one value, put together by the database."""
COLUMNS = tuple(column.name for column in entry.columns if column.name != "id")
"""What is inserted: a row of the hub's own table, whole."""
_STATEMENT = 6_000
"""Values in one statement of SQLite."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU and of wall for one call."""

    server: float
    database: float
    wall: float


class Raw(Protocol):
    """A driver at work. `way` is one of those that `reading` and `INSERTING` name."""

    INSERTING: tuple[str, ...]

    def bodies(self, way: str, workload: str, argument: Any) -> bytes:
        """One query, and the bodies it found, joined."""
        ...

    def cost(self, way: str, workload: str, argument: Any, seconds: float) -> Cost:
        """The mean of as many queries as fit in the time."""
        ...

    def insert(self, way: str, number: int, times: int) -> Cost:
        """New rows like those already there, so many times in a transaction of their own. The cost of one row."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def reading(workload: str) -> tuple[str, ...]:
    """The ways to read: row by row, joined here; a page as one value, joined by the database; a manifest's rows, not made JSON of."""
    return {"page": ("rows", "joined"), "manifest": ("keys",)}.get(workload, ("rows",))


def _query(database: str, way: str, workload: str) -> str:
    return _JOINED[database] if way == "joined" else _QUERIES[workload]


class Sqlite:
    """sqlite3 on the hub's own file for reading, and on a copy of it for writing, as durable as the hub."""

    INSERTING: tuple[str, ...] = ("executemany", "values")

    def __init__(self, path: str, copy: str) -> None:
        self._read, self._write = (
            sqlite3.connect(one, isolation_level=None, cached_statements=512) for one in (path, copy)
        )
        self._read.executescript("PRAGMA query_only = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536", "wal_autocheckpoint = 8000"):
            self._write.execute(f"PRAGMA {pragma}")
        self._rows = self._read.execute(f"SELECT {','.join(COLUMNS)} FROM entry ORDER BY id LIMIT 1000").fetchall()
        self._last: int = self._write.execute("SELECT max(date_added) FROM entry").fetchone()[0]

    def bodies(self, way: str, workload: str, argument: Any) -> bytes:
        """One query."""
        return self._once(_query("sqlite", way, workload).format("?"), way, argument)

    def _once(self, text: str, way: str, argument: Any) -> bytes:
        if way == "joined":
            return self._read.execute(text, (argument,)).fetchone()[1].encode()
        if way == "keys":
            return b"%d" % len(self._read.execute(text, (argument,)).fetchall())
        return b",".join([row[1] for row in self._read.execute(text, (argument,))])

    def cost(self, way: str, workload: str, argument: Any, seconds: float) -> Cost:
        """The mean."""
        text = _query("sqlite", way, workload).format("?")
        self._once(text, way, argument)
        calls = 0
        with Meter(os.getpid()) as meter:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                self._once(text, way, argument)
                calls += 1
        return _cost(meter, calls)

    def insert(self, way: str, number: int, times: int) -> Cost:
        """One statement for each row, or for as many rows as it takes."""
        batches = [_fresh(self._rows, number, self._last + number * turn) for turn in range(times)]
        self._last += number * times
        one = f"({','.join('?' * len(COLUMNS))})"
        head, most = f"INSERT INTO entry ({','.join(COLUMNS)}) VALUES ", _STATEMENT // len(COLUMNS)
        with Meter(os.getpid()) as meter:
            for rows in batches:
                self._write.execute("BEGIN IMMEDIATE")
                if way == "executemany":
                    self._write.executemany(head + one, rows)
                else:
                    for first in range(0, number, most):
                        part = rows[first : first + most]
                        self._write.execute(head + ",".join([one] * len(part)), list(chain.from_iterable(part)))
                self._write.execute("COMMIT")
        return _cost(meter, number * times)

    def close(self) -> None:
        """Close."""
        self._read.close()
        self._write.close()


class Postgresql:
    """asyncpg on the hub's own database for reading, and on a copy of it for writing."""

    INSERTING: tuple[str, ...] = ("copy", "unnest")

    def __init__(self, url: str, copy: str, postmaster: int | None) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._postmaster = postmaster
        settings = {"jit": "off", "enable_seqscan": "off", "enable_sort": "off"}
        self._read = self._runner.run(asyncpg.connect(url, server_settings=settings))
        self._write = self._runner.run(asyncpg.connect(copy, server_settings=settings))
        self._rows = self._runner.run(self._read.fetch(f"SELECT {','.join(COLUMNS)} FROM entry ORDER BY id LIMIT 1000"))
        self._last: int = self._runner.run(self._write.fetchval("SELECT max(date_added) FROM entry"))
        types = dict(self._runner.run(self._read.fetch(_TYPES)))
        arrays = ",".join(f"${place}::{types[name]}[]" for place, name in enumerate(COLUMNS, 1))
        self._unnest = f"INSERT INTO entry ({','.join(COLUMNS)}) SELECT * FROM unnest({arrays})"
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if self._runner.run(self._read.fetchval(f"SHOW {setting}")) != "on":
                sys.exit(f"PostgreSQL runs with {setting} off: what it acknowledges is not durable.")

    def bodies(self, way: str, workload: str, argument: Any) -> bytes:
        """One query."""
        return self._runner.run(self._once(_query("postgresql", way, workload).format("$1"), way, argument))

    async def _once(self, text: str, way: str, argument: Any) -> bytes:
        if way == "joined":
            return (await self._read.fetchrow(text, argument))[1]
        rows: Sequence[Any] = await self._read.fetch(text, argument)
        return b"%d" % len(rows) if way == "keys" else b",".join([row[1] for row in rows])

    def cost(self, way: str, workload: str, argument: Any, seconds: float) -> Cost:
        """As for SQLite."""
        text = _query("postgresql", way, workload).format("$1")

        async def run() -> Cost:
            await self._once(text, way, argument)
            calls = 0
            with Meter(os.getpid(), self._postmaster) as meter:
                until = time.perf_counter() + seconds
                while time.perf_counter() < until:
                    await self._once(text, way, argument)
                    calls += 1
            return _cost(meter, calls)

        return self._runner.run(run())

    def insert(self, way: str, number: int, times: int) -> Cost:
        """COPY, or one INSERT from arrays."""
        batches = [_fresh(self._rows, number, self._last + number * turn) for turn in range(times)]
        self._last += number * times

        async def once(rows: list[tuple[Any, ...]]) -> None:
            if way == "copy":
                await self._write.copy_records_to_table("entry", records=rows, columns=COLUMNS)
            else:
                await self._write.execute(self._unnest, *map(list, zip(*rows, strict=True)))

        async def run() -> Cost:
            with Meter(os.getpid(), self._postmaster) as meter:
                for rows in batches:
                    async with self._write.transaction():
                        await once(rows)
            return _cost(meter, number * times)

        return self._runner.run(run())

    def close(self) -> None:
        """Close."""
        self._runner.run(self._read.close())
        self._runner.run(self._write.close())
        self._runner.close()


_TYPES = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'entry'::regclass AND attnum > 0 "
    "AND NOT attisdropped"
)


def page_objects(body: bytes) -> bytes:
    """The objects of an envelope as they stand in it, without the brackets."""
    begin = body.index(b'"objects":[') + len(b'"objects":[')
    assert json.loads(body)["objects"]
    return body[begin:-2]


def _cost(meter: Meter, calls: int) -> Cost:
    return Cost(meter.server / calls, meter.database / calls, meter.wall / calls)


def _fresh(rows: Sequence[Any], number: int, last: int) -> list[tuple[Any, ...]]:
    """Rows with the same content under other ids, one microsecond apart."""
    made: list[tuple[Any, ...]] = []
    for place in range(number):
        row = dict(zip(COLUMNS, rows[place % len(rows)], strict=True))
        added = last + place + 1
        row |= {
            "stix_id": f"indicator--{uuid.uuid4()}",
            "date_added": added,
            "first_added": added,
            "line_order": added,
            "superseded": 0,
        }
        made.append(tuple(row[name] for name in COLUMNS))
    return made
