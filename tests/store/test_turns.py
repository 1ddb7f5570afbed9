"""Turns to write on SQLite: in order, short ones first, and nobody's is lost."""

import asyncio

import pytest

from indicator_hub.store.turns import Turns


class Writers:
    """Writers in one queue, each of whom holds its turn until told to give it."""

    def __init__(self) -> None:
        self.turns, self.order = Turns(), list[str]()
        self.tasks = dict[str, asyncio.Task[None]]()

    async def come(self, name: str) -> None:
        """One more, short where its name begins with an s. Returns when it waits, or has its turn."""

        async def take() -> None:
            await self.turns.take(short=name.startswith("s"))
            self.order.append(name)

        self.tasks[name] = asyncio.create_task(take())
        await asyncio.sleep(0)

    async def give(self) -> None:
        """Whoever has the turn gives it."""
        self.turns.give()
        await asyncio.sleep(0)


async def test_short_ones_go_first_and_not_twice_in_a_row() -> None:
    """What is soon done passes the queue; what takes long comes after each of them all the same."""
    w = Writers()
    for name in ("long 1", "long 2", "long 3", "short 1", "short 2", "short 3"):
        await w.come(name)
    for _ in range(6):
        await w.give()
    assert w.order == ["long 1", "short 1", "long 2", "short 2", "long 3", "short 3"]
    await w.come("long 4")
    assert w.order[-1] == "long 4"


@pytest.mark.parametrize("gone", ["long 2", "short 1"])
async def test_whoever_goes_leaves_the_queue(gone: str) -> None:
    """One that no longer waits has no turn, also when it went in the very moment that the turn was given."""
    for moment in ("before", "while it is given", "when it was given"):
        w = Writers()
        for name in ("long 1", "long 2", "long 3", "short 1"):
            await w.come(name)
        if moment == "when it was given":
            w.turns.give()
            w.turns.give() if gone == "long 2" else None
            w.tasks[gone].cancel()
        else:
            w.tasks[gone].cancel()
            await asyncio.sleep(0) if moment == "before" else None
        await asyncio.sleep(0)
        for _ in range(4):
            await w.give()
            await asyncio.sleep(0)
        assert gone not in w.order, moment
        assert sorted(w.order) == sorted({"long 1", "long 2", "long 3", "short 1"} - {gone}), moment
        await w.come("long 4")
        assert w.order[-1] == "long 4", moment
