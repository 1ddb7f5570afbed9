"""The query of an export: filters, and what some formats can be told. Refused as a whole when one word of it is not known."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from indicator_hub.errors import Invalid
from indicator_hub.stix import canonical
from indicator_hub.stix.pattern import TYPES
from indicator_hub.trust.ladder import LEVELS, RED

KINDS = frozenset((*TYPES, "cve"))
MOST_LINES = 1_000_000
MOST_WORDS = 100
_AGE = re.compile(r"([0-9]{1,5})([dh])", re.ASCII)
_UNITS = {"d": 86_400_000_000, "h": 3_600_000_000}
_POLICIES = ("nxdomain", "nodata", "drop", "passthru", "tcp-only")
_MOST_TTL = 604_800
_LONGEST_WORD = 250


@dataclass(frozen=True, slots=True)
class Filter:
    """What of what one sees. `level` is the highest that goes out, `confidence` the least (None: any), `age` in microseconds (None: any).

    Several words of one filter mean any of them; no word, all.
    """

    kinds: tuple[str, ...] = ()
    level: int = RED
    confidence: int | None = None
    age: int | None = None
    labels: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    originators: tuple[str, ...] = ()
    limit: int | None = None
    documentation: bool = False

    def document(self) -> dict[str, Any]:
        """For the record: only what was asked for."""
        whole: dict[str, Any] = {
            "kinds": list(self.kinds), "level": None if self.level == RED else self.level, "confidence": self.confidence, "age": self.age,
            "labels": list(self.labels), "collections": list(self.collections), "originators": list(self.originators), "limit": self.limit,
            "documentation": self.documentation or None,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value is not None and value != []}


def filter_of(document: Mapping[str, Any]) -> Filter:
    """The filter that `Filter.document` kept."""
    values: dict[str, Any] = dict(document)
    for name in ("kinds", "labels", "collections", "originators"):
        values[name] = tuple(values.get(name, ()))
    return Filter(**values)


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter, and what the format was told."""

    filter: Filter
    options: Mapping[str, str]


def parse(query: str, options: frozenset[str]) -> Asked:
    """The query string of an export whose format takes these options. Raises Invalid, naming the parameter."""
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=200
        )
    except ValueError:
        raise Invalid("The query cannot be read: write name=value, joined by &.") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in _FILTERS and name not in options:
            known = ", ".join(sorted({*_FILTERS, *options}))
            raise Invalid(f"There is no parameter {name[:60]!r} here. There are {known}.")
        given.setdefault(name, []).append(value)
    filters = {_FIELDS.get(name, name): read(name, given[name]) for name, read in _FILTERS.items() if name in given}
    told = {name: _OPTIONS[name](name, given[name]) for name in sorted(options) if name in given}
    return Asked(Filter(**filters), MappingProxyType(told))


def _once(name: str, values: Sequence[str]) -> str:
    if len(values) != 1:
        raise Invalid(f"{name} is given once.")
    return values[0]


def _words(name: str, values: Sequence[str]) -> tuple[str, ...]:
    found = {word.strip() for value in values for word in value.split(",")}
    if "" in found or len(found) > MOST_WORDS or any(len(word) > _LONGEST_WORD or "\0" in word for word in found):
        raise Invalid(f"{name} takes up to {MOST_WORDS} words, with commas between them.")
    return tuple(sorted(found))


def _labels(name: str, values: Sequence[str]) -> tuple[str, ...]:
    found = _words(name, [value.lower() for value in values])
    if any("/" in word for word in found):
        raise Invalid(f"{name}: a label with a slash in it cannot be asked for.")
    return found


def _kinds(name: str, values: Sequence[str]) -> tuple[str, ...]:
    found = _words(name, values)
    if unknown := [word for word in found if word not in KINDS]:
        raise Invalid(f"{name}: there is no kind {unknown[0][:60]!r}. There are {', '.join(sorted(KINDS))}.")
    return found


def _level(name: str, values: Sequence[str]) -> int:
    # A plus sign in a query is a blank to whoever reads it by the rules of forms.
    word = _once(name, values).upper().removeprefix("TLP:").replace(" ", "+").replace("WHITE", "CLEAR")
    if word not in LEVELS:
        raise Invalid(f"{name} is one of {', '.join(LEVELS)}.")
    return LEVELS[word]


def _number(least: int, most: int) -> Callable[[str, Sequence[str]], int]:
    def read(name: str, values: Sequence[str]) -> int:
        word = _once(name, values)
        if not (word.isascii() and word.isdigit() and len(word) <= len(str(most)) and least <= int(word) <= most):
            raise Invalid(f"{name} is a number from {least} to {most}.")
        return int(word)

    return read


def _age(name: str, values: Sequence[str]) -> int:
    found = _AGE.fullmatch(_once(name, values))
    if found is None or int(found[1]) == 0:
        raise Invalid(f"{name} is a number of days or hours: 30d, 12h.")
    return int(found[1]) * _UNITS[found[2]]


def _yes(name: str, values: Sequence[str]) -> bool:
    word = _once(name, values)
    if word not in ("true", "false"):
        raise Invalid(f"{name} is true or false.")
    return word == "true"


def _flag(name: str, values: Sequence[str]) -> str:
    return "true" if _yes(name, values) else "false"


def _policy(name: str, values: Sequence[str]) -> str:
    word = _once(name, values)
    return word if word in _POLICIES else _host(name, values, f"{', '.join(_POLICIES)}, or the name to answer with")


def _host(name: str, values: Sequence[str], what: str = "a name") -> str:
    found = canonical.domain(_once(name, values).removesuffix("."))
    if found is None and (word := values[0].removesuffix(".")) and re.fullmatch(r"[a-z0-9-]{1,63}", word, re.ASCII):
        found = word  # one label alone, as `localhost`
    if found is None:
        raise Invalid(f"{name} is {what}.")
    return found


def _address(name: str, values: Sequence[str]) -> str:
    found = canonical.ipv4(_once(name, values)) or canonical.ipv6(values[0])
    if found is None:
        raise Invalid(f"{name} is an address.")
    return found


def _seconds(name: str, values: Sequence[str]) -> str:
    return str(_number(1, _MOST_TTL)(name, values))


_FILTERS: Mapping[str, Callable[[str, Sequence[str]], Any]] = MappingProxyType(
    {
        "kind": _kinds,
        "level": _level,
        "confidence": _number(0, 100),
        "age": _age,
        "label": _labels,
        "collection": _words,
        "originator": _words,
        "limit": _number(1, MOST_LINES),
        "documentation": _yes,
    }
)
_FIELDS = {"kind": "kinds", "label": "labels", "collection": "collections", "originator": "originators"}
_OPTIONS: Mapping[str, Callable[[str, Sequence[str]], str]] = MappingProxyType(
    {
        "wildcard": _flag,
        "subdomains": _flag,
        "policy": _policy,
        "zone": _host,
        "ns": _host,
        "ttl": _seconds,
        "address": _address,
    }
)


def filters() -> Iterator[str]:
    """The names of the filters that every format takes."""
    yield from _FILTERS
