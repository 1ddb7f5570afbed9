"""Bytes to text to lines, and whether a body is a feed at all."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import cast

from indicator_hub.errors import FeedFailed

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 1024
_SMALL = 8192
_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
_FAULTS = ("query_status", "error", "errors")
_DATA = ("data", "objects", "results", "urls")
_WORD = re.compile(r"[A-Za-z0-9_ -]{1,40}")


def decode(body: bytes) -> tuple[str, bool]:
    """The body as text, and whether its encoding had to be guessed: the byte order mark decides, else strict UTF-8, else cp1252.

    Raises FeedFailed where the body is not what its byte order mark says.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            try:
                return body[len(mark) :].decode(encoding), False
            except UnicodeDecodeError:
                raise FeedFailed(f"The feed's byte order mark says {encoding.upper()}, but its bytes do not.") from None
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace"), True


def lines(text: str) -> Iterator[str]:
    """The lines, without their ends: CRLF, LF or a lone CR. Not `splitlines`, which also cuts values at form feeds, U+0085 and U+2028.

    One after the other: a feed of millions of lines is not held twice.
    """
    for found in _LINE.finditer(text):
        if found.start() == len(text):
            return  # behind the last end of a line there is none
        yield found[1]


_LINE = re.compile(r"([^\r\n]*+)(?:\r\n|\r|\n|\Z)")


def require_feed(body: bytes) -> None:
    """Nothing, where the body may be a feed. Raises FeedFailed for no bytes, a compressed file, a web page or an API's error object.

    Such a body fails the run as a whole: read as a feed, it would look as if every indicator had been withdrawn.
    """
    if not body:
        raise FeedFailed("The feed is empty: 0 bytes.")
    if body.startswith(_COMPRESSED):
        raise FeedFailed("The feed is still compressed.")
    head = body[:_HEAD]
    for mark, _ in _MARKS:
        head = head.removeprefix(mark)
    # Without its zero bytes, markup in UTF-16 reads as ASCII.
    head = head.replace(b"\0", b"").lstrip(b" \t\r\n\x0b\x0c").lower()
    if head.startswith((b"<!doctype", b"<html")):
        raise FeedFailed("The source answered with a web page, not with a feed.")
    if head.startswith(b"{") and len(body) <= _SMALL:
        _require_no_fault(body)


def _require_no_fault(body: bytes) -> None:
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(answer, dict):
        return
    answer = cast("dict[str, object]", answer)
    named = next((name for name in _FAULTS if answer.get(name)), None)
    if named is None or any(answer.get(name) for name in _DATA):
        return
    word = answer[named]
    said = f" ({named}: {word})" if isinstance(word, str) and _WORD.fullmatch(word) else ""
    raise FeedFailed(f"The source answered with an error, not with a feed{said}.")
