"""A writer in a process of its own, with its own store; run by test_filters.py.

Started with one line of JSON on the command line. Says `ready`, waits, writes half of its versions in any order and takes back the last of
some, says `half`, waits, writes the rest, and says which versions are `live` and which it has `recalled`.
"""

import asyncio
import json
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

sys.path[:0] = [] if (TESTS := str(Path(__file__).parents[1])) in sys.path else [TESTS]

from faults.processes import TRIES, say, told  # noqa: E402 - the path comes first
from indicator_hub.errors import Unavailable  # noqa: E402
from indicator_hub.sharing.act import Caller  # noqa: E402
from indicator_hub.sharing.authenticate import identify  # noqa: E402
from indicator_hub.sharing.recall import delete  # noqa: E402
from indicator_hub.sharing.submit import submit  # noqa: E402
from indicator_hub.store.opened import Store, open_store  # noqa: E402
from indicator_hub.taxii.query import Filters  # noqa: E402
from indicator_hub.trust.reach import Reach  # noqa: E402
from paging.things import DAYS, TOOL  # noqa: E402
from support.world import envelope, indicator  # noqa: E402

T = TypeVar("T")
LARGEST = 5
TAKEN_BACK = 0.4


def _object(number: int, day: int) -> dict[str, Any]:
    made = indicator(number, modified=DAYS[day])
    if number % TOOL:
        return made
    nothing = dict.fromkeys(("pattern", "pattern_type", "valid_from"))
    return indicator(
        number, modified=DAYS[day], type="tool", id=made["id"].replace("indicator", "tool"), name="t", **nothing
    )


async def _tried(deed: Callable[[], Awaitable[T]]) -> T:
    for _ in range(TRIES):
        try:
            return await deed()
        except Unavailable:
            continue
    raise AssertionError("the store stayed unavailable")


class Writer:
    """Submits envelopes of random size, and after some takes back the last version of what was in it."""

    def __init__(self, store: Store, caller: Caller, reach: Reach, dice: random.Random) -> None:
        self._deed = store, caller, reach
        self._dice = dice
        self.live: dict[str, set[str]] = {}
        self.recalled: list[tuple[str, str]] = []

    async def write(self, objects: Sequence[dict[str, Any]]) -> None:
        """All of these."""
        left = list(objects)
        while left:
            size = self._dice.randint(1, LARGEST)
            some, left = left[:size], left[size:]
            status = await _tried(lambda some=some: submit(*self._deed, envelope(*some)))
            for one in status.details:
                if not one.failed:
                    self.live.setdefault(one.id, set()).add(one.version)
            if self._dice.random() < TAKEN_BACK and self.live.get(some[0]["id"]):
                await self._take_back(some[0]["id"])

    async def _take_back(self, name: str) -> None:
        await _tried(lambda: delete(*self._deed, name, Filters(keywords=frozenset(("last",)))))
        last = max(self.live[name])
        self.live[name].remove(last)
        self.recalled.append((name, last))


async def write(asked: dict[str, Any]) -> None:
    """Write so many lines of all versions."""
    dice = random.Random(f"{asked['seed']}")
    store = await open_store(asked["database"])
    try:
        who = await identify(store, asked["token"], username=None, group=asked["group"], collection=asked["collection"])
        caller, reach = Caller(who.account), who.require_reach()
        objects = [_object(asked["first"] + line, day) for line in range(asked["lines"]) for day in range(len(DAYS))]
        dice.shuffle(objects)
        writer = Writer(store, caller, reach, dice)
        say(ready=True)
        await told()
        await writer.write(objects[: len(objects) // 2])
        say(half=True)
        await told()
        await writer.write(objects[len(objects) // 2 :])
        live = [(name, version) for name, versions in writer.live.items() for version in versions]
        say(live=live, recalled=writer.recalled)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(write(json.loads(sys.argv[1])))
