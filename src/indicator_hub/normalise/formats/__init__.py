"""A feed's body to its rows, one module per format. STIX bodies are not rows: `stix/objects.py` reads them."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from indicator_hub.normalise.formats import hosts, lists, misp, tables, trees
from indicator_hub.normalise.row import Refusal, Row
from indicator_hub.normalise.text import LOOK, Stream, Text, require_feed, whole
from indicator_hub.trust.roster import Feed

_READERS: Mapping[str, Callable[[Text, Feed], Iterator[Row | Refusal]]] = {
    "list": lists.rows,
    "csv": tables.rows,
    "tsv": lambda text, feed: tables.rows(text, replace(feed, delimiter="\t")),
    "json": lambda text, feed: trees.whole(whole(text), feed),
    "jsonl": trees.by_line,
    "hosts": lambda text, _: hosts.rows(text),
    "misp": lambda text, _: misp.rows(whole(text)),
}


def rows(body: bytes | BinaryIO, feed: Feed) -> Iterator[Row | Refusal]:
    """Every candidate of a body, or of an open file that is read as its rows are asked for, in order: a row, or a refusal with its reason. Blank lines, comments and the header are none.

    Raises FeedFailed at once, before any row, where the body is no feed, is cut off, or lacks a column that the feed maps; ValueError for a
    format that has no rows.
    """
    reader = _READERS.get(feed.format)
    if reader is None:
        raise ValueError(f"no rows in a feed of format {feed.format}")
    file = io.BytesIO(body) if isinstance(body, bytes) else body
    file.seek(0)
    require_feed(file.read(LOOK))
    text = Stream(file)
    marked = {f"{_IGNORED}{column}": value for column, value in feed.ignore.items()}
    found = reader(text, replace(feed, columns={**feed.columns, **{name: name[len(_IGNORED) :] for name in marked}}))
    if marked:
        found = (row for row in found if isinstance(row, Refusal) or not _is_marked(row, marked))
    found = (row if isinstance(row, Refusal) or "value" in row.fields else _short(row) for row in found)
    return _parted(found, feed.split) if feed.split else found


def _short(row: Row) -> Refusal:
    return Refusal("short_row", row.raw, row.number)


_IGNORED = "ignored: "


def _is_marked(row: Row, marked: Mapping[str, str]) -> bool:
    """Whether a column says that this is no row of the feed's: metadata, or what it has taken back itself."""
    return any(row.fields.get(name) == value for name, value in marked.items())


def _parted(found: Iterator[Row | Refusal], split: str) -> Iterator[Row | Refusal]:
    """A row for each value of a cell that holds several."""
    for row in found:
        values = row.fields["value"].split(split) if isinstance(row, Row) else []
        if isinstance(row, Refusal) or len(values) == 1:
            yield row
            continue
        parts = [part for value in values if (part := value.strip())]
        yield from (replace(row, fields={**row.fields, "value": part}) for part in parts)
        if not parts:
            yield _short(row)
