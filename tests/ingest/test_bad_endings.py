"""Endings that look like good ones, and what is asked of us in passing."""

from contextlib import suppress
from dataclasses import replace

import pytest

from indicator_hub.errors import Conflict, FeedFailed
from indicator_hub.ingest.run import run
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.claim import claim, due
from indicator_hub.sharing.feeding import settle
from ingest.fake_source import FakeSource, Handler, Reply, reply
from ingest.test_fake_source import GOOD, TREE, packed, source, state, tally, the_feed, told, tree, w  # noqa: F401
from support.world import World


@pytest.mark.parametrize("cut", [1, 8, 9, 20])
async def test_packed_on_the_way_and_cut_off(w: World, source: FakeSource, cut: int) -> None:  # noqa: F811
    """Content-Encoding: gzip whose end is missing, in an answer of the length that it says: nothing of it is taken."""
    before = await state(w)
    source.replies["/feed"] = reply(200, packed(GOOD, cut), Content_Encoding="gzip", ETag='"new"')
    with pytest.raises(FeedFailed):
        await run(w.store, await the_feed(w))
    assert await state(w) == before


async def test_unchanged_though_nobody_asked(w: World, source: FakeSource) -> None:  # noqa: F811
    """304 to a request without If-None-Match: no content, and no good run."""
    source.replies["/feed"] = reply(304)
    with pytest.raises(FeedFailed):
        await run(w.store, await the_feed(w), again=True)


@pytest.mark.parametrize("body", [tree([{"ip": "198.51.100.1"}] * 10), b"\xce\xb2\x13\x8b garbage\n" * 10])
async def test_a_rolling_feed_of_which_every_row_is_refused(w: World, source: FakeSource, body: bytes) -> None:  # noqa: F811
    """Its shape has changed: the run fails, instead of being well with an empty hand."""
    before = await state(w)
    source.replies["/feed"] = reply(200, body, ETag='"new"')
    changes = (
        TREE | {"items": "", "kind": "rolling"}
        if body.startswith(b"[")
        else {"format": "list", "columns": {}, "kind": "rolling"}
    )
    with pytest.raises(FeedFailed):
        await run(w.store, replace(await the_feed(w), **changes))
    assert await state(w) == before


async def test_retry_after_is_heeded(w: World, source: FakeSource) -> None:  # noqa: F811
    """A source that asks for a day of rest gets it."""
    source.replies["/feed"] = reply(429, Retry_After="86400")
    with pytest.raises(FeedFailed):
        await run(w.store, await the_feed(w))
    w.clock.forward(seconds=86_000)
    assert await due(w.store) == []


async def test_an_etag_that_is_no_ascii(w: World, source: FakeSource) -> None:  # noqa: F811
    """It is not sent back, or as the bytes that it was; now every later run ends as a fault of the hub before it has asked."""
    source.replies["/feed"] = reply(200, GOOD, ETag='"\xff"')
    await run(w.store, await the_feed(w), again=True)
    await run(w.store, await the_feed(w))


async def test_a_late_end_moves_no_bookmark(w: World) -> None:  # noqa: F811
    """Whoever lost the lease between its last batch and its end does not say how far the feed was read."""
    numbers = await the_feed(w)
    async with claim(w.store, numbers, "frozen") as frozen:
        w.clock.forward(seconds=31)
        await run(w.store, numbers, again=True)
        after = await state(w)
        with suppress(Conflict):
            await frozen.settle(tally(), outcome="done", content=('"older"', None, b"\0" * 32))
    assert (await state(w))["bookmark"] == after["bookmark"]


def newer_only(body: bytes) -> Reply:
    """A source that says 304 to whoever has it already."""

    def send(handler: Handler) -> None:
        known = handler.headers.get("If-None-Match") == '"good"'
        (reply(304) if known else reply(200, body, ETag='"good"'))(handler)

    return send


async def test_what_was_let_through_comes_with_the_next_run(w: World, source: FakeSource) -> None:  # noqa: F811
    """As docs/feeds.md says; also where the source has nothing newer."""
    source.replies["/feed"] = newer_only(GOOD)
    await settle(w.store, OPERATOR, "numbers", "released", rows=None, reason="non_global")
    assert (await run(w.store, await the_feed(w)))[1].new == 1
