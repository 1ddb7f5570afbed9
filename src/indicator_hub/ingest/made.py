"""Rows of a list or a table: the hub makes the indicators, under ids that follow from scope and value."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.batches import batches, made
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise import formats
from indicator_hub.normalise.indicator import MAX_LABELS, Candidate, candidate, said, to_object, until, window
from indicator_hub.normalise.indicator import stix_id as id_of
from indicator_hub.normalise.row import UNSTORABLE, Refusal, Row, storable
from indicator_hub.normalise.said import Said, joined, read
from indicator_hub.normalise.validity import is_due
from indicator_hub.normalise.warninglists import Matcher
from indicator_hub.sharing.claim import Claim, Moved, Refused, Run, to_accept
from indicator_hub.sharing.feeding import WARNED
from indicator_hub.stix.markings import TLP_IDS, nation_list
from indicator_hub.stix.pattern import Observable
from indicator_hub.taxii.status import Status
from indicator_hub.trust.ladder import NAMES

_MILLISECOND = 1_000
_MANY = 10
_BITS = 1 << 25


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all indicators of a run share. `level` counts where neither feed nor row say one; `licence` keeps what may not be passed on in its nation."""

    created_by_ref: str
    level: int | None
    licence: tuple[str, ...]

    def marks(self, level: int | None) -> tuple[str, ...]:
        """The marks of a row of this level."""
        level = self.level if level is None else level
        return self.licence if level is None else (TLP_IDS[NAMES[level]], *self.licence)


@dataclass(frozen=True, slots=True)
class Look:
    """How the rows of a run are looked at: the lists that its values are held to. `seen`: nothing is written, and what came is remembered here."""

    matcher: Matcher
    accept: bool = False
    seen: set[str] | None = None


async def take_rows(run: Run, content: BinaryIO, tally: Tally, look: Look) -> AsyncIterator[int]:
    """Take every row; yields the number of candidates so far after each batch. Raises FeedFailed before anything is stored."""
    terms = _Terms(run.created_by_ref, run.reach.require_collection().default, await _licence(run, look))
    ahead = iter(batches(await asyncio.to_thread(formats.rows, content, run.feed)))
    # In another thread: polls are answered meanwhile.
    while rows := await asyncio.to_thread(_candidates, ahead, run, look.matcher):
        if not tally.candidates and not look.accept:
            _require_any(rows, run.feed.name)
        tally.candidates += len(rows)
        offered: dict[str, Candidate] = {}
        refused: list[Refused] = []
        for found in rows:
            if isinstance(found, Refusal):
                refused.append(_refused(found))
                continue
            stix_id = id_of(found, run.feed, terms.marks(found.level))
            if stix_id in offered or (look.seen is not None and stix_id in look.seen):
                tally.duplicate += 1
            else:
                offered[stix_id] = found
        tally.quarantined += len(refused)
        await _offer(run, offered, refused, terms, tally, look)
        yield tally.candidates


def _require_any(rows: list[Candidate | Refusal], name: str) -> None:
    """Raises FeedFailed where all of many rows are refused: the feed is not as it was declared."""
    first = rows[0]
    if len(rows) < _MANY or not isinstance(first, Refusal) or not all(isinstance(one, Refusal) for one in rows):
        return
    raise FeedFailed(
        f"Every one of its first {len(rows)} rows is refused, the first as {first.reason}: it is not as it was declared. "
        f"{to_accept(name)}"
    )


@dataclass(slots=True)
class Survey:
    """What a content holds, before any of it is taken: how many values, and how many more that a list refuses, by its name."""

    values: int = 0
    different: int = 0
    warned: Counter[str] = field(default_factory=Counter[str])
    _bits: bytearray = field(default_factory=lambda: bytearray(_BITS // 8))

    def add(self, one: Observable) -> None:
        """One more value. The different ones are counted in a map of fixed size, however many there are: some too few of millions."""
        self.values += 1
        place, bit = divmod(hash((one.type, one.value)) % _BITS, 8)
        if not self._bits[place] >> bit & 1:
            self._bits[place] |= 1 << bit
            self.different += 1


def survey(run: Run, content: BinaryIO, matcher: Matcher, found: Survey) -> None:
    """Look at all of it, after what was found before."""
    for row in formats.rows(content, run.feed):
        one = _candidate(row, run, matcher) if isinstance(row, Row) else row
        if isinstance(one, Candidate):
            found.add(one.observable)
        elif one.reason.startswith(WARNED):
            found.warned[one.reason.removeprefix(WARNED)] += 1


def _candidates(ahead: Iterator[list[Row | Refusal]], run: Run, matcher: Matcher) -> list[Candidate | Refusal]:
    """The next batch."""
    rows = next(ahead, list[Row | Refusal]())
    return [_candidate(row, run, matcher) if isinstance(row, Row) else row for row in rows]


def _candidate(row: Row, run: Run, matcher: Matcher) -> Candidate | Refusal:
    if any(map(UNSTORABLE.search, row.fields.values())):
        # A value with such a character is refused; beside it, in what is said of it, it is no fault of the value.
        row = replace(
            row, fields={name: text if name == "value" else storable(text) for name, text in row.fields.items()}
        )
    found = candidate(row, run.feed, now=run.started)
    if run.released and isinstance(found, Refusal) and (_digest(found), found.reason) in run.released:
        found = candidate(row, run.feed, now=run.started, let_through=True)
    return _held_to(matcher, found, run) if matcher and isinstance(found, Candidate) else found


def _held_to(matcher: Matcher, found: Candidate, run: Run) -> Candidate | Refusal:
    """What was let through for one reason, or past one list, is so for no other."""
    hit = matcher.hit(found.observable)
    for name in hit.refused_by:
        refusal = Refusal(f"{WARNED}{name}", found.raw, found.number)
        if not run.released or (_digest(refusal), refusal.reason) not in run.released:
            return refusal
    if hit.labels:
        return replace(found, labels=tuple(sorted({*found.labels, *hit.labels})[:MAX_LABELS]))
    return found


async def _licence(run: Run, look: Look) -> tuple[str, ...]:
    """The mark that keeps in its nation what may not be passed on; its meaning is said first, or what bears it would be held."""
    if run.feed.reshare:
        return ()
    mark = nation_list(run.feed.group, run.feed.organisation, run.reach.nation)
    if look.seen is None:
        await run.submit([made(mark)], claims=())
    return (mark["id"],)


async def _offer(
    run: Run, offered: dict[str, Candidate], refused: list[Refused], terms: _Terms, tally: Tally, look: Look
) -> None:
    while offered:  # those of which another feed of the scope says something at the same moment, once more
        offered = await _offer_once(run, offered, refused, terms, tally, look)
        refused = []
    if look.seen is None:
        await run.keep((), refused)


async def _offer_once(
    run: Run, offered: dict[str, Candidate], refused: list[Refused], terms: _Terms, tally: Tally, look: Look
) -> dict[str, Candidate]:
    """Returns what is to be worked out again."""
    known, taken_back = await run.known(list(offered))
    taken_back |= await _taken_back_otherwise(run, offered)
    unchanged: list[Claim] = []
    changed: dict[str, Claim] = {}
    objects: list[dict[str, object]] = []
    for stix_id, found in offered.items():
        if stix_id in taken_back:
            tally.recalled += 1
            continue
        before = known.get(stix_id)
        if before is not None and before.others:
            # What a feed that was declared for another collection said there is nothing for this one, until it says it here.
            here = tuple(one for one in before.others if read(one.said).collection == run.feed.collection)
            before = replace(before, others=here)
        if before is not None and before.run == run.number:
            tally.duplicate += (
                1  # in an earlier batch: that is remembered in the database, not here, however long the feed is
            )
            continue
        claim = _claim(run, stix_id, found, before)
        if before is not None and (kept := _kept(run, found, claim, before)) is not None:
            unchanged.append(kept)
            continue
        changed[stix_id] = claim
        whole = _Whole.of(claim, before.others if before is not None else ())
        objects.append(_object(found, whole, terms, claim))
    tally.unchanged += len(unchanged)
    if look.seen is not None:
        look.seen.update(offered)
        for foreseen in await run.foresee([made(one) for one in objects]):
            tally.settle(foreseen.outcome)
        return {}
    await run.keep(unchanged, refused)
    if objects:
        try:
            status = await run.submit([made(one) for one in objects], claims=list(changed.values()), known=known)
        except Moved:
            return {stix_id: offered[stix_id] for stix_id in changed}
        await run.keep((), _failures(status, changed, tally))
    return {}


def ways(run: Run) -> list[tuple[str, ...]]:
    """All the marks that anything of this feed may bear, whatever it declares: each makes an indicator of its own."""
    own = nation_list(run.feed.group, run.feed.organisation, run.reach.nation)["id"]
    return [
        marks + licence for licence in ((), (own,)) for marks in ((), *((TLP_IDS[name],) for name in NAMES.values()))
    ]


async def _taken_back_otherwise(run: Run, offered: dict[str, Candidate]) -> frozenset[str]:
    """Those of which the same value was taken back under other marks: no feed brings it again by marking it otherwise."""
    if not await run.took_back():
        return frozenset()
    ids = {stix_id: {id_of(found, run.feed, marks) for marks in ways(run)} for stix_id, found in offered.items()}
    closed = await run.closed(list({one for each in ids.values() for one in each}))
    return frozenset(stix_id for stix_id, each in ids.items() if each & closed)


@dataclass(frozen=True, slots=True)
class _Whole:
    """What all feeds of the scope say together of one indicator. Instants in microseconds; `valid_until` None: it has no end."""

    said: Said
    valid_from: int
    valid_until: int | None

    @classmethod
    def of(cls, mine: Claim, others: Sequence[Claim]) -> "_Whole":
        """This feed's claim together with those of others."""
        every = [mine, *others]
        begin = min(one.valid_from for one in every)
        end = _end(mine, others)
        return cls(
            joined([read(one.said) for one in every]), begin, None if end is None else max(end, begin + _MILLISECOND)
        )


def _end(mine: Claim, others: Sequence[Claim]) -> int | None:
    return max((one.valid_until for one in (mine, *others) if one.valid_until is not None), default=None)


def _kept(run: Run, found: Candidate, claim: Claim, before: Claim) -> Claim | None:
    """The claim as it is kept, where all feeds together say what they said, and the end is far enough; None: there is news."""
    if before.said == claim.said and before.valid_from == claim.valid_from and not before.ended:
        was, end = _end(before, before.others), _end(claim, before.others)
    else:
        mine = before.said and not before.ended and read(before.said).collection == run.feed.collection
        live = [*([before] if mine else []), *before.others]
        if not live:
            return None
        formerly, now = _Whole.of(live[0], live[1:]), _Whole.of(claim, before.others)
        if (formerly.said, formerly.valid_from) != (now.said, now.valid_from):
            return None
        was, end = formerly.valid_until, now.valid_until
    if end != was and _is_moved(run, found, claim, was, end):
        return None
    # As it is published: what is put off later is measured from there.
    ends = [one for one in (claim.valid_until, was) if one is not None]
    return replace(claim, modified=before.modified, valid_until=min(ends, default=None))


def _is_moved(run: Run, found: Candidate, claim: Claim, was: int | None, end: int | None) -> bool:
    """Whether another end is worth a version: where the source says an earlier one, or the one that is published has come near."""
    if end is None:
        return False
    if found.valid_until is not None and was is not None and end < was:
        return True
    place = int(claim.stix_id[-8:], 16) / 2**32
    return is_due(was, end, window=window(found, run.feed), now=run.started, place=place, every=run.feed.every or 0)


def _claim(run: Run, stix_id: str, found: Candidate, before: Claim | None) -> Claim:
    """Times in whole milliseconds, as they are written; a next version is always later than the one before, whatever the clock says."""
    now = run.started - run.started % _MILLISECOND
    end = until(found, run.feed, now=now)
    text, raw = said(found, run.feed).text(), storable(found.raw)
    if before is None:
        begin = now if found.valid_from is None else found.valid_from
        return Claim(stix_id, text, now, now, begin, end, raw, found.number)
    begin = before.valid_from if found.valid_from is None else found.valid_from
    modified = max(now, before.modified + _MILLISECOND)
    return Claim(stix_id, text, before.created, modified, begin, end, raw, found.number)


def _object(found: Candidate, whole: _Whole, terms: _Terms, claim: Claim) -> dict[str, object]:
    return to_object(
        found.observable,
        whole.said,
        stix_id=claim.stix_id,
        created_by_ref=terms.created_by_ref,
        created=claim.created,
        modified=claim.modified,
        marking_ids=terms.marks(found.level),
        valid_from=whole.valid_from,
        valid_until=whole.valid_until,
    )


def _failures(status: Status, changed: dict[str, Claim], tally: Tally) -> list[Refused]:
    refused: list[Refused] = []
    for detail in status.details:
        if tally.settle(detail.outcome):
            claim = changed[detail.id]
            refused.append(_refused(Refusal("bad_object", claim.raw, claim.row_number), detail.message))
    return refused


def _refused(one: Refusal, detail: str = "") -> Refused:
    # As it can be kept; the digest is over what came.
    return Refused(one.reason, detail, storable(one.raw), one.number or 0, _digest(one))


def _digest(one: Refusal) -> bytes:
    return hashlib.sha256(one.raw.encode("utf-8", "surrogatepass")).digest()
