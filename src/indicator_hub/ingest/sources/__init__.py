"""Where a feed's content comes from: one module for each kind of source.

Of those that give one content the run knows `fetch` only; of a TAXII server it takes page after page. A new kind is one module with a `fetch` of
its own, a line below, a sample, and its expected result.
"""

from indicator_hub.ingest.sources import file, http, taxii
from indicator_hub.ingest.sources.fetched import Fetched
from indicator_hub.trust.roster import Feed


async def fetch(feed: Feed, *, etag: str | None, last_modified: str | None) -> Fetched | None:
    """The content of a feed's source; None when the source says that it has not changed since `etag` or `last_modified`. Raises FeedFailed."""
    if feed.source.startswith(("http://", "https://")):
        return await http.fetch(feed, etag=etag, last_modified=last_modified)
    return await file.fetch(feed.source)


__all__ = ["Fetched", "fetch", "taxii"]
