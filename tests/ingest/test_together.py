"""What several feeds say of one value, how long it is true, and under which marks: one indicator for each scope, value and marking."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.ingest.run import run
from indicator_hub.ingest.tally import Tally
from indicator_hub.sharing import recall
from indicator_hub.sharing.claim import claim, declared
from indicator_hub.sharing.poll import poll
from indicator_hub.stix import timestamps
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.ladder import AMBER, GREEN
from support.world import TLP, World, roster, world

DAY = 86_400_000_000
COLUMNS = {name: name for name in ("value", "labels", "confidence", "description", "first_seen", "valid_until", "tlp")}


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Two feeds of one scope into one collection, of tables with every column, and one into another collection of the same group."""
    feeds = dict(roster().feeds)
    table = {"format": "csv", "columns": COLUMNS, "level": GREEN, "confidence_cap": 90}
    for name in ("one", "two", "away"):
        feeds[name] = replace(
            feeds["numbers"], name=name, title=name.title(), source=str(tmp_path / f"{name}.csv"), **table
        )
    feeds["away"] = replace(feeds["away"], collection="other")
    async with world(database_url, roster(feeds=feeds)) as made:
        yield made


async def says(w: World, name: str, *rows: dict[str, str]) -> Tally:
    """The feed holds these rows, and runs."""
    feed = next(one for one in await declared(w.store) if one.name == name)
    lines = [",".join(COLUMNS), *(",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows)]
    Path(feed.source).write_text("\n".join(lines), encoding="utf-8")  # noqa: ASYNC240 - a test's own file
    return (await run(w.store, feed, again=True))[1]


async def given(w: World, keyword: str = "last", collection: str = "fed") -> list[dict[str, Any]]:
    """What a member is given."""
    query = Query(-1, 1000, Filters(keywords=frozenset((keyword,))))
    reach = await w.reach("bea", collection=collection)
    page = await poll(w.store, await w.caller("bea"), reach, query, Resource.OBJECTS)
    return [json.loads(one.body) for one in page.entries]


ROW = {
    "value": "192.0.2.1",
    "labels": "scanner",
    "confidence": "40",
    "description": "from one",
    "first_seen": "2026-02-01",
}
ANOTHER = {
    "value": "192.0.2.1",
    "labels": "botnet",
    "confidence": "70",
    "description": "from two",
    "first_seen": "2026-01-01",
}


async def test_two_say_more_than_one(w: World) -> None:
    """Labels of both, the earliest beginning, the highest confidence; in whatever order they run, and not again when nothing is new."""
    await says(w, "one", ROW)
    w.clock.forward(seconds=60)
    assert (await says(w, "two", ANOTHER)).updated == 1
    [made] = await given(w)
    assert {"scanner", "botnet"} <= set(made["labels"])
    assert (made["confidence"], made["description"]) == (70, "from two")
    assert made["valid_from"] == "2026-01-01T00:00:00.000Z"
    for name, row in (("one", ROW), ("two", ANOTHER)) * 2:
        w.clock.forward(seconds=60)
        assert (await says(w, name, row)).unchanged == 1
    assert await given(w) == [made]


async def test_what_adds_nothing_makes_no_version(w: World) -> None:
    """A second source that says less than the first is kept as a source, and no client pulls anything for it."""
    await says(w, "two", ANOTHER)
    w.clock.forward(seconds=60)
    less = {"value": "192[.]0[.]2[.]1", "labels": "botnet", "confidence": "10", "first_seen": "2026-01-15"}
    assert (await says(w, "one", less)).unchanged == 1
    assert len(await given(w, "all")) == 1
    w.clock.forward(seconds=60)
    assert (await says(w, "one", less | {"labels": "botnet,rat"})).updated == 1
    w.clock.forward(seconds=60)
    assert (await says(w, "two", ANOTHER)).unchanged == 1


async def test_another_collection_is_told_by_itself(w: World) -> None:
    """What a feed says into another collection is published there, and nothing of it here."""
    await says(w, "one", ROW)
    w.clock.forward(seconds=60)
    assert (await says(w, "away", ANOTHER)).new == 1
    [here], [there] = await given(w), await given(w, collection="other")
    assert here["id"] == there["id"]
    assert "botnet" not in here["labels"]
    assert "scanner" not in there["labels"]


async def test_an_end_is_put_off_only_when_it_has_come_near(w: World) -> None:
    """30 days for an address, then one version in a fortnight at most, however often the feed runs."""
    row = {"value": "192.0.2.1"}
    await says(w, "one", row)
    begin = w.clock()
    [first] = await given(w)
    assert timestamps.parse(first["valid_until"]) == begin + 30 * DAY
    versions = 0
    for _ in range(60):
        w.clock.forward(days=1)
        versions += (await says(w, "one", row)).updated
        [made] = await given(w)
        assert timestamps.parse(made["valid_until"]) > w.clock() + 13 * DAY
    assert versions in {3, 4}


async def test_a_second_source_does_not_put_an_end_off_at_once(w: World) -> None:
    """It says it later, so its end would be later: that makes no version while the first is far off, and none of either's is forgotten."""
    row = {"value": "192.0.2.1"}
    await says(w, "one", row)
    for day in range(1, 40):
        w.clock.forward(days=1)
        await says(w, "two", row)
        [made] = await given(w)
        assert timestamps.parse(made["valid_until"]) > w.clock() + 13 * DAY, day
    assert len(await given(w, "all")) in {3, 4}


async def test_an_end_that_the_source_says(w: World) -> None:
    """Its own earlier end counts, and an earlier one still is published at once."""
    await says(w, "one", {"value": "192.0.2.1", "valid_until": "2026-12-20"})
    [made] = await given(w)
    assert made["valid_until"] == "2026-12-20T00:00:00.000Z"
    w.clock.forward(seconds=60)
    assert (await says(w, "one", {"value": "192.0.2.1", "valid_until": "2026-12-19"})).updated == 1
    [made] = await given(w)
    assert made["valid_until"] == "2026-12-19T00:00:00.000Z"


async def test_a_row_s_own_level(w: World) -> None:
    """It bears the stricter of its own and the feed's, as an indicator of its own: never together with what is marked otherwise."""
    tally = await says(
        w, "one", {"value": "192.0.2.1"}, {"value": "192.0.2.1", "tlp": "amber"}, {"value": "192.0.2.2", "tlp": "clear"}
    )
    assert (tally.new, tally.duplicate) == (3, 0)
    levels = {(one["name"], *one["object_marking_refs"]) for one in await given(w)}
    assert levels == {
        ("192[.]0[.]2[.]1", TLP["GREEN"]), ("192[.]0[.]2[.]1", TLP["AMBER"]), ("192[.]0[.]2[.]2", TLP["GREEN"])
    }  # fmt: skip


async def test_what_was_recalled_stays_so_under_other_marks(w: World) -> None:
    """A feed that marks it otherwise now, or a stricter feed, brings nothing back."""
    await says(w, "one", {"value": "192.0.2.1"}, {"value": "192.0.2.2"})
    w.clock.forward(seconds=60)
    [made] = [one for one in await given(w) if one["name"].endswith("1")]
    feed = next(one for one in await declared(w.store) if one.name == "one")
    async with claim(w.store, feed, "test") as held:
        await recall.delete(w.store, held.caller, held.reach, made["id"], Filters(keywords=frozenset(("all",))))
    for level in ("amber", "green"):
        w.clock.forward(seconds=60)
        tally = await says(w, "one", {"value": "192.0.2.1", "tlp": level}, {"value": "192.0.2.2"})
        assert (tally.recalled, tally.unchanged, tally.new) == (1, 1, 0)
    assert AMBER > GREEN
    assert [one["name"] for one in await given(w)] == ["192[.]0[.]2[.]2"]
