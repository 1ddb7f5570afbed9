"""A folder on the hub's host: every file in it, in the order of their names, is one part of the content.

Whoever fills it writes a hidden file and renames it: what is hidden is left out, and so are folders in it. Nothing else is left out in silence.
"""

import asyncio
import os
import stat
from pathlib import Path

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources.fetched import MAX_BYTES

MAX_FILES = 10_000
"""The most that a run takes."""


def is_folder(source: str) -> bool:
    """Whether this source is a folder, or says that it is one."""
    return "://" not in source and (source.endswith("/") or Path(source).is_dir())


async def files(source: str) -> list[Path]:
    """The files of a folder, in the order of their names. Raises FeedFailed where there is none, and where they are more than a run takes."""
    try:
        return await asyncio.to_thread(_files, Path(source))
    except OSError as error:
        raise FeedFailed(f"The folder {source} cannot be read: {error.strerror}.") from None


def shown(path: Path) -> str:
    """A file's name for a message; on Linux it may be any bytes."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _files(folder: Path) -> list[Path]:
    found, size, root = list[Path](), 0, folder.resolve(strict=True)
    for path in sorted(folder.iterdir(), key=lambda one: os.fsencode(one.name)):
        if path.name.startswith("."):
            continue
        known = path.stat()
        if stat.S_ISDIR(known.st_mode):
            continue
        _require_file(path, known, root)
        found.append(path)
        size += known.st_size
        if len(found) > MAX_FILES or size > MAX_BYTES:
            raise FeedFailed(f"The folder {folder} holds more than {MAX_FILES} files or {MAX_BYTES} bytes.")
    if not found:
        raise FeedFailed(f"The folder {folder} holds no file.")
    return found


def _require_file(path: Path, known: os.stat_result, root: Path) -> None:
    """Neither a pipe, which one would wait for without end, nor a link to what lies elsewhere on this host."""
    if not stat.S_ISREG(known.st_mode):
        raise FeedFailed(f"{shown(path)} in the folder {root} is no file.")
    if not path.resolve(strict=True).is_relative_to(root):
        raise FeedFailed(f"{shown(path)} in the folder {root} is a link that leads out of it.")
