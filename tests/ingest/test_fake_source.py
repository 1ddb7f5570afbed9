"""A source that misbehaves in every way there is: what was taken before stays as it was, and whoever looks at the feed is told why."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import Table, select

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.run import run
from indicator_hub.ingest.sources import http
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.claim import declared
from indicator_hub.sharing.feeding import listed
from indicator_hub.store.schema import entry, feed, provenance, quarantine
from indicator_hub.trust.roster import Feed
from ingest.fake_source import FakeSource, Reply, broken_off, endless, fake_source, reply, silence
from support.world import World, roster, world

HEAD = "address,seen\n"
ROWS = "".join(f"198.51.100.{number},2026-11-01\n" for number in range(10)) + "10.0.0.1,2026-11-01\n"
GOOD = (HEAD + ROWS).encode()
MANY = 64 * 1024
"""The byte budget here; in earnest it is 256 MiB."""
MINUTE = 60_000_000
TABLE: dict[str, Any] = {"format": "csv", "columns": {"value": "address", "first_seen": "seen"}}
TREE: dict[str, Any] = {"format": "json", "items": "data", "columns": {"value": "address"}}
OWN = feed.c
BOOKMARK = (OWN.id, OWN.etag, OWN.last_modified, OWN.content_sha256, OWN.place, OWN.succeeded)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSource]:
    """The source, and a small budget for it."""
    monkeypatch.setattr(http, "MAX_BYTES", MANY)
    with fake_source() as made:
        yield made


@pytest.fixture
async def w(database_url: str, source: FakeSource) -> AsyncIterator[World]:
    """The feed `numbers` is a snapshot of that source; it was well once."""
    usual = roster()
    changes = {"source": f"{source.url}/feed", "internal": True, "kind": "snapshot", "every": 10 * MINUTE} | TABLE
    numbers = replace(usual.feeds["numbers"], **changes)
    async with world(database_url, roster(feeds={"numbers": numbers}), accounts=[]) as made:
        source.replies["/feed"] = reply(200, GOOD, ETag='"good"')
        assert (await run(made.store, await the_feed(made)))[1].as_dict() == tally(candidates=11, new=10, quarantined=1)
        yield made


def tally(**counts: int) -> dict[str, int]:
    """With what is not named at 0."""
    names = ("candidates", "new", "updated", "unchanged", "duplicate", "recalled", "quarantined")
    return {name: counts.get(name, 0) for name in names}


async def the_feed(w: World) -> Feed:
    """As stored."""
    [found] = await declared(w.store)
    return found


async def state(w: World) -> dict[str, list[tuple[Any, ...]]]:
    """All that a run may change: what is shared, what the feed said, what it was refused, and how far it was read."""
    tables: tuple[Table, ...] = (entry, provenance, quarantine)
    async with w.store.transactions.read() as tx:
        found = {one.name: sorted(map(tuple, await tx.execute(select(one))), key=repr) for one in tables}
        return found | {"bookmark": [tuple(row) for row in await tx.execute(select(*BOOKMARK))]}


async def told(w: World) -> dict[str, Any]:
    """What `indicator-hub feeds` says."""
    [found] = await listed(w.store, OPERATOR)
    return found


@dataclass(frozen=True)
class Bad:
    """An answer that is no feed, the reason that is told, and what else the feed is declared as."""

    reply: Reply
    says: str
    declared: dict[str, Any] = field(default_factory=dict)
    patience: float = 30
    """Seconds."""


def packed(body: bytes, cut: int = 0) -> bytes:
    """In gzip, without so many bytes of its end."""
    made = gzip.compress(body, mtime=0)
    return made[: len(made) - cut]


def tree(value: Any) -> bytes:
    """JSON."""
    return json.dumps(value).encode()


def away(target: str) -> Reply:
    """A redirect."""
    return reply(302, Location=target)


ANOTHER, PROTOCOL = "redirects to another host", "cannot be fetched: RemoteProtocolError"
BAD = {
    "it says nothing": Bad(silence, "cannot be fetched: ReadTimeout", patience=0.2),
    "a fault": Bad(reply(500, b"oops"), "answered 500"),
    "a fault that looks like a feed": Bad(reply(503, GOOD), "answered 503"),
    "too often": Bad(reply(429, Retry_After="3600"), "answered 429"),
    "nothing, on purpose": Bad(reply(204), "answered 204"),
    "a part": Bad(reply(206, GOOD[:50]), "answered 206"),
    "to a name elsewhere": Bad(away("http://elsewhere.example/feed"), ANOTHER),
    "to a private address": Bad(away("http://10.0.0.1/feed"), ANOTHER),
    "to what a cloud tells its machines": Bad(away("http://169.254.169.254/latest/meta-data/"), ANOTHER),
    "to another port": Bad(away("http://127.0.0.1:1/feed"), ANOTHER),
    "to another host, in short": Bad(away("//10.0.0.1/feed"), ANOTHER),
    "to a file": Bad(away("file:///etc/passwd"), ANOTHER),
    "to nowhere": Bad(away("http://[::1/feed"), "cannot be fetched"),
    "round and round": Bad(away("/feed"), "redirects without end"),
    "without a target": Bad(reply(302), "redirects without end"),
    "without end": Bad(endless(ROWS.encode()), f"larger than {MANY} bytes"),
    "longer than it may be": Bad(reply(200, HEAD.encode() + b"# x\n" * MANY), f"larger than {MANY} bytes"),
    "a column is gone": Bad(reply(200, GOOD.replace(b"address", b"ip")), "address"),
    "another shape": Bad(reply(200, tree({"items": [{"address": "198.51.100.1"}]})), "nothing at data", TREE),
    "items of another shape": Bad(reply(200, tree({"data": [{"ip": "198.51.100.1"}] * 10})), "holds 0 values", TREE),
    "a list instead": Bad(reply(200, tree([["198.51.100.1"]])), "nothing at data", TREE),
    "half of it is gone": Bad(reply(200, GOOD[: len(HEAD) + 4 * len("198.51.100.0,2026-11-01\n")]), "--accept"),
    "only its header": Bad(reply(200, HEAD.encode()), "holds 0 values"),
    "shorter than it says": Bad(reply(200, GOOD[:-30], length=len(GOOD)), PROTOCOL),
    "broken off between two chunks": Bad(broken_off(GOOD[:40], GOOD[40:-30]), PROTOCOL),
    "a file that was cut off": Bad(reply(200, packed(GOOD, 9)), "gzip has no end"),
    "a file that is broken": Bad(reply(200, packed(GOOD, 8) + b"\xff" * 8), "gzip is broken"),
    "packed on the way, and broken": Bad(reply(200, GOOD, Content_Encoding="gzip"), "says that it is packed"),
    "a page": Bad(reply(200, b"\r\n  <!DOCTYPE html><title>Sorry</title>", Content_Type="text/csv"), "a web page"),
    "an error of an API": Bad(reply(200, tree({"query_status": "unknown_auth_key"})), "unknown_auth_key"),
    "no bytes": Bad(reply(200), "empty: 0 bytes"),
    "no bytes, packed": Bad(reply(200, packed(b"")), "empty: 0 bytes"),
    "a bomb": Bad(reply(200, packed(bytes(33 << 20))), "unpacks to more than"),
    "a bomb that goes off on the way": Bad(reply(200, packed(bytes(33 << 20)), Content_Encoding="gzip"), "unpacks to more than"),
}  # fmt: skip


async def test_nothing_changes_whatever_it_answers(
    w: World, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other: entries, claims, quarantine and bookmark are as they were, the reason is told, and then all is well again."""
    numbers, before = await the_feed(w), await state(w)
    for failures, (name, bad) in enumerate(BAD.items(), 1):
        source.replies["/feed"] = bad.reply
        monkeypatch.setattr(http, "_TIMEOUT", httpx2.Timeout(bad.patience))
        w.clock.forward(seconds=1_800)  # less than a day in all: then it would be asked for everything
        with pytest.raises(FeedFailed) as failed:
            await run(w.store, replace(numbers, **bad.declared))
        said = await told(w)
        assert bad.says in failed.value.detail, name
        assert said["last"] == said["last"] | {"outcome": "failed", "reason": failed.value.detail}, name
        assert (said["failures"], said["state"]) == (failures, "resting" if failures >= 5 else "failing"), name
        assert await state(w) == before, name
        assert source.asked[-1]["if-none-match"] == '"good"', f"{name}: it is still asked for what is newer"
    source.replies["/feed"] = reply(200, GOOD, ETag='"good"')
    w.clock.forward(seconds=3_600)
    assert (await run(w.store, numbers))[1].as_dict() == tally(candidates=11, unchanged=10, quarantined=1)
    assert ((await told(w))["state"], (await state(w))["entry"]) == ("well", before["entry"])


async def test_rows_that_come_again(w: World, source: FakeSource) -> None:
    """Three times each, in another order: each is counted, and nobody is given anything new."""
    before = await state(w)
    lines = ROWS.splitlines(keepends=True)
    source.replies["/feed"] = reply(200, (HEAD + ROWS + "".join(reversed(lines)) + ROWS).encode())
    w.clock.forward(seconds=3_600)
    found = (await run(w.store, await the_feed(w)))[1].as_dict()
    assert found == tally(candidates=33, unchanged=10, duplicate=20, quarantined=3)
    after = await state(w)
    assert after["entry"] == before["entry"]
    assert len(after["quarantine"]) == 1
