"""JSON, whole or line by line: the items that a path leads to, and the fields of each by paths of their own."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.observe import value_by_shape
from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.text import Stream, Text, lines
from indicator_hub.trust.roster import Feed

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
EVERY = "*"
"""In a path: every element of a list, or every value of a dictionary."""


def whole(text: str, feed: Feed) -> Iterator[Row | Refusal]:
    """The rows of one JSON document, numbered from 1; one that lacks its value has none. Raises FeedFailed at once for what is no JSON, or where the path leads nowhere."""
    tree = parse(text)
    found = (
        list(walk(tree, feed.items)) if feed.items else cast("list[Any]", tree) if isinstance(tree, list) else [tree]
    )
    if feed.items and not found and not _is_empty(tree, feed.items):
        raise FeedFailed(f"The feed has nothing at {feed.items}: it is not as it was declared.")
    return (_row(number, _COMPACT.encode(item), item, feed) for number, item in enumerate(found, 1))


def by_line(text: Text, feed: Feed) -> Iterator[Row | Refusal]:
    """The rows of JSON lines, numbered as the lines. Raises FeedFailed at once where the last one is cut off: the feed is not whole."""
    require_whole(text, feed.comment)
    return _by_line(text, feed)


def require_whole(text: Text, comment: str = "") -> None:
    """Raises FeedFailed where the last of JSON lines is cut off."""
    last = ""
    for line in lines(text):
        if line and not line.isspace() and not (comment and line.lstrip().startswith(comment)):
            last = line
    if isinstance(text, Stream) and len(last) > MAX_ROW:
        if not text.ends_with("}", "]"):
            raise FeedFailed("The feed's last line is no whole JSON: it may have been cut off.")
    elif last:
        parse(last)


def _by_line(text: Text, feed: Feed) -> Iterator[Row | Refusal]:
    for number, line in enumerate(lines(text), 1):
        if not line.strip() or (feed.comment and line.lstrip().startswith(feed.comment)):
            continue
        if len(line) > MAX_ROW:
            yield Refusal("too_long", cut(line), number)
            continue
        try:
            item = parse(line)
        except FeedFailed:
            yield Refusal("syntax", line, number)
            continue
        yield _row(number, line, item, feed)


def load(text: str, *, twice: bool = False) -> Any:
    """A JSON document, whatever number stands in it. Raises ValueError, RecursionError."""
    hook = _with_all if twice else None
    text = text.lstrip("\ufeff")
    try:
        return json.loads(text, object_pairs_hook=hook)
    except json.JSONDecodeError:
        raise
    except ValueError:  # more digits than Python makes a number of: it stays a text
        return json.loads(text, object_pairs_hook=hook, parse_int=str)


def parse(text: str, *, twice: bool = False) -> Any:
    """A JSON document. `twice`: of a name that an object has twice, a list of all its values, not only the last. Raises FeedFailed."""
    try:
        return load(text, twice=twice)
    except RecursionError:
        raise FeedFailed("The feed's JSON is nested too deep.") from None
    except json.JSONDecodeError as error:
        raise FeedFailed(f"The feed is no whole JSON at line {error.lineno}: it may have been cut off.") from None
    except ValueError:
        raise FeedFailed("The feed is no whole JSON: it may have been cut off.") from None


def _with_all(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    every: dict[str, list[Any]] = {}
    for name, value in pairs:
        every.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in every.items()}


def walk(tree: Any, path: str) -> Iterator[Any]:
    """Everything that a dotted path leads to; `*` stands for every element or value. Nothing where it leads nowhere."""
    name, _, rest = path.partition(".")
    if not name:
        yield tree
    elif name == EVERY:
        for one in _inside(tree):
            yield from walk(one, rest)
    elif isinstance(tree, dict) and name in tree:
        yield from walk(cast("dict[str, Any]", tree)[name], rest)


def _inside(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return list(cast("dict[str, Any]", tree).values())
    return cast("list[Any]", tree) if isinstance(tree, list) else []


def _is_empty(tree: Any, path: str) -> bool:
    """Whether there could be items, and there are none just now."""
    name, _, rest = path.partition(".")
    if name == EVERY:
        return (isinstance(tree, (dict, list)) and not tree) or any(_is_empty(one, rest) for one in walk(tree, EVERY))
    return isinstance(tree, dict) and name in tree and _is_empty(cast("dict[str, Any]", tree)[name], rest)


def _row(number: int, raw: str, item: Any, feed: Feed) -> Row | Refusal:
    if len(raw) > MAX_ROW:
        return Refusal("too_long", cut(raw), number)
    fields = {name: text for name, path in feed.columns.items() if (text := said(item, str(path)))}
    return Row(number, raw, fields)


def said(item: Any, path: str) -> str:
    """What an item says at a path, as text: the elements of a list with commas between, nothing for null and for what is not there."""
    return ",".join(text for one in walk(item, path) for text in _texts(one))


def _texts(one: Any) -> Iterator[str]:
    if isinstance(one, list):
        for each in cast("list[Any]", one):
            yield from _texts(each)
    elif isinstance(one, bool):
        yield "true" if one else "false"
    elif isinstance(one, (str, int, float)) and one != "":
        yield str(one)


def leaves(tree: Any) -> Iterator[str]:
    """Every text in a document, in order, wherever it stands; the names in its objects too, where they may be values."""
    ahead: list[Any] = [tree]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            found = cast("dict[str, Any]", one)
            named = values_among(found)
            for name in reversed(found):
                ahead.append(found[name])
                if name in named:
                    ahead.append(name)
        elif isinstance(one, list):
            ahead += reversed(cast("list[Any]", one))


def values_among(names: Iterable[str]) -> set[str]:
    """Those names in an object that may be values: `{"198.51.100.7": {...}}`.

    A field's name may end as a host's does (`event.id`, `user.name`): one of words and dots counts only where all of these in its object
    have the shape of a name, and not each of them ends in such a word.
    """
    found = {name for name in names if _MAY_BE_A_VALUE.search(name)}
    dotted = {name for name in found if _DOTTED.fullmatch(name)}
    is_of_fields = all(_FIELD.search(name) for name in dotted) or any(value_by_shape(name) is None for name in dotted)
    return found - dotted if is_of_fields else found


_MAY_BE_A_VALUE = re.compile(r"[.:@0-9]")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_FIELD = re.compile(r"\.(?:name|id|email|host|domains?|date|link|info|city|network|media|report|zip)\Z", re.IGNORECASE)
