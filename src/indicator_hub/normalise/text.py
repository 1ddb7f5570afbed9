"""Bytes to text to lines, and whether a body is a feed at all."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.row import MAX_ROW

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOTHING = (b"", *(mark for mark, _ in _MARKS))
_PART = 1024 * 1024
_LONGEST = 4 * MAX_ROW
_TAIL = 256
MOST_WHOLE = 64 * 1024 * 1024
"""Characters of a document that has to be read whole, such as JSON; its tree takes many times as much."""
MOST_LINES = 40_000_000
"""Ends of lines in a feed, of which CRLF has two."""
LOOK = 8_193
"""Bytes from its beginning that tell whether a body is a feed."""
_SMALL = 8192
_COMPRESSED = re.compile(
    rb"\x1f\x8b|PK(?:\x03\x04|\x05\x06|\x07\x08)|\xfd7zXZ\0|7z\xbc\xaf|\x28\xb5\x2f\xfd|\x1f[\x9d\xa0]|\x04\x22\x4d\x18|LZIP\x01"
    rb"|\x1f\Z|BZh[1-9](?:1AY&SY|\x17rE8P\x90)|Rar!\x1a\x07|MSCF\0\0\0\0"
)
"""How gzip, zip, xz, 7-Zip, Zstandard, compress, LZ4, lzip, bzip2, RAR and a cabinet begin."""
_TAR = (b"ustar\0", b"ustar ")
_AT_TAR = 257
_BINARY = re.compile(
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|\x7fELF|SQLite format 3\0|PAR1\x15|\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4"
)
"""How an old file of an office program, pictures, a program, a database, a table of Parquet and a capture begin."""
_PROLOGUE = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)+", re.DOTALL)
"""What may stand before the first element of a page."""
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title)[\s>]")
_FAULT = re.compile(rb"<error[\s>].*<(?:code|message)>", re.DOTALL)
"""What a store of objects answers instead of a file."""
_SENTENCE = re.compile(
    rb"(?:error:? )?[45][0-9]{2}(?::| -)? [a-z ]{4,40}|error code: [0-9]{3,5}"
    rb"|(?:not found|forbidden|access denied|unauthorized|too many requests|rate limit exceeded|internal server error|bad gateway|service unavailable)\.?"
)
"""All of what a server says that has not the file: `404: Not Found`."""
_FAULTS = ("query_status", "error", "errors")
_DATA = ("data", "objects", "results", "urls")
_SAID = frozenset(("message", "detail"))
_ABOUT = _SAID | {
    "title",
    "status",
    "status_code",
    "statusCode",
    "code",
    "type",
    "instance",
    "path",
    "timestamp",
    "documentation_url",
    "request_id",
    "success",
    "ok",
}
"""What an answer consists of that only says why there is none."""
_WORD = re.compile(r"[A-Za-z0-9_ -]{1,40}")


class Stream:
    """The text of a file, read anew from its beginning by whoever asks for it: a feed of millions of rows is never held whole.

    The byte order mark decides, else strict UTF-8, else cp1252 (`guessed`). Raises FeedFailed at once where the bytes are not what their byte order mark says.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begin, self._encoding, self.guessed = 0, "utf-8", False
        head = self._read(0, 4)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                self._begin, self._encoding = len(mark), encoding
                break
        try:
            self._require_bounded()
        except UnicodeDecodeError:
            if self._begin:
                raise FeedFailed(
                    f"The feed's byte order mark says {self._encoding.upper()}, but its bytes do not."
                ) from None
            self._encoding, self.guessed = "cp1252", True
            self._require_bounded()

    def _require_bounded(self) -> None:
        """Reads it once. Raises UnicodeDecodeError, and FeedFailed for more lines than anybody takes."""
        number = 0
        for part in self.parts():
            number += part.count("\n") + part.count("\r")
            if number > MOST_LINES:
                raise FeedFailed(f"The feed has more than {MOST_LINES // 2} lines.")

    def parts(self) -> Iterator[str]:
        """The text, a part after the other."""
        decoder = codecs.getincrementaldecoder(self._encoding)("replace" if self.guessed else "strict")
        at = self._begin
        while part := self._read(at, _PART):
            at += len(part)
            yield decoder.decode(part)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[str]:
        """The lines. Of one that is longer than any row may be only the beginning is kept, which is longer still."""
        rest, long = "", ""
        for part in self.parts():
            text = rest + part
            end = "\r" if text.endswith("\r") else ""  # perhaps half of CRLF
            text = text.removesuffix(end)
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            *complete, rest = text.split("\n")
            if long and complete:
                complete[0], long = long, ""
            yield from complete
            if len(rest) > _LONGEST:
                long, rest = long or rest[:_LONGEST], ""
            rest += end
        if long:
            yield long
        elif rest:
            yield rest.removesuffix("\r")

    def whole(self) -> str:
        """All of it, of formats that make no sense in parts. Raises FeedFailed where that is too much."""
        found: list[str] = []
        size = 0
        for part in self.parts():
            size += len(part)
            if size > MOST_WHOLE:
                raise FeedFailed(f"The feed is one document of more than {MOST_WHOLE} characters.")
            found.append(part)
        return "".join(found)

    def ends_with(self, *ends: str) -> bool:
        """Whether the text behind its last blanks ends so; the ends are ASCII."""
        size = self._file.seek(0, 2)
        tail = self._read(max(self._begin, size - _TAIL), _TAIL).replace(b"\0", b"").decode("latin-1")
        return tail.rstrip().endswith(ends)

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)


Text = str | Stream
"""A text that is here, or one that is read as it is asked for."""


def lines(text: Text) -> Iterator[str]:
    """The lines, without their ends: CRLF, LF or a lone CR. Not `splitlines`, which also cuts values at form feeds, U+0085 and U+2028.

    One after the other: a feed of millions of lines is not held twice.
    """
    if isinstance(text, Stream):
        yield from text.lines()
        return
    for found in _LINE.finditer(text):
        if found.start() == len(text):
            return  # behind the last end of a line there is none
        yield found[1]


def whole(text: Text) -> str:
    """All of a text. Raises FeedFailed where that is more than MOST_WHOLE characters still to be read."""
    return text.whole() if isinstance(text, Stream) else text


_LINE = re.compile(r"([^\r\n]*+)(?:\r\n|\r|\n|\Z)")


def require_feed(body: bytes) -> None:
    """Nothing, where the body may be a feed. Raises FeedFailed for no bytes, a compressed or binary file, a web page or an API's error.

    Such a body fails the run as a whole: read as a feed, it would look as if every indicator had been withdrawn.
    """
    if body in _NOTHING:
        raise FeedFailed("The feed is empty: 0 bytes.")
    if _COMPRESSED.match(body):
        raise FeedFailed("The feed is still compressed.")
    if body.startswith(_TAR, _AT_TAR):
        raise FeedFailed("The feed is a tar archive, not the file in it.")
    if _BINARY.match(body):
        raise FeedFailed("The feed is a binary file, not text.")
    head = body[:LOOK]
    for mark, _ in _MARKS:
        head = head.removeprefix(mark)
    # Without its zero bytes, markup in UTF-16 reads as ASCII.
    head = head.replace(b"\0", b"").lstrip(b" \t\r\n\x0b\x0c").lower()
    if head.startswith(b"%pdf-"):
        raise FeedFailed("The feed is a PDF: give its text.")
    if head.startswith(b"<"):
        _require_no_page(head)
    if _SENTENCE.fullmatch(head.rstrip()):
        raise FeedFailed("The source answered with an error, not with a feed.")
    if head.startswith(b"{") and len(body) <= _SMALL:
        _require_no_fault(body)


def _require_no_page(head: bytes) -> None:
    """Markup may be a feed too (RSS, STIX 1): only what says that it is a page, or an error, is none."""
    found = _PROLOGUE.match(head)
    root = head[found.end() :] if found else head
    if head.startswith(b"<!doctype") or _PAGE.match(root):
        raise FeedFailed("The source answered with a web page, not with a feed.")
    if _FAULT.match(root):
        raise FeedFailed("The source answered with an error, not with a feed.")


def _require_no_fault(body: bytes) -> None:
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(answer, dict):
        return
    answer = cast("dict[str, object]", answer)
    if answer.keys() <= _ABOUT and any(isinstance(answer.get(name), str) for name in _SAID):
        raise FeedFailed("The source answered with an error, not with a feed.")
    lower = {name.lower(): value for name, value in answer.items()}
    named = next((name for name in _FAULTS if lower.get(name)), None)
    if named is None or any(lower.get(name) for name in _DATA):
        return
    word = lower[named]
    if isinstance(word, str) and _WORD.fullmatch(word):
        raise FeedFailed(f"The source answered with an error, not with a feed ({named}: {word}).")
    raise FeedFailed("The source answered with an error, not with a feed.")
