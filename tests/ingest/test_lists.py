"""Lists that feeds are held to: false positives, contexts, a nation's own; and a run that would block everybody's resolvers."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.run import rehearse, run
from indicator_hub.sharing import feeding
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.claim import declared
from indicator_hub.sharing.poll import poll
from indicator_hub.store.schema import entry, event, feed_run, provenance, quarantine
from indicator_hub.taxii.query import Filters, Query, Resource
from support.world import World, roster, world

RESOLVERS = {"name": "Resolvers", "type": "cidr", "matching_attributes": ["ip-dst"], "list": ["192.0.2.1", "192.0.2.2"]}


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A feed of XA, a snapshot; lists of XA and XB for the same collection, and one for another collection."""
    feeds = dict(roster().feeds)
    base = replace(feeds["numbers"], source=str(tmp_path / "numbers.txt"))
    feeds["numbers"] = replace(base, kind="snapshot", every=1_000_000)
    for name, changes in {
        "resolvers": {"use": "refuse", "format": "warninglist"},
        "clouds": {"use": "label", "format": "warninglist", "organisation": "xb-cert"},
        "ours": {"use": "allow"},
        "theirs": {"use": "allow", "organisation": "xb-cert"},
        "elsewhere": {"use": "refuse", "format": "warninglist", "collection": "other"},
    }.items():
        feeds[name] = replace(base, **({"name": name, "title": name, "source": str(tmp_path / name)} | changes))
    async with world(database_url, roster(feeds=feeds)) as made:
        yield made


async def brings(w: World, name: str, content: str | dict[str, Any], **options: Any) -> dict[str, int]:
    """The feed holds this, and runs; what it counted."""
    feed = next(one for one in await declared(w.store) if one.name == name)
    Path(feed.source).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")  # noqa: ASYNC240 - a test's own file
    w.clock.forward(seconds=60)
    tally = (await run(w.store, feed, again=True, **options))[1].as_dict()
    return {what: number for what, number in tally.items() if number}


async def given(w: World) -> dict[str, list[str]]:
    """What a member is given, by name, with its labels."""
    query = Query(-1, 1000, Filters())
    page = await poll(w.store, await w.caller("bea"), await w.reach("bea", collection="fed"), query, Resource.OBJECTS)
    found = [json.loads(one.body) for one in page.entries]
    return {one["name"].replace("[.]", "."): one.get("labels", []) for one in found}


def addresses(*numbers: int) -> str:
    """Addresses, one a line."""
    return "".join(f"192.0.2.{number}\n" for number in numbers)


async def test_what_a_list_refuses_waits_for_a_person(w: World) -> None:
    """With the list's name as its reason; let through it comes; a list for another collection, or that has ended, counts for nothing."""
    await brings(w, "elsewhere", RESOLVERS | {"list": ["192.0.2.3"]})
    assert await brings(w, "resolvers", RESOLVERS) == {"candidates": 2, "new": 2}
    assert await brings(w, "numbers", addresses(1, 3, 4)) == {"candidates": 3, "new": 2, "quarantined": 1}
    [waiting] = await feeding.quarantine(w.store, OPERATOR, "numbers", after=0, limit=9)
    assert (waiting["reason"], waiting["raw"]) == ("warninglist:resolvers", "192.0.2.1")
    await feeding.settle(w.store, OPERATOR, "numbers", "released", rows=None, reason="warninglist:resolvers")
    assert await brings(w, "numbers", addresses(1, 3, 4)) == {"candidates": 3, "new": 1, "unchanged": 2}


async def test_what_a_list_labels_is_published(w: World) -> None:
    """With the list's name as a label, and as a new version of what was there before."""
    await brings(w, "numbers", addresses(3, 4))
    await brings(w, "clouds", RESOLVERS | {"list": ["192.0.2.4"]})
    assert await brings(w, "numbers", addresses(3, 4)) == {"candidates": 2, "updated": 1, "unchanged": 1}
    assert await given(w) == {"192.0.2.3": [], "192.0.2.4": ["clouds"]}


async def test_what_a_nation_keeps_for_itself(w: World) -> None:
    """Its feeds bring nothing of its own networks and names; of what another nation keeps nobody else's feed tells anything."""
    tally = await brings(w, "ours", "192.0.2.0/29\nbank.example.com\n10.0.0.0/8\n# a comment\nnonsense here\n")
    assert tally == {"candidates": 4, "new": 3, "quarantined": 1}
    await brings(w, "theirs", "192.0.2.200\n")
    content = addresses(3, 200) + "www.bank.example.com\nhxxps://bank[.]example[.]com/login\nevil.example.com\n"
    assert await brings(w, "numbers", content) == {"candidates": 5, "new": 2, "quarantined": 3}
    assert set(await given(w)) == {"192.0.2.200", "evil.example.com"}


async def test_a_run_that_blocks_everybody_s_resolvers_is_held(w: World) -> None:
    """More than five in a hundred on lists: nothing is taken until a person accepts it, or the declaration allows for more."""
    many = list(range(1, 101))
    await brings(w, "resolvers", RESOLVERS | {"list": [f"192.0.2.{number}" for number in range(1, 7)]})
    with pytest.raises(FeedFailed, match=r"Of 100 values 6 are on warning lists \(resolvers 6\): held.*--accept"):
        await brings(w, "numbers", addresses(*many))
    assert await given(w) == {}
    feed = next(one for one in await declared(w.store) if one.name == "numbers")
    assert (await run(w.store, replace(feed, most_warned=6)))[1].new == 94
    assert await brings(w, "numbers", addresses(*many), accept=True) == {
        "candidates": 100,
        "unchanged": 94,
        "quarantined": 6,
    }


async def test_a_list_that_shrank_is_held(w: World) -> None:
    """It would let through what it kept out; what it says no longer is told, and a broken one changes nothing."""
    await brings(w, "resolvers", RESOLVERS | {"list": [f"192.0.2.{number}" for number in range(1, 11)]})
    for content in (RESOLVERS | {"list": ["192.0.2.1"]}, RESOLVERS | {"list": []}, "", "<html>", '{"list": ['):
        with pytest.raises(FeedFailed):
            await brings(w, "resolvers", content)
    assert (await brings(w, "numbers", addresses(5)))["quarantined"] == 1
    tally = await brings(w, "resolvers", RESOLVERS | {"list": ["192.0.2.1", "nonsense"]}, accept=True)
    assert tally == {"candidates": 2, "unchanged": 1, "quarantined": 1, "ended": 9}
    assert (await brings(w, "numbers", addresses(5)))["new"] == 1


TABLES = (entry, event, feed_run, provenance, quarantine)


async def written(w: World) -> list[list[tuple[Any, ...]]]:
    """Everything that a run writes."""
    async with w.store.transactions.read() as tx:
        return [[tuple(row) for row in await tx.execute(select(table))] for table in TABLES]


async def test_a_rehearsal_tells_what_a_run_does(w: World) -> None:
    """The same count, and nothing is written; then the run does it."""
    feed = next(one for one in await declared(w.store) if one.name == "numbers")
    await brings(w, "resolvers", RESOLVERS)
    await brings(w, "numbers", addresses(3, 4, 5))
    for numbers in ((3, 4, 6, 6, 1), (3, 4, 6)):
        Path(feed.source).write_text(addresses(*numbers))  # noqa: ASYNC240 - a test's own file
        before = await written(w)
        w.clock.forward(seconds=60)
        told = await rehearse(w.store, feed)
        assert await written(w) == before
        assert (await run(w.store, feed, again=True))[1] == told
        assert told.candidates == len(numbers)
    assert told.ended == 1
    Path(feed.source).write_text(addresses(3))  # noqa: ASYNC240 - a test's own file
    with pytest.raises(FeedFailed, match="held for a person"):
        await rehearse(w.store, feed)
