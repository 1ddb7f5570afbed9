"""A file on the hub's host."""

import asyncio
from pathlib import Path

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources.fetched import MAX_BYTES, Fetched


async def fetch(source: str) -> Fetched:
    """The file's content. Raises FeedFailed."""
    path = Path(source)
    try:
        return Fetched(await asyncio.to_thread(_read, path))
    except OSError as error:
        raise FeedFailed(f"{path} cannot be read: {error.strerror}.") from None


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise FeedFailed(f"{path} is larger than {MAX_BYTES} bytes.")
    return path.read_bytes()
