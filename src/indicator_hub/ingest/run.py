"""One run of one feed: claim -> source -> normalise -> submit -> bookmark.

Batches commit by themselves: a run that dies is taken up by the next, which finds what was stored unchanged. The bookmark is set only
when the whole content was taken.
"""

import asyncio
import hashlib
import io
import os
import socket
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from indicator_hub.errors import Conflict, FeedFailed, HubError, Invalid, Unavailable, Unprocessable
from indicator_hub.ingest.dropped import end_dropped
from indicator_hub.ingest.listed import take_list
from indicator_hub.ingest.made import Look, Survey, survey, take_rows
from indicator_hub.ingest.received import require_objects, take_objects
from indicator_hub.ingest.sources import Fetched, fetch, file, folder, misp, taxii
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise import formats
from indicator_hub.normalise.text import LOOK, MOST_WHOLE, require_feed
from indicator_hub.normalise.unpack import unpacked
from indicator_hub.normalise.validity import DAY
from indicator_hub.normalise.warninglists import Matcher, Use, WarningList, read
from indicator_hub.sharing.act import Store
from indicator_hub.sharing.claim import Run, claim, glance, to_accept
from indicator_hub.trust.roster import Feed

_PART = 1024 * 1024
_FEW = 5
"""Values on warning lists that are no reason to hold a run, however small it is."""

Progress = Callable[[Tally, int], None]
_Part = Callable[[], AbstractAsyncContextManager[BinaryIO]]
"""Opens a part of a feed's content, as often as it is to be read."""


def worker() -> str:
    """A name for this process as the holder of a lease."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


async def run(
    store: Store,
    feed: Feed,
    *,
    again: bool = False,
    accept: bool = False,
    scheduled: bool = False,
    content: BinaryIO | None = None,
    progress: Progress | None = None,
) -> tuple[str, Tally]:
    """Run a feed once. Returns the outcome (`done`, or `unchanged` when the source has nothing newer) and the tally.

    `scheduled`: only if it is due. `content`: what is taken this once instead of what the source holds. `again` asks for the content even if the source says that it has not changed. `accept`: a person has looked at
    it, and takes it though it is suspicious. `progress` is told the tally and the number of candidates after each batch. Raises FeedFailed when the feed as a whole cannot be taken: then nothing of
    it was; NotFound when it may not run now; Conflict when another process runs it.
    """
    pulled = feed.format == "taxii" or misp.is_manifest(feed)
    if content is not None and pulled:
        raise Invalid("This feed is taken page by page: no file stands for it.")
    async with claim(store, feed, worker(), scheduled=scheduled) as one:
        tally = Tally()
        try:
            mark = one.bookmark
            if pulled:
                await _pull(one, tally, progress, Look(await _held_to(one), accept=accept), again=again)
                await one.settle(tally.as_dict(), outcome="done")
                return "done", tally
            if content is None and folder.is_folder(feed.source):
                sha256 = await _take_folder(one, tally, progress, Look(await _held_to(one), accept=accept))
                tally.require_sum()
                await one.settle(tally.as_dict(), outcome="done", content=(None, None, sha256))
                return "done", tally
            known = (None, None) if again or await _is_long_ago(one) else (mark.etag, mark.last_modified)
            fetched = await fetch(feed, etag=known[0], last_modified=known[1]) if content is None else Fetched(content)
            if fetched is None:
                await one.settle(tally.as_dict(), outcome="unchanged")
                return "unchanged", tally
            with fetched.content:
                sha256 = await asyncio.to_thread(_sha256, fetched.content)
                await _take(one, fetched.content, tally, progress, Look(await _held_to(one), accept=accept))
            tally.require_sum()
            await one.settle(tally.as_dict(), outcome="done", content=(fetched.etag, fetched.last_modified, sha256))
        except HubError as error:
            tally.candidates = tally.accounted()  # what was read and not yet judged when it failed is not counted
            # A lease that was lost, or a database that cannot answer now, is no failure of the source.
            counts = not isinstance(error, (Conflict, Unavailable))
            rest = error.rest if isinstance(error, FeedFailed) else 0
            said = error.detail or error.sentence
            await one.settle(tally.as_dict(), outcome="failed", reason=said, counts=counts, rest=rest)
            raise
        except asyncio.CancelledError:
            tally.candidates = tally.accounted()
            await one.settle(tally.as_dict(), outcome="failed", reason="It was stopped before its end.", counts=False)
            raise
        except Exception:
            tally.candidates = tally.accounted()
            await one.settle(tally.as_dict(), outcome="failed", reason="A fault of the hub: see its log.")
            raise
        return "done", tally


async def rehearse(store: Store, feed: Feed, *, progress: Progress | None = None) -> Tally:
    """What a run would do now, and nothing done. Raises FeedFailed as `run` does; Invalid for a feed that is taken page by page, NotFound when it may not run."""
    if feed.format == "taxii" or misp.is_manifest(feed) or feed.use != "publish":
        raise Invalid("What this feed would do cannot be told before it is done.")
    one, tally = await glance(store, feed), Tally()
    look = Look(await _held_to(one), seen=set())
    if folder.is_folder(feed.source):
        await _take_folder(one, tally, progress, look)
    elif (fetched := await fetch(feed, etag=None, last_modified=None)) is not None:
        with fetched.content:
            await _take(one, fetched.content, tally, progress, look)
    tally.require_sum()
    return tally


async def _held_to(one: Run) -> Matcher:
    """The lists that this feed's values are held to."""
    if one.feed.use != "publish" or one.feed.format in ("stix", "taxii"):
        return Matcher(())
    found = await one.lists()
    lists = tuple((each.name, each.use, each.content) for each in found)
    return (await asyncio.to_thread(_matcher, lists)).fresh()


@lru_cache(maxsize=8)
def _matcher(lists: tuple[tuple[str, str, str], ...]) -> Matcher:
    """Made once, for as long as the lists stay as they are."""
    return Matcher([WarningList(name, cast("Use", use), read(content)) for name, use, content in lists])


async def _is_long_ago(one: Run) -> bool:
    """Whether its rows were last read more than a day ago: what a source still lists is seen again, though it says that it has not changed."""
    last = await one.last_whole()
    return last is not None and one.started - last.started > DAY


async def _pull(one: Run, tally: Tally, progress: Progress | None, look: Look, *, again: bool) -> None:
    """Page after page, or event after event; the place is kept after each, so that a run that is broken off is gone on with, and nothing comes twice or not at all."""
    place = "" if again else one.bookmark.place or ""
    events = one.feed.format == "misp"
    try:
        async for page in misp.events(one.feed, place) if events else taxii.pages(one.feed, place):
            if page.holds_objects:
                taken = _taken(one, io.BytesIO(page.body), tally, look)
                async for done in taken:
                    if progress:
                        progress(tally, done)
            tally.require_sum()
            if page.place:
                await one.keep_place(page.place)
    except (Invalid, Unprocessable) as error:
        raise FeedFailed(f"A page cannot be read. {error.detail or error.sentence}") from None


def _sha256(content: BinaryIO) -> bytes:
    content.seek(0)
    found = hashlib.sha256()
    while part := content.read(_PART):
        found.update(part)
    return found.digest()


async def _take(one: Run, content: BinaryIO, tally: Tally, progress: Progress | None, look: Look) -> None:
    with await asyncio.to_thread(unpacked, content) as body:
        require_feed(body.read(LOOK))
        await _take_parts(one, [lambda: nullcontext(body)], tally, progress, look)


async def _take_folder(one: Run, tally: Tally, progress: Progress | None, look: Look) -> bytes:
    """Every file in its order, and nothing of any where one cannot be read. Returns the digest of them all."""
    paths, digest = await folder.files(one.feed.source), hashlib.sha256()
    for path in paths:
        async with _in_file(path) as body:
            digest.update(await asyncio.to_thread(_sha256, body))
            await asyncio.to_thread(_require_readable, one, body)
    await _take_parts(one, [lambda path=path: _in_file(path) for path in paths], tally, progress, look)
    return digest.digest()


@asynccontextmanager
async def _in_file(path: Path) -> AsyncGenerator[BinaryIO]:
    """A file of a folder; what is wrong is said of it."""
    try:
        with (await file.fetch(str(path))).content as content, await asyncio.to_thread(unpacked, content) as body:
            require_feed(body.read(LOOK))
            yield body
    except (FeedFailed, Invalid, Unprocessable) as error:
        raise FeedFailed(f"{folder.shown(path)}: {error.detail or error.sentence}") from None


def _require_readable(one: Run, body: BinaryIO) -> None:
    if one.feed.format == "stix":
        require_objects(_document(body))
    else:
        formats.rows(body, one.feed)


async def _take_parts(one: Run, parts: Sequence[_Part], tally: Tally, progress: Progress | None, look: Look) -> None:
    try:
        if one.feed.use != "publish":
            await _take_list(one, parts, tally, look)
            return
        if not look.accept:
            await _require_plausible(one, parts, look)
        for part in parts:
            async with part() as body:
                async for done in _taken(one, body, tally, look):
                    if progress:
                        progress(tally, done)
        if one.feed.kind == "snapshot":
            await end_dropped(one, tally, look.seen)
    except (Invalid, Unprocessable) as error:
        raise FeedFailed(f"The content cannot be read. {error.detail or error.sentence}") from None


async def _take_list(one: Run, parts: Sequence[_Part], tally: Tally, look: Look) -> None:
    if len(parts) != 1:
        raise FeedFailed("A list that others are held to is one file.")
    async with parts[0]() as body:
        await take_list(one, body, tally, accept=look.accept)


def _taken(one: Run, body: BinaryIO, tally: Tally, look: Look) -> AsyncIterator[int]:
    if one.feed.format in ("stix", "taxii"):
        return take_objects(one, _document(body), tally, rehearsed=look.seen is not None)
    return take_rows(one, body, tally, look)


def _document(body: BinaryIO) -> bytes:
    """All of it, of a format that makes no sense in parts. Raises FeedFailed where that is too much."""
    body.seek(0)
    content = body.read(MOST_WHOLE + 1)
    if len(content) > MOST_WHOLE:
        raise FeedFailed(f"The feed is one document of more than {MOST_WHOLE} bytes.")
    return content


async def _require_plausible(one: Run, parts: Sequence[_Part], look: Look) -> None:
    """Raises FeedFailed where a snapshot holds less than half of what the last one did, or too much of a content is on lists of false positives.

    A source that has a bad night ends nothing, and one that lists everybody's resolvers blocks nobody's.
    """
    last = await one.last_whole() if one.feed.kind == "snapshot" else None
    if one.feed.format == "stix" or (last is None and not look.matcher):
        return
    found = Survey()
    for part in parts:
        async with part() as body:
            await asyncio.to_thread(survey, one, body, look.matcher, found)
    values, warned = found.values, found.warned
    accept = to_accept(one.feed.name)
    hits = warned.total()
    if hits >= _FEW and 100 * hits > one.feed.most_warned * (values + hits):
        names = ", ".join(f"{name} {number}" for name, number in warned.most_common(3))
        raise FeedFailed(
            f"Of {values + hits} values {hits} are on warning lists ({names}): held for a person. {accept}"
        )
    before = 0 if last is None else last.tally["candidates"] - last.tally["quarantined"] - last.tally["duplicate"]
    if 2 * found.different < before:
        raise FeedFailed(
            f"It holds {found.different} values where the last one held {before}: held for a person. {accept}"
        )
