"""Snapshots: what is not there any longer has ended, carefully; a bad night of the source ends nothing."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.run import run
from indicator_hub.sharing.claim import declared
from indicator_hub.sharing.poll import poll
from indicator_hub.stix import timestamps
from indicator_hub.taxii.query import Filters, Query, Resource
from support.world import World, roster, world

HOUR = 3_600


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Two feeds of one scope: `numbers`, a snapshot that runs every hour, and `others`, which only adds."""
    feeds = dict(roster().feeds)
    source = {"source": str(tmp_path / "numbers.txt"), "kind": "snapshot", "every": HOUR * 1_000_000}
    feeds["numbers"] = replace(feeds["numbers"], **source)
    feeds["others"] = replace(feeds["numbers"], name="others", source=str(tmp_path / "others.txt"), kind="rolling")
    async with world(database_url, roster(feeds=feeds)) as made:
        yield made


def address(number: int) -> str:
    """A documentation address."""
    return f"198.51.100.{number}"


async def brings(
    w: World, *numbers: int, name: str = "numbers", lines: tuple[str, ...] = (), **options: Any
) -> dict[str, int]:
    """An hour later the feed holds these, and runs."""
    feed = next(one for one in await declared(w.store) if one.name == name)
    w.clock.forward(seconds=HOUR)
    Path(feed.source).write_text("\n".join([*map(address, numbers), *lines, ""]), encoding="ascii")  # noqa: ASYNC240 - a test's own file
    return (await run(w.store, feed, **options))[1].as_dict()


async def given(w: World) -> dict[str, dict[str, Any]]:
    """What a member is given, the newest version of each, by name."""
    reach = await w.reach("bea", collection="fed")
    page = await poll(w.store, await w.caller("bea"), reach, Query(-1, 1000, Filters()), Resource.OBJECTS)
    return {one["name"].replace("[.]", "."): one for one in (json.loads(each.body) for each in page.entries)}


async def valid(w: World) -> set[str]:
    """The names of what has not ended."""
    now = w.clock()
    return {
        name
        for name, one in (await given(w)).items()
        if timestamps.parse(one["valid_until"]) > now and not one.get("revoked")
    }


async def test_what_two_runs_do_not_find_has_ended(w: World) -> None:
    """Not after one: then its indicator is valid until now, in a new version, and stays; what comes back is valid again."""
    everything = {address(number) for number in (1, 2, 3)}
    assert (await brings(w, 1, 2, 3))["new"] == 3
    assert "ended" not in await brings(w, 1, 2)
    assert await valid(w) == everything
    assert (await brings(w, 1, 2))["ended"] == 1
    assert await valid(w) == everything - {address(3)}
    ended = (await given(w))[address(3)]
    assert ended["valid_from"] < ended["valid_until"] == ended["modified"]
    assert "ended" not in await brings(w, 1, 2), "once"
    tally = await brings(w, 1, 2, 3)
    assert (tally["updated"], tally["unchanged"]) == (1, 2)
    assert await valid(w) == everything


async def test_what_another_feed_says_goes_on(w: World) -> None:
    """It ends when the last one that says it has dropped it; a rolling feed says nothing by what it leaves out."""
    await brings(w, 1, 2)
    await brings(w, 2, name="others")
    await brings(w, 1)
    assert (await brings(w, 1))["ended"] == 1
    assert await valid(w) == {address(1), address(2)}
    for _ in range(3):
        await brings(w, 1, name="others")
    assert await valid(w) == {address(1), address(2)}


@pytest.mark.parametrize("held", [(), (1,), (1, 2, 3, 4)])
async def test_a_snapshot_that_shrank_is_held_for_a_person(w: World, held: tuple[int, ...]) -> None:
    """Under half of the last one, or nothing at all: nothing of it is taken, and nothing ends; accepted by a person it counts."""
    await brings(w, *range(1, 11), lines=("10.0.0.1",))
    before = await given(w)
    for _ in range(3):
        with pytest.raises(
            FeedFailed, match=rf"holds {len(held)} values where the last one held 10.*--accept" if held else "."
        ):
            await brings(w, *held, lines=("# nothing",))
    assert await given(w) == before
    await brings(w, *held, lines=("# nothing",), accept=True)
    assert (await brings(w, *held, lines=("# nothing",), accept=True))["ended"] == 10 - len(held)


async def test_runs_in_quick_succession_end_nothing(w: World) -> None:
    """Two looks at the same bad hour are one: there must be an interval between them."""
    await brings(w, 1, 2, 3)
    await brings(w, 1, 2)
    w.clock.forward(seconds=-HOUR + 60)
    assert "ended" not in await brings(w, 1, 2, again=True)
    assert len(await valid(w)) == 3


async def test_a_vulnerability_that_is_taken_off_is_revoked(w: World) -> None:
    """Its source says that it was wrong."""
    await brings(w, 1, 2, lines=("CVE-2026-0001", "CVE-2026-0002"))
    for _ in range(2):
        await brings(w, 1, 2, lines=("CVE-2026-0001",))
    found = await given(w)
    assert (found["CVE-2026-0001"].get("revoked"), found["CVE-2026-0002"]["revoked"]) == (None, True)


async def test_what_was_recalled_stays_so(w: World) -> None:
    """A feed that drops it says nothing new about it."""
    from indicator_hub.sharing.recall import recall_own

    await brings(w, 1, 2, 3)
    name = (await given(w))[address(3)]["id"]
    every = Filters(keywords=frozenset(("all",)))
    await recall_own(w.store, await w.caller("ana"), name, collection=None, filters=every, reason="other")
    for _ in range(3):
        await brings(w, 1, 2)
    assert address(3) not in await given(w)
