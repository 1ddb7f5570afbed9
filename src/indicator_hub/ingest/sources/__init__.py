"""Where a feed's content comes from: one module for each kind of source. `fetch` is all that the run knows of them.

A new kind is one module with `async def fetch(source, ...) -> Fetched | None`, a line below, a sample, and its expected result.
"""

from indicator_hub.ingest.sources import file, http
from indicator_hub.ingest.sources.fetched import Fetched


async def fetch(source: str, *, etag: str | None, last_modified: str | None) -> Fetched | None:
    """The content of a source; None when the source says that it has not changed since `etag` or `last_modified`. Raises FeedFailed."""
    if source.startswith(("http://", "https://")):
        return await http.fetch(source, etag=etag, last_modified=last_modified)
    return await file.fetch(source)


__all__ = ["Fetched", "fetch"]
