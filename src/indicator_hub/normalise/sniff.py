"""What a file is, where nobody has said it: a look at how it begins."""

import csv
import re
from itertools import islice
from typing import Any, Literal, cast

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.formats import hosts, prose, trees
from indicator_hub.normalise.observe import value_by_shape
from indicator_hub.normalise.row import MAX_ROW
from indicator_hub.normalise.text import Text, lines, whole

Kind = Literal["list", "csv", "tsv", "json", "jsonl", "hosts", "stix", "misp", "text"]
KINDS: tuple[Kind, ...] = ("list", "csv", "tsv", "json", "jsonl", "hosts", "stix", "misp", "text")
_LOOK = 200
_MOST_LOOKED = 1_000
_BLANKS = " \t\x0b\x0c\u00a0\ufeff"
_MOST, _FEW = 0.8, 0.25
"""The share of lines that a format fits; and of those in a list that begin with a value: a report in short lines has hardly any."""
_WORDS = re.compile("[\\s\ufeff]+")
_JSON = re.compile(r"\{|\[(?:[\s\[\]{\"0-9-]|true|false|null|\Z)")
"""How JSON may begin; `[2001:db8::1]:443` and `[1] ...` do so too."""


def sniff(text: Text) -> Kind:
    """The format. Raises FeedFailed for JSON that is cut off or broken: read as anything else it would look like a feed with other rows."""
    known = text if isinstance(text, str) else next(text.parts())
    begin = known.lstrip()
    if begin.startswith("<"):
        return "text"
    if _JSON.match(begin):
        found = _json(text)
        if found is not None:
            return found
    if prose.is_mail(known):
        return "text"
    # From all over the file: one list begins with paths, another with addresses.
    every = max(1, known.count("\n") // (2 * _LOOK))
    return _of_lines([line for number, line in enumerate(lines(known)) if number % every == 0 and line.strip()])


def _json(text: Text) -> Kind | None:
    first = next((line.strip() for line in lines(text) if line.strip()), "")
    if not isinstance(text, str) and _loaded(first) is not None:
        return "jsonl"  # a document that long is not written in one line
    try:
        tree: Any = trees.load(whole(text).strip())
    except (ValueError, RecursionError):
        line = _loaded(first)
        if line is None:
            if first.startswith(("[", "{")) and not re.match(r"\[[^\]\"{]*\]", first):
                raise FeedFailed("The file is no whole JSON: it may have been cut off.") from None
            return None
        return "jsonl" if isinstance(line, (dict, list)) else None
    return _of_tree(tree)


def _loaded(line: str) -> Any:
    try:
        return trees.load(line)
    except (ValueError, RecursionError):
        return None


def _of_tree(tree: Any) -> Kind:
    if isinstance(tree, dict):
        found = cast("dict[str, Any]", tree)
        objects = found.get("objects")
        if found.get("type") == "bundle" or (isinstance(objects, list) and {"more", "next"} & found.keys()):
            return "stix"
        if isinstance(objects, list) and all(
            isinstance(one, dict) and "id" in one for one in cast("list[Any]", objects)
        ):
            return "stix"
        if "Event" in found or "Attribute" in found:
            return "misp"
        if isinstance(found.get("response"), (dict, list)):
            return _of_tree(found["response"])
    if isinstance(tree, list) and tree:
        first = cast("list[Any]", tree)[0]
        if isinstance(first, dict) and ("Event" in first or "Attribute" in first):
            return "misp"
    return "json"


def _of_lines(found: list[str]) -> Kind:
    every = [line[: MAX_ROW + 1] for line in found if not line.lstrip().startswith(("#", ";", "//"))]
    # A row that is too long has nothing of any format, unless there is nothing else.
    data = [line for line in every if len(line) <= MAX_ROW] or every
    if not data:
        return "list"
    if _share(data, _is_host_line) >= _MOST:
        return "hosts"
    for kind, delimiter in (("tsv", "\t"), ("csv", ",")):
        if len(data) == 1 and f"{delimiter} " in data[0]:
            continue  # a sentence
        if _share_with_value(data, delimiter):
            return cast("Kind", kind)
    # Of a list these signs part columns too, with blanks behind them; a table of Markdown begins with one.
    if any(_share_parted(data, sign) >= _FEW for sign in ";|") and _share(data, _is_blankless) >= _MOST:
        return "csv"
    return "list" if _share(data, _is_item) >= _MOST and _share(data, _is_value) >= _FEW else "text"


def delimiter(text: Text) -> str:
    """What parts the cells of a table: a comma, unless another sign parts its lines, and leaves values between."""
    data = [
        line[: MAX_ROW + 1]
        for line in islice(lines(text), _MOST_LOOKED)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return max(",;|\t", key=lambda sign: _share_parted(data[:_LOOK], sign))


def _share_parted(data: list[str], delimiter: str) -> float:
    """As `_share_with_value`; 0 too where the lines are URLs of which the sign is a part (`/a;jsessionid=1`), under no header."""
    is_url = delimiter in ";|" and bool(data) and _is_value(data[0]) and _share(data, _is_value) >= _MOST
    return 0 if is_url else _share_with_value(data, delimiter)


def _share_with_value(data: list[str], delimiter: str) -> float:
    """The share of the lines in which a cell is a value; 0 where they have not mostly the same number of cells, or one only."""
    cells = [_cells(line, delimiter) for line in data]
    columns = list(map(len, cells))
    usual = max(set(columns), key=columns.count, default=1)
    if usual == 1 or columns.count(usual) < _MOST * len(columns):
        return 0
    return sum(
        any(value_by_shape(cell.strip(), documentation=True) is not None for cell in each) for each in cells
    ) / len(cells)


def _is_blankless(line: str) -> bool:
    """Whether the signs that part it have no blank behind them."""
    return not line.startswith("|") and not re.search(r"[;|]\s", line)


def _cells(line: str, delimiter: str) -> list[str]:
    """Line by line, and one with a quote that is never closed as if it had none: it must not swallow what is behind it."""
    if line.count('"') % 2:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _share(data: list[str], fits: Any) -> float:
    return sum(map(fits, data)) / len(data)


def _is_host_line(line: str) -> bool:
    words = line.partition("#")[0].split()
    return len(words) > 1 and words[0] in hosts.NOWHERE


def _is_item(line: str) -> bool:
    """One value, and at most a few words behind it: what begins with nothing but signs is of a table, or a mark of Markdown."""
    words = _WORDS.split(line.strip(_BLANKS))
    return len(words) <= 3 and any(map(str.isalnum, words[0]))  # noqa: PLR2004 - a value, a number, a name


def _is_value(line: str) -> bool:
    return value_by_shape(_WORDS.split(line.strip(_BLANKS))[0], documentation=True) is not None
