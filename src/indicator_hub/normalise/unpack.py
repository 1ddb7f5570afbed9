"""A compressed body to what is in it, within a budget: a few bytes may hold as many gigabytes."""

import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, cast

from indicator_hub.errors import FeedFailed

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
MOST = 512 * 1024 * 1024
"""Bytes that a body may unpack to."""
RATIO = 500
"""How many times its size a body may grow to, once it is larger than a few megabytes: text seldom grows by more than twenty."""
_FREE = 16 * 1024 * 1024
_OUT = 1024 * 1024
_CHUNK = 16 * 1024
"""Bytes of gzip read at a time: what lies behind the end of a member is copied for each."""
_MEMBERS = 100_000
_IN_MEMORY = 1024 * 1024


def scratch() -> BinaryIO:
    """A file for what is under way: in memory while it is small, and gone when it is closed."""
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))


def unpacked(packed: BinaryIO, *, most: int = MOST) -> BinaryIO:
    """The file itself where it is not compressed; else what gzip or the one file in a zip holds, whole and checked.

    Raises FeedFailed for what is broken or cut off, larger than `most` bytes, more than RATIO times as large, or several files.
    """
    size = packed.seek(0, io.SEEK_END)
    packed.seek(0)
    head = packed.read(4)
    packed.seek(0)
    if head.startswith(_GZIP):
        return _filled(_of_gzip(packed), size, most)
    return _filled(_of_zip(packed), size, most) if head.startswith(_ZIP) else packed


def _filled(parts: Iterator[bytes], packed: int, most: int) -> BinaryIO:
    """A file of these parts."""
    with ExitStack() as stack:
        found, size = stack.enter_context(scratch()), 0
        for part in parts:
            size += len(part)
            _require_size(size, packed, most)
            found.write(part)
        found.seek(0)
        stack.pop_all()  # whole: it stays open
        return found


def _of_gzip(packed: BinaryIO) -> Iterator[bytes]:
    """One member behind another is allowed (RFC 1952, 2.2)."""
    rest = packed.read(_CHUNK)
    for _ in range(_MEMBERS):
        reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            while not reader.eof:
                if not rest:
                    raise FeedFailed("The feed is cut off: its gzip has no end.")
                yield reader.decompress(rest, _OUT)
                rest = reader.unconsumed_tail or (packed.read(_CHUNK) if not reader.eof else b"")
        except zlib.error:
            raise FeedFailed("The feed's gzip is broken.") from None
        rest = reader.unused_data.lstrip(b"\0")
        while not rest and (rest := packed.read(_CHUNK)):
            rest = rest.lstrip(b"\0")
        if not rest:
            return
    raise FeedFailed(f"The feed's gzip has more than {_MEMBERS} members.")


def _of_zip(packed: BinaryIO) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(packed) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) != 1:
                raise FeedFailed(f"The feed's zip holds {len(files)} files, not one.")
            with archive.open(files[0]) as file:
                while chunk := file.read(_OUT):
                    yield chunk
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        raise FeedFailed("The feed's zip is broken, cut off or encrypted.") from None


def _require_size(size: int, packed: int, most: int) -> None:
    if size > most or size > max(_FREE, RATIO * packed):
        raise FeedFailed(f"The feed unpacks to more than {min(most, max(_FREE, RATIO * packed))} bytes.")
