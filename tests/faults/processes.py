"""Writers and a poller in processes of their own, each with its own store; run by test_no_loss.py.

Started with one line of JSON on the command line. They speak in lines of JSON on standard output and wait for lines on standard input,
so that the test decides in which order things begin and end:

    write:  `ready`, waits, writes half of it, `half`, waits, writes the rest, says what was `acknowledged`
    follow: `ready`, polls, `saw` after the first page that held something, ends with the first empty page after a line came
"""

import asyncio
import json
import random
import sqlite3
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [] if (TESTS := str(Path(__file__).parents[1])) in sys.path else [TESTS]

from asyncpg import UniqueViolationError  # noqa: E402
from sqlalchemy.exc import IntegrityError  # noqa: E402

from faults.following import Poller  # noqa: E402
from indicator_hub.errors import Unavailable  # noqa: E402 - the path comes first
from indicator_hub.sharing.act import Caller  # noqa: E402
from indicator_hub.sharing.authenticate import identify  # noqa: E402
from indicator_hub.sharing.submit import submit  # noqa: E402
from indicator_hub.store import entries  # noqa: E402
from indicator_hub.store.opened import Store, open_store  # noqa: E402
from indicator_hub.trust.reach import Reach  # noqa: E402
from support.world import envelope, indicator  # noqa: E402

LARGEST = 20
TRIES = 5


def say(**what: object) -> None:
    """One line to the test."""
    print(json.dumps(what), flush=True)


async def told() -> None:
    """Wait for a line from the test."""
    await asyncio.to_thread(sys.stdin.readline)


class Writer:
    """Submits its share in envelopes of random size; an unavailable store is tried again, as a partner would."""

    def __init__(self, store: Store, caller: Caller, reach: Reach, asked: dict[str, Any], number: int) -> None:
        self.store, self.caller, self.reach = store, caller, reach
        self.dice = random.Random(f"{asked['seed']} {number}")
        self.left = asked["objects"]
        self.tries = 1_000 if asked.get("broken") else TRIES
        self.acknowledged: list[str] = []
        self.unavailable = 0

    async def write(self, objects: int) -> None:
        """Submit so many."""
        while objects:
            size = min(objects, self.dice.randint(1, LARGEST))
            body = envelope(*(self._indicator() for _ in range(size)))
            self.acknowledged += await self._submit(body)
            objects -= size
            self.left -= size

    async def _submit(self, body: bytes) -> list[str]:
        for _ in range(self.tries):
            try:
                status = await submit(self.store, self.caller, self.reach, body)
            except (
                Unavailable,
                sqlite3.IntegrityError,
                UniqueViolationError,
                IntegrityError,
            ):  # the broken clock gives one date out twice, and the schema minds
                self.unavailable += 1
            else:
                return [one.id for one in status.details if not one.failed]
        raise AssertionError("the store stayed unavailable")

    def _indicator(self) -> dict[str, Any]:
        return indicator(
            self.dice.randint(1, 255), id=f"indicator--{uuid.UUID(int=self.dice.getrandbits(128), version=4)}"
        )


async def write(store: Store, caller: Caller, reach: Reach, asked: dict[str, Any]) -> None:
    """So many writers at once in this process."""
    writers = [Writer(store, caller, reach, asked, number) for number in range(asked["writers"])]
    say(ready=True)
    await told()
    await asyncio.gather(*(one.write(one.left // 2) for one in writers))
    say(half=True)
    await told()
    await asyncio.gather(*(one.write(one.left) for one in writers))
    say(
        acknowledged=[identifier for one in writers for identifier in one.acknowledged],
        unavailable=sum(one.unavailable for one in writers),
    )


async def follow(store: Store, caller: Caller, reach: Reach, asked: dict[str, Any]) -> None:
    """Poll without a pause."""
    poller = Poller(store, caller, reach, asked["limit"])
    say(ready=True)
    end = asyncio.create_task(told())
    saw, unavailable, failed = False, 0, 0
    while True:
        ending = end.done()
        try:
            given, failed = await poller.poll(), 0
        except Unavailable:
            unavailable, failed = unavailable + 1, failed + 1
            if failed == TRIES:
                raise
            continue
        if given and not saw:
            saw = True
            say(saw=given)
        if ending and not given:
            break
        await asyncio.sleep(0)
    say(seen=poller.seen, polls=poller.polls, unavailable=unavailable)


def break_the_clock(put: Callable[[object, str, object], None]) -> None:
    """The planted fault: `date_added` is the time of writing, whatever has been given out, and nobody waits for anybody."""

    async def lock(*_: object) -> int:
        return 0

    async def forget(*_: object) -> None:
        return None

    put(entries, "lock", lock)
    put(entries, "set_clock", forget)


async def main(asked: dict[str, Any]) -> None:
    """Open the store, find the account behind the token, play the part."""
    if asked.get("broken"):
        break_the_clock(setattr)
    store = await open_store(asked["database"])
    try:
        who = await identify(store, asked["token"], username=None, group="alpha", collection="main")
        part = {"write": write, "follow": follow}[asked["part"]]
        await part(store, Caller(who.account), who.require_reach(), asked)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
