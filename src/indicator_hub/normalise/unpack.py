"""A compressed body to what is in it, within a budget: a few bytes may hold as many gigabytes."""

import io
import lzma
import zipfile
import zlib

from indicator_hub.errors import FeedFailed

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
MOST = 512 * 1024 * 1024
"""Bytes that a body may unpack to."""
RATIO = 500
"""How many times its size a body may grow to, once it is larger than a few megabytes: text seldom grows by more than twenty."""
_FREE = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


def unpacked(body: bytes, *, most: int = MOST) -> bytes:
    """The body itself where it is not compressed; else what gzip or the one file in a zip holds.

    Raises FeedFailed for what is broken or cut off, larger than `most` bytes, more than RATIO times as large, or several files.
    """
    if body.startswith(_GZIP):
        return _gzip(body, most)
    return _zip(body, most) if body.startswith(_ZIP) else body


def _gzip(body: bytes, most: int) -> bytes:
    found = bytearray()
    rest = body
    # One member behind another is allowed (RFC 1952, 2.2).
    while rest:
        reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            while not reader.eof:
                if not rest:
                    raise FeedFailed("The feed is cut off: its gzip has no end.")
                found += reader.decompress(rest, _CHUNK)
                _require_size(len(found), len(body), most)
                rest = reader.unconsumed_tail if not reader.eof else reader.unused_data
        except zlib.error:
            raise FeedFailed("The feed's gzip is broken.") from None
        rest = rest.lstrip(b"\0")
    return bytes(found)


def _zip(body: bytes, most: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) != 1:
                raise FeedFailed(f"The feed's zip holds {len(files)} files, not one.")
            _require_size(files[0].file_size, len(body), most)
            found = bytearray()
            with archive.open(files[0]) as file:
                while chunk := file.read(_CHUNK):
                    found += chunk
                    _require_size(len(found), len(body), most)
            return bytes(found)
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
