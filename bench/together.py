"""Small envelopes at the same time: what is gained by committing several in one transaction.

`python -m bench.together`, on both databases: envelopes of 10 objects by 1, 4 and 16 connections. On PostgreSQL also how many transactions
there were, and everything again where a commit takes 5 ms more, as it does with a standby that is waited for (`commit_delay`).
"""

import asyncio
import tempfile
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import asyncpg

from bench import figures
from bench.client import drive, request
from bench.cpu import Meter
from bench.objects import envelope, indicator
from bench.servers import Postgres, postgres
from bench.stage import BASE, Hub, databases, hubs
from bench.world import WRITERS

_LOADED, _OBJECTS, _ENVELOPES, _REPEATS = 2_000, 10, 64, 5
_CONNECTIONS = (1, 4, 16)
_DELAY = 5_000
"""Microseconds."""
_NEWEST = "SELECT max(id) FROM entry"
_TRANSACTIONS = "SELECT count(DISTINCT xmin::text) FROM entry WHERE id > $1"


def main() -> None:
    """Measure and print."""
    print(f"{figures.machine()}\n\nmedians of {_REPEATS}; {_ENVELOPES} envelopes of {_OBJECTS} objects\n")
    print(
        "| | connections | envelopes/s | ms of CPU an envelope, hub | database | transactions |\n|---|---|---|---|---|---|"
    )
    with (
        postgres() as server,
        tempfile.TemporaryDirectory(prefix="indicator-hub-together-") as name,
        ExitStack() as stack,
    ):
        filled = stack.enter_context(databases(Path(name), server, [_LOADED]))
        started = stack.enter_context(hubs(filled, Path(name), ("on",)))
        for hub in started:
            _measure(hub, hub.database.name)
        if server is not None:
            _set_delay(server, _DELAY)
            for hub in started[1:]:
                _measure(hub, f"{hub.database.name}, {_DELAY // 1_000} ms a commit")


def _measure(hub: Hub, name: str) -> None:
    for connections in _CONNECTIONS:
        rows = [_once(hub, connections) for _ in range(_REPEATS + 1)][1:]
        rate, server, database, transactions = (median(one) for one in zip(*rows, strict=True))
        counted = f"{transactions:.0f}" if hub.database.postmaster else ""
        print(f"| {name} | {connections} | {rate:.0f} | {server:.1f} | {database:.1f} | {counted} |", flush=True)


def _once(hub: Hub, connections: int) -> tuple[float, float, float, int]:
    newest = _ask(hub, _NEWEST)
    following = _envelopes(hub)
    with Meter(hub.server.pid, hub.server.database) as meter:
        drive(hub.server.port, connections, following, expected=202)
    each = 1_000 / _ENVELOPES
    return _ENVELOPES / meter.wall, meter.server * each, meter.database * each, _ask(hub, _TRANSACTIONS, newest)


def _envelopes(hub: Hub) -> Callable[[], bytes | None]:
    series = uuid.uuid4().hex
    made = [
        request(
            "POST",
            f"{BASE}/objects/",
            hub.database.authorization(WRITERS[number % len(WRITERS)]),
            envelope(indicator(number * _OBJECTS + line, 0, series) for line in range(_OBJECTS)),
        )
        for number in range(_ENVELOPES)
    ]
    left = iter(made)
    return lambda: next(left, None)


def _ask(hub: Hub, statement: str, *values: int) -> int:
    """One number of PostgreSQL's; 0 where it is not."""
    if hub.database.postmaster is None:
        return 0

    async def ask() -> int:
        connection = await asyncpg.connect(hub.database.url)
        try:
            return int(await connection.fetchval(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(ask())


def _set_delay(server: Postgres, microseconds: int) -> None:
    server.execute(
        f"ALTER SYSTEM SET commit_delay = {microseconds}",
        "ALTER SYSTEM SET commit_siblings = 0",
        "SELECT pg_reload_conf()",
    )


if __name__ == "__main__":
    main()
