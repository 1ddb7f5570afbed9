"""Export: a device asks for a list, and is given what its account may see in a group, as one snapshot, written for it.

The list is read and written whole before its first byte goes out, into a file that is in memory only while it is small; then it is recorded,
one event for each collection: as of which clock, under which reach and filter, against which lists of what is harmless, how much, and its
SHA-256. With the history of the entries the list can be worked out again from that; and who was given what is later taken back is told.
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, BinaryIO

from indicator_hub.audit.event import Event
from indicator_hub.errors import NotFound, Unavailable
from indicator_hub.exports.asked import Asked
from indicator_hub.exports.choose import DISAGREEING, Rules, handling_of_definition, pap_of_definition, strictest_pap
from indicator_hub.exports.format import NO_NATION, Format, Scope
from indicator_hub.exports.misp import DAY, event_uuid
from indicator_hub.exports.row import Row
from indicator_hub.exports.run import Run
from indicator_hub.normalise import warninglists
from indicator_hub.normalise.unpack import scratch
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.recalls import SETTLING
from indicator_hub.stix.markings import granular_marks, object_marks
from indicator_hub.stix.pattern import Observable
from indicator_hub.store import definitions, exports, lists, recalls, roster
from indicator_hub.store.engine import Transaction
from indicator_hub.store.exports import Wanted
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach

ANY = "*"
"""Said instead of an etag: whatever there is (RFC 9110 section 13.1.2)."""
_CHUNK = 64 * 1024
_REMEMBERED = 1_000
_RELATED = ("marking-definition", "identity")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a format, of MISP's the event, a filter, and where in the group: `scope` has the hub's address."""

    format: Format
    event: str
    asked: Asked
    scope: Scope


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a list besides its bytes.

    `changed` in microseconds; `tlp` as it is written, empty for an empty list; `nations` those that all of it may go to, empty where nothing of it is for some alone.
    """

    etag: str
    changed: int
    tlp: str
    skipped: str
    truncated: int
    lines: int
    nations: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A list, written. Whoever has it closes it."""

    told: Told
    size: int
    head: bytes
    body: BinaryIO

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, from the beginning."""
        if self.head:
            yield self.head
        self.body.seek(0)
        while chunk := self.body.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        """Let go of the file."""
        self.body.close()


@dataclass(slots=True)
class Memory:
    """What was said of lists that were written before: no byte of any of them. Who has the newest is told so without reading it again.

    A list is as it was while the collections' clocks stand, the account reaches what it reached, and no indicator begins or ends.
    """

    _kept: dict[tuple[object, ...], tuple[object, int | None, Told]] = field(
        default_factory=dict[tuple[object, ...], tuple[object, int | None, Told]]
    )

    def find(self, key: tuple[object, ...], state: object, now: int) -> Told | None:
        """What was said of this list, if it is the same still."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != state or (kept[1] is not None and now >= kept[1]):
            return None
        return kept[2]

    def keep(self, key: tuple[object, ...], state: object, until: int | None, told: Told) -> None:
        """Remember it; of too many the oldest is forgotten."""
        self._kept.pop(key, None)
        self._kept[key] = (state, until, told)
        if len(self._kept) > _REMEMBERED:
            del self._kept[next(iter(self._kept))]


def chosen(reaches: Sequence[Reach], names: Sequence[str]) -> list[Reach]:
    """Of the collections that an account reaches in a group those that it names, by id or alias. Raises NotFound for one that is not there."""
    if not names:
        return list(reaches)
    found = {
        name: next(
            (one for one in reaches if name in (one.require_collection().id, one.require_collection().alias)), None
        )
        for name in names
    }
    if None in found.values():
        raise NotFound
    return list({one.key: one for one in found.values() if one is not None}.values())


async def require_read(store: Store, caller: Caller, reaches: Sequence[Reach]) -> None:
    """Raises NotPermitted, and records it, where the account may not read."""
    for reach in reaches:
        if not reach.can_read:
            async with act(store, caller, "export", reach):
                reach.require_read()


async def unchanged(store: Store, memory: Memory, caller: Caller, reaches: Sequence[Reach], wish: Wish) -> Told | None:
    """What was said of this very list when it was written last, if nothing can have changed since. Asks for clocks, not for rows."""
    if not reaches:
        return None
    async with store.transactions.read() as tx:
        state = await _state(tx, reaches)
    return memory.find(_key(caller, reaches, wish), state, store.now())


async def export(
    store: Store,
    memory: Memory,
    caller: Caller,
    reaches: Sequence[Reach],
    wish: Wish,
    *,
    had: AbstractSet[str] = frozenset(),
    record: bool = True,
) -> Exported:
    """The list, written and recorded. Nothing is when none of it will go out: `record` is False (HEAD), or the reader `had` it.

    That is its etag, or ANY.

    Raises NotFound for an originator or a MISP event that is not there.
    """
    now, begun = store.now(), time.monotonic()
    body, digest = scratch(), hashlib.sha256()
    try:
        async with store.transactions.snapshot() as tx:
            source = await _Source.open(tx, reaches, wish, now)
            run = await _written(source, body)
            changed = await source.changed(run.changed)
        run.changed = changed
        head = run.head()
        size = len(head) + body.tell()
        for chunk in Exported(_NOTHING_TOLD, size, head, body).chunks():
            digest.update(chunk)
        sha256 = digest.hexdigest()
        told = _told(run, sha256)
        if record and had.isdisjoint((told.etag, ANY)) and reaches and store.serve_events:
            await _require_fresh(store, source, begun)
            await store.journal.write(*_events(caller, source, wish, run, sha256))
    except BaseException:
        body.close()
        raise
    memory.keep(_key(caller, reaches, wish), source.state, run.until, told)
    return Exported(told, size, head, body)


async def _require_fresh(store: Store, source: "_Source", begun: float) -> None:
    """Raises Unavailable for a list that took so long that the list of recalls may be final for what was taken back meanwhile."""
    if time.monotonic() - begun < SETTLING / 2_000_000:
        return
    async with store.transactions.read() as tx:
        if await recalls.came_since(tx, source.as_of):
            raise Unavailable("an export took too long: something in it was recalled meanwhile")


_NOTHING_TOLD = Told("", 0, "", "", 0, 0)


def _told(run: Run, sha256: str) -> Told:
    skipped = ", ".join(f"{why}={count}" for why, count in sorted(run.skipped.items()))
    outcome = run.outcome()
    tlp = outcome.tlp if run.level is not None else ""
    nations = "" if outcome.nations is None else ", ".join(outcome.nations) or NO_NATION
    return Told(sha256[:32], run.changed, tlp, skipped, run.truncated, run.lines, nations)


def _key(caller: Caller, reaches: Sequence[Reach], wish: Wish) -> tuple[object, ...]:
    account, asked = caller.account, wish.asked
    keys = tuple(reach.key for reach in reaches)
    return (
        account.id if account else 0, keys, wish.format.name, wish.event, wish.scope.group, wish.scope.name, asked.filter,
        tuple(asked.options.items()),
    )  # fmt: skip


async def _state(tx: Transaction, reaches: Sequence[Reach]) -> tuple[object, ...]:
    """Everything but time that a list depends on."""
    keys = [reach.key for reach in reaches]
    one = reaches[0]
    known = await roster.parties(tx, one.group_id)
    return (
        sorted((await exports.clocks(tx, keys)).items()),
        await exports.lists(tx, keys),
        (one.cap, one.person, one.nation, one.organisation_id, one.sees_from, one.changed),
        sorted(known.items()),
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """What one mark says of how one may act."""

    pap: str | None
    handling: frozenset[str]


@dataclass(slots=True)
class _Source:
    """Where the rows of one list come from, in one snapshot."""

    tx: Transaction
    reach: Reach
    keys: list[int]
    wish: Wish
    now: int
    wanted: Wanted
    rules: Rules
    parties: dict[int, str]
    as_of: dict[int, int]
    uuids: dict[str, int]
    excluded: dict[str, str]
    """The lists of what is harmless, each with SHA-256 of its content."""
    state: object
    lists_changed: int
    marks: dict[int, dict[str, _Mark]] = field(default_factory=dict[int, dict[str, _Mark]])
    related: set[str] = field(default_factory=set[str])

    @classmethod
    async def open(cls, tx: Transaction, reaches: Sequence[Reach], wish: Wish, now: int) -> "_Source":
        """Read all that the rows are judged by. Raises NotFound."""
        keys = [reach.key for reach in reaches]
        asked = wish.asked.filter
        if not reaches:
            rules = Rules(now, _nothing, marked=True, machine=False)
            return cls(tx, _NOBODY, [], wish, now, Wanted(), rules, {}, {}, {}, {}, (), 0)
        reach = reaches[0]
        state = await _state(tx, reaches)
        parties = await roster.parties(tx, reach.group_id)
        matcher, excluded = await _lists(tx, reaches)
        rules = Rules(
            now, matcher, marked=wish.format.marked, machine=wish.format.machine, values=not wish.format.whole,
            documentation=asked.documentation,
        )  # fmt: skip
        wanted = Wanted(
            kinds=_kinds(wish), level=asked.level, confidence=asked.confidence, labels=asked.labels,
            originators=_originators(parties, asked.originators), since=None if asked.age is None else now - asked.age,
            whole=wish.format.whole, order=wish.format.order,
        )  # fmt: skip
        source = cls(
            tx, reach, keys, wish, now, wanted, rules, parties, await exports.clocks(tx, keys),
            {one.require_collection().id: one.key for one in reaches}, excluded, state,
            max([row[3] for row in await exports.lists(tx, keys)], default=0),
        )  # fmt: skip
        if wish.event:
            source.wanted = await source.of_event(wish.event)
        return source

    async def of_event(self, name: str) -> Wanted:
        """The rows of one event of MISP's: those of an organisation, or of those that are not named, and a day. Raises NotFound."""
        places: dict[str, tuple[list[int], int]] = {}
        for key, day in await exports.days(self.tx, self.reach, self.keys, self.wanted, day=DAY):
            found = event_uuid(self.wish.scope, self.parties.get(key, ""), day)
            places.setdefault(found, ([], day))[0].append(key)
        if name not in places:
            raise NotFound
        originators, day = places[name]
        return replace(
            self.wanted,
            originators=tuple(originators),
            since=max(day * DAY, self.wanted.since or 0),
            before=(day + 1) * DAY,
        )

    async def batches(self) -> AsyncGenerator[list[Row]]:
        """The rows in their order."""
        if not self.keys or (self.wish.format.kinds and self.wish.asked.filter.kinds and not self.wanted.kinds):
            return
        whole = self.wish.format.whole
        async with aclosing(
            exports.batches(self.tx, self.reach, self.keys, self.wanted, sources=self.parties, bodies=whole)
        ) as found:
            async for batch in found:
                yield await self._marked(batch)

    async def _marked(self, batch: Sequence[tuple[Row, int]]) -> list[Row]:
        """The rows with the names of those who shared them, and with what their marks say of how one may act."""
        if unknown := {of for _, of in batch} - self.marks.keys():
            said = await definitions.of_organisations(self.tx, unknown)
            self.marks |= {of: _restricting(said.get(of, {})) for of in unknown}
        bodies: dict[int, bytes] = {}
        if to_read := {row.entry for row, of in batch if self.marks[of] and not row.body}:
            bodies = await exports.bodies_of(self.tx, self.reach, to_read)
        rows = await asyncio.to_thread(self._rows, batch, bodies)
        return await self._judged(rows, [of for _, of in batch])

    async def _judged(self, rows: list[Row], originators: Sequence[int]) -> list[Row]:
        """The rows with what their originators and the reader's own organisation think of them, where the reader sees that they do."""
        own = self.reach.organisation_id
        told: dict[tuple[str, int], tuple[int, bool]] = {}
        about, by = {row.stix_id for row in rows}, {*originators, own}
        async with aclosing(exports.opinions(self.tx, self.reach, self.keys, about, by)) as found:
            async for of, organisation, at, body in found:
                last, against = told.get((of, organisation), (0, False))
                against = against or (body is not None and json.loads(body).get("opinion") in DISAGREEING)
                told[of, organisation] = max(last, at), against
        if not told:
            return rows
        return [_by(row, [told.get((row.stix_id, one)) for one in {of, own}]) for row, of in zip(rows, originators, strict=True)]  # fmt: skip

    def _rows(self, batch: Sequence[tuple[Row, int]], bodies: dict[int, bytes]) -> list[Row]:
        rows: list[Row] = []
        for row, of in batch:
            said: list[_Mark] = []
            body = row.body or bodies.get(row.entry, b"")
            if body:
                value: dict[str, Any] = json.loads(body)
                marks = object_marks(value) | granular_marks(value)
                said = [self.marks[of][mark] for mark in marks if mark in self.marks[of]]
                if row.body:
                    self.related |= marks
                    self.related |= {value["created_by_ref"]} if "created_by_ref" in value else set()
            pap = strictest_pap(row.labels, tuple(one.pap for one in said if one.pap is not None))
            codes = tuple(sorted(frozenset[str]().union(*(one.handling for one in said))))
            rows.append(row if pap is None and not codes else replace(row, pap=pap, handling=codes))
        return rows

    async def companions(self) -> AsyncGenerator[list[Row]]:
        """What whole objects name: their marks and who made them, as far as the reader sees these."""
        names = sorted(self.related)
        for start in range(0, len(names), exports.AT_ONCE):
            wanted = Wanted(
                types=_RELATED, ids=tuple(names[start : start + exports.AT_ONCE]), level=self.wanted.level, whole=True
            )
            async with aclosing(
                exports.batches(self.tx, self.reach, self.keys, wanted, sources=self.parties, bodies=True)
            ) as found:
                async for batch in found:
                    yield [replace(row, labels=()) for row, _ in batch]

    async def changed(self, of_rows: int) -> int:
        """When the list last became another, as far as its reader can know, in microseconds."""
        if not self.keys:
            return 0
        instants = [
            of_rows,
            self.lists_changed,
            self.reach.changed or 0,
            await exports.went(self.tx, self.reach, self.keys),
        ]
        if (age := self.wish.asked.filter.age) is not None:
            newest = await exports.aged(self.tx, self.reach, self.keys, before=self.now - age)
            instants.append(newest + age if newest else 0)
        return max(instants)


async def _written(source: _Source, body: BinaryIO) -> Run:
    """The rows, chosen and written; with a limit they are read twice in the same snapshot."""
    wish, asked = source.wish, source.wish.asked.filter
    run = Run(wish.format, wish.scope, source.rules, asked.limit, asked.age)
    if asked.limit is not None:
        async with aclosing(source.batches()) as found:
            async for rows in found:
                await asyncio.to_thread(run.survey, rows)
        run.surveyed()
    async with aclosing(source.batches()) as found:
        async for rows in found:
            body.write(await asyncio.to_thread(run.take, rows))
    if wish.format.whole:
        body.write(run.flush())
        async with aclosing(source.companions()) as found:
            async for rows in found:
                body.write(run.beside(rows))
    body.write(run.end())
    return run


def _kinds(wish: Wish) -> tuple[str, ...]:
    """What the format holds and the filter asks for."""
    held, asked = wish.format.kinds, wish.asked.filter.kinds
    if not held or not asked:
        return held or asked
    return tuple(kind for kind in held if kind in asked)


def _originators(parties: dict[int, str], names: Sequence[str]) -> tuple[int, ...] | None:
    """The rows of these organisations. Raises NotFound for one that has no part in the group: an empty list would open every gate."""
    if not names:
        return None
    found = {name: key for key, name in parties.items() if name in names}
    if found.keys() != set(names):
        raise NotFound
    return tuple(sorted(found.values()))


def _by(row: Row, opinions: Sequence[tuple[int, bool] | None]) -> Row:
    said = [one for one in opinions if one is not None]
    if not said:
        return row
    return replace(row, judged=max(at for at, _ in said), doubted=any(against for _, against in said))


def _nothing(_: Observable) -> None:
    """On no list."""


_NOBODY: Any = None


def _restricting(said: dict[str, bytes]) -> dict[str, _Mark]:
    """Of an organisation's marks those that say how one may act."""
    whole = {name: json.loads(body) for name, body in said.items()}
    found = {name: _Mark(pap_of_definition(one), handling_of_definition(one)) for name, one in whole.items()}
    return {name: one for name, one in found.items() if one.pap is not None or one.handling}


class _Matcher:
    """The hub's lists of what is harmless, and a nation's of what is its own, as one question."""

    def __init__(self, of: warninglists.Matcher) -> None:
        self._of = of

    def __call__(self, one: Observable) -> str | None:
        """The list that a value is on."""
        return next(iter(self._of.hit(one).refused_by), None)


async def _lists(tx: Transaction, reaches: Sequence[Reach]) -> tuple[Any, dict[str, str]]:
    found: dict[str, lists.Listed] = {}
    for reach in reaches:
        for one in await lists.of_collection(tx, reach.key, nation=reach.nation):
            if one.use != "label":
                found[one.name] = one
    if not found:
        return _nothing, {}
    matcher = await asyncio.to_thread(
        _matcher, tuple((one.name, one.use, one.content) for _, one in sorted(found.items()))
    )
    versions = {name: hashlib.sha256(one.content.encode()).hexdigest() for name, one in sorted(found.items())}
    return _Matcher(matcher.fresh()), versions


@lru_cache(maxsize=8)
def _matcher(found: tuple[tuple[str, warninglists.Use, str], ...]) -> warninglists.Matcher:
    """Remembered: a list of a million names is the same from one fetch to the next."""
    return warninglists.Matcher(
        [warninglists.WarningList(name, use, warninglists.read(content)) for name, use, content in found]
    )


def _events(caller: Caller, source: _Source, wish: Wish, run: Run, sha256: str) -> list[Event]:
    """One for each collection, of which the list may have held something; all under one name."""
    account, reach = caller.account, source.reach
    personal = {"address": caller.address} if caller.address else {}
    if account:
        personal["account"] = account.name
    name = str(uuid.uuid4())
    shared: dict[str, object] = {
        "export": name,
        "now": source.now,
        "format": wish.format.name,
        "event": wish.event,
        "filter": wish.asked.filter.document(),
        "options": dict(wish.asked.options),
        "scope": wish.scope.name,
        "collections": sorted([key, source.as_of.get(key, 0)] for key in source.keys),
        "lists": source.excluded,
        "lines": run.lines,
        "skipped": dict(sorted(run.skipped.items())),
        "truncated": run.truncated,
        "changed": run.changed,
        # What a page's event says too, so that who was given what is worked out in one way.
        "resource": "export",
        "after": -1,
        "ids": [],
        "types": [*exports.INDICATOR, *(_RELATED if wish.format.whole else ())],
        "spec_versions": [],
        "versions": ["last"],
        "first": source.wanted.since or 0,
        "originators": None if source.wanted.originators is None else list(source.wanted.originators),
        "reach": {
            "cap": reach.cap,
            "person": int(reach.person),
            "nation": reach.nation,
            "sees_from": reach.sees_from,
        },
    }
    before = source.wanted.before
    given = {source.uuids[uuid_]: count for uuid_, count in run.given.items()}
    return [
        Event(
            at=source.now,
            action="export",
            outcome="done",
            account_id=account.id if account else 0,
            organisation_id=reach.organisation_id,
            group_id=reach.group_id,
            collection_id=key,
            as_of=source.as_of.get(key, 0),
            sha256=sha256,
            request_id=caller.request_id,
            details=shared | {"number": given.get(key, 0), "last": _last(source.as_of.get(key, 0), before)},
            personal=personal,
        )
        for key in source.keys
    ]


def _last(as_of: int, before: int | None) -> int:
    return as_of if before is None else min(as_of, before - 1)
