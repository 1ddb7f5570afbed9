"""Feeds: rows a second from bytes to values alone, to the bytes of indicators, of SQL alone, and from a file to stored indicators; and the memory that five million rows take.

Run by itself, `python -m bench.feeding`; it fails while the memory is above its bound. BENCH_FEED: a file to take instead of made-up addresses, such as a real list.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.servers import ROOT, postgres
from indicator_hub.ingest.batches import BATCH, made
from indicator_hub.ingest.run import run
from indicator_hub.normalise.formats import rows
from indicator_hub.normalise.indicator import Candidate, candidate, said, stix_id, to_object, until
from indicator_hub.normalise.row import Row
from indicator_hub.normalise.unpack import scratch
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.claim import declared
from indicator_hub.store import bulk
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store, wall_clock
from indicator_hub.store.schema import entry, provenance
from indicator_hub.trust.roster import Agreement, Collection, Feed, Group, Membership, Organisation, Roster

ROWS, MANY = 40_000, 5_000_000
MOST_KB = 300 * 1024


def addresses(number: int, first: int = 0) -> bytes:
    """So many addresses, one a line, with a number behind each."""
    every = range(first, first + number)
    return b"".join(b"%d.%d.%d.7\t%d\n" % (11 + (n >> 16), n >> 8 & 255, n & 255, n % 10) for n in every)


def rates() -> dict[str, dict[str, float]]:
    """By database: rows a second end to end, and as a share of the normaliser alone in the same run."""
    body = Path(os.environ["BENCH_FEED"]).read_bytes() if "BENCH_FEED" in os.environ else addresses(ROWS)
    alone = _alone(body)
    found: dict[str, dict[str, float]] = {
        "normalise": {"rows_s": alone},
        "to objects": {"rows_s": _to_objects(body)},
        "sql alone": {"rows_s": asyncio.run(_sql_alone())},
    }
    with tempfile.TemporaryDirectory(prefix="indicator-hub-feed-") as name, postgres() as server:
        source = Path(name) / "feed.txt"
        source.write_bytes(body)
        urls = {"sqlite": f"sqlite:///{name}/hub.db"}
        if server is not None:
            server.execute("DROP DATABASE IF EXISTS bench_feed WITH (FORCE)", "CREATE DATABASE bench_feed")
            urls["postgresql"] = server.database("bench_feed")
        for database, url in urls.items():
            number, seconds = asyncio.run(_through(url, source))
            found[database] = {"rows_s": number / seconds, "share": number / seconds / alone}
        if server is not None:
            server.execute("DROP DATABASE IF EXISTS bench_feed WITH (FORCE)")
    return found


def memory() -> int:
    """Kilobytes at most, of a process that normalises MANY rows."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.feeding", "--many"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def _feed(source: str) -> Feed:
    return Feed("bench", "Bench", "organisation", "bench", "fed", source, "list", level=1, expect="ip")


def _alone(body: bytes) -> float:
    feed, begun = _feed(""), time.perf_counter()
    number = sum(
        isinstance(row, Row) and isinstance(candidate(row, feed, now=wall_clock()), Candidate)
        for row in rows(body, feed)
    )
    return number / (time.perf_counter() - begun)


def _to_objects(body: bytes) -> float:
    """The same up to the bytes of the indicators, with their ids."""
    feed, now, begun, number = _feed(""), wall_clock(), time.perf_counter(), 0
    for row in rows(body, feed):
        one = candidate(row, feed, now=now) if isinstance(row, Row) else None
        if isinstance(one, Candidate):
            name, words, end = stix_id(one, feed, ["m"]), said(one, feed), until(one, feed, now=now)
            made(
                to_object(
                    one.observable, words, stix_id=name, created_by_ref="i", marking_ids=["m"],
                    created=now, modified=now, valid_from=now, valid_until=end,
                )
            )  # fmt: skip
            number += bool(words.text())
    return number / (time.perf_counter() - begun)


async def _sql_alone() -> float:
    """Rows a second that SQLite takes into the two tables that have one for each, with their indexes, in batches: nothing else is done."""
    with tempfile.TemporaryDirectory(prefix="indicator-hub-feed-") as name:
        url = f"sqlite:///{name}/hub.db"
        await migrate(url, ROOT / "migrations")
        store = await open_store(url)
        try:
            source = Path(name) / "one.txt"
            source.write_bytes(addresses(1))
            await apply(store, _roster(_feed(str(source))))
            await run(store, (await declared(store))[0])  # so that there is all that the rows refer to
            parts = [_rows_of(first) for first in range(0, ROWS, BATCH)]
            begun = time.perf_counter()
            for entries, claims in parts:
                async with store.transactions.begin() as tx:
                    await bulk.write(tx, entry, entries)
                    await bulk.write(tx, provenance, claims)
            return ROWS / (time.perf_counter() - begun)
        finally:
            await store.close()


def _rows_of(first: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A batch as a feed brings it."""
    at, body = "2026-01-01T00:00:00.000Z", b"x" * 600
    entries = [
        {
            "collection_id": 1, "stix_id": f"indicator--{uuid.uuid4()}", "type": "indicator", "spec_version": "2.1", "version": at,
            "version_key": at, "unique_key": at, "created": at, "revoked": False, "organisation_id": 1, "account_id": 1, "status_id": "s",
            "audience_id": 1, "held": None, "default_level": None, "date_added": number, "first_added": number, "superseded": 0,
            "recalled": 0, "line_order": number, "released_from": None, "sha256": b"x" * 32, "body": body,
        }
        for number in range(first, first + BATCH)
    ]  # fmt: skip
    claims = [
        {
            "feed_id": 1, "stix_id": one["stix_id"], "said": "x" * 80, "raw": "198.51.100.1", "row_number": number, "created": number,
            "modified": number, "valid_from": number, "valid_until": number, "first_run_id": 1, "last_run_id": 1, "ended": None,
        }
        for number, one in enumerate(entries, first)
    ]  # fmt: skip
    return entries, claims


async def _through(url: str, source: Path) -> tuple[int, float]:
    await migrate(url, ROOT / "migrations")
    store = await open_store(url)
    try:
        await apply(store, _roster(_feed(str(source))))
        (feed,) = await declared(store)
        begun = time.perf_counter()
        _, tally = await run(store, feed)
        return tally.candidates, time.perf_counter() - begun
    finally:
        await store.close()


def _roster(feed: Feed) -> Roster:
    return Roster(
        organisations={"organisation": Organisation("organisation", "Organisation", "XA")},
        agreements={"pact": Agreement("pact", "Pact", "A treaty", ("bench",), 0, None)},
        groups={"bench": Group("bench", "Bench", "", "standing", "pact")},
        memberships={("organisation", "bench"): Membership("organisation", "bench", "member", can_write=True)},
        collections={
            ("bench", "fed"): Collection(
                "0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11", "bench", "fed", "Fed", "", 4, 2, "feeds"
            )
        },
        feeds={feed.name: replace(feed)},
    )


def _many() -> None:
    feed, now = _feed(""), wall_clock()
    with scratch() as file:
        for first in range(0, MANY, ROWS):
            file.write(addresses(ROWS, first))
        number = sum(
            isinstance(candidate(row, feed, now=now), Candidate) for row in rows(file, feed) if isinstance(row, Row)
        )
    assert number == MANY, number
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    """Print both."""
    if "--many" in sys.argv:
        _many()
        return
    for name, one in rates().items():
        print(f"{name:11} " + "  ".join(f"{what} {value:,.2f}" for what, value in one.items()))
    used = memory()
    print(f"{MANY:,} rows of a list: {used / 1024:,.0f} MB at most")
    if used > MOST_KB:
        raise SystemExit("A long feed takes more memory than it may.")


if __name__ == "__main__":
    main()
