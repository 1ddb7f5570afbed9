"""What hidden rows cost: a page of which nearly everything is hidden, beside the same page where everything is seen, and beside nothing.

One collection of a million entries (BENCH_HIDDEN) in four audiences: one in a hundred is for members, the rest RED. Every tenth line has a
later version, every fiftieth one that its readers cannot all see. The store is asked in this process; hub and network are left out.
"""

import asyncio
import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from bench.servers import Postgres
from bench.world import COLLECTION, GROUP, roster
from indicator_hub.cli.bundled import migrations
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.enrol import enrol
from indicator_hub.store import entries
from indicator_hub.store.audiences import intern
from indicator_hub.store.credentials import by_token
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import Store, open_store
from indicator_hub.taxii.query import Filters, Query
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.reach import Reach, as_recorded, reach_of

LIMIT = 1_000
BOUNDS = {"hidden": 1.5, "nothing": 0.3}
"""What the page may cost, as a multiple of the one that is seen whole."""
_REPEATS = 41
_BEGUN = 1_790_000_000_000_000
_COLUMNS = (
    "id", "collection_id", "stix_id", "type", "spec_version", "version", "version_key", "unique_key", "created", "revoked",
    "organisation_id", "account_id", "status_id", "audience_id", "date_added", "first_added", "superseded", "recalled", "line_order",
    "sha256", "body", "newer_audience_id",
)  # fmt: skip


def ratios(server: Postgres | None) -> dict[str, dict[str, float]]:
    """By database: the median time of the page with 99 % hidden, and of the page with nothing in it, over that with all visible."""
    objects = int(os.environ.get("BENCH_HIDDEN", "1000000"))
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="indicator-hub-hidden-") as name:
        urls = {"sqlite": f"sqlite:///{Path(name) / 'hub.db'}"}
        if server is not None:
            server.execute("DROP DATABASE IF EXISTS bench_hidden WITH (FORCE)", "CREATE DATABASE bench_hidden")
            urls["postgresql"] = server.database("bench_hidden")
        for database, url in urls.items():
            found[database] = asyncio.run(_measure(url, objects))
        if server is not None:
            server.execute("DROP DATABASE IF EXISTS bench_hidden WITH (FORCE)")
    return found


async def _measure(url: str, objects: int) -> dict[str, float]:
    await migrate(url, migrations())
    store = await open_store(url)
    try:
        reach = await _furnish(store)
        await _fill(url, store, reach, objects)
        return await _time(store, reach)
    finally:
        await store.close()


async def _furnish(store: Store) -> Reach:
    await apply(store, roster())
    _, token = await enrol(store, "xb-cert-1", organisation="xb-cert", kind="service")
    known = await by_token(
        store, hashlib.sha256(token.encode()).digest(), group=GROUP, collection_name=COLLECTION, now=store.now()
    )
    reach = known and reach_of(known.account, known.ties, store.now())
    assert reach is not None
    return reach


async def _fill(url: str, store: Store, reach: Reach, objects: int) -> None:
    async with store.transactions.begin() as tx:
        kept = await intern(tx, [Audience(floor) for floor in (1, 2, 3, 4)])
    audiences = [kept[Audience(floor)] for floor in (1, 2, 3, 4)]
    rows = _rows(reach, audiences, objects)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            marks = ",".join("?" * len(_COLUMNS))
            file.executemany(f"INSERT INTO entry ({','.join(_COLUMNS)}) VALUES ({marks})", rows)
            file.commit()
        return
    to = await asyncpg.connect(url)
    await to.copy_records_to_table("entry", records=rows, columns=list(_COLUMNS))
    await to.execute("VACUUM (ANALYZE)")
    await to.close()


def _rows(reach: Reach, audiences: list[int], objects: int) -> Iterator[tuple[Any, ...]]:
    """Lines of one or two versions, from another organisation than any reader's."""
    assert reach.account is not None
    body = (
        b'{"type":"indicator","spec_version":"2.1","id":"%s","pattern":"[domain-name:value = \'harbour.example\']"'
        + b" " * 400
        + b"}"
    )
    line, again = 0, 0
    for number in range(1, objects + 1):
        version = 2 if again else 1
        line += not again
        stix_id = f"indicator--00000000-0000-4000-8000-{line:012}"
        shared = line % 100 == 0
        mixed = shared and line % 500 == 0
        audience = audiences[line // 100 % 3] if shared and not (mixed and again) else audiences[3]
        again = 1 if not again and line % 10 == 0 else 0
        key = f"2026-01-0{version}T00:00:00"
        content = body % stix_id.encode()
        yield (
            number, reach.key, stix_id, "indicator", "2.1", f"{key}.000Z", key, key, "2026-01-01T00:00:00.000Z", False,
            reach.organisation_id, reach.account.id, "bench", audience, _BEGUN + number, _BEGUN + number,
            0 if not again else 2 if mixed else 1, 0, _BEGUN + number, b"\0" * 32, content,
            audiences[3] if again and mixed else None,
        )  # fmt: skip


async def _time(store: Store, reach: Reach) -> dict[str, float]:
    readers = {name: _reader(reach, cap) for name, cap in (("all", 4), ("hidden", 3), ("nothing", -1))}
    query, took = Query(-1, LIMIT, Filters()), {name: list[float]() for name in readers}
    for name, reader in readers.items():
        given = (await entries.joined_page(store, reader, query, named=True)).number
        assert given == (0 if name == "nothing" else LIMIT), (name, given)
    for _ in range(_REPEATS):
        for name, reader in readers.items():
            begun = time.perf_counter()
            await entries.joined_page(store, reader, query, named=True)
            took[name].append(time.perf_counter() - begun)
    middle = {name: median(times) for name, times in took.items()}
    return {
        "all_ms": middle["all"] * 1e3,
        "hidden_vs_visible": middle["hidden"] / middle["all"],
        "nothing_vs_visible": middle["nothing"] / middle["all"],
    }


def _reader(reach: Reach, cap: int) -> Reach:
    """A machine of an organisation that put nothing there."""
    other = as_recorded(10_000, cap, person=True, nation="XE", sees_from=0)
    return Reach(
        None, reach.group, reach.group_id, reach.collection, reach.key, cap, other.person, other.nation, other.organisation_id,
        0, can_read=True, can_write=False, steward=False,
    )  # fmt: skip
