"""Comma-separated values (RFC 4180) as feeds really write them: banners, a commented header, trailers, quoted line ends."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.text import Text, lines
from indicator_hub.trust.roster import Feed

_NAMED = 20
_NAME_LENGTH = 40
_BLANKS = " \t\ufeff"
"""A byte order mark too: where files are put behind one another it stands in the middle."""
_BANNER = 1_000
_MOST_WASTED = 32 * 1024 * 1024
"""Characters. From then on no quote that stays open at the end of its line is looked for any further: each costs up to MAX_ROW of them."""


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    raw: str
    cells: list[str] | None
    """None where a quote is opened and never closed."""


class _Lines:
    """The lines still to come. As many as a quoted cell may span are looked at before they are taken."""

    def __init__(self, text: Text) -> None:
        self._source = lines(text)
        self._ahead: deque[str] = deque()
        self.number = 1
        """Of the next line, counted from 1."""
        self.wasted = 0
        """Characters that were looked at for the end of a quote that has none."""

    def peek(self, place: int = 0) -> str | None:
        """A line that is still to be taken, None behind the last."""
        while len(self._ahead) <= place:
            line = next(self._source, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]

    def take(self, number: int = 1) -> None:
        """These are done with."""
        for _ in range(number):
            self._ahead.popleft()
        self.number += number


def rows(text: Text, feed: Feed) -> Iterator[Row | Refusal]:
    """The rows of a table. Raises FeedFailed at once where the header lacks a mapped column; no rows at all are no failure."""
    found = _Lines(text)
    indexes = _numbers(feed)
    if feed.header:
        names = _header(found, feed)
        indexes = _indexes(names, feed) if names is not None else {}
    return _rows(found, indexes, feed)


def _rows(found: _Lines, indexes: dict[str, int], feed: Feed) -> Iterator[Row | Refusal]:
    needed = max(indexes.values(), default=0)
    for record in _records(found, feed):
        if len(record.raw) > MAX_ROW:
            yield Refusal("too_long", cut(record.raw), record.number)
        elif record.cells is None:
            yield Refusal("syntax", record.raw, record.number)
        elif len(record.cells) <= needed:
            yield Refusal("short_row", record.raw, record.number)
        else:
            cells = record.cells
            yield Row(record.number, record.raw, {name: cells[at].strip(_BLANKS) for name, at in indexes.items()})


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one record, and its first line."""

    number: int
    raw: str
    cells: list[str]


def records(text: Text, feed: Feed) -> Iterator[Cells | Refusal]:
    """Every record of a table of which nobody has said what its columns are, the header too."""
    for record in _records(_Lines(text), feed):
        if len(record.raw) > MAX_ROW:
            yield Refusal("too_long", cut(record.raw), record.number)
        elif record.cells is None:
            yield Refusal("syntax", record.raw, record.number)
        else:
            yield Cells(record.number, record.raw, [cell.strip(_BLANKS) for cell in record.cells])


def _records(found: _Lines, feed: Feed) -> Iterator[_Record]:
    comment = feed.comment
    while (line := found.peek()) is not None:
        if not line or line.isspace() or (comment and line.lstrip().startswith(comment)):
            found.take()
            continue
        record, taken = _record(found, line, feed.delimiter)
        found.take(taken)
        yield record


def _record(found: _Lines, line: str, delimiter: str) -> tuple[_Record, int]:
    """The record that begins with this line, and how many lines it takes: the reader draws more for as long as a quote is open."""
    number = found.number
    if '"' not in line:
        return _Record(number, line, line.split(delimiter)), 1
    if len(line) > MAX_ROW:
        return _Record(number, line, None), 1
    if line.count('"') % 2 and found.wasted > _MOST_WASTED:
        return _Record(number, line, None), 1
    reader = csv.reader(_supply(found), delimiter=delimiter, skipinitialspace=True)
    cells = next(reader)
    if reader.line_num == 1 and line.count('"') % 2 == 0:
        return _Record(number, line, cells), 1
    raw = "\n".join(found.peek(at) or "" for at in range(reader.line_num))
    if _closed(raw, delimiter):
        return _Record(number, raw, cells), reader.line_num
    # A stray quote must not swallow the rows after it: only its own line is refused.
    found.wasted += len(raw)
    return _Record(number, line, None), 1


def _supply(found: _Lines) -> Iterator[str]:
    size = at = 0
    while (line := found.peek(at)) is not None and (size := size + len(line)) <= MAX_ROW:
        yield f"{line}\n"
        at += 1


def _closed(raw: str, delimiter: str) -> bool:
    try:
        next(
            csv.reader(
                [f"{line}\n" for line in raw.split("\n")], delimiter=delimiter, skipinitialspace=True, strict=True
            )
        )
    except csv.Error:
        return False
    return True


def _header(found: _Lines, feed: Feed) -> list[str] | None:
    """The header's names, with the lines up to the data taken; None where there is nothing but comments.

    The header is the first line that is no comment, unless a comment above it is the header, as URLhaus has it: one that holds
    every mapped name or, where columns are mapped by number, has as many columns as the first row.
    """
    comments: deque[str] = deque(maxlen=_BANNER)
    while (line := found.peek()) is not None:
        if not line.strip():
            found.take()
            continue
        if feed.comment and line.lstrip().startswith(feed.comment):
            comments.append(line.lstrip().removeprefix(feed.comment))
            found.take()
            continue
        first = _names(line, feed)
        if _lacking(first, feed):
            for comment in reversed(comments):
                if not _lacking(names := _names(comment, feed), feed):
                    return names
        elif not _by_name(feed) and comments and len(names := _names(comments[-1], feed)) == len(first) > 1:
            return names
        found.take()
        return first
    return None


def _names(line: str, feed: Feed) -> list[str]:
    return [
        name.strip().strip(_BLANKS)
        for name in next(csv.reader([line[:MAX_ROW]], delimiter=feed.delimiter, skipinitialspace=True))
    ]


def _by_name(feed: Feed) -> bool:
    return any(isinstance(column, str) and not column.isdecimal() for column in feed.columns.values())


def _lacking(names: list[str], feed: Feed) -> list[str]:
    """The mapped columns that the header has not."""
    return [str(column) for column in feed.columns.values() if _index(names, column) is None]


def _index(names: list[str], column: str | int) -> int | None:
    if isinstance(column, str) and column in names:
        return names.index(column)
    number = int(column) if isinstance(column, int) or column.isdecimal() else 0
    return number - 1 if 0 < number <= len(names) else None


def _indexes(names: list[str], feed: Feed) -> dict[str, int]:
    if lacking := _lacking(names, feed):
        there = ", ".join([*(_shown(name) for name in names[:_NAMED]), *(["..."] if len(names) > _NAMED else [])])
        raise FeedFailed(f"The feed's header has no column {', '.join(lacking)}; it has {there}.")
    found = {name: _index(names, column) for name, column in feed.columns.items()}
    return {"value": 0} | {name: at for name, at in found.items() if at is not None}


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:_NAME_LENGTH])


def _numbers(feed: Feed) -> dict[str, int]:
    """The mapped columns of a table without header. Raises FeedFailed for one mapped by name."""
    found = {"value": 0}
    if feed.header:
        return found
    for name, column in feed.columns.items():
        number = int(column) if isinstance(column, int) or column.isdecimal() else 0
        if number < 1:
            raise FeedFailed(f"The feed has no header, so its column {column} must be given by number, from 1.")
        found[name] = number - 1
    return found
