"""One value a line, perhaps with further columns after it: block lists, and what a report's appendix gives."""

import re
from collections.abc import Iterator

from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.text import Text, lines
from indicator_hub.trust.roster import Feed

# A semicolon parts columns beside blanks, and right after an address or a name; inside a URL it is the URL's.
_PARTS = re.compile(r"\s*;\s+|\s+;\s*|\s+")
_SEMICOLON = re.compile(r"([^;/\s]+(?:/[0-9]{1,3})?);")
_BLANKS = " \t\x0b\x0c\ufeff"
_WITH_BLANKS = re.compile(r"HK[A-Z_]+\\|[A-Za-z]:\\|\\\\")
"""Keys of a registry and paths hold blanks."""
_SEPARATORS = re.compile("[\x1c-\x1e\x85\u2028\u2029]")
"""Ends of lines to some programs, and none here: what they stand in is no value, and no column."""


def rows(text: Text, feed: Feed) -> Iterator[Row | Refusal]:
    """The rows of a list. The first column is the value unless `feed.columns` says otherwise; the others keep their numbers, from "2"."""
    comment = feed.comment
    mapped = {name: str(column) for name, column in feed.columns.items()}
    mapped.setdefault("value", "1")
    plain = mapped == {"value": "1"}
    for number, line in enumerate(lines(text), 1):
        stripped = line.strip(_BLANKS)
        if not stripped or (comment and stripped.startswith(comment)):
            continue
        if len(line) > MAX_ROW:
            yield Refusal("too_long", cut(line), number)
        elif plain and stripped.isascii() and not (" " in stripped or "\t" in stripped or ";" in stripped):
            yield Row(number, line, {"value": stripped})
        else:
            yield _row(number, line, _columns(stripped, plain=plain), mapped)


def _columns(line: str, *, plain: bool) -> list[str]:
    if _WITH_BLANKS.match(line) or _SEPARATORS.search(line.strip()):
        return [line]
    if not plain and "\t" in line:
        return [column.strip(_BLANKS) for column in line.split("\t")]  # one may be empty
    if ";" not in line:
        return line.split()
    columns = _PARTS.split(line)
    if found := _SEMICOLON.match(columns[0]):
        columns[0:1] = [found[1], *filter(None, columns[0][found.end() :].split(";"))]
    return columns


def _row(number: int, raw: str, columns: list[str], mapped: dict[str, str]) -> Row | Refusal:
    numbered = {str(at): column for at, column in enumerate(columns, 1)}
    fields = {name: numbered[column] for name, column in mapped.items() if column in numbered}
    if "value" not in fields:
        return Refusal("short_row", raw, number)
    taken = set(mapped.values())
    return Row(number, raw, fields | {at: column for at, column in numbered.items() if at not in taken})
