"""A MISP feed by its manifest: `manifest.json` names every event and when it was changed last, `UUID.json` beside it is the event.

Only what is new or was changed since the last run is fetched. What was taken is remembered event by event, not as a date: an event is often
published days after it was changed last, behind others that are newer.
"""

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit, urlunsplit

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources import file, http
from indicator_hub.ingest.sources.fetched import MAX_BYTES
from indicator_hub.normalise.text import MOST_WHOLE, require_feed
from indicator_hub.normalise.unpack import unpacked
from indicator_hub.trust.roster import Feed

MANIFEST = "manifest.json"
MAX_EVENTS = 50_000
"""The most that a manifest may name."""
_GIVES_UP = 60.0
"""Seconds lost on events that cannot be taken, one behind the other, after which the rest is not asked for: the source is ill, not a file of it."""
_PLACES = 200
"""How often a run says how far it is, at most; one that is broken off in between fetches a few events again."""
_MARK = 8
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """An event of the manifest. In seconds, when it was changed last."""

    timestamp: int
    uuid: str

    @property
    def mark(self) -> bytes:
        """This version of this event, in a few bytes."""
        return hashlib.sha256(f"{self.uuid.lower()} {self.timestamp}".encode("ascii")).digest()[:_MARK]


@dataclass(frozen=True, slots=True)
class Pulled:
    """An event's bytes, and the place once it was taken; empty: not to be kept yet. At the end there may be a place alone."""

    body: bytes
    place: str

    @property
    def holds_objects(self) -> bool:
        """Whether there is an event, as a page of a TAXII server says it."""
        return bool(self.body)


def is_manifest(feed: Feed) -> bool:
    """Whether this feed is read by a manifest."""
    return feed.format == "misp" and f"/{urlsplit(feed.source).path}".endswith(f"/{MANIFEST}")


async def events(feed: Feed, place: str) -> AsyncIterator[Pulled]:
    """The events that were not taken at this place (empty: none was), those that were changed first before the others.

    Raises FeedFailed at once where the manifest is none, and at the end where events that it names are not there: the next run asks again.
    """
    named = await _manifest(feed)
    taken = _marks(place) & {one.mark for one in named}
    waiting = sorted(one for one in named if one.mark not in taken)
    every, kept, size, lost = -(-len(waiting) // _PLACES), True, 0, 0.0
    missing, more = list[str](), False
    for number, one in enumerate(waiting, 1):
        began = time.monotonic()
        try:
            body = await _event(feed, one)
        except FeedFailed as error:
            missing.append(f"{one.uuid}: {error.detail}")
            lost += time.monotonic() - began
            if lost >= _GIVES_UP:
                break
            continue
        lost, size = 0.0, size + len(body)
        if more := size > MAX_BYTES:
            break
        taken.add(one.mark)
        kept = number % every == 0
        yield Pulled(body, _place(taken) if kept else "")
    if not kept:
        yield Pulled(b"", _place(taken))
    if missing:
        raise FeedFailed(f"{len(missing)} events that the manifest names cannot be taken. {missing[0]}")
    if more:
        raise FeedFailed(f"Its new events are more than {MAX_BYTES} bytes. The next run goes on with the rest.")


def _marks(place: str) -> set[bytes]:
    try:
        kept = base64.b64decode(place, validate=True)
    except ValueError:  # of another kind of source, before the feed was declared anew
        return set()
    return {kept[at : at + _MARK] for at in range(0, len(kept), _MARK)}


def _place(taken: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(taken))).decode("ascii")


async def _manifest(feed: Feed) -> list[_Event]:
    body = await _read(feed, MANIFEST)
    found = await asyncio.to_thread(_tree, body, "The MISP manifest")
    if not found:
        raise FeedFailed("The MISP manifest names no event.")
    if len(found) > MAX_EVENTS:
        raise FeedFailed(f"The MISP manifest names more than {MAX_EVENTS} events.")
    return [_named(uuid, said) for uuid, said in found.items()]


def _named(uuid: str, said: Any) -> _Event:
    """An event as the manifest names it. Its name becomes part of a path, so it is a UUID and nothing else."""
    if not _UUID.fullmatch(uuid):
        raise FeedFailed("This is no MISP manifest: it names an event that is no UUID.")
    when = cast("dict[str, Any]", said).get("timestamp") if isinstance(said, dict) else None
    if isinstance(when, bool) or not isinstance(when, (str, int)) or not _SECONDS.fullmatch(str(when)):
        raise FeedFailed(f"The MISP manifest does not say when the event {uuid} was changed.")
    return _Event(int(when), uuid)


async def _event(feed: Feed, one: _Event) -> bytes:
    """The event. Raises FeedFailed also for another one, and for what is none: it is then asked for again."""
    body = await _read(feed, f"{one.uuid}.json")
    event = (await asyncio.to_thread(_tree, body, "The event")).get("Event")
    uuid = cast("dict[str, Any]", event).get("uuid") if isinstance(event, dict) else None
    if not isinstance(uuid, str) or uuid.lower() != one.uuid.lower():
        raise FeedFailed("What lies there is not this event.")
    return body


async def _read(feed: Feed, name: str) -> bytes:
    """A file beside the manifest, or itself, unpacked."""
    parts = urlsplit(feed.source)
    if parts.scheme in ("http", "https"):
        beside = parts.path[: -len(MANIFEST)] + name
        content = (await http.ask(feed, urlunsplit(parts._replace(path=beside)), {})).body
    else:
        content = (await file.fetch(str(Path(feed.source).with_name(name)))).content
    return await asyncio.to_thread(_whole, content)


def _whole(content: BinaryIO) -> bytes:
    """All of a file, unpacked; it is closed. Raises FeedFailed where that is too much, or no part of a feed."""
    with content, unpacked(content, most=MOST_WHOLE) as plain:
        body = plain.read(MOST_WHOLE + 1)
    if len(body) > MOST_WHOLE:
        raise FeedFailed(f"It is one document of more than {MOST_WHOLE} bytes.")
    require_feed(body)
    return body


def _tree(body: bytes, what: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FeedFailed(f"{what} is no whole JSON object: it may have been cut off.")
    return cast("dict[str, Any]", found)
