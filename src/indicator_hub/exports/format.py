"""What a format is: which kinds of values it holds, what it can carry, and who writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

from indicator_hub.exports.row import Row, bare
from indicator_hub.trust.ladder import NAMES

ADDRESSES = ("ipv4-addr", "ipv4-cidr", "ipv6-addr", "ipv6-cidr")
NO_NATION = "nobody"
"""Where nations are listed, and there is none: it is its originator's alone."""
Order = Literal["value", "bare", "version"]
HASHES = ("md5", "sha1", "sha256", "sha512")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known before the first row: the group, the hub's own address, and a text that tells this list from all others of the hub."""

    group: str
    origin: str
    name: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known after the last row. `level` is the highest of the content, None when there is none; `changed` in microseconds.

    `nations` are those that all of it may go to, None where nothing of it is for some alone.
    """

    lines: int
    level: int | None
    changed: int
    nations: tuple[str, ...] | None = None

    @property
    def tlp(self) -> str:
        """The highest level, as it is written."""
        return f"TLP:{NAMES[self.level or 0]}"

    @property
    def banner(self) -> str:
        """How far the whole of it may be passed on, for a comment."""
        return self.tlp if self.nations is None else f"{self.tlp} releasable to {' '.join(self.nations) or NO_NATION}"


class Writer(Protocol):
    """Writes one list. The head is asked for last: it may say what came of the rows."""

    def line(self, row: Row, /) -> str | bytes | None:
        """What one row becomes, line end and all; None for what this format cannot hold."""
        ...

    def head(self, outcome: Outcome, /) -> str:
        """What stands before the rows."""
        ...

    def foot(self, outcome: Outcome, /) -> str:
        """What stands behind them."""
        ...


class Plain:
    """No head and no foot: a list with nothing in it has no bytes."""

    def head(self, _: Outcome, /) -> str:
        """Nothing."""
        return ""

    def foot(self, _: Outcome, /) -> str:
        """Nothing."""
        return ""


class Commented(Plain):
    """Says how far it may be passed on, on a line of its own, where there is anything in it."""

    comment = "#"

    def head(self, outcome: Outcome, /) -> str:
        """The level."""
        return f"{self.comment} {outcome.banner}\n" if outcome.lines else ""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of list. `kinds` empty: of all; `whole`: of objects, not of values.

    `distinct`: each value once, whichever indicators say it. `order`: by the bytes of the value, of the URL without its scheme, or of the version of
    the address and the value. `marked` and `machine` are as in `choose.Rules`.
    """

    name: str
    media: str
    writer: Callable[[Scope], Writer]
    kinds: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()
    distinct: bool = True
    order: Order = "value"
    marked: bool = False
    machine: bool = True
    whole: bool = False

    def key(self, row: Row) -> tuple[str, str]:
        """What rows are ordered by, and what makes two of them one line."""
        if self.order == "bare":
            return bare(row.value), ""
        return row.value, row.kind

    def rank(self, row: Row) -> tuple[object, ...]:
        """Which of several rows with one value is written, and which survive a limit: the surest, then the newest; of objects the newest."""
        if self.whole:
            return row.modified, row.date_added
        return -1 if row.confidence is None else row.confidence, row.date_added
