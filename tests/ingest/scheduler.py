"""A schedule in a process of its own, on a clock that stands in a file; run by test_two_servers.py.

    scheduler.py DATABASE CLOCK_FILE

It says `ready`, and goes on until it is killed or its standard input ends.
"""

import asyncio
import sys
from pathlib import Path

sys.path[:0] = [] if (TESTS := str(Path(__file__).parents[1])) in sys.path else [TESTS]

from indicator_hub.ingest.schedule import scheduled  # noqa: E402 - the path comes first
from indicator_hub.store.opened import clock, open_store  # noqa: E402

TICK = 0.02


async def main(database: str, clock_file: str) -> None:
    """Run what is due."""
    store = await open_store(database, now=clock(Path(clock_file)))
    try:
        async with scheduled(store, tick=TICK):
            print('"ready"', flush=True)
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
