"""A file of which only the format is known, or not even that: every value in it, by its shape. For the shell and the paste box.

A list has a value in each line, and a line that is none is refused; in a table, in JSON and in prose whatever has not the shape of a value
is something else, and no candidate.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO, cast

from indicator_hub.errors import FeedFailed, Invalid, Unprocessable
from indicator_hub.limits import LIMITS
from indicator_hub.normalise import formats, marks
from indicator_hub.normalise.formats import hosts, lists, misp, prose, tables, trees
from indicator_hub.normalise.indicator import candidate
from indicator_hub.normalise.observe import Observation, observe, value_by_shape
from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.sniff import Kind, delimiter, sniff
from indicator_hub.normalise.text import LOOK, Stream, Text, lines, require_feed, whole
from indicator_hub.normalise.unpack import unpacked
from indicator_hub.stix import canonical, grammar, pattern
from indicator_hub.stix.pattern import Observable
from indicator_hub.stix.reader import Received, read
from indicator_hub.trust.roster import Feed, Format

_AT_ONCE = 8 * 1024 * 1024
"""Bytes of a file that is read whole: a larger one is read as it is gone through."""
_BETWEEN = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate: what it is in canonical form, and its pattern; None for what is no indicator (a vulnerability).

    `notes` are those of `observe`; `level` (TLP) and `pap` are what its source marked it with, where the format has a place for that.
    """

    row: int
    type: str
    value: str
    pattern: str | None
    notes: tuple[str, ...] = ()
    level: int | None = None
    pap: str | None = None


def candidates(
    body: bytes | BinaryIO, kind: Kind | None = None, *, documentation: bool = False
) -> Iterator[Found | Refusal]:
    """Every candidate of a file, in order, those that came before too. `kind` None: by how it begins.

    Raises FeedFailed at once, before any, where the file as a whole is not what it should be.
    """
    return recognised(body, kind, documentation=documentation)[1]


def recognised(
    body: bytes | BinaryIO, kind: Kind | None = None, *, documentation: bool = False
) -> tuple[Kind, Iterator[Found | Refusal]]:
    """As `candidates`, and as what the file was read."""
    with ExitStack() as stack:
        file = stack.enter_context(unpacked(io.BytesIO(body) if isinstance(body, bytes) else body))
        require_feed(file.read(LOOK))
        stream: Text = Stream(file)
        text = whole(stream) if file.seek(0, io.SEEK_END) <= _AT_ONCE else stream
        kind = kind or sniff(text)
        if kind in _IN_ONE:
            text = whole(text)
            if kind == "text" and prose.is_mail(text):
                rows = prose.rows_of_mail(_bytes(file), documentation=documentation)
                return kind, _observed(rows, documentation=documentation)
        found = _candidates(kind, text, documentation=documentation)
        return kind, _closing(found, stack.pop_all()) if text is stream else found


_IN_ONE: tuple[Kind, ...] = ("json", "misp", "stix", "text")
"""What makes no sense line by line."""


def _closing(found: Iterator[Found | Refusal], files: ExitStack) -> Iterator[Found | Refusal]:
    with files:
        yield from found


def of_feed(file: BinaryIO, feed: Feed, *, now: int) -> Iterator[Found | Refusal]:
    """Every candidate of a file of a declared feed, in order. `now` in microseconds. Raises FeedFailed at once, before any."""
    with ExitStack() as stack:
        body = stack.enter_context(unpacked(file))
        require_feed(body.read(LOOK))
        if feed.format in ("stix", "taxii"):
            return _stix(Stream(body).whole().encode("utf-8", "surrogatepass"))
        rows = formats.rows(body, feed)
        return _closing((_of_row(row, feed, now) for row in rows), stack.pop_all())


def _of_row(row: Row | Refusal, feed: Feed, now: int) -> Found | Refusal:
    found = candidate(row, feed, now=now) if isinstance(row, Row) else row
    return found if isinstance(found, Refusal) else _told(found.observable, found.number)


def _candidates(kind: Kind, text: Text, *, documentation: bool) -> Iterator[Found | Refusal]:
    if (cells := _SHAPELESS.get(kind)) is not None:
        return _by_shape(cells(text), documentation=documentation)
    match kind:
        case "list":
            # As `sniff` takes them: of a list that is declared one sign begins a comment.
            rows = (row for row in lists.rows(text, _feed("list")) if not row.raw.lstrip().startswith((";", "//")))
        case "hosts":
            rows = hosts.rows(text)
        case "stix":
            return _stix(whole(text).encode("utf-8", "surrogatepass"))
        case "misp":
            rows = misp.rows(whole(text))
        case _:
            rows = prose.rows(whole(text), documentation=documentation)
    return _observed(rows, documentation=documentation)


def _bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _feed(form: Format, delimiter: str = ",") -> Feed:
    return Feed("", "", "", "", "", "", form, delimiter=delimiter)


def _observed(rows: Iterable[Row | Refusal], *, documentation: bool) -> Iterator[Found | Refusal]:
    """Rows that say what they hold."""
    for row in rows:
        if isinstance(row, Refusal):
            yield row
            continue
        found = observe(row.fields["value"], expect=row.fields.get("type"), documentation=documentation)
        told = _found(found, row.raw, row.number)
        yield _marked(told, row) if isinstance(told, Found) and not row.fields.keys().isdisjoint(_MARKS) else told


_MARKS = ("tlp", "pap")


def _marked(found: Found, row: Row) -> Found | Refusal:
    """With what its row is marked with. A mark that nobody can read may be stricter than any that is known."""
    try:
        return replace(found, level=marks.level(row.fields.get("tlp", "")), pap=marks.pap(row.fields.get("pap", "")))
    except ValueError:
        return Refusal("bad_marking", cut(row.raw), row.number)


def of_values(texts: Iterable[str], *, documentation: bool = False) -> Iterator[Found | Refusal]:
    """Single values, as they are typed: each is one, or is refused. Numbered from 1."""
    for number, text in enumerate(texts, 1):
        yield _found(observe(text.strip(), documentation=documentation), text, number)


def _by_shape(texts: Iterable[tuple[int, str] | Refusal], *, documentation: bool) -> Iterator[Found | Refusal]:
    """Texts of which some are values, or several, or a pattern of STIX."""
    for one in texts:
        if isinstance(one, Refusal):
            yield one
            continue
        number, text = one
        found = value_by_shape(text, documentation=documentation)
        if (
            isinstance(found, Refusal)
            and found.reason == "syntax"
            and (several := _several(text, documentation=documentation))
        ):
            yield from (_found(each, part, number) for part, each in several)  # two URLs look like one that is none
        elif found is not None:
            yield _found(found, text, number)
        elif text.startswith("[") and (told := _of_pattern(text, number)) is not None:
            yield told
        else:
            yield from (_found(each, part, number) for part, each in _several(text, documentation=documentation))


def _several(text: str, *, documentation: bool) -> list[tuple[str, Observation | Refusal]]:
    """The values of a cell that consists of nothing else, with signs or blanks between."""
    found: list[tuple[str, Observation | Refusal]] = []
    for part in _BETWEEN.split(text.strip()):
        if (each := value_by_shape(part, documentation=documentation)) is None:
            return []
        found.append((part, each))
    return found


def _found(found: Observation | Refusal, raw: str, number: int) -> Found | Refusal:
    if isinstance(found, Refusal):
        return Refusal(found.reason, cut(raw), number)
    return _told(found.observable, number, found.notes)


def _told(one: Observable, number: int, notes: tuple[str, ...] = ()) -> Found:
    return Found(number, one.type, one.value, pattern.render(one) if one.type in pattern.TYPES else None, notes)


def _cells(text: Text, sign: str | None = None) -> Iterator[tuple[int, str] | Refusal]:
    for record in tables.records(text, _feed("csv", sign or delimiter(text))):
        if isinstance(record, Refusal):
            yield record
        else:
            yield from ((record.number, cell) for cell in record.cells)


def _leaves(text: Text) -> Iterator[tuple[int, str] | Refusal]:
    tree = trees.parse(whole(text), twice=True)
    return ((number, leaf) for number, item in enumerate(_items(tree), 1) for leaf in trees.leaves(item))


def _items(tree: Any) -> list[Any]:
    """What a document consists of, each with its name where that may be a value."""
    if not isinstance(tree, dict):
        return cast("list[Any]", tree) if isinstance(tree, list) else [tree]
    found = cast("dict[str, Any]", tree)
    named = trees.values_among(found)
    return [[name, value] if name in named else value for name, value in found.items()]


def _lines_of_leaves(text: Text) -> Iterator[tuple[int, str] | Refusal]:
    trees.require_whole(text)
    return _each_line(text)


def _each_line(text: Text) -> Iterator[tuple[int, str] | Refusal]:
    for number, line in enumerate(lines(text), 1):
        if not line.strip():
            continue
        if len(line) > MAX_ROW:
            yield Refusal("too_long", cut(line), number)
            continue
        try:
            item = trees.parse(line, twice=True)
        except FeedFailed:
            yield Refusal("syntax", line, number)
            continue
        yield from ((number, leaf) for leaf in trees.leaves(item))


def _stix(body: bytes) -> Iterator[Found | Refusal]:
    """The indicators and the vulnerabilities of a bundle or an envelope."""
    try:
        received = list(read(body, LIMITS))
    except (Invalid, Unprocessable) as error:
        raise FeedFailed(f"The file is no bundle and no envelope. {error.detail or error.sentence}") from None
    return (found for number, one in enumerate(received, 1) if (found := _of_object(one, number)) is not None)


def _of_object(one: Received, number: int) -> Found | Refusal | None:
    value: Any = one.value
    if not isinstance(value, dict):
        return Refusal("bad_object", _raw(one), number)
    value = cast("dict[str, Any]", value)
    if value.get("type") == "vulnerability":
        names = (trees.said(value, path) for path in ("name", "external_references.*.external_id"))
        found = next((name for each in names for part in each.split(",") if (name := canonical.cve(part))), None)
        return None if found is None else Found(number, "cve", found, None)
    return _of_indicator(one, value, number) if value.get("type") == "indicator" else None


def _of_indicator(one: Received, value: dict[str, Any], number: int) -> Found | Refusal:
    text, kind = value.get("pattern"), value.get("pattern_type", "stix")
    if not isinstance(text, str) or not isinstance(kind, str):
        return Refusal("bad_object", _raw(one), number)
    if kind != "stix":
        return Found(number, kind, text, text)
    return _of_pattern(text, number) or Refusal("bad_pattern", _raw(one), number)


def _of_pattern(text: str, number: int) -> Found | None:
    """A pattern of STIX: one observable in canonical form, everything else verbatim. None for what is no pattern."""
    try:
        grammar.check(text)
    except Invalid:
        return None
    found = pattern.observable_of(text)
    return Found(number, "stix-pattern", text, text) if found is None else _told(found, number)


def _raw(one: Received) -> str:
    return cut(one.raw.decode("utf-8", "replace"))


_SHAPELESS: Mapping[str, Callable[[Text], Iterator[tuple[int, str] | Refusal]]] = {
    "csv": _cells, "tsv": partial(_cells, sign="\t"), "json": _leaves, "jsonl": _lines_of_leaves,
}  # fmt: skip
"""Formats of which nobody has said where the values stand."""
