"""A file on the hub's host."""

import asyncio
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources.fetched import MAX_BYTES, Fetched
from indicator_hub.normalise.unpack import scratch


async def fetch(source: str) -> Fetched:
    """The file's content. Raises FeedFailed."""
    path = Path(source)
    try:
        return Fetched(await asyncio.to_thread(_opened, path))
    except OSError as error:
        raise FeedFailed(f"{path} cannot be read: {error.strerror}.") from None


def _opened(path: Path) -> BinaryIO:
    if path.stat().st_size > MAX_BYTES:
        raise FeedFailed(f"{path} is larger than {MAX_BYTES} bytes.")
    with ExitStack() as stack, path.open("rb") as file:
        copy = stack.enter_context(scratch())  # whoever writes the file anew meanwhile does not change what is read
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        stack.pop_all()  # whole: it stays open
        return copy
