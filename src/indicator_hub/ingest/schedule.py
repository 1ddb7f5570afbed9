"""The schedule: every feed that says how often it runs, run when it is due, by whichever process is first. No other service is needed.

What is due stands in the database, so that several processes on one database run a feed once, and the one that is left goes on.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from indicator_hub.errors import Conflict, HubError, NotFound
from indicator_hub.ingest.run import run
from indicator_hub.sharing.act import Store
from indicator_hub.sharing.claim import due, postpone
from indicator_hub.trust.roster import Feed

_log = logging.getLogger("indicator_hub.ingest")
TICK = 1.0
"""Seconds between two looks at what is due."""
AT_ONCE = 4
"""Feeds that one process runs at the same time: polls go on beside them."""


@asynccontextmanager
async def scheduled(store: Store, *, tick: float = TICK) -> AsyncGenerator[None]:
    """Run what is due for as long as this is open. At the end a run that has begun is stopped: what it stored stays, the next one goes on."""
    task = asyncio.create_task(_go_on(store, tick))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _go_on(store: Store, tick: float) -> None:
    running: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            running = {name: task for name, task in running.items() if not task.done()}
            try:
                ready = [feed for feed in await due(store) if feed.name not in running]
            except HubError as error:
                _log.warning("what is due cannot be read: %s", error.detail or error.sentence)
                ready = []
            except Exception:  # noqa: BLE001 - the schedule goes on, whatever went wrong once
                _log.exception("what is due cannot be read")
                ready = []
            free = AT_ONCE - len(running)
            for feed in ready[:free]:
                running[feed.name] = asyncio.create_task(_one(store, feed))
            if len(ready) > free:  # as soon as there is room again
                await asyncio.wait(running.values(), timeout=tick, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(tick)
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)


async def _one(store: Store, feed: Feed) -> None:
    try:
        outcome, tally = await run(store, feed, scheduled=True)
    except Conflict:
        return  # another process was first, or still runs it
    except NotFound as error:
        _log.info("feed %s may not run: %s", feed.name, error.detail)
        await postpone(store, feed)
    except HubError as error:
        _log.warning("feed %s failed: %s", feed.name, error.detail or error.sentence)
    except Exception:  # noqa: BLE001 - a fault of ours in one feed must not stop the others
        _log.exception("feed %s", feed.name)
    else:
        _log.info("feed %s: %s, %s", feed.name, outcome, tally.as_dict())
