"""Lists of what is no indicator, or is one only in a context: known false positives, clouds, a nation's own networks (normalisation section 10).

MISP's warning-list format is read as it is. A list refuses what is on it, or labels it; one that a nation keeps for itself refuses its own networks
and the hosts under its own names.
"""

import json
import re as _re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import regex

from indicator_hub.errors import FeedFailed
from indicator_hub.stix import canonical
from indicator_hub.stix.pattern import Observable

Way = Literal["cidr", "hostname", "string", "substring", "regex"]
Use = Literal["refuse", "label", "allow"]
WAYS: tuple[Way, ...] = ("cidr", "hostname", "string", "substring", "regex")
LONGEST = 1_000
"""Characters of an entry."""
SECONDS = 0.05
"""How long one expression may look at one value."""
_HASHES = ("md5", "sha1", "sha256", "sha512", "sha3-256", "sha3-512", "ssdeep", "tlsh")
_HOSTED = frozenset(
    ("ipv4-addr", "ipv6-addr", "ipv4-cidr", "ipv6-cidr", "ipv4-port", "ipv6-port", "domain-name", "domain-port", "url")
)
_NETWORKS = frozenset(("ipv4-cidr", "ipv6-cidr"))
_ADDRESSES = ("ipv4-addr", "ipv6-addr", "ipv4-cidr", "ipv6-cidr", "ipv4-port", "ipv6-port")
_NAMES = ("domain-name", "domain-port")
_DELIMITED = _re.compile(r"/(.*)/([imsux]*)", _re.DOTALL)
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ip-src", "ip-dst", "ip-src|port", "ip-dst|port"), _ADDRESSES),
    **dict.fromkeys(("domain", "hostname", "hostname|port"), _NAMES),
    "domain|ip": (*_ADDRESSES, *_NAMES),
    **dict.fromkeys(("url", "uri", "link"), ("url",)),
    **dict.fromkeys(("email", "email-src", "email-dst", "email-reply-to", "whois-registrant-email"), ("email-addr",)),
    **{name: (name,) for name in _HASHES},
    **{f"filename|{name}": (name,) for name in _HASHES},
    "malware-sample": ("md5",), "filename": ("file-name",), "mutex": ("mutex",), "regkey": ("windows-registry-key",),
    "AS": ("autonomous-system",), "user-agent": ("user-agent",), "btc": ("cryptocurrency-wallet",), "xmr": ("cryptocurrency-wallet",),
    "vulnerability": ("cve",), "mac-address": ("mac-addr",), "x509-fingerprint-sha1": ("x509-certificate",),
}  # fmt: skip
"""MISP's types of attributes that a list is for, and what each is here."""


@dataclass(frozen=True, slots=True)
class Part:
    """Entries that are compared in one way, with values of these types; no type: of any."""

    way: Way
    types: frozenset[str]
    entries: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """To keep as JSON."""
        return {"way": self.way, "types": sorted(self.types), "entries": list(self.entries)}


@dataclass(frozen=True, slots=True)
class Bad:
    """An entry that is none, with its place from 1."""

    raw: str
    number: int


def parse(text: str) -> tuple[Part, list[Bad]]:
    """A list in MISP's format, and its entries that cannot be read. Raises FeedFailed for what is none."""
    try:
        tree: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise FeedFailed("The feed is no whole JSON: it may have been cut off.") from None
    if not isinstance(tree, dict) or not isinstance(cast("dict[str, Any]", tree).get("list"), list):
        raise FeedFailed('The feed is no warning list of MISP\'s: an object with a "list".')
    found = cast("dict[str, Any]", tree)
    way = found.get("type")
    if way not in WAYS:
        raise FeedFailed(f"The warning list is compared in a way that is not known: {str(way)[:40]}.")
    named = found.get("matching_attributes")
    names = cast("list[Any]", named) if isinstance(named, list) else []
    types = frozenset(kind for name in names for kind in _ATTRIBUTES.get(str(name), ()))
    if names and not types:
        raise FeedFailed("The warning list is for types of attributes that are not known here.")
    good: dict[str, None] = {}
    bad: list[Bad] = []
    for number, entry in enumerate(cast("list[Any]", found["list"]), 1):
        read = entry_of(way, entry) if isinstance(entry, str) and len(entry) <= LONGEST else None
        if read is None:
            bad.append(Bad(str(entry)[:LONGEST], number))
        else:
            good[read] = None
    return Part(way, types, tuple(good)), bad


def entry_of(way: Way, text: str) -> str | None:
    """An entry as it is compared; None for what cannot be."""
    text = text.strip()
    if not text:
        return None
    match way:
        case "cidr":
            network = canonical.parse_network(text)
            return None if network is None else canonical.render_network(*network)
        case "hostname":
            return canonical.domain(text.lstrip(".")) or text.lower()
        case "regex":
            return text if _compiled(text) is not None else None
        case _:
            return text.lower()


def _compiled(text: str) -> "regex.Pattern[str] | None":
    """An expression, with or without slashes around it, as MISP's have."""
    delimited = _DELIMITED.fullmatch(text)
    body, flags = delimited.groups() if delimited else (text, "i")
    try:
        return regex.compile(body, regex.IGNORECASE if "i" in flags else 0)
    except (regex.error, RecursionError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class WarningList:
    """A list by the name of the feed that brings it, what becomes of what is on it, and its parts."""

    name: str
    use: Use
    parts: tuple[Part, ...]


def kept(parts: Iterable[Part]) -> str:
    """Parts as text."""
    return json.dumps([one.document() for one in parts], separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> tuple[Part, ...]:
    """What `kept` wrote."""
    found: list[Any] = json.loads(text)
    return tuple(Part(one["way"], frozenset(one["types"]), tuple(one["entries"])) for one in found)


@dataclass(slots=True)
class _Networks:
    """Networks by family and length of the prefix, so that an address is looked up once for each length that there is."""

    by_length: dict[tuple[int, int], dict[int, list[int]]] = field(
        default_factory=dict[tuple[int, int], dict[int, list[int]]]
    )
    all: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])

    def add(self, text: str, owner: int) -> None:
        """A network of a list."""
        found = canonical.parse_network(text)
        if found is None:
            return
        version, address, bits = found
        spare = canonical.WIDTH[version] - bits
        self.by_length.setdefault((version, bits), {}).setdefault(address >> spare, []).append(owner)
        self.all.append((version, address >> spare << spare, bits, owner))

    def around(self, version: int, address: int, bits: int) -> Iterator[int]:
        """The lists that hold all of a network."""
        width = canonical.WIDTH[version]
        for (of, length), networks in self.by_length.items():
            if of == version and length <= bits:
                yield from networks.get(address >> (width - length), ())

    def inside(self, version: int, address: int, bits: int) -> Iterator[int]:
        """The lists of which a network holds something."""
        spare = canonical.WIDTH[version] - bits
        yield from (
            owner
            for of, start, length, owner in self.all
            if of == version and length >= bits and start >> spare == address >> spare
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """What the lists say of a value: the names of those that refuse it, and labels."""

    refused_by: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


_NONE = Hit()


class Matcher:
    """All lists that count for a feed, as one."""

    def __init__(self, lists: Sequence[WarningList]) -> None:
        self._lists = lists
        self._types: list[frozenset[str]] = []
        self._networks, self._own = _Networks(), _Networks()
        self._exact: dict[str, list[int]] = {}
        self._hosts: dict[str, list[int]] = {}
        self._names: dict[str, list[int]] = {}
        self._substrings: list[tuple[str, int]] = []
        self._expressions: list[tuple[Any, int]] = []
        self._owners: list[WarningList] = []
        for one in lists:
            for part in one.parts:
                self._add(one, part)

    def __bool__(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self._owners)

    def fresh(self) -> "Matcher":
        """The same for one run: what is too slow for a value of its feed is so for no other."""
        one = copy(self)
        one._expressions = list(self._expressions)  # noqa: SLF001 - of this class
        return one

    def _add(self, of: WarningList, part: Part) -> None:
        owner = len(self._owners)
        self._owners.append(of)
        self._types.append(part.types)
        own = of.use == "allow"
        for entry in part.entries:
            match part.way:
                case "cidr":
                    (self._own if own else self._networks).add(entry, owner)
                case "hostname":
                    (self._names if own else self._hosts).setdefault(entry, []).append(owner)
                case "string":
                    self._exact.setdefault(entry, []).append(owner)
                case "substring":
                    self._substrings.append((entry, owner))
                case "regex":
                    if (compiled := _compiled(entry)) is not None:
                        self._expressions.append((compiled, owner))

    def hit(self, one: Observable) -> Hit:
        """What the lists say of a value."""
        refused: dict[str, None] = {}
        labels: set[str] = set()
        for owner in self._owners_of(one):
            types = self._types[owner]
            if types and one.type not in types:
                continue
            of = self._owners[owner]
            if of.use == "label":
                labels.add(of.name)
            else:
                refused[of.name] = None
        return Hit(tuple(refused), tuple(sorted(labels))) if refused or labels else _NONE

    def _owners_of(self, one: Observable) -> Iterator[int]:
        values = [one.value.lower(), *(each.value.lower() for each in one.also)]
        if self._exact:
            for value in values:
                yield from self._exact.get(value, ())
        if one.type in _HOSTED:
            yield from self._of_host(one)
        elif one.type == "email-addr":
            yield from self._of_own_names(one.value.rpartition("@")[2])
        for text, owner in self._substrings:
            if text in values[0]:
                yield owner
        yield from self._of_expressions(one.value)

    def _of_host(self, one: Observable) -> Iterator[int]:
        host, bare = _host(one)
        network = canonical.parse_network(host) if host[-1:].isdigit() or ":" in host or one.type in _NETWORKS else None
        if network is not None:
            found = [*self._networks.around(*network)]
            yield from (*self._own.around(*network), *(self._own.inside(*network) if one.type in _NETWORKS else ()))
        else:
            found = list(self._hosts.get(host, ()))
            yield from self._of_own_names(host)
        # That a page lies at a well-known host makes it no false positive; that it lies there is worth a label.
        yield from found if bare else (owner for owner in found if self._owners[owner].use == "label")

    def _of_own_names(self, host: str) -> Iterator[int]:
        """A nation's own names stand for every host under them."""
        for name in _above(host) if self._names else ():
            yield from self._names.get(name, ())

    def _of_expressions(self, value: str) -> Iterator[int]:
        for expression, owner in list(self._expressions):
            try:
                if expression.search(value, timeout=SECONDS):
                    yield owner
            except TimeoutError:
                # It would be as slow for the next value: for this run it counts no longer.
                self._expressions = [one for one in self._expressions if one[0] is not expression]


def _host(one: Observable) -> tuple[str, bool]:
    """The host of a value, and whether the value is no more than that."""
    if one.type == "url":
        parts = urlsplit(one.value)
        return (parts.hostname or "").strip("[]"), parts.path in ("", "/") and not parts.query
    if one.type.endswith("-port"):
        return one.value.rpartition(":")[0].strip("[]"), True
    return one.value, True


def _above(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]
