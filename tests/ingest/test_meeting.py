"""Feeds that meet: at the same moment, in one value, in one collection; and what becomes of it when one of them stops, moves or is let through."""

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.errors import Conflict, FeedFailed
from indicator_hub.ingest import run as running
from indicator_hub.ingest.run import _matcher, rehearse, run
from indicator_hub.ingest.sources.fetched import Fetched
from indicator_hub.normalise.warninglists import Matcher, Part, WarningList, kept
from indicator_hub.sharing import feeding, recall
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.claim import Run, claim, declared
from indicator_hub.sharing.poll import poll
from indicator_hub.stix import timestamps
from indicator_hub.stix.pattern import Observable
from indicator_hub.store.schema import feed_run
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Feed
from support.world import World, roster, world

DAY = 86_400_000_000
COLUMNS = {name: name for name in ("value", "labels", "confidence", "description", "first_seen", "valid_until", "tlp")}


def feeds_of(tmp_path: Path) -> dict[str, Any]:
    """Feeds of one scope: tables into one collection, one into another, two snapshots, and lists."""
    feeds = dict(roster().feeds)
    table = {"format": "csv", "columns": COLUMNS, "level": 1, "confidence_cap": 90}
    for name in ("one", "two", "away", "snap", "snap2"):
        feeds[name] = replace(
            feeds["numbers"], name=name, title=name.title(), source=str(tmp_path / f"{name}.csv"), **table
        )
    feeds["away"] = replace(feeds["away"], collection="other")
    feeds["snap"] = replace(feeds["snap"], kind="snapshot", every=3_600_000_000)
    feeds["snap2"] = replace(feeds["snap2"], kind="snapshot", every=3_600_000_000)
    for name in ("refuse-a", "refuse-b", "ours"):
        feeds[name] = replace(
            feeds["numbers"],
            name=name,
            title=name,
            source=str(tmp_path / name),
            use="allow" if name == "ours" else "refuse",
        )
    return feeds


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A hub with them."""
    async with world(database_url, roster(feeds=feeds_of(tmp_path))) as made:
        yield made


def content(*rows):
    """A table of these rows."""
    return "\n".join([",".join(COLUMNS), *(",".join(f'"{row.get(c, "")}"' for c in COLUMNS) for row in rows)])


async def feed_of(w, name):
    """A feed as it is declared."""
    return next(one for one in await declared(w.store) if one.name == name)


def write(feed: Feed, text: str) -> None:
    """What the feed holds from now on."""
    Path(feed.source).write_text(text, encoding="utf-8")


async def says(w: World, name: str, *rows, **options):
    """The feed holds these rows, and runs."""
    feed = await feed_of(w, name)
    write(feed, content(*rows))
    return (await run(w.store, feed, again=True, **options))[1]


async def brings(w, name, text, **o):
    """The feed holds this text, and runs."""
    feed = await feed_of(w, name)
    write(feed, text)
    return (await run(w.store, feed, again=True, **o))[1]


async def given(w: World, keyword: str = "last", collection: str = "fed"):
    """What a member is given."""
    query = Query(-1, 1000, Filters(keywords=frozenset((keyword,))))
    page = await poll(
        w.store, await w.caller("bea"), await w.reach("bea", collection=collection), query, Resource.OBJECTS
    )
    return [json.loads(one.body) for one in page.entries]


ROW = {"value": "192.0.2.1", "labels": "scanner"}
ANOTHER = {"value": "192.0.2.1", "labels": "botnet"}


def between(monkeypatch, name, deed):
    """When the feed `name` has looked what is known (once), do `deed` before it goes on."""
    known = Run.known
    done = []

    async def patched(self, ids):
        found = await known(self, ids)
        if self.feed.name == name and not done:
            done.append(1)
            await deed()
        return found

    monkeypatch.setattr(Run, "known", patched)


@pytest.mark.parametrize("ahead", [0, 1, -1])
@pytest.mark.parametrize("fresh", [True, False])
async def test_race_two_feeds(w, monkeypatch, ahead, fresh):
    """Whoever comes second works it out again: both are heard, and nothing waits for a person."""
    if not fresh:
        await says(w, "one", {"value": "192.0.2.1"})
        w.clock.forward(seconds=60)
        await says(w, "two", {"value": "192.0.2.1"})
        w.clock.forward(seconds=60)
    tallies = []

    async def deed():
        w.clock.forward(seconds=ahead)
        tallies.append(await says(w, "two", ANOTHER))

    between(monkeypatch, "one", deed)
    tallies.append(await says(w, "one", ROW))
    for _ in range(3):
        w.clock.forward(seconds=3600)
        tallies.append(await says(w, "one", ROW))
        tallies.append(await says(w, "two", ANOTHER))
    [made] = await given(w)
    assert {"scanner", "botnet"} <= set(made["labels"])
    assert await feeding.quarantine(w.store, OPERATOR, "one", after=0, limit=9) == []


async def test_ended_while_other_feed_runs(w, monkeypatch):
    """`two` began before the run of `snap` that ends the value, and reads its row after."""
    await says(w, "snap", ROW, {"value": "192.0.2.9"})
    w.clock.forward(seconds=4000)
    await says(w, "snap", {"value": "192.0.2.9"})
    w.clock.forward(seconds=4000)
    known = Run.known
    done = []

    async def patched(self, ids):
        if self.feed.name == "two" and not done:
            done.append(1)
            w.clock.forward(seconds=10)
            t = await says(w, "snap", {"value": "192.0.2.9"})
            assert t.ended == 1
        return await known(self, ids)

    monkeypatch.setattr(Run, "known", patched)
    await says(w, "two", ROW)
    for _ in range(1):
        w.clock.forward(days=1)
        await says(w, "two", ROW)
    [made] = [o for o in await given(w) if o["name"].endswith("]1")]
    assert timestamps.parse(made["valid_until"]) > w.clock(), made["valid_until"]


async def test_dropped_here_though_said_elsewhere(w):
    """What a feed says into another collection keeps nothing alive here."""
    await says(w, "snap", ROW, {"value": "192.0.2.9"})
    await says(w, "away", ROW)
    for _ in range(2):
        w.clock.forward(seconds=4000)
        await says(w, "snap", {"value": "192.0.2.9"})
    [made] = [o for o in await given(w) if o["name"].endswith("]1")]
    assert timestamps.parse(made["valid_until"]) <= w.clock()


async def test_dropped_though_an_ended_feed_said_it(w, tmp_path):
    """Nor does what a feed said that is declared no longer."""
    await says(w, "snap", ROW, {"value": "192.0.2.9"}, {"value": "CVE-2026-0001"})
    w.clock.forward(seconds=60)
    await says(w, "two", ANOTHER, {"value": "CVE-2026-0001"})
    feeds = feeds_of(tmp_path)
    del feeds["two"]
    await apply(w.store, roster(feeds=feeds))
    for _ in range(2):
        w.clock.forward(seconds=4000)
        await says(w, "snap", {"value": "192.0.2.9"}, accept=True)
    found = {o["name"]: o for o in await given(w)}
    assert found["CVE-2026-0001"].get("revoked")


async def test_labels_of_an_ended_feed(w, tmp_path):
    """It contributes nothing any longer."""
    await says(w, "two", ANOTHER)
    w.clock.forward(seconds=60)
    feeds = feeds_of(tmp_path)
    del feeds["two"]
    await apply(w.store, roster(feeds=feeds))
    await says(w, "one", ROW)
    w.clock.forward(days=20)
    await says(w, "one", ROW)
    [made] = await given(w)
    assert "botnet" not in made["labels"], made["labels"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("valid", "every"), [(1, 1), (2, 1), (7, 4), (14, 9)])
async def test_lapse(w, tmp_path, valid, every):
    """Whatever the window and the interval: what the feed lists is valid whenever somebody looks."""
    feeds = feeds_of(tmp_path)
    feeds["one"] = replace(feeds["one"], valid_days=valid, every=every * DAY)
    await apply(w.store, roster(feeds=feeds))
    rows = [{"value": f"192.0.2.{n}"} for n in range(1, 9)]
    await says(w, "one", *rows)
    lapsed = 0
    for day in range(1, 31):
        w.clock.forward(seconds=43_200)
        lapsed += sum(timestamps.parse(o["valid_until"]) < w.clock() for o in await given(w))
        w.clock.forward(seconds=43_200)
        if day % every == 0:
            await says(w, "one", *rows)
        lapsed += sum(timestamps.parse(o["valid_until"]) < w.clock() for o in await given(w))
    assert lapsed == 0, lapsed


async def test_release_while_running(w, monkeypatch, tmp_path):
    """It is heard with the next run, though the source has nothing newer."""
    await brings(w, "refuse-a", "192.0.2.1\n")
    await says(w, "one", ROW, {"value": "192.0.2.9"})
    asked = []

    async def fetch(feed, *, etag=None, last_modified=None):
        asked.append(etag)
        if etag == "E":
            return None
        return Fetched(io.BytesIO(content(ROW, {"value": "192.0.2.9"}).encode()), etag="E")

    monkeypatch.setattr(running, "fetch", fetch)
    feed = await feed_of(w, "one")
    known = Run.known
    done = []

    async def patched(self, ids):
        if not done:
            done.append(1)
            await feeding.settle(w.store, OPERATOR, "one", "released", rows=None, reason="warninglist:refuse-a")
        return await known(self, ids)

    monkeypatch.setattr(Run, "known", patched)
    await run(w.store, feed)
    for _ in range(3):
        w.clock.forward(seconds=3600)
        await run(w.store, feed)
    assert {o["name"] for o in await given(w)} == {"192[.]0[.]2[.]1", "192[.]0[.]2[.]9"}


async def test_release_bypasses_other_lists(w):
    """Let through for what it is, and still on the nation's own list."""
    await brings(w, "refuse-a", "192.0.2.1\n")
    await brings(w, "ours", "10.0.0.0/8\n192.0.2.0/29\n")
    await says(w, "one", {"value": "10.0.0.1"}, ROW)
    await feeding.quarantine(w.store, OPERATOR, "one", after=0, limit=9)
    await feeding.settle(w.store, OPERATOR, "one", "released", rows=None, reason="non_global")
    t = await says(w, "one", {"value": "10.0.0.1"}, ROW)
    assert t.new == 0, "released for non_global, published though on the nation's own list"


async def test_release_of_one_list_only(w):
    """Past one list, and not past another."""
    await brings(w, "refuse-a", "192.0.2.1\n")
    await brings(w, "refuse-b", "192.0.2.1\n")
    await says(w, "one", ROW)
    await feeding.settle(w.store, OPERATOR, "one", "released", rows=None, reason="warninglist:refuse-a")
    t = await says(w, "one", ROW)
    assert t.new == 0


def test_expression_race():
    """Two threads that find an expression too slow at once."""
    slow = WarningList("slow", "refuse", (Part("regex", frozenset(), (r"(a|aa)+$",)),))
    m = Matcher([slow])
    errors = []

    def look():
        try:
            m.hit(Observable("url", "http://x.example/" + "a" * 60 + "b"))
        except Exception as e:
            errors.append(e)

    ts = [threading.Thread(target=look) for _ in range(4)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    assert not errors


def test_expression_stays_off():
    """What is too slow for a value of one run is there for the next."""
    text = kept((Part("regex", frozenset(), (r"(a|aa)+$",)),))
    lists = (("slow", "refuse", text),)
    assert _matcher(lists).fresh().hit(Observable("url", "http://x.example/aaa")).refused_by
    _matcher(lists).fresh().hit(Observable("url", "http://x.example/" + "a" * 60 + "b"))
    assert _matcher(lists).fresh().hit(Observable("url", "http://x.example/aaa")).refused_by, "off for good"


async def test_recalled_other_collection(w):
    """What was taken back in one collection of the group no feed brings into another."""
    await says(w, "one", ROW)
    [made] = await given(w)
    async with claim(w.store, await feed_of(w, "one"), "test") as held:
        await recall.delete(w.store, held.caller, held.reach, made["id"], Filters(keywords=frozenset(("all",))))
    w.clock.forward(seconds=60)
    t = await says(w, "away", ROW)
    assert t.recalled == 1, t


async def test_recalled_hash_with_another_hash(w):
    """Of a file its strongest hash is the key."""
    a, b = "a" * 64, "b" * 32
    await says(w, "one", {"value": a})
    [made] = await given(w)
    async with claim(w.store, await feed_of(w, "one"), "test") as held:
        await recall.delete(w.store, held.caller, held.reach, made["id"], Filters(keywords=frozenset(("all",))))
    w.clock.forward(seconds=60)
    t = await says(w, "one", {"value": f"{a} {b}"})
    await given(w)
    assert t.recalled == 1, t


async def test_rehearsal_over_ceiling(w):
    """A rehearsal foresees what would be refused."""
    feed = await feed_of(w, "away")
    write(feed, content({"value": "192.0.2.1", "tlp": "amber"}, {"value": "192.0.2.2"}))
    told = await rehearse(w.store, feed)
    did = (await run(w.store, feed))[1]
    assert told == did, (told, did)


async def test_mended_before_settle(w, tmp_path, monkeypatch):
    """A run whose declaration changed before its end has failed, and says so."""
    feeds = feeds_of(tmp_path)
    feeds["one"] = replace(feeds["one"], confidence=7)
    settle = Run.settle

    async def patched(self, *a, **k):
        if k["outcome"] == "done":
            await apply(w.store, roster(feeds=feeds))
        await settle(self, *a, **k)

    monkeypatch.setattr(Run, "settle", patched)
    with pytest.raises(Conflict, match="declared otherwise"):
        await says(w, "one", ROW)
    async with w.store.transactions.read() as tx:
        rows = [tuple(r) for r in await tx.execute(select(feed_run.c.outcome, feed_run.c.reason))]
    assert [r[0] for r in rows] == ["failed"], rows


async def test_guard_counts_duplicates(w):
    """Ten times the same is one value."""
    await says(w, "snap", *({"value": f"192.0.2.{n}"} for n in range(1, 11)))
    w.clock.forward(seconds=4000)
    with pytest.raises(FeedFailed):
        await says(w, "snap", *[ROW] * 10)


async def test_moved_collection(w, tmp_path):
    """Away moves to fed, and has not run: what it said in other is not published in fed by one."""
    await says(w, "away", ANOTHER | {"description": "said elsewhere"})
    w.clock.forward(seconds=60)
    feeds = feeds_of(tmp_path)
    feeds["away"] = replace(feeds["away"], collection="fed")
    await apply(w.store, roster(feeds=feeds))
    await says(w, "one", ROW)
    [made] = await given(w)
    assert "botnet" not in made["labels"], made


async def test_level_changed_cve(w, tmp_path):
    """A feed that is marked otherwise now has not taken anything off its list: nothing is revoked for ever."""
    await says(w, "snap", {"value": "192.0.2.9"}, {"value": "CVE-2026-0001"})
    feeds = feeds_of(tmp_path)
    feeds["snap"] = replace(feeds["snap"], level=2)
    await apply(w.store, roster(feeds=feeds))
    for _ in range(3):
        w.clock.forward(seconds=4000)
        await says(w, "snap", {"value": "192.0.2.9"}, {"value": "CVE-2026-0001"})
    [(o["object_marking_refs"], o.get("revoked"), o.get("valid_until")) for o in await given(w)]
    # and back
    await apply(w.store, roster(feeds=feeds_of(tmp_path)))
    w.clock.forward(seconds=4000)
    t = await says(w, "snap", {"value": "192.0.2.9"}, {"value": "CVE-2026-0001"})
    assert t.quarantined == 0


async def test_stress(w):
    """Four feeds of the same values at once: all labels, and nothing refused."""
    names = ("one", "two", "snap", "snap2")
    rows = (
        [f"192.0.2.{n}" for n in range(1, 40)]
        + [f"198.51.100.{n}" for n in range(1, 40)]
        + [f"203.0.113.{n}" for n in range(1, 40)]
    )
    for lap in range(2):
        for name in names:
            write(await feed_of(w, name), content(*({"value": r, "labels": f"{name}{lap}"} for r in rows)))
        await asyncio.gather(*[run(w.store, await feed_of(w, n), again=True) for n in names], return_exceptions=True)
        w.clock.forward(seconds=3600)
        await asyncio.gather(*[run(w.store, await feed_of(w, n), again=True) for n in names], return_exceptions=True)
        w.clock.forward(seconds=3600)
        made = await given(w)
        assert len(made) == len(rows)
        bad = sum(not {f"{n}{lap}" for n in names} <= set(o["labels"]) for o in made)
        waiting = [len(await feeding.quarantine(w.store, OPERATOR, n, after=0, limit=999)) for n in names]
        assert (bad, waiting) == (0, [0] * len(names))


async def test_said_while_it_is_ended(w, monkeypatch):
    """`two` says the value after `snap` has looked whether anybody does, and before it says that it has ended."""
    await says(w, "snap", ROW, {"value": "192.0.2.9"})
    w.clock.forward(seconds=4000)
    await says(w, "snap", {"value": "192.0.2.9"})
    w.clock.forward(seconds=4000)
    looked = Run.said_by_others
    done = []

    async def patched(self, ids):
        found = await looked(self, ids)
        if not done:
            done.append(1)
            await says(w, "two", ROW)
        return found

    monkeypatch.setattr(Run, "said_by_others", patched)
    await says(w, "snap", {"value": "192.0.2.9"})
    w.clock.forward(days=1)
    await says(w, "two", ROW)
    [made] = [o for o in await given(w) if o["name"].endswith("]1")]
    assert timestamps.parse(made["valid_until"]) > w.clock(), made["valid_until"]


async def test_own_mail_domain(w):
    """An address under a name of its own is its own too."""
    await brings(w, "ours", "bank.example.com\n")
    t = await says(w, "one", {"value": "boss@bank.example.com"})
    assert t.quarantined == 1, t


async def test_an_ending_that_is_refused(w, tmp_path):
    """The collection takes nothing of that level any longer: it is told, as a row that waits, and not counted as ended."""
    await says(w, "snap", ROW | {"tlp": "amber"}, {"value": "192.0.2.9"})
    declaration = roster(feeds=feeds_of(tmp_path))
    collections = dict(declaration.collections)
    collections[("alpha", "fed")] = replace(collections[("alpha", "fed")], ceiling=1, default=1)
    await apply(w.store, replace(declaration, collections=collections))
    for _ in range(2):
        w.clock.forward(seconds=4000)
        tally = await says(w, "snap", {"value": "192.0.2.9"})
    [waiting] = await feeding.quarantine(w.store, OPERATOR, "snap", after=0, limit=9)
    assert (tally.ended, waiting["reason"]) == (0, "bad_object")
    assert "TLP:GREEN" in waiting["detail"]


async def test_a_vulnerability_that_comes_back(w):
    """What was revoked is so for ever: its row waits, and says why."""
    for rows in ((1, 1), (0, 1), (0, 1), (1, 1)):
        values = [{"value": name} for number, name in zip(rows, ("CVE-2026-0001", "192.0.2.9"), strict=True) if number]
        await says(w, "snap", *values, accept=True)
        w.clock.forward(seconds=4000)
    [waiting] = await feeding.quarantine(w.store, OPERATOR, "snap", after=0, limit=9)
    assert "revoked" in waiting["detail"]
