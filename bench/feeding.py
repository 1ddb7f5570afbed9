"""Feeds: rows a second from bytes to values alone, and from a file to stored indicators; and the memory that five million rows take.

Run by itself, `python -m bench.feeding`; it fails while the memory is above its bound. BENCH_FEED: a file to take instead of made-up addresses, such as a real list.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.servers import ROOT, postgres
from indicator_hub.ingest.run import run
from indicator_hub.normalise.formats import rows
from indicator_hub.normalise.indicator import Candidate, candidate
from indicator_hub.normalise.row import Row
from indicator_hub.normalise.unpack import scratch
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.claim import declared
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store, wall_clock
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
    found: dict[str, dict[str, float]] = {"normalise": {"rows_s": alone}}
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
