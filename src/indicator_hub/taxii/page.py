"""Entries and pages. Bodies are the stored bytes, joined and never parsed again (TAXII 2.1 sections 3.7, 5.3, 5.8)."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from indicator_hub.stix import timestamps
from indicator_hub.taxii.media import media_type


class Entry(NamedTuple):
    """An object version's place in a collection. `date_added` in microseconds is unique there; `body` is empty when only listed."""

    date_added: int
    id: str
    version: str
    spec_version: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """What a poll gets: visible entries in the order they were added, and whether more follow.

    `as_of` is what the collection's clock showed when it was read; 0 where there is nothing on it.
    """

    entries: tuple[Entry, ...]
    more: bool
    as_of: int = 0

    def date_headers(self) -> dict[str, str]:
        """X-TAXII-Date-Added-First and -Last (TAXII 2.1 section 3.2). Left out of an empty answer: no date would be true."""
        if not self.entries:
            return {}
        return {
            "X-TAXII-Date-Added-First": timestamps.render(self.entries[0].date_added),
            "X-TAXII-Date-Added-Last": timestamps.render(self.entries[-1].date_added),
        }

    def digest(self) -> str:
        """SHA-256 over one line `id version` for each entry, in order: what the audit keeps of a page instead of a list of ids."""
        return hashlib.sha256("".join(f"{entry.id} {entry.version}\n" for entry in self.entries).encode()).hexdigest()


def envelope(page: Page, following: str | None, *, list_empty: bool = False) -> bytes:
    """The envelope. Without a match `objects` is left out: an empty list is forbidden (TAXII 2.1 section 2).

    `list_empty` is for accounts whose old clients cannot do without it.
    """
    if not page.entries:
        return b'{"objects":[]}' if list_empty else b"{}"
    bodies = [entry.body for entry in page.entries]
    bodies[0] = _head(page, following) + b'"objects":[' + bodies[0]
    bodies[-1] += b"]}"
    return b",".join(bodies)


def manifest(page: Page, following: str | None) -> bytes:
    """The manifest: one record for each object version."""
    if not page.entries:
        return b"{}"
    records = [
        {
            "id": entry.id,
            "date_added": timestamps.render(entry.date_added),
            "version": entry.version,
            "media_type": media_type(entry.spec_version),
        }
        for entry in page.entries
    ]
    return b"".join((_head(page, following), b'"objects":', _json(records), b"}"))


def versions(page: Page, following: str | None) -> bytes:
    """The versions of one object, in the order they were added."""
    if not page.entries:
        return b"{}"
    return b"".join((_head(page, following), b'"versions":', _json([entry.version for entry in page.entries]), b"}"))


def _head(page: Page, following: str | None) -> bytes:
    return b'{"more":true,"next":' + _json(following) + b"," if page.more and following else b'{"more":false,'


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
