"""A YAML text as a tree in which every value knows its line, so that a mistake can be pointed at.

Less than YAML on purpose: a declaration is reviewed by people, so a line must mean what it says. Anchors, aliases, merges and tags are
refused, a key stands once, and a value is the text as written: `NO` is Norway, `2025-06-01` ten characters. Only an empty value, `~`
or `null` is nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import yaml

# Far more than a declaration needs; they bound the time and the stack that a hostile file could take.
MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 20
MAX_SENTENCE = 600
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong in a declaration: the file, its line (from 1), and what to do about it in plain words."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {_printable(self.text)}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it is written: the line of its key, or of itself in a list."""

    file: str
    line: int
    value: "str | tuple[Node, ...] | Mapping[str, Node] | None"

    def children(self, key: str) -> "Mapping[str, Node]":
        """The named values under a key; none when the key is absent or holds something else."""
        held = self.value.get(key) if isinstance(self.value, Mapping) else None
        return held.value if held is not None and isinstance(held.value, Mapping) else {}

    def at(self, path: Sequence[str | int]) -> "Node":
        """The node that a path leads to, or the last one on the way that exists."""
        node = self
        for step in path:
            if isinstance(node.value, Mapping) and step in node.value:
                node = node.value[cast("str", step)]
            elif isinstance(node.value, tuple) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                break
        return node

    def plain(self) -> object:
        """The value without places: text, None, dictionaries and tuples."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(node.plain() for node in self.value)
        return self.value


class _UnreadableError(Exception):
    """The text cannot be read beyond this line."""

    def __init__(self, line: int, text: str) -> None:
        self.line = line
        self.text = text
        super().__init__(text)


def parse(file: str, text: str, mistakes: list[Mistake]) -> Node:
    """The tree of one file; what cannot be read is added to the mistakes and the tree is empty. Never raises."""
    reader = _Reader(file, mistakes)
    try:
        return reader.document(text)
    except _UnreadableError as unreadable:
        mistakes.append(Mistake(file, unreadable.line, unreadable.text))
        return Node(file, 1, {})


def _events(text: str) -> Iterator[Any]:
    """PyYAML's events, its errors turned into ours."""
    if len(text) > MAX_CHARACTERS:
        raise _UnreadableError(1, f"the file is longer than {MAX_CHARACTERS} characters: split it")
    try:
        yield from cast("Iterator[Any]", yaml.parse(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType] - untyped
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, cast("int", error.position)) + 1
        raise _UnreadableError(line, "there is a character here that YAML does not allow: remove it") from error
    except yaml.MarkedYAMLError as error:
        raise _UnreadableError(
            error.problem_mark.line + 1 if error.problem_mark else 1, _advice(error.problem or "")
        ) from error


def _advice(problem: str) -> str:
    """What to look for when YAML itself cannot be read."""
    if "'\\t'" in problem:
        return "this line is indented with a tab: use spaces"
    return f"this is not readable YAML ({problem}): look here and just above for a missing colon, quote or bracket, or uneven indentation"


class _Reader:
    """Builds the tree of one file from PyYAML's events."""

    def __init__(self, file: str, mistakes: list[Mistake]) -> None:
        self.file = file
        self.mistakes = mistakes

    def document(self, text: str) -> Node:
        """The one document of the file; an empty file holds nothing."""
        root: Node | None = None
        events = _events(text)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    raise _UnreadableError(
                        _line(event), "a second document begins here: keep one per file and remove the line ---"
                    )
                root = self.node(event, events, 0, 1)
        if root is None or root.value is None:
            return Node(self.file, 1, {})
        if not isinstance(root.value, Mapping):
            raise _UnreadableError(1, "the file must hold keys: organisations, agreement or groups")
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int, line: int) -> Node:
        """The value that begins with this event."""
        if depth > MAX_DEPTH:
            raise _UnreadableError(
                _line(event), f"values are nested more than {MAX_DEPTH} deep here: that is no declaration"
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _UnreadableError(
                _line(event),
                "anchors (&) and aliases (*) are not used here: write the value out, in quotes if it begins so",
            )
        if event.tag is not None:
            raise _UnreadableError(
                _line(event), "tags (!) are not used here: write the plain value, in quotes if it begins so"
            )
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self.file, line, self.mapping(events, depth))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self.file, line, self.sequence(events, depth))
        nothing = event.style is None and event.value in _NOTHING
        return Node(self.file, line, None if nothing else cast("str", event.value))

    def mapping(self, events: Iterator[Any], depth: int) -> dict[str, Node]:
        """The keys and values up to the end of the mapping. A key that stands twice is a mistake; its first value counts."""
        found: dict[str, Node] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = _line(event)
            key = self.node(event, events, depth + 1, line).value
            value = self.node(next(events), events, depth + 1, line)
            if not isinstance(key, str):
                raise _UnreadableError(line, "a key must be one word: write it before the colon")
            if key in found:
                self.mistakes.append(
                    Mistake(
                        self.file, line, f'"{key}" stands here a second time, first on line {found[key].line}: keep one'
                    )
                )
            else:
                found[key] = value
        return found

    def sequence(self, events: Iterator[Any], depth: int) -> tuple[Node, ...]:
        """The items up to the end of the list."""
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.node(event, events, depth + 1, _line(event)))
        return tuple(items)


def _printable(text: str) -> str:
    """A sentence on one line and of bounded length, whatever it quotes: nothing in it may look like another mistake or steer a terminal."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown if len(shown) <= MAX_SENTENCE else shown[:MAX_SENTENCE] + "..."


def _line(event: Any) -> int:
    return cast("int", event.start_mark.line) + 1
