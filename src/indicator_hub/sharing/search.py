"""Search: what one's organisation may see, in every collection that it reads, by a value, an id or words; and whether a list of values is known.

What is found is recorded before it goes out, as a page of a poll is: one event for each collection, with the entries that were on it, as no range
says which these were. Counts (facets, statistics) name no object, and are no event.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from indicator_hub.audit.event import Event
from indicator_hub.errors import FeedFailed, Invalid, NotFound, NotPermitted
from indicator_hub.normalise import loose
from indicator_hub.normalise.observe import TYPES, Observation, observe, value_by_shape
from indicator_hub.normalise.row import Refusal
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.authenticate import every_collection
from indicator_hub.stix import ids, terms, timestamps
from indicator_hub.stix.pattern import Observable
from indicator_hub.store import roster
from indicator_hub.store import search as store_search
from indicator_hub.store.opened import Store
from indicator_hub.store.search import BEHIND, Row, Said, Values
from indicator_hub.trust.ladder import LEVELS, NAMES
from indicator_hub.trust.reach import Reach

Place = tuple[int, str]
"""How far a search has come: a `date_added`, and a collection; of two entries of one moment that of the first collection by id comes first."""
FIRST: Place = (BEHIND, "")
LOOK = 20_000
"""Entries that one request looks at, of those that its account sees; the rest is looked at by `next`."""
FACETS = 5_000
"""The newest of what matches, whose facets are counted."""
VALUES = 10_000
"""Values looked up at once."""
HITS = 3
"""Entries told for each of them, if nothing else is asked for."""
WINDOW = 90 * 86_400_000_000
"""The longest time that statistics are made of, in microseconds."""
LONGEST = 8_192
"""Characters of what is searched for."""
_LEAST, _AT_ONCE = 100, 1_000
_WORDS = 8
_OLDEST, _LATEST = 0, 2**62
_MATCH = {terms.WHOLE: "whole", terms.SOME: "part", terms.WITHIN: "within"}
_VALIDITY = ("valid", "expired", "all")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. What is empty or None lets everything through."""

    words: tuple[str, ...] = ()
    """Each stands in the name or in a label."""
    identifier: str = ""
    digests: frozenset[bytes] = frozenset()
    """Of values: one of them is said. With words too: or these stand there."""
    types: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    levels: frozenset[int] = frozenset()
    group: str = ""
    collection: str = ""
    originators: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    valid: str = "all"
    confidence: int | None = None
    sighted: bool | None = None
    revoked: bool | None = False
    """None: both."""

    @property
    def plain(self) -> bool:
        """Whether everything that is seen matches, so that no more is looked at than is told."""
        return replace(self, group="", collection="", revoked=None) == Query(revoked=None)


PARAMETERS = (
    "q", "type", "kind", "level", "group", "collection", "originator", "label", "valid", "confidence", "sighted", "revoked",
)  # fmt: skip
"""What a query is read from."""


def read_query(said: Mapping[str, str]) -> Query:
    """The query in these parameters; several types, kinds, levels, originators or labels are parted by commas. Raises Invalid."""
    kinds = _listed(said.get("kind", ""))
    if wrong := [one for one in kinds if one not in TYPES]:
        raise Invalid(f"kind is one of: {', '.join(sorted(TYPES))}; not {wrong[0][:40]}.")
    levels = [one.upper().removeprefix("TLP:") for one in _listed(said.get("level", "").replace(" ", "+"))]
    if any(one not in LEVELS for one in levels):
        raise Invalid(f"level is one of: {', '.join(f'TLP:{name}' for name in LEVELS)}.")
    valid = said.get("valid") or "all"
    if valid not in _VALIDITY:
        raise Invalid(f"valid is one of: {', '.join(_VALIDITY)}.")
    least = said.get("confidence") or ""
    if least and not (least.isascii() and least.isdigit() and int(least[:4]) <= 100):  # noqa: PLR2004 - STIX 2.1, 3.2
        raise Invalid("confidence is a number from 0 to 100: the least.")
    text = said.get("q", "").strip()
    if len(text) > LONGEST:
        raise Invalid(f"q has {LONGEST} characters at most.")
    return _asked_for(
        text,
        kinds[0] if len(kinds) == 1 else None,
        Query(
            types=frozenset(_listed(said.get("type", ""))),
            kinds=frozenset(kinds),
            levels=frozenset(LEVELS[one] for one in levels),
            group=said.get("group", ""),
            collection=said.get("collection", ""),
            originators=frozenset(_listed(said.get("originator", ""))),
            labels=frozenset(terms.label_part(one) for one in _listed(said.get("label", ""))),
            valid=valid,
            confidence=int(least) if least else None,
            sighted=_truth("sighted", said.get("sighted", "")),
            revoked=_truth("revoked", said.get("revoked", ""), usual=False),
        ),
    )


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _truth(name: str, text: str, *, usual: bool | None = None) -> bool | None:
    if text in ("true", "false"):
        return text == "true"
    if name == "revoked" and text == "all":
        return None
    if text and name == "revoked":
        raise Invalid(f"{name} is true or false, or all.")
    if text:
        raise Invalid(f"{name} is true or false.")
    return usual


def _asked_for(text: str, kind: str | None, query: Query) -> Query:
    """A text is an id, or a value in any spelling, or words. What could be a value or a name (`agent.tesla`) is looked for as both."""
    if not text:
        return query
    if ids.type_of(text.lower()) is not None:
        return replace(query, identifier=text.lower())
    found = _observed(text, kind)
    surely = found is not None and (kind is not None or value_by_shape(text, documentation=True) is not None)
    words = () if surely else tuple(one.casefold() for one in text.split())
    if len(words) > _WORDS:
        raise Invalid(f"Search for {_WORDS} words at most: what is named by more of them is found by the rarest.")
    return replace(query, digests=_digests(found) if found else frozenset(), words=words)


def _observed(text: str, kind: str | None = None) -> Observable | None:
    """A value, whether or not the hub would publish it."""
    found = observe(text, expect=kind, let_through=True)
    return found.observable if isinstance(found, Observation) else None


def _digests(one: Observable) -> frozenset[bytes]:
    return frozenset(terms.digest(each.type, each.value) for each in (one, *one.also))


@dataclass(frozen=True, slots=True)
class _Scope:
    """One collection that is read, and the organisations of its group that may be named there."""

    reach: Reach
    names: Mapping[int, str]

    @property
    def uuid(self) -> str:
        return self.reach.require_collection().id


@dataclass(frozen=True, slots=True)
class _Hit:
    scope: _Scope
    row: Row

    @property
    def order(self) -> tuple[int, str]:
        return -self.row.date_added, self.scope.uuid

    @property
    def originator(self) -> str | None:
        """Left out where it has no part in the group: what was released there does not name it."""
        return self.scope.names.get(self.row.organisation_id)

    @property
    def key(self) -> tuple[int, int]:
        return self.scope.reach.key, self.row.entry


@dataclass(slots=True)
class Found:
    """A part of what was found, the newest first; and where to go on from, where more was not looked at yet."""

    items: list[dict[str, Any]]
    following: Place | None = None


async def search(
    store: Store, caller: Caller, query: Query, *, after: Place = FIRST, limit: int = 100, record: bool = True
) -> Found:
    """The next of what matches. A part may hold fewer than `limit`, or nothing, and there may still be more behind it.

    `record` is False when nothing of it will go out (HEAD). Raises NotFound for a group or collection that does not exist for this account,
    NotPermitted for an account that may not read.
    """
    scopes = await _scopes(store, caller, query)
    hits, following = await _gathered(store, scopes, query, after, limit)
    items = await _told(store, scopes, hits)
    if record:
        await _record(store, caller, hits)
    return Found([items[one.key] for one in hits], following)


async def facets(store: Store, caller: Caller, query: Query, *, most: int = FACETS) -> dict[str, Any]:
    """Of the newest that match, so many at most, how many there are of each type, kind, level, collection, originator and label.

    `counted` says of how many; `complete` whether these are all. Raises as `search`.
    """
    scopes = await _scopes(store, caller, query)
    hits, following = await _gathered(store, scopes, query, FIRST, most)
    kinds = await _by_scope(store, hits, store_search.kinds)
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("types", "kinds", "levels", "collections", "originators", "labels")
    }
    for one in hits:
        counts["types"][one.row.type] += 1
        counts["kinds"].update(kinds.get(one.key, ()))
        counts["collections"][one.scope.uuid] += 1
        counts["labels"].update(terms.labels_of(one.row.labels))
        if one.row.floor in NAMES:
            counts["levels"][f"TLP:{NAMES[one.row.floor]}"] += 1
        if one.originator:
            counts["originators"][one.originator] += 1
    told = {
        name: [{"name": each, "number": number} for each, number in sorted(found.items(), key=lambda one: (-one[1], one[0]))[:100]]
        for name, found in counts.items()
    }  # fmt: skip
    return {"counted": len(hits), "complete": following is None, **told}


async def _scopes(store: Store, caller: Caller, query: Query) -> list[_Scope]:
    """The collections that are searched."""
    account = caller.require_account()
    if "read" not in account.scopes:
        async with act(store, caller, "search"):
            raise NotPermitted("This account may not read: its scopes leave out read.")
    found: list[Reach] = []
    for reach in await every_collection(store, account):
        of = reach.require_collection()
        here = query.group in ("", reach.group.name) and query.collection in ("", of.id, of.alias)
        if reach.can_read and here:
            found.append(reach)
    if not found and (query.group or query.collection):
        raise NotFound
    async with store.transactions.read() as tx:
        parties = {key: await roster.parties(tx, key) for key in {reach.group_id for reach in found}}
    own = {account.organisation_id: account.organisation}
    return [_Scope(reach, parties[reach.group_id] | own) for reach in found]


_Reader = Callable[[Reach, int, int], Awaitable[list[Row]]]
"""The newest rows of a reach before a `date_added`, so many of them."""


async def _gathered(
    store: Store, scopes: Sequence[_Scope], query: Query, after: Place, limit: int
) -> tuple[list[_Hit], Place | None]:
    """The next `limit` hits, the newest first; and where to go on from. Nothing is told beyond where every collection has been looked through."""
    found: dict[tuple[int, int], _Hit] = {}
    edges: list[tuple[int, str]] = []
    sources = [(scope, *source) for scope in scopes for source in _sources(store, query)]
    for scope, read, by_words in sources:
        wanted = query if by_words else replace(query, words=())
        before = min(after[0] + (scope.uuid > after[1]), BEHIND)
        hits, edge = await _of_scope(store, scopes, scope, wanted, read, before, limit, LOOK // len(sources))
        for one in hits:
            found.setdefault(one.key, one)
        if edge is not None:
            edges.append((-edge, scope.uuid))
    ordered = sorted(found.values(), key=lambda one: one.order)
    edge = min(edges, default=None)
    sure = [one for one in ordered if edge is None or one.order <= edge]
    if len(sure) > limit:
        last = sure[limit - 1]
        return sure[:limit], (last.row.date_added, last.scope.uuid)
    return sure, (-edge[0], edge[1]) if edge else None


def _sources(store: Store, query: Query) -> list[tuple[_Reader, bool]]:
    """How a query is answered, and whether its words have to stand there."""

    async def by_id(reach: Reach, before: int, rows: int) -> list[Row]:
        return await store_search.by_id(store, reach, query.identifier, before=before, rows=rows)

    async def by_value(reach: Reach, before: int, rows: int) -> list[Row]:
        async with store.transactions.read() as tx:
            return await store_search.by_value(tx, reach, query.digests, before=before, rows=rows)

    async def newest(reach: Reach, before: int, rows: int) -> list[Row]:
        return await store_search.newest(store, reach, before=before, rows=rows)

    if query.identifier:
        return [(by_id, False)]
    values: list[tuple[_Reader, bool]] = [(by_value, False)] if query.digests else []
    return values if query.digests and not query.words else [*values, (newest, True)]


async def _of_scope(
    store: Store,
    scopes: Sequence[_Scope],
    scope: _Scope,
    query: Query,
    read: _Reader,
    before: int,
    limit: int,
    look: int,
) -> tuple[list[_Hit], int | None]:
    """What matches in one collection, and down to which `date_added` it was looked through; None: to its end."""
    rows = max(_LEAST, min(limit + 1 if query.plain else max(limit + 1, _AT_ONCE), look))
    now, looked, found = store.now(), 0, list[_Hit]()
    while True:
        batch = await read(scope.reach, before, rows)
        looked += len(batch)
        hits = [one for row in batch if _matches(one := _Hit(scope, row), query, now)]
        found += await _by_more(store, scopes, hits, query)
        if len(batch) < rows:
            return found, None
        before = batch[-1].date_added
        if len(found) > limit or looked >= look:
            return found, before


def _matches(one: _Hit, query: Query, now: int) -> bool:
    """Everything that the row itself says."""
    row = one.row
    labels = row.labels or ""
    expired = row.valid_until is not None and row.valid_until <= now
    return (
        (not query.types or row.type in query.types)
        and query.revoked in (None, row.revoked)
        and (not query.levels or row.floor in query.levels)
        and (not query.originators or one.originator in query.originators)
        and (query.confidence is None or (row.confidence is not None and row.confidence >= query.confidence))
        and (query.valid == "all" or expired is (query.valid == "expired"))
        and all(label in labels for label in query.labels)
        and (not query.words or _is_named(row.name or "", terms.labels_of(labels), query.words))
    )


def _is_named(name: str, labels: Iterable[str], words: Iterable[str]) -> bool:
    texts = [name.casefold(), *labels]
    return all(any(word in text for text in texts) for word in words)


async def _by_more(store: Store, scopes: Sequence[_Scope], hits: list[_Hit], query: Query) -> list[_Hit]:
    """What other rows say of it."""
    if query.kinds and hits:
        kinds = await _by_scope(store, hits, store_search.kinds)
        hits = [one for one in hits if not query.kinds.isdisjoint(kinds.get(one.key, ()))]
    if query.sighted is not None and hits:
        seen = {one.of for one in await _said(store, scopes, {one.row.stix_id for one in hits}, most=0) if one.seen}
        hits = [one for one in hits if (one.row.stix_id in seen) is query.sighted]
    return hits


async def _by_scope(
    store: Store, hits: Iterable[_Hit], ask: Callable[[Any, Reach, Sequence[int]], Awaitable[dict[int, _T]]]
) -> dict[tuple[int, int], _T]:
    """What the store says of entries, asked once for each collection."""
    keys: dict[int, tuple[Reach, list[int]]] = {}
    for one in hits:
        keys.setdefault(one.scope.reach.key, (one.scope.reach, []))[1].append(one.row.entry)
    found: dict[tuple[int, int], _T] = {}
    async with store.transactions.read() as tx:
        for key, (reach, entries) in keys.items():
            found |= {(key, entry): told for entry, told in (await ask(tx, reach, entries)).items()}
    return found


async def _said(
    store: Store, scopes: Sequence[_Scope], identifiers: Iterable[str], *, most: int = store_search.SAID
) -> set[Said]:
    """Who saw these, and who says that they are wrong, in any of these collections; an object that lies in two of them counts once.

    More than `most` of one of them where there are more, if not all.
    """
    listed = sorted(identifiers)
    found: set[Said] = set()
    async with store.transactions.read() as tx:
        for scope in scopes if listed else ():
            found.update(await store_search.said(tx, scope.reach, listed, most=most))
    return found


async def _told(store: Store, scopes: Sequence[_Scope], hits: Sequence[_Hit]) -> dict[tuple[int, int], dict[str, Any]]:
    """The hits as they are answered, by collection and entry."""
    values = await _by_scope(store, hits, store_search.values)
    counts: Counter[tuple[str, bool]] = Counter()
    for one in await _said(store, scopes, {one.row.stix_id for one in hits}):
        counts[one.of, one.seen] += 1
    return {one.key: _item(one, values.get(one.key, Values([], 0)), counts) for one in hits}


def _item(one: _Hit, values: Values, counts: Mapping[tuple[str, bool], int]) -> dict[str, Any]:
    row = one.row
    told: dict[str, Any] = {
        "object": row.stix_id,
        "version": row.version,
        "type": row.type,
        "values": [{"kind": kind, "value": value} for kind, value in values.first],
        "group": one.scope.reach.group.name,
        "collection": one.scope.uuid,
        "labels": terms.labels_of(row.labels),
        "revoked": row.revoked,
        "held": row.held is not None,
        "date_added": timestamps.render(row.date_added),
    }
    if values.number > len(values.first):
        told["number_of_values"] = values.number
    for name, number in zip(("sightings", "false_positives"), _counted(counts, row.stix_id), strict=True):
        told |= {name: min(number, store_search.SAID)} | ({f"more_{name}": True} if number > store_search.SAID else {})
    optional: dict[str, Any] = {
        "name": row.name,
        "originator": one.originator,
        "level": f"TLP:{NAMES[row.floor]}" if row.floor in NAMES else None,
        "confidence": row.confidence,
        "valid_from": None if row.valid_from is None else timestamps.render(row.valid_from),
        "valid_until": None if row.valid_until is None else timestamps.render(row.valid_until),
        "match": _MATCH.get(row.part) if row.part is not None else None,
    }
    return told | {name: value for name, value in optional.items() if value is not None}


def _counted(counts: Mapping[tuple[str, bool], int], identifier: str) -> tuple[int, int]:
    """How many saw it, and how many say that it is wrong."""
    return counts.get((identifier, True), 0), counts.get((identifier, False), 0)


async def _record(store: Store, caller: Caller, hits: Sequence[_Hit]) -> None:
    """One event for each collection and moment that something of it is given out."""
    if not store.serve_events:
        return
    given: dict[tuple[int, int], list[_Hit]] = {}
    for one in hits:
        given.setdefault((one.scope.reach.key, one.row.as_of), []).append(one)
    events = [_served(store.now(), caller, as_of, listed) for (_, as_of), listed in given.items()]
    await asyncio.gather(*map(store.journal.write, events))


def _served(now: int, caller: Caller, as_of: int, hits: Sequence[_Hit]) -> Event:
    account, reach = caller.require_account(), hits[0].scope.reach
    rows = list({one.row.entry: one.row for one in hits}.values())
    lines = "".join(f"{row.stix_id} {row.version}\n" for row in rows)
    return Event(
        at=now,
        action="search",
        outcome="done",
        account_id=account.id,
        organisation_id=reach.organisation_id,
        group_id=reach.group_id,
        collection_id=reach.key,
        as_of=as_of,
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        request_id=caller.request_id,
        # What was searched for is not kept: it tells what an organisation is after.
        details={"number": len(rows), "entries": [row.entry for row in rows]},
        personal={"account": account.name} | ({"address": caller.address} if caller.address else {}),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """One value to look up, or why it is none. `row` is the line of the text that it stood in."""

    raw: str = ""
    row: int | None = None
    observable: Observable | None = None
    refused: str | None = None
    digests: frozenset[bytes] = field(default_factory=frozenset[bytes])


async def lookup(
    store: Store,
    caller: Caller,
    values: Sequence[str] = (),
    text: str = "",
    *,
    types: Collection[str] = (),
    group: str = "",
    within: bool = True,
    most: int = HITS,
    record: bool = True,
) -> list[dict[str, Any]]:
    """Whether these values, and those in a text, are known: for each the newest entries that say it, `most` of them, and whether there are `more`.

    In any collection, or in those of one group; of any type, or of these; `within`: also those that say it as a part of another value, as
    a URL its host. What is not asked for takes no place among the `most`. Raises Invalid for more than VALUES and for a text of a format
    that it breaks, NotPermitted for an account that may not read, NotFound for a group that does not exist for it.
    """
    scopes = await _scopes(store, caller, Query(group=group))
    asked = await asyncio.to_thread(_read_values, values, text)
    digests = sorted({digest for one in asked for digest in one.digests})
    hits: dict[bytes, list[_Hit]] = {}
    if digests:
        async with store.transactions.read() as tx:
            for scope in scopes:
                found = await store_search.known(tx, scope.reach, digests, each=most + 1, types=types, within=within)
                for digest, rows in found.items():
                    hits.setdefault(digest, []).extend(_Hit(scope, row) for row in rows)
    of = [_newest(hits, one.digests, most + 1) for one in asked]
    given = list({one.key: one for listed in of for one in listed[:most]}.values())
    items = await _told(store, scopes, given)
    if record:
        await _record(store, caller, given)
    return [_answer(one, listed, items, most) for one, listed in zip(asked, of, strict=True)]


def _newest(hits: Mapping[bytes, list[_Hit]], digests: Iterable[bytes], most: int) -> list[_Hit]:
    """The newest that say a value."""
    found = {one.key: one for digest in digests for one in hits.get(digest, ())}
    return sorted(found.values(), key=lambda one: one.order)[:most]


def _answer(
    one: Asked, hits: Sequence[_Hit], items: Mapping[tuple[int, int], dict[str, Any]], most: int
) -> dict[str, Any]:
    told: dict[str, Any] = {"raw": one.raw} if one.raw else {}
    if one.row is not None:
        told["row"] = one.row
    if one.observable is not None:
        told |= {"kind": one.observable.type, "value": one.observable.value}
    if one.refused is not None:
        told["refused"] = one.refused
    match = [_MATCH[hit.row.part or 0] for hit in hits]
    listed = [items[hit.key] | {"match": how} for hit, how in zip(hits[:most], match, strict=False)]
    return told | {"hits": listed, "more": len(hits) > most}


def _read_values(values: Sequence[str], text: str) -> list[Asked]:
    """Every value once, as it came first; what is none, each time."""
    found: dict[object, Asked] = {}
    try:
        for one in _each(values, text):
            found.setdefault((one.observable.type, one.observable.value) if one.observable else len(found), one)
            if len(found) > VALUES:
                raise Invalid(f"Look up {VALUES} values at a time.")
    except FeedFailed as error:
        raise Invalid(f"The text cannot be read: {error.detail}") from None
    return list(found.values())


def _each(values: Sequence[str], text: str) -> Iterable[Asked]:
    for raw in values:
        found = observe(raw, documentation=True)
        yield _asked(raw, None, found.observable if isinstance(found, Observation) else found)
    for one in loose.candidates(text.encode("utf-8", "surrogatepass"), documentation=True) if text.strip() else ():
        if isinstance(one, Refusal):
            yield _asked(one.raw, one.number or None, one)
        else:
            observable = Observable(one.type, one.value)
            yield Asked("", one.row, observable, None, _digests(observable))


def _asked(raw: str, row: int | None, found: Observable | Refusal) -> Asked:
    if isinstance(found, Observable):
        return Asked(raw, row, found, None, _digests(found))
    # What the hub would not publish itself others may have shared all the same.
    value = _observed(raw)
    return Asked(raw, row, value, found.reason, _digests(value) if value else frozenset())


async def statistics(store: Store, caller: Caller, since: int, until: int, *, group: str = "") -> dict[str, Any]:
    """How many versions came that this account sees, from `since` on and before `until` (microseconds): by day, type, level and originator.

    Of all groups, or of one. Raises Invalid for a window that is empty or longer than WINDOW, NotPermitted for an account that may not read,
    NotFound for a group that does not exist for it.
    """
    if not _OLDEST <= since < until < _LATEST or until - since > WINDOW:
        raise Invalid("The time from since to until is 90 days at most, and not empty.")
    scopes = await _scopes(store, caller, Query(group=group))
    days: dict[int, Counter[str]] = {}
    types, levels, originators = Counter[str](), Counter[str](), Counter[str]()
    for scope in scopes:
        for one in await store_search.counted(store, scope.reach, since=since, until=until):
            level = f"TLP:{NAMES[one.floor]}" if one.floor in NAMES else ""
            days.setdefault(one.day, Counter())[level] += one.number
            types[one.type] += one.number
            levels[level] += one.number
            originators[scope.names.get(one.organisation_id, "")] += one.number
    return {
        "since": timestamps.render(since),
        "until": timestamps.render(until),
        "number": types.total(),
        "days": [
            {
                "day": timestamps.render(day * 86_400_000_000)[:10],
                "number": found.total(),
                "levels": _numbers(found),
            }
            for day, found in sorted(days.items())
        ],
        "types": _numbers(types),
        "levels": _numbers(levels),
        "originators": _numbers(originators),
    }


def _numbers(found: Counter[str]) -> list[dict[str, Any]]:
    """The most first. What has no name is what may not be named here (or, of levels, what is held)."""
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return [({"name": name} if name else {}) | {"number": number} for name, number in ordered]
