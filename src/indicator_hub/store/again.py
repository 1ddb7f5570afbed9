"""Try again, for a bounded time, what failed because the database was not there: another node may be about to take over.

Only what does no harm when it is done twice is tried again: what reads, what takes a connection and has not begun, and what finds out
first whether it was done. A time-out is not tried again: whoever waited has waited long enough.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from indicator_hub.errors import Unavailable

PATIENCE = 5.0
"""Seconds. A database that is gone for longer makes the hub answer 503, and the client asks again."""
_FIRST, _LONGEST = 0.05, 0.5
_Made = TypeVar("_Made")


async def again(attempt: Callable[[], Awaitable[_Made]], patience: float, failed: Unavailable | None = None) -> _Made:
    """What the attempt gives. The second one follows at once, the others after pauses that grow, for `patience` seconds from the first failure.

    `failed`: the first attempt was made before. Raises Unavailable, which is not to be tried again by anybody else.
    """
    loop = asyncio.get_running_loop()
    if failed is None:
        try:
            return await attempt()
        except Unavailable as error:
            failed = error
    ends, pause = loop.time() + patience, 0.0
    while failed.retry and loop.time() + pause <= ends:
        if pause:
            await asyncio.sleep(pause)
        try:
            return await attempt()
        except Unavailable as error:
            failed = error
        # Spread, so that those who wait do not all come at once.
        pause = min(max(pause * 2, _FIRST), _LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 - not secret
    failed.retry = False
    raise failed
