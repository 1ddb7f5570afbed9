"""Entries and pages. Bodies are the stored bytes, joined and never parsed again (TAXII 2.1 sections 3.7, 5.3, 5.8)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from indicator_hub.stix import timestamps
from indicator_hub.taxii.media import media_type

_ROW = 500
"""Bytes of a row beside its body: its numbers and names, and what Python keeps of them."""


class Entry(NamedTuple):
    """An object version's place in a collection. `date_added` in microseconds is unique there; `body` is empty when only listed."""

    date_added: int
    body: bytes
    id: str
    version: str
    spec_version: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a poll gets: visible entries in the order they were added, and whether more follow.

    `rows` are as the store gave them, each as long as was asked for: the fields of an Entry from the first on, and perhaps more behind. A page
    of a thousand is not made into a thousand objects first. `as_of` is what the collection's clock showed when it was read.
    """

    rows: Sequence[Sequence[Any]]
    more: bool
    as_of: int = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows as entries, for whoever asks for one by one. They must have been read with their names."""
        return tuple([Entry(row[0], row[1] or b"", row[2], row[3], row[4]) for row in self.rows])

    @property
    def number(self) -> int:
        """How many objects."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """Bytes that it holds, about: those of the bodies, and what a row takes besides."""
        return sum([_ROW + len(row[1] or b"") for row in self.rows])

    @property
    def first(self) -> int:
        """The first `date_added`; 0 of an empty page."""
        return self.rows[0][0] if self.rows else 0

    @property
    def last(self) -> int:
        """The last `date_added`, where the next page goes on; 0 of an empty page."""
        return self.rows[-1][0] if self.rows else 0

    def digest(self) -> str:
        """As of the page joined. The rows must have been read with their names."""
        return _digest(_lines(self.rows))


@dataclass(frozen=True, slots=True)
class Joined:
    """A page that is only given out: its bodies with a comma between, as the store joined them.

    `lines` has a line `id version` for each, the last one without its end, where they were asked for.
    """

    number: int
    first: int
    last: int
    objects: bytes
    lines: bytes
    more: bool
    as_of: int

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return len(self.objects) + len(self.lines)

    @classmethod
    def of(cls, page: Page, *, lines: bool) -> "Joined":
        """The same page, of its rows."""
        told = _lines(page.rows) if lines else b""
        objects = b",".join([row[1] or b"" for row in page.rows])
        return cls(page.number, page.first, page.last, objects, told, page.more, page.as_of)

    def digest(self) -> str:
        """SHA-256 over one line `id version` for each entry, in order: what the audit keeps of a page instead of a list of ids."""
        return _digest(self.lines)


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    return "\n".join([f"{row[2]} {row[3]}" for row in rows]).encode()


def _digest(lines: bytes) -> str:
    return hashlib.sha256(lines + b"\n" if lines else b"").hexdigest()


def date_headers(page: Joined | Page) -> dict[str, str]:
    """X-TAXII-Date-Added-First and -Last (TAXII 2.1 section 3.2). Left out of an empty answer: no date would be true."""
    if not page.number:
        return {}
    return {
        "X-TAXII-Date-Added-First": timestamps.render(page.first),
        "X-TAXII-Date-Added-Last": timestamps.render(page.last),
    }


def envelope(page: Joined, following: str | None, *, list_empty: bool = False) -> bytes:
    """The envelope. Without a match `objects` is left out: an empty list is forbidden (TAXII 2.1 section 2).

    `list_empty` is for accounts whose old clients cannot do without it.
    """
    if not page.number:
        return b'{"objects":[]}' if list_empty else b"{}"
    return b"".join((_head(page.more, following), b'"objects":[', page.objects, b"]}"))


def manifest(page: Page, following: str | None) -> bytes:
    """The manifest: one record for each object version."""
    if not page.rows:
        return b"{}"
    records = [
        f'{{"id":{quoted(name)},"date_added":"{timestamps.render(date_added)}","version":{quoted(version)},'
        f'"media_type":"{media_type(spec_version)}"}}'
        for date_added, _, name, version, spec_version, *_ in page.rows
    ]
    return b"".join((_head(page.more, following), b'"objects":[', ",".join(records).encode(), b"]}"))


def versions(page: Page, following: str | None) -> bytes:
    """The versions of one object, in the order they were added."""
    if not page.rows:
        return b"{}"
    return b"".join((_head(page.more, following), b'"versions":', _json([row[3] for row in page.rows]), b"}"))


def _head(more: bool, following: str | None) -> bytes:
    return b'{"more":true,"next":' + _json(following) + b"," if more and following else b'{"more":false,'


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
