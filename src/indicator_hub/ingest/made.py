"""Rows of a list or a table: the hub makes the indicators, under ids that follow from scope and value."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from indicator_hub.ingest.batches import batches, made
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise import formats
from indicator_hub.normalise.indicator import Candidate, candidate, fingerprint, to_object
from indicator_hub.normalise.indicator import stix_id as id_of
from indicator_hub.normalise.row import UNSTORABLE, Refusal, Row, storable
from indicator_hub.sharing.claim import Claim, Refused, Run
from indicator_hub.stix.markings import TLP_IDS, nation_list
from indicator_hub.taxii.status import Status
from indicator_hub.trust.ladder import NAMES

_MILLISECOND = 1_000


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all indicators of a run share."""

    created_by_ref: str
    marks: tuple[str, ...]


async def take_rows(run: Run, content: BinaryIO, tally: Tally) -> AsyncIterator[int]:
    """Take every row; yields the number of candidates so far after each batch. Raises FeedFailed before anything is stored."""
    level = run.feed.level if run.feed.level is not None else run.reach.require_collection().default
    terms = _Terms(run.created_by_ref, (*(() if level is None else (TLP_IDS[NAMES[level]],)), *await _licence(run)))
    ahead = iter(batches(await asyncio.to_thread(formats.rows, content, run.feed)))
    # In another thread: polls are answered meanwhile.
    while rows := await asyncio.to_thread(_candidates, ahead, run):
        tally.candidates += len(rows)
        offered: dict[str, Candidate] = {}
        refused: list[Refused] = []
        for found in rows:
            if isinstance(found, Refusal):
                refused.append(_refused(found))
                continue
            stix_id = id_of(found, run.feed, terms.marks)
            if stix_id in offered:
                tally.duplicate += 1
            else:
                offered[stix_id] = found
        tally.quarantined += len(refused)
        await _offer(run, offered, refused, terms, tally)
        yield tally.candidates


def accepted(run: Run, content: BinaryIO) -> int:
    """How many values the content holds, before any of it is taken."""
    rows = formats.rows(content, run.feed)
    return sum(isinstance(row, Row) and isinstance(_candidate(row, run), Candidate) for row in rows)


def _candidates(ahead: Iterator[list[Row | Refusal]], run: Run) -> list[Candidate | Refusal]:
    """The next batch."""
    rows = next(ahead, list[Row | Refusal]())
    return [_candidate(row, run) if isinstance(row, Row) else row for row in rows]


def _candidate(row: Row, run: Run) -> Candidate | Refusal:
    if any(map(UNSTORABLE.search, row.fields.values())):
        # A value with such a character is refused; beside it, in what is said of it, it is no fault of the value.
        row = replace(
            row, fields={name: text if name == "value" else storable(text) for name, text in row.fields.items()}
        )
    found = candidate(row, run.feed, now=run.started)
    if run.released and isinstance(found, Refusal) and (_digest(found), found.reason) in run.released:
        return candidate(row, run.feed, now=run.started, let_through=True)
    return found


async def _licence(run: Run) -> tuple[str, ...]:
    """The mark that keeps in its nation what may not be passed on; its meaning is said first, or what bears it would be held."""
    if run.feed.reshare:
        return ()
    mark = nation_list(run.feed.group, run.feed.organisation, run.reach.nation)
    await run.submit([made(mark)], claims=())
    return (mark["id"],)


async def _offer(run: Run, offered: dict[str, Candidate], refused: list[Refused], terms: _Terms, tally: Tally) -> None:
    known, taken_back = await run.known(list(offered))
    unchanged: list[Claim] = []
    changed: dict[str, Claim] = {}
    objects: list[dict[str, object]] = []
    for stix_id, found in offered.items():
        if stix_id in taken_back:
            tally.recalled += 1
            continue
        before = known.get(stix_id)
        if before is not None and before.run == run.number:
            tally.duplicate += (
                1  # in an earlier batch: that is remembered in the database, not here, however long the feed is
            )
            continue
        digest = fingerprint(found, run.feed)
        if before is not None and before.fingerprint == digest and not before.ended:
            unchanged.append(before)
            continue
        claim = _claim(run, stix_id, digest, found, before)
        changed[stix_id] = claim
        objects.append(_object(found, run, terms, claim))
    tally.unchanged += len(unchanged)
    await run.keep(unchanged, refused)
    if objects:
        status = await run.submit([made(one) for one in objects], claims=list(changed.values()))
        await run.keep((), _failures(status, changed, tally))


def _claim(run: Run, stix_id: str, digest: bytes, found: Candidate, before: Claim | None) -> Claim:
    """Times in whole milliseconds, as they are written; a next version is always later than the one before, whatever the clock says."""
    now = run.started - run.started % _MILLISECOND
    if before is None:
        valid_from = now if found.valid_from is None else found.valid_from
        return Claim(stix_id, digest, now, now, valid_from, storable(found.raw), found.number)
    valid_from = before.valid_from if found.valid_from is None else found.valid_from
    modified = max(now, before.modified + _MILLISECOND)
    return Claim(stix_id, digest, before.created, modified, valid_from, storable(found.raw), found.number)


def _object(found: Candidate, run: Run, terms: _Terms, claim: Claim) -> dict[str, object]:
    return to_object(
        found,
        run.feed,
        stix_id=claim.stix_id,
        created_by_ref=terms.created_by_ref,
        created=claim.created,
        modified=claim.modified,
        marking_ids=terms.marks,
        now=claim.valid_from,
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
