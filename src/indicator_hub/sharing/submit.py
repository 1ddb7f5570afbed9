"""Submit: the one door for objects.

Well formed? Admitted? Whom may it reach? Stored, and recorded: one envelope is whole, its objects, status and event commit together.
A bad object is a failure in the status and touches no other. What takes time is done before the collection's clock is locked.
Small envelopes that come at the same time may share a transaction: each is as whole as alone, and answered after the commit.
"""

import asyncio
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

from indicator_hub.errors import Unavailable
from indicator_hub.limits import LIMITS, Limits
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.sharing.remark import remark
from indicator_hub.stix import timestamps
from indicator_hub.stix.markings import TLP, are_tlp, has_tlp
from indicator_hub.stix.objects import ObjectVersion, Unacceptable, accept
from indicator_hub.stix.reader import Received, read
from indicator_hub.stix.references import references
from indicator_hub.store import (
    additions,
    audit,
    credentials,
    definitions,
    entries,
    feeds,
    recalls,
    roster,
    rulings,
    statuses,
)
from indicator_hub.store import references as stored_references
from indicator_hub.store.additions import Addition
from indicator_hub.store.again import again
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.together import Apart
from indicator_hub.taxii.status import Detail, Status
from indicator_hub.trust.admission import Existing, Outcome, Recalled, Versions, admit, is_seen
from indicator_hub.trust.audience import Audience, Ruling, audience_of
from indicator_hub.trust.marks import meaning_of, told_to
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.references import Line

_LARGE = 256 * 1024
"""From this many bytes on a body is parsed in another thread, so that polls do not wait for it."""
_MANY = 200
"""The same of objects that are read already."""
_SMALL = 64 * 1024
"""Up to so many bytes an envelope shares its transaction with others that come at the same time."""

Alongside = Callable[[Act, Transaction, Status], Awaitable[None]]
_OTHER_CONTENT = "this version is already here with other content: a change needs a new modified (STIX 2.1, 3.6)"
_OTHER_CONTENT_UNVERSIONED = "already here with other content, and it has no versions: the first stays; say more about it in a note or a relationship"
_OTHER_MEANING = (
    "your organisation has said something else of this mark: what a mark means never changes (STIX 2.1, 7.2.1)"
)
_FAILED = (Outcome.REFUSED, Outcome.RECALLED)


@dataclass(slots=True)
class _Judged:
    """One object offered and what becomes of it; `existing` is the entry that the outcome is about."""

    offered: ObjectVersion | Unacceptable
    outcome: Outcome
    message: str = ""
    ruling: Ruling | None = None
    existing: Existing | None = None
    addition: Addition | None = None
    version: str = ""
    told: "_Judged | None" = None
    """What is said of it instead, to whoever may not know."""


@dataclass(frozen=True, slots=True)
class Source:
    """The entry of which an object is a copy: it reaches nobody whom `within` would not."""

    entry: int
    within: Audience


@dataclass(frozen=True, slots=True)
class Copy:
    """What is submitted are versions of other collections' entries: they stay their originator's.

    `sources` has one for each object, in order; None: that object is no copy. `prepare` locks what must not change meanwhile, and judges
    once more. With `hush` nothing is told of versions that the submitter does not see, but for those `known` to it, by entry.
    """

    organisation_id: int
    sources: Sequence[Source | None]
    prepare: Callable[[Transaction], Awaitable[None]] | None = None
    hush: bool = False
    known: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a submission is judged by: `reach` is that of the organisation whose line it is.

    `level` counts where an object's own marks say none; `existing` are the versions already there of each id, `said` what the organisation has said its marks mean, `targets` the lines that count of each id referred to.
    """

    reach: Reach
    level: int | None
    identities: frozenset[str]
    existing: Mapping[str, Sequence[Existing]]
    said: Mapping[str, Mapping[str, Any]]
    targets: Mapping[str, frozenset[Line]]
    copy: Copy | None = None


async def submit(
    store: Store,
    caller: Caller,
    reach: Reach,
    body: bytes | Callable[[], Awaitable[bytes]] | Sequence[Received],
    *,
    default: int | None = None,
    least: int | None = None,
    alongside: Alongside | None = None,
    limits: Limits = LIMITS,
    verb: str = "submit",
    copy: Copy | None = None,
) -> Status:
    """Judge and store the objects of an envelope or bundle.

    A body that is still to come is awaited only once it may come; objects that the hub has just read, or made, need not be read again. `default` is the level of objects that bear no TLP mark, where that is
    not the feed's or the collection's own; `least` is what that is at least; `alongside` writes more in the same transaction (a feed's provenance); `verb` is the deed, where it is
    another that ends here. Raises NotFound and NotPermitted before the body is read, then Invalid and Unprocessable.

    When the database is lost meanwhile, and another node takes over, the whole is done again in a new transaction, which may call `alongside` and the copy's
    `prepare` once more. The name of the status is chosen before the first: where it is there already, the commit was done though
    nobody was told, and that status is the answer. Of a copy only what was certainly not committed is done again: what it stands on is judged
    before its collection is locked, and would be found used up.
    """
    async with act(store, caller, verb, reach) as a:
        reach.require_write()
        content = await body() if callable(body) else body
        large = _is_large(content)
        offered = await asyncio.to_thread(_accept_all, content, limits) if large else _accept_all(content, limits)
        offer = _Offer(reach, offered, large, str(uuid.uuid4()), default, least, alongside, copy)
        small = isinstance(content, bytes) and len(content) <= _SMALL
        try:
            status, defined = await (_together(a, offer) if small and _is_plain(offer) else _whole(a, offer))
        except Unavailable as error:
            if not (error.retry and (error.undone or copy is None)):
                raise
            status, defined = await again(lambda: _once_more(a, offer), store.transactions.patience, error)
    if defined:
        with suppress(Unavailable):  # what was submitted is stored; what is left here the next one finishes
            await remark(store)
    return status


@dataclass(slots=True)
class _Offer:
    """What is submitted, as it was read; `status` is what its status will be called, `made` what the last try came to that reached its commit."""

    reach: Reach
    offered: Sequence[ObjectVersion | Unacceptable]
    large: bool
    status: str
    default: int | None
    least: int | None
    alongside: Alongside | None
    copy: Copy | None
    made: tuple[Status, bool] | None = None


class _Stored(Exception):
    """The last try was committed, though nobody was told."""


async def _once_more(a: Act, offer: _Offer) -> tuple[Status, bool]:
    try:
        return await _whole(a, offer, tried=True)
    except _Stored:
        assert offer.made is not None
        return offer.made
    except Unavailable as error:
        error.retry = error.retry and (error.undone or offer.copy is None)
        raise


def _is_plain(offer: _Offer) -> bool:
    """Whether it takes no lock but the clock of its collection."""
    return offer.copy is None and offer.alongside is None and not _needs_meanings(offer.offered)


async def _together(a: Act, offer: _Offer) -> tuple[Status, bool]:
    """In a transaction with others that come at the same time; where one of them fails, by itself."""

    async def deed(tx: Transaction) -> tuple[Status, bool]:
        made = await _in(tx, a, offer)
        await a.done(tx)
        return made

    try:
        return await a.store.together.do(offer.reach.key, deed)
    except Apart:
        return await _whole(a, offer)


async def _whole(a: Act, offer: _Offer, *, tried: bool = False) -> tuple[Status, bool]:
    """The transaction: all of it, or nothing. Returns the status, and whether marks were defined."""
    async with a.transaction() as tx:
        return await _in(tx, a, offer, tried=tried)


async def _in(tx: Transaction, a: Act, offer: _Offer, *, tried: bool = False) -> tuple[Status, bool]:
    """All of it but the event."""
    store, reach, copy, offered, large = a.store, offer.reach, offer.copy, offer.offered, offer.large
    if copy is not None and copy.prepare is not None:
        await copy.prepare(tx)
    last = await entries.lock(tx, reach.key)
    # Under the lock: an earlier try that is still being committed holds it.
    if tried and await statuses.is_kept(tx, offer.status):
        raise _Stored
    now = store.now()
    # Only from now on does nobody change them: the body may have been long in coming.
    reach = replace(reach, collection=await roster.terms(tx, reach.key, reach.group.name))
    line = reach if copy is None else replace(reach, organisation_id=copy.organisation_id, person=False)
    await _lock_meanings(tx, line, offered)
    terms = await _terms(tx, line, offered, await _level(tx, line, offer.default, offer.least), copy)
    judged, defined = await asyncio.to_thread(_judge, offered, terms) if large else _judge(offered, terms)
    await _compare(tx, judged)
    if copy is not None and copy.hush:
        await _hush(tx, judged, reach, terms)
    stored = await _store(tx, line, judged, status_id=offer.status, last=last, now=now, aside=large)
    await entries.refresh_superseded(tx, reach.key, _touched(judged, frozenset(terms.existing)))
    if stored:
        lines = {(one.offered.id, line.organisation_id) for one in stored}
        referring = [one for one in stored if one.addition is None or one.addition.refers_to]
        ruled = {(one.offered.id, line.organisation_id) for one in referring}
        await rulings.settle(tx, reach.key, lines, ruled=ruled, fresh=max(now, last + 1), now=now)
    status = Status(offer.status, now, tuple(_detail(one, judged, now) for one in judged))
    await statuses.add(tx, reach, status, finished=now)
    if defined:
        await definitions.add(tx, line.organisation_id, defined, now=now)
    if offer.alongside is not None:
        await offer.alongside(a, tx, status)
    reissues = [one.offered for one in judged if one.outcome is Outcome.REISSUE]
    for one in reissues:
        about = {"object_id": one.id, "version": one.version or "", "details": {"status": status.id}}
        await audit.add(tx, [replace(a.event("done"), action="reissue", **about)])
    held = sum(one.ruling is not None and one.ruling.held is not None for one in stored)
    a.details |= {"status": status.id, "total": len(judged), "stored": len(stored), "held": held}
    a.details["digest"] = _digest(stored)
    offer.made = status, bool(defined)
    return offer.made


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of an object, and whom it would reach (None: it would not be stored)."""

    id: str
    outcome: str
    message: str
    failed: bool
    ruling: Ruling | None
    first_added: int | None
    """When it came, where it was here before; in microseconds."""


async def foresee(
    store: Store, reach: Reach, body: bytes | Sequence[Received], *, limits: Limits = LIMITS
) -> list[Foreseen]:
    """What `submit` would do now with these objects: the same judgement, and nothing stored. Raises as `submit` does."""
    reach.require_write()
    large = _is_large(body)
    offered = await asyncio.to_thread(_accept_all, body, limits) if large else _accept_all(body, limits)
    async with store.transactions.read() as tx:
        reach = replace(reach, collection=await roster.terms(tx, reach.key, reach.group.name))
        terms = await _terms(tx, reach, offered, await _level(tx, reach), None)
        judged, _ = await asyncio.to_thread(_judge, offered, terms) if large else _judge(offered, terms)
        await _compare(tx, judged)
        coming = [
            ((one.offered.id, reach.organisation_id), one.ruling, _lines(one.offered, terms.targets))
            for one in judged
            if isinstance(one.offered, ObjectVersion) and one.ruling is not None and _comes(one)
        ]
        foreseen = iter(await stored_references.foreseen(tx, reach.key, coming))
    return [
        Foreseen(
            one.offered.id,
            one.outcome.value,
            one.message,
            one.outcome in _FAILED,
            next(foreseen) if _comes(one) else None,
            one.existing.first_added if one.existing is not None else None,
        )
        for one in judged
    ]


def _comes(one: _Judged) -> bool:
    """Whether it is there afterwards and was not before."""
    return one.addition is not None or one.outcome is Outcome.REISSUE


async def _terms(
    tx: Transaction,
    reach: Reach,
    offered: Sequence[ObjectVersion | Unacceptable],
    level: int | None,
    copy: Copy | None,
) -> _Terms:
    return _Terms(
        reach,
        level,
        await credentials.identities(tx, reach.organisation_id),
        await entries.lines(tx, reach.key, {one.id for one in offered if isinstance(one, ObjectVersion)}),
        await _definitions(tx, reach, offered),
        await _targets(tx, reach, offered),
        copy,
    )


async def _level(tx: Transaction, reach: Reach, default: int | None = None, least: int | None = None) -> int | None:
    """The level of what says none: `default`, or else its feed's, or else the collection's; `least` at least."""
    if default is not None:
        return default
    account, level = reach.account, reach.require_collection().default
    if account is not None and account.kind == "feed":
        level = (await feeds.levels(tx, reach.key)).get(account.id, level)
    return max((one for one in (level, least) if one is not None), default=None)


async def _lock_meanings(tx: Transaction, reach: Reach, offered: Sequence[ObjectVersion | Unacceptable]) -> None:
    if _needs_meanings(offered):
        await definitions.lock(tx, reach.organisation_id)


def _needs_meanings(offered: Sequence[ObjectVersion | Unacceptable]) -> bool:
    """Whether these objects bear, or are, marks whose meaning their organisation says."""
    return any(
        isinstance(one, ObjectVersion)
        and (one.type == "marking-definition" or not (are_tlp(one.marks) and are_tlp(one.part_marks)))
        for one in offered
    )


async def _hush(tx: Transaction, judged: Sequence[_Judged], reach: Reach, terms: _Terms) -> None:
    """What becomes of a copy where its originator has versions that who releases it does not see: told as if there were none.

    What would be refused then is refused: whoever is told that nothing was stored is told the truth.
    """
    for one in judged:
        there = terms.existing.get(one.offered.id, ())
        hidden = {e.entry for e in there if e.organisation_id == terms.reach.organisation_id and not is_seen(reach, e)}
        hidden -= terms.copy.known if terms.copy else frozenset()
        if not hidden or one.ruling is None:
            continue
        assert isinstance(one.offered, ObjectVersion)
        others = Versions([each for each in there if each.entry not in hidden], terms.reach.organisation_id)
        is_creator = one.offered.created_by in terms.identities
        verdict = admit(one.offered, one.ruling, terms.reach, others, is_creator=is_creator)
        told = _Judged(one.offered, verdict.outcome, verdict.reason, existing=verdict.existing)
        await _compare(tx, [told])
        one.told = told
        if told.outcome in _FAILED:
            one.outcome, one.message, one.addition = told.outcome, told.message, None


def _is_large(body: bytes | Sequence[Received]) -> bool:
    return len(body) > (_LARGE if isinstance(body, bytes) else _MANY)


def _accept_all(body: bytes | Sequence[Received], limits: Limits) -> list[ObjectVersion | Unacceptable]:
    return [accept(received, limits) for received in (read(body, limits) if isinstance(body, bytes) else body)]


async def _targets(
    tx: Transaction, reach: Reach, offered: Sequence[ObjectVersion | Unacceptable]
) -> dict[str, frozenset[Line]]:
    """For each id that these objects refer to the lines that count: one's own, also if it comes later, and those that the account sees.

    No other: a report on a guessed id would else tell that it is there.
    """
    names: set[str] = set()
    for one in offered:
        if isinstance(one, ObjectVersion):
            names |= references(one.value, one.raw)
    if not names:
        return {}
    there = await entries.lines(tx, reach.key, names)
    own = reach.organisation_id
    return {
        name: frozenset(
            {(name, own), *((name, one.organisation_id) for one in there.get(name, ()) if is_seen(reach, one))}
        )
        for name in names
    }


async def _definitions(
    tx: Transaction, reach: Reach, offered: Sequence[ObjectVersion | Unacceptable]
) -> dict[str, Mapping[str, Any]]:
    """What the organisation has said of the marks that these objects bear or are."""
    marks: set[str] = set()
    for one in offered:
        if isinstance(one, ObjectVersion):
            marks |= one.marks | one.part_marks
            if one.type == "marking-definition":
                marks.add(one.id)
    marks -= TLP.keys()
    if not marks:
        return {}
    known = await definitions.known(tx, reach.organisation_id, marks)
    return {name: json.loads(content) for name, content in known.items()}


def _judge(offered: Sequence[ObjectVersion | Unacceptable], terms: _Terms) -> tuple[list[_Judged], dict[str, bytes]]:
    """What becomes of each, and the marks that are defined by it for the first time.

    A definition counts for the whole envelope, wherever in it it stands; one that is refused counts for nothing.
    """
    marks = {
        place: one
        for place, one in enumerate(offered)
        if isinstance(one, ObjectVersion)
        and one.type == "marking-definition"
        and not one.builtin
        and one.id not in terms.said
    }
    while True:
        first: dict[str, int] = {}
        for place, one in marks.items():
            first.setdefault(one.id, place)
        new = {name: marks[place] for name, place in first.items()}
        said = {**terms.said, **{name: one.value for name, one in new.items()}}
        judged = _judge_all(offered, replace(terms, said=said))
        refused = [place for place in first.values() if judged[place].outcome in _FAILED]
        if not refused:
            return judged, {name: one.raw for name, one in new.items()}
        for place in refused:
            del marks[place]


def _judge_all(offered: Sequence[ObjectVersion | Unacceptable], terms: _Terms) -> list[_Judged]:
    """In order: what an earlier object of the envelope adds is there for a later one (its `entry` counts down from -1)."""
    through = {name: meaning and meaning.audience for name, one in terms.said.items() for meaning in (meaning_of(one),)}
    judged: list[_Judged] = []
    known: dict[str, Versions] = {}
    nothing = Versions((), terms.reach.organisation_id)
    several = {name for name, number in Counter(one.id for one in offered).items() if number > 1}
    for place, one in enumerate(offered):
        if isinstance(one, Unacceptable):
            judged.append(_Judged(one, Outcome.REFUSED, one.reason))
            continue
        if one.id in terms.said and not same_value(_without_defaults(terms.said[one.id]), _without_defaults(one.value)):
            judged.append(_Judged(one, Outcome.REFUSED, _OTHER_MEANING))
            continue
        ruling = audience_of(one.marks, one.part_marks, terms.level, through, within=told_to(one.value))
        source = None if terms.copy is None else terms.copy.sources[place]
        if source is not None:
            ruling = replace(ruling, audience=ruling.audience.narrowed(source.within))
        is_creator = one.created_by in terms.identities
        versions = known.get(one.id)
        if versions is None and (one.id in several or one.id in terms.existing):
            versions = known[one.id] = Versions(terms.existing.get(one.id, ()), terms.reach.organisation_id)
        versions = versions or nothing
        verdict = admit(one, ruling, terms.reach, versions, is_creator=is_creator)
        result = _Judged(one, verdict.outcome, verdict.reason, ruling, verdict.existing)
        if verdict.outcome in (Outcome.NEW, Outcome.VERSION):
            result.addition = Addition(
                one,
                ruling,
                versions.line_order,
                is_creator,
                None if has_tlp(one.marks) else terms.level,
                _lines(one, terms.targets),
                source and source.entry,
            )
            result.message = f"held: {ruling.held}" if ruling.held else ""
            if one.id in several:
                versions.add(_pending(one, ruling, terms.reach, -1 - place))
        elif verdict.outcome is Outcome.REISSUE and verdict.existing is not None:
            # It is there again for whatever comes later in the envelope.
            versions.add(replace(verdict.existing, recalled=Recalled.NO, audience=ruling.audience))
        judged.append(result)
    return judged


def _lines(one: ObjectVersion, targets: Mapping[str, frozenset[Line]]) -> frozenset[Line]:
    """The lines that count for this object."""
    if not targets:
        return frozenset()
    return frozenset[Line]().union(*(targets[name] for name in references(one.value, one.raw)))


def _pending(one: ObjectVersion, ruling: Ruling, reach: Reach, entry: int) -> Existing:
    return Existing(
        entry=entry,
        organisation_id=reach.organisation_id,
        spec_version=one.spec_version,
        version=one.version or "",
        version_key=timestamps.sort_key(one.version) if one.version else "",
        created=one.created,
        revoked=one.revoked,
        recalled=Recalled.NO,
        audience=ruling.audience,
        first_added=0,
        line_order=0,
        superseded=0,
        sha256=one.sha256,
    )


async def _compare(tx: Transaction, judged: Sequence[_Judged]) -> None:
    """The same id and version in other bytes: a duplicate when the values are equal (other spacing, other order of keys)."""
    for one in judged:
        if (
            one.outcome is not Outcome.SAME_VERSION
            or one.existing is None
            or not isinstance(one.offered, ObjectVersion)
        ):
            continue
        if one.existing.entry < 0:
            earlier = judged[-1 - one.existing.entry].offered
            value: object = earlier.value if isinstance(earlier, ObjectVersion) else None
        else:
            value = json.loads(await entries.body(tx, one.existing.entry))
        if same_value(_without_defaults(value), _without_defaults(one.offered.value)):
            one.outcome, one.message = Outcome.DUPLICATE, "already here"
        else:
            one.outcome = Outcome.REFUSED
            one.message = _OTHER_CONTENT if one.offered.version else _OTHER_CONTENT_UNVERSIONED


def _without_defaults(value: Any) -> Any:
    """An object without what only says the default: to leave that out is no change (STIX 2.1, 3.6).

    `spec_version` too: what is compared is of one specification already, said or not.
    """
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    flags = ("revoked", "defanged", "summary") if members.get("type") == "sighting" else ("revoked", "defanged")
    return {
        name: one for name, one in members.items() if name != "spec_version" and not (one is False and name in flags)
    }


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, and the order of keys does not matter."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("dict[str, Any]", one), cast("dict[str, Any]", other)
        return left.keys() == right.keys() and all(same_value(value, right[key]) for key, value in left.items())
    if isinstance(one, list) and isinstance(other, list):
        mine, theirs = cast("list[Any]", one), cast("list[Any]", other)
        return len(mine) == len(theirs) and all(map(same_value, mine, theirs))
    return one == other


async def _store(
    tx: Transaction, reach: Reach, judged: Sequence[_Judged], *, status_id: str, last: int, now: int, aside: bool
) -> list[_Judged]:
    """Add and readmit; fills in the version under which each object is known. Returns those that now lie behind every cursor."""
    new = [one for one in judged if one.addition is not None]
    coming = [one.addition for one in new if one.addition is not None]
    versions, last = await additions.add(tx, reach, coming, status_id=status_id, last=last, now=now, aside=aside)
    for one, version in zip(new, versions, strict=True):
        one.version = version
    reissued = [one for one in judged if one.outcome is Outcome.REISSUE]
    for one in reissued:
        if one.existing is not None and one.ruling is not None:
            last = await entries.readmit(tx, reach.key, one.existing, one.ruling, last=last, now=now)
            for by in (Recalled.BY_ORIGINATOR, Recalled.BY_STEWARD):
                await recalls.lift(tx, [one.existing.entry], by, now=now)
    return new + reissued


def _touched(judged: Sequence[_Judged], before: frozenset[str]) -> set[str]:
    """The ids whose versions stand in a new order: those already there, and those that came more than once."""
    seen: set[str] = set()
    touched: set[str] = set()
    for one in judged:
        if one.addition is not None or one.outcome is Outcome.REISSUE:
            if one.offered.id in before or one.offered.id in seen:
                touched.add(one.offered.id)
            seen.add(one.offered.id)
    return touched


def _detail(one: _Judged, judged: Sequence[_Judged], now: int) -> Detail:
    if one.told is not None:
        return _detail(one.told, judged, now)
    known = one.version or one.offered.version
    if not known and one.existing is not None:
        # An observable's version is when it came: the same for all that say it again, in the same envelope too.
        known = one.existing.version if one.existing.entry >= 0 else judged[-1 - one.existing.entry].version
    version = known or timestamps.render(now)
    return Detail(one.offered.id, version, one.outcome.value, one.message, failed=one.outcome in _FAILED)


def _digest(stored: Sequence[_Judged]) -> str:
    """SHA-256 over one line `id version sha256` for each object stored, in order."""
    lines = [
        f"{one.offered.id} {one.version or one.offered.version} {one.offered.sha256.hex()}\n"
        for one in stored
        if isinstance(one.offered, ObjectVersion)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
