"""A collection of a TAXII 2.1 server, another hub's too: page after page, from where the last run ended.

Whether the credential may read it is asked with taxii2-client; the pages are taken as the bytes that they are, so that every object stays what its
producer wrote.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources import http
from indicator_hub.stix import timestamps
from indicator_hub.trust.roster import Feed

_ACCEPT = "application/taxii+json;version=2.1"
_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page: its bytes, whether it holds objects, and from which `added_after` on the next run begins; empty: as this one."""

    body: bytes
    holds_objects: bool
    place: str


async def pages(feed: Feed, after: str) -> AsyncIterator[Pulled]:
    """The pages of the collection whose URL the feed's source is, behind `after` (empty: from the beginning).

    Raises FeedFailed where the collection is not there or may not be read, and where the server answers something else.
    """
    source = feed.source.rstrip("/") + "/"
    await _require_readable(feed, source)
    query = {"limit": str(_LIMIT)} | ({"added_after": after} if after else {})
    while True:
        answer = await http.ask(feed, f"{source}objects/?{urlencode(query)}", {"Accept": _ACCEPT})
        with answer.body as file:
            body = file.read()
        head = _head(body)
        yield Pulled(body, bool(head.get("objects")), _place(answer.headers.get("x-taxii-date-added-last", "")))
        if not head.get("more"):
            return
        following = head.get("next")
        if not isinstance(following, str) or following == query.get("next"):
            raise FeedFailed("The TAXII server says that there is more, and not where.")
        query = query | {"next": following}


def _place(last: str) -> str:
    """Just before the last object of a page: a server may give several the same date, and cut a page between them."""
    return timestamps.render(timestamps.parse(last) - 1) if timestamps.is_timestamp(last) else ""


def _head(body: bytes) -> dict[str, Any]:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FeedFailed("The TAXII server answered with something else than an envelope.")
    return cast("dict[str, Any]", found)


async def _require_readable(feed: Feed, source: str) -> None:
    await http.require_allowed(feed, source)
    headers = http.own_headers(feed)
    # Only now: with what it needs it takes some MB, which a hub that pulls from no TAXII server does without.
    from indicator_hub.ingest.sources.readable import can_read  # noqa: PLC0415

    readable = await asyncio.to_thread(can_read, source, headers)
    if not readable:
        raise FeedFailed("This credential may not read the collection.")
