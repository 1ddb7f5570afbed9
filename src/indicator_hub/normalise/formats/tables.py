"""Comma-separated values (RFC 4180) as feeds really write them: banners, a commented header, trailers, quoted line ends."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.text import lines
from indicator_hub.trust.roster import Feed

_NAMED = 20
_NAME_LENGTH = 40
_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    raw: str
    cells: list[str] | None
    """None where a quote is opened and never closed."""


def rows(text: str, feed: Feed) -> Iterator[Row | Refusal]:
    """The rows of a table. Raises FeedFailed at once where the header lacks a mapped column; no rows at all are no failure."""
    found = list(lines(text))
    start = 0
    indexes = _numbers(feed)
    if feed.header:
        start, names = _header(found, feed)
        indexes = _indexes(names, feed) if names is not None else {}
    return _rows(found, start, indexes, feed)


def _rows(found: list[str], start: int, indexes: dict[str, int], feed: Feed) -> Iterator[Row | Refusal]:
    needed = max(indexes.values(), default=0)
    for record in _records(found, start, feed):
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


def records(found: list[str], feed: Feed) -> Iterator[Cells | Refusal]:
    """Every record of a table of which nobody has said what its columns are, the header too."""
    for record in _records(found, 0, feed):
        if len(record.raw) > MAX_ROW:
            yield Refusal("too_long", cut(record.raw), record.number)
        elif record.cells is None:
            yield Refusal("syntax", record.raw, record.number)
        else:
            yield Cells(record.number, record.raw, [cell.strip(_BLANKS) for cell in record.cells])


def _records(found: list[str], start: int, feed: Feed) -> Iterator[_Record]:
    comment = feed.comment
    at = start
    while at < len(found):
        line = found[at]
        if not line or line.isspace() or (comment and line.lstrip().startswith(comment)):
            at += 1
            continue
        record, taken = _record(found, at, feed.delimiter)
        yield record
        at += taken


def _record(found: list[str], at: int, delimiter: str) -> tuple[_Record, int]:
    """The record that begins at line `at`, and how many lines it takes: the reader draws more lines for as long as a quote is open."""
    line = found[at]
    if '"' not in line:
        return _Record(at + 1, line, line.split(delimiter)), 1
    if len(line) > MAX_ROW:
        return _Record(at + 1, line, None), 1
    reader = csv.reader(_supply(found, at), delimiter=delimiter, skipinitialspace=True)
    cells = next(reader)
    if reader.line_num == 1 and line.count('"') % 2 == 0:
        return _Record(at + 1, line, cells), 1
    raw = "\n".join(found[at : at + reader.line_num])
    if _closed(raw, delimiter):
        return _Record(at + 1, raw, cells), reader.line_num
    # A stray quote must not swallow the rows after it: only its own line is refused.
    return _Record(at + 1, line, None), 1


def _supply(found: list[str], at: int) -> Iterator[str]:
    size = 0
    while at < len(found) and (size := size + len(found[at])) <= MAX_ROW:
        yield f"{found[at]}\n"
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


def _header(found: list[str], feed: Feed) -> tuple[int, list[str] | None]:
    """Where the data begins, and the header's names; None where there is nothing but comments.

    The header is the first line that is no comment, unless a comment above it is the header, as URLhaus has it: one that holds
    every mapped name or, where columns are mapped by number, has as many columns as the first row.
    """
    comments: list[str] = []
    for at, line in enumerate(found):
        if not line.strip():
            continue
        if feed.comment and line.lstrip().startswith(feed.comment):
            comments.append(line.lstrip().removeprefix(feed.comment))
            continue
        first = _names(line, feed)
        if _lacking(first, feed):
            for comment in reversed(comments):
                if not _lacking(names := _names(comment, feed), feed):
                    return at, names
        elif not _by_name(feed) and comments and len(names := _names(comments[-1], feed)) == len(first) > 1:
            return at, names
        return at + 1, first
    return len(found), None


def _names(line: str, feed: Feed) -> list[str]:
    return [
        name.strip() for name in next(csv.reader([line[:MAX_ROW]], delimiter=feed.delimiter, skipinitialspace=True))
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
        there = ", ".join(_shown(name) for name in names[:_NAMED])
        more = ", ..." if len(names) > _NAMED else ""
        raise FeedFailed(f"The feed's header has no column {' and none '.join(lacking)}; it has {there}{more}.")
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
