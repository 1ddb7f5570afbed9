"""What a poll asks: added_after, limit, next, match[...] (TAXII 2.1 sections 3.4 and 3.5).

`next` is stateless: it carries the position, the collection, the account and the whole query, signed. Rights are judged afresh at every
page; a token that was made for another account, collection or other filters is answered as if it had not been sent.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from indicator_hub.errors import Invalid
from indicator_hub.limits import LIMITS, Limits
from indicator_hub.stix import timestamps

FIRST, LAST, ALL = "first", "last", "all"
_LIMIT = re.compile(r"0*[1-9][0-9]*", re.ASCII)
_MAC_LENGTH = 16
_MATCHES = {
    "objects": ("id", "type", "version", "spec_version"),
    "manifest": ("id", "type", "version", "spec_version"),
    "object": ("version", "spec_version"),
    "versions": ("spec_version",),
    "deletion": ("version", "spec_version"),
}


class Resource(Enum):
    """The four resources that page, and what DELETE chooses by. Which `match` fields count on each: `_MATCHES` (TAXII 2.1 sections 5.3 to 5.8)."""

    OBJECTS = "objects"
    MANIFEST = "manifest"
    OBJECT = "object"
    VERSIONS = "versions"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True)
class Filters:
    """The `match[...]` part. Empty `ids`, `types` and `spec_versions` let everything through; `versions` never is empty.

    `versions` holds the keywords first and last, `values` the sort keys of the instants asked for; `all` stands alone as every=True.
    """

    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    spec_versions: tuple[str, ...] = ()
    keywords: frozenset[str] = frozenset((LAST,))
    values: tuple[str, ...] = ()

    @property
    def every(self) -> bool:
        """Whether every version is asked for."""
        return ALL in self.keywords

    def digest(self) -> str:
        """A short name for these filters, the same however they were spelt."""
        content = [
            sorted(self.ids),
            sorted(self.types),
            sorted(self.spec_versions),
            sorted(self.keywords),
            sorted(self.values),
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Query:
    """One request for a page: rows with date_added > `after`, `limit` at most. `added_after` is kept for the token."""

    after: int
    limit: int
    filters: Filters
    added_after: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters as sent, checked for syntax. `given` tells whether any filter was sent at all."""

    added_after: int | None
    limit: int | None
    token: bytes | None
    filters: Filters
    given: bool


def parse(query_string: str, resource: Resource, limits: Limits = LIMITS) -> Asked:
    """The parameters of a request. Raises Invalid for anything malformed or repeated (TAXII 2.1 section 3.4); unknown ones are ignored."""
    return (
        _parse(query_string, resource, limits)
        if len(query_string) <= _CACHED
        else _parse.__wrapped__(query_string, resource, limits)
    )


_CACHED = 512


@lru_cache(maxsize=512)
def _parse(query_string: str, resource: Resource, limits: Limits) -> Asked:
    sent: dict[str, str] = {}
    filtering = 0
    for pair in query_string.split("&") if query_string else ():
        name, _, value = pair.partition("=")
        name = _unquote(name)
        if name in ("added_after", "limit", "next") or (name.startswith("match[") and name.endswith("]")):
            if name in sent:
                raise Invalid(f"{name[:40]} occurs more than once.")
            sent[name] = _unquote(value)
            filtering += len(value) if name.startswith("match[") else 0
    if filtering > limits.filters:
        raise Invalid(f"The match values may hold {limits.filters} characters at most.")
    matches = {field: sent[f"match[{field}]"] for field in _MATCHES[resource.value] if f"match[{field}]" in sent}
    return Asked(
        added_after=_added_after(sent["added_after"]) if "added_after" in sent else None,
        limit=_limit(sent["limit"]) if "limit" in sent else None,
        token=_token(sent["next"]) if "next" in sent else None,
        filters=_filters(matches, resource, limits),
        given=bool(matches),
    )


def _unquote(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        plain = unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Invalid("A parameter is not UTF-8.") from None
    if "\0" in plain:
        raise Invalid("A parameter holds U+0000.")
    return plain


def _added_after(text: str) -> int:
    if not timestamps.is_timestamp(text):
        raise Invalid("added_after must be one timestamp like 2026-01-31T12:00:00.000000Z.")
    return timestamps.parse(text)


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text):
        raise Invalid("limit must be a positive integer.")
    return int(text[:19]) if len(text.lstrip("0")) <= 18 else 10**18  # noqa: PLR2004 - more than any page, without parsing a novel


def _values(field: str, text: str, most: int) -> tuple[str, ...]:
    values = tuple(text.split(","))
    if any(not value or value != value.strip() for value in values):
        raise Invalid(f"match[{field}] must be a list of values, parted by commas without blanks.")
    if len(values) > most:
        raise Invalid(f"match[{field}] may hold {most} values at most.")
    return values


def _filters(matches: dict[str, str], resource: Resource, limits: Limits) -> Filters:
    lists = {field: _values(field, text, limits.values) for field, text in matches.items()}
    keywords, values = _versions(lists["version"]) if "version" in lists else (frozenset((LAST,)), ())
    if "version" not in lists and resource in (Resource.VERSIONS, Resource.DELETION):
        keywords = frozenset((ALL,))
    return Filters(
        ids=tuple(dict.fromkeys(lists.get("id", ()))),
        types=tuple(dict.fromkeys(lists.get("type", ()))),
        spec_versions=tuple(dict.fromkeys(lists.get("spec_version", ()))),
        keywords=keywords,
        values=values,
    )


def _versions(values: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """TAXII 2.1 section 3.4.1: first, last and instants in any mixture, none twice; all stands alone."""
    keywords: set[str] = set()
    instants: list[str] = []
    for value in values:
        if value in (FIRST, LAST, ALL):
            if value in keywords:
                raise Invalid("match[version] names a value twice.")
            keywords.add(value)
        elif timestamps.is_timestamp(value):
            key = timestamps.sort_key(value)
            if key in instants:
                raise Invalid("match[version] names a value twice.")
            instants.append(key)
        else:
            raise Invalid("match[version] takes first, last, all or timestamps.")
    if ALL in keywords and (len(keywords) > 1 or instants):
        raise Invalid("match[version]=all stands alone.")
    return frozenset(keywords), tuple(instants)


def _token(text: str) -> bytes:
    try:
        decoded = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeEncodeError):
        raise Invalid("next is not a value this hub gave out.") from None
    if len(decoded) <= _MAC_LENGTH or base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != text:
        raise Invalid("next is not a value this hub gave out.")
    return decoded


def query_of(asked: Asked, *, keys: Iterable[bytes], account: str, target: str, page_limit: int) -> Query:
    """The query to run. `target` names the resource and collection (and object) that is asked. Raises Invalid for a forged `next`.

    A follow-up that sends no filters gets the token's own; one that sends the same is a continuation, whatever its `limit`.
    """
    limit = min(asked.limit or page_limit, page_limit)
    query = Query(asked.added_after if asked.added_after is not None else -1, limit, asked.filters, asked.added_after)
    if asked.token is None:
        return query
    carried = _open(asked.token, keys)
    if carried["a"] != account or carried["t"] != target:
        return query
    filters = Filters(
        tuple(carried["i"]), tuple(carried["y"]), tuple(carried["s"]), frozenset(carried["k"]), tuple(carried["v"])
    )
    if asked.given and filters.digest() != asked.filters.digest():
        return query
    added_after = asked.added_after if asked.added_after is not None else carried["f"]
    return Query(max(carried["p"], query.after), limit, filters, added_after)


def next_token(query: Query, position: int, *, key: bytes, account: str, target: str) -> str:
    """The `next` that continues this query after the row at `position`."""
    filters = query.filters
    carried = {
        "p": position, "a": account, "t": target, "f": query.added_after,
        "i": filters.ids, "y": filters.types, "s": filters.spec_versions, "k": sorted(filters.keywords), "v": filters.values,
    }  # fmt: skip
    content = json.dumps(carried, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(key, content) + content).rstrip(b"=").decode()


def for_object(query: Query, identifier: str) -> Query:
    """The same query about one object."""
    return replace(query, filters=replace(query.filters, ids=(identifier,)))


def _open(token: bytes, keys: Iterable[bytes]) -> dict[str, Any]:
    mac, content = token[:_MAC_LENGTH], token[_MAC_LENGTH:]
    if not any(hmac.compare_digest(mac, _mac(key, content)) for key in keys):
        raise Invalid("next is not a value this hub gave out.")
    return json.loads(content)


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"taxii next\0" + content, "sha256")[:_MAC_LENGTH]
