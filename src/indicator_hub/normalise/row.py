"""What a feed gave us, row by row: one candidate verbatim, or a refusal with its reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_ROW = 65_536
MAX_VALUE = 8_192


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate. `number` is its first line, counted from 1; `raw` its text as received.

    `fields` has the feed's mapped fields by our name for them (`value`, `type`, `first_seen`, ...), and the other columns by
    number from "1". `obj` is the object's own bytes, where the feed speaks STIX.
    """

    number: int
    raw: str
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    obj: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One candidate that goes to quarantine: the reason as a word, the raw text, and its row if it has one."""

    reason: str
    raw: str
    number: int | None = None


NOTHING = frozenset({"", "-", "none", "null", "n/a"})
"""What feeds write in a column where they have nothing to say, in lower case."""

UNSTORABLE = re.compile("[\\0\ud800-\udfff]")
"""What a text in a database, or in UTF-8, cannot hold."""


def storable(text: str) -> str:
    """The text as it can be kept: U+0000 is shown as a sign, half of a surrogate pair as what is no character."""
    return UNSTORABLE.sub(lambda found: "\u2400" if found[0] == "\0" else "\ufffd", text)


def cut(raw: str) -> str:
    """The raw text of a row too long to keep: its first 8 kB say which row it was."""
    return raw[:MAX_VALUE]
