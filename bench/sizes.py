"""How many bytes an object takes in each table and index, and a serve event: what docs/scaling.md reckons with.

`python -m bench.sizes`, on both databases with 100,000 objects (BENCH_SIZES_OBJECTS), after VACUUM. Also what goes over the network for an
empty poll, what a connection that stays open takes of the hub's memory, and what PostgreSQL writes ahead (WAL) for an object that is posted
and for an event.
"""

import asyncio
import json
import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench import figures
from bench.client import Connection, drive, request
from bench.objects import envelope, identifier, indicator
from bench.servers import Postgres, postgres
from bench.stage import BASE, Database, Hub, copied, hubs, instant
from bench.world import WRITERS, fill

_EVENTS = 5_000
_POSTED = 20_000
_OPEN = 700
_LEAST = 0.5
"""Bytes an object: what takes less is not told."""
_SQLITE = (
    "SELECT s.tbl_name, CASE WHEN s.name LIKE 'sqlite_autoindex%' THEN 'unique ' || s.name ELSE s.name END, sum(d.pgsize) "
    "FROM dbstat d JOIN sqlite_schema s ON s.name = d.name GROUP BY s.name"
)
_POSTGRESQL = (
    "SELECT t.relname, c.relname, pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) "
    "FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid) "
    "WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace"
)
_MEAN = "SELECT count(*), avg(length(body)) FROM entry"

Sizes = Mapping[tuple[str, str], int]
"""Bytes by table and relation."""


def measure(server: Postgres | None) -> dict[str, Any]:
    """Bytes of an object and of an event, by database and relation."""
    objects = int(os.environ.get("BENCH_SIZES_OBJECTS", "100000"))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="indicator-hub-sizes-") as name:
        work = Path(name)
        file = work / "hub.db"
        tokens = asyncio.run(fill(f"sqlite:///{file}", [objects], largest=5_000))
        with closing(sqlite3.connect(file)) as source:
            number, mean = source.execute(_MEAN).fetchone()
        with ExitStack() as stack:
            databases = [Database("sqlite", f"sqlite:///{file}", "", tokens)]
            if server is not None:
                databases.append(stack.enter_context(copied(server, file, tokens, writing=False)))
            for one in databases:
                found[one.name] = _of(work, one, number)
    return {"objects": number, "body": mean, "found": found}


def _log_position(database: Database) -> int:
    """How far PostgreSQL's log has come, in bytes."""

    async def ask() -> int:
        connection = await asyncpg.connect(database.url)
        try:
            return int(await connection.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))
        finally:
            await connection.close()

    return asyncio.run(ask()) if database.name == "postgresql" else 0


def table(content: Mapping[str, Any]) -> str:
    """Bytes, by table and index."""
    lines = [
        f"{content['objects']:,} objects, bodies of {content['body']:.0f} bytes on average.",
        "",
        "| database | table | relation | bytes an object |",
        "|---|---|---|---|",
    ]
    for database, one in content["found"].items():
        rows = [row for row in one["object"] if row[2] >= _LEAST]
        lines += [f"| {database} | {table} | {relation} | {size:.0f} |" for table, relation, size in rows]
        whole = sum(size for *_, size in one["object"])
        lines.append(f"| {database} | all | | {whole:.0f} |")
    lines += ["", "| database | table | relation | bytes a serve event |", "|---|---|---|---|"]
    for database, one in content["found"].items():
        rows = [row for row in one["event"] if row[2] >= _LEAST]
        lines += [f"| {database} | {table} | {relation} | {size:.0f} |" for table, relation, size in rows]
        lines.append(f"| {database} | all | | {sum(size for *_, size in one['event']):.0f} |")
    asked, answered = content["found"]["sqlite"]["poll"]
    lines += ["", f"An empty poll: {asked} bytes asked, {answered} answered."]
    memory = max(one["connection"] for one in content["found"].values())
    lines.append(f"A connection that stays open: {memory / 1e3:,.0f} kB of the hub's memory.")
    if "postgresql" in content["found"]:
        log = content["found"]["postgresql"]["log"]
        lines.append(f"WAL: {log['object']:,.0f} bytes an object posted, {log['event']:,.0f} bytes a serve event.")
    return "\n".join(lines)


def _of(work: Path, database: Database, objects: int) -> dict[str, Any]:
    """Tables as they were filled; then pages with one object in them, each an event; then objects that are posted."""
    before = _sizes(database)
    reader, writer = database.authorization(), database.authorization(WRITERS[0])
    with hubs([database], work, ("on",)) as (hub,):
        now = instant(time.time_ns() // 1_000)
        poll = request("GET", f"{BASE}/objects/?added_after={now}", reader)
        answer, memory = _connections(hub, poll)
        asked = (request("GET", f"{BASE}/objects/?match[id]={identifier(one)}", reader) for one in range(_EVENTS))
        begun = _log_position(database)
        drive(hub.server.port, 16, lambda: next(asked, None))
        served = _log_position(database)
        after = _sizes(database)
        posted = _log_position(database)
        posts = (request("POST", f"{BASE}/objects/", writer, body) for body in _bodies())
        drive(hub.server.port, 1, lambda: next(posts, None), expected=202)
        logged = _log_position(database)
    return {
        "object": [(*key, size / objects) for key, size in sorted(before.items())],
        "event": [(*key, (size - before.get(key, 0)) / _EVENTS) for key, size in sorted(after.items())],
        "log": {"event": (served - begun) / _EVENTS, "object": (logged - posted) / _POSTED},
        "poll": [len(poll), len(answer)],
        "connection": memory,
    }


def _bodies() -> Iterator[bytes]:
    series = uuid.uuid4().hex
    for first in range(0, _POSTED, 1_000):
        yield envelope(indicator(line, 0, series) for line in range(first, first + 1_000))


def _connections(hub: Hub, poll: bytes) -> tuple[bytes, float]:
    """The answer to an empty poll, and by how many bytes the hub grows for each connection that has polled and stays open."""
    answer = b""
    with ExitStack() as stack:
        with Connection(hub.server.port, 200) as first:
            for _ in range(200):
                answer = first.exchange(poll)  # until the hub has what it keeps for all
        before = psutil.Process(hub.server.pid).memory_info().rss
        for _ in range(_OPEN):
            answer = stack.enter_context(Connection(hub.server.port, 200)).exchange(poll)
        return answer, (psutil.Process(hub.server.pid).memory_info().rss - before) / _OPEN


def _sizes(database: Database) -> Sizes:
    if database.name == "postgresql":
        return asyncio.run(_of_postgresql(database.url))
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        file.execute("VACUUM")
        return {(table, relation): size for table, relation, size in file.execute(_SQLITE)}


async def _of_postgresql(url: str) -> Sizes:
    connection = await asyncpg.connect(url, command_timeout=600)
    try:
        await connection.execute("VACUUM (ANALYZE)")
        return {(table, relation): size for table, relation, size in await connection.fetch(_POSTGRESQL)}
    finally:
        await connection.close()


if __name__ == "__main__":
    with postgres() as asked:
        content = measure(asked)
    figures.note("sizes", content)
    print(table(json.loads(json.dumps(content))))
