"""What the hub remembers of a feed: its bookmark, its runs with their tallies, where each indicator came from, and what was refused."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import bulk
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.jobs import OF_FEEDS
from indicator_hub.store.schema import account, feed, feed_run, job, organisation, provenance, quarantine


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a feed was read: what the source said of its last content, and the SHA-256 of that content."""

    feed_id: int
    etag: str | None
    last_modified: str | None
    content_sha256: bytes | None
    place: str | None = None
    """Of a TAXII server, from which `added_after` on to read."""
    declaration: str = ""
    """As what the feed was declared when this was read."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a feed said of one indicator: as text, and the times the indicator was given (microseconds)."""

    stix_id: str
    said: str
    """Empty where this feed never said anything of it."""
    created: int
    modified: int
    valid_from: int
    valid_until: int | None
    raw: str
    row_number: int
    run: int = 0
    """The run in which this feed said it last; 0 where only another feed of the scope did."""
    ended: bool = False
    """Whether this feed had dropped it."""
    others: tuple["Claim", ...] = ()
    """What other feeds of the scope say of it still, into the same collection."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that became no indicator, verbatim, with the reason."""

    reason: str
    detail: str
    raw: str
    row_number: int
    digest: bytes


async def levels(tx: AsyncConnection, collection_id: int) -> dict[int, int]:
    """The level that each feed of a collection declares for what it brings, by the feed's account; those that declare one."""
    statement = select(feed.c.account_id, feed.c.declaration).where(feed.c.collection_id == collection_id)
    found = {key: json.loads(declaration)["level"] for key, declaration in await tx.execute(statement)}
    return {key: level for key, level in found.items() if level is not None}


async def bookmark(tx: AsyncConnection, name: str) -> Bookmark:
    """The bookmark of a declared feed."""
    row = (
        await tx.execute(
            select(
                feed.c.id, feed.c.etag, feed.c.last_modified, feed.c.content_sha256, feed.c.place, feed.c.declaration
            ).where(feed.c.name == name)
        )
    ).one()
    return Bookmark(
        row.id,
        row.etag,
        row.last_modified,
        None if row.content_sha256 is None else bytes(row.content_sha256),
        row.place,
        row.declaration,
    )


async def is_mended(tx: AsyncConnection, mark: Bookmark) -> bool:
    """Whether the feed is declared otherwise than when the bookmark was read."""
    now = await tx.execute(select(feed.c.declaration).where(feed.c.id == mark.feed_id))
    return now.scalar_one() != mark.declaration


async def start_run(tx: AsyncConnection, feed_id: int, *, now: int) -> int:
    """A run begins. Returns its number."""
    values = {"feed_id": feed_id, "started": now, "outcome": "running", "reason": "", "tally": "{}"}
    return (await tx.execute(insert(feed_run).values(**values).returning(feed_run.c.id))).scalar_one()


async def end_left_runs(tx: AsyncConnection, feed_id: int, *, now: int) -> None:
    """Runs whose process ended before they did are over too. What they stored stays, and the next run finds it unchanged."""
    left = feed_run.c.feed_id == feed_id, feed_run.c.outcome == "running"
    values = {"finished": now, "outcome": "failed", "reason": "The process ended before the run did."}
    await tx.execute(update(feed_run).where(*left).values(**values))


async def end_run(
    tx: AsyncConnection, run: int, *, outcome: str, reason: str, tally: Mapping[str, int], now: int
) -> None:
    """A run ends, however it ends."""
    values = {"finished": now, "outcome": outcome, "reason": reason, "tally": json.dumps(dict(tally))}
    await tx.execute(update(feed_run).where(feed_run.c.id == run).values(**values))


async def set_place(tx: AsyncConnection, feed_id: int, place: str, *, now: int) -> None:
    """From where the next run reads: everything before it was taken."""
    await tx.execute(update(feed).where(feed.c.id == feed_id).values(place=place, succeeded=now))


async def count_failure(tx: AsyncConnection, feed_id: int, *, failed: bool) -> int:
    """One more in a row, or none any longer. Returns how many."""
    changed = update(feed).where(feed.c.id == feed_id).values(failures=feed.c.failures + 1 if failed else 0)
    return (await tx.execute(changed.returning(feed.c.failures))).scalar_one()


async def failures(tx: AsyncConnection, feed_id: int) -> int:
    """How many runs have failed in a row."""
    return (await tx.execute(select(feed.c.failures).where(feed.c.id == feed_id))).scalar_one()


async def set_bookmark(
    tx: AsyncConnection, mark: Bookmark, *, etag: str | None, last_modified: str | None, content_sha256: bytes, now: int
) -> None:
    """The content was taken whole: the next run may skip it if it has not changed, unless the feed is declared otherwise meanwhile."""
    values = {"etag": etag, "last_modified": last_modified, "content_sha256": content_sha256, "succeeded": now}
    same = feed.c.id == mark.feed_id, feed.c.declaration == mark.declaration
    await tx.execute(update(feed).where(*same).values(**values))


async def claims(tx: AsyncConnection, feed_id: int, collection_id: int, identifiers: Iterable[str]) -> dict[str, Claim]:
    """What was last said of these indicators, by this feed and by others of the same scope.

    The id of a derived indicator holds its scope, so two feeds meet in one id only when one organisation imports both for one group.
    """
    p = provenance.c
    columns = (
        p.feed_id, feed.c.collection_id, feed.c.ends, p.stix_id, p.said, p.created, p.modified, p.valid_from, p.valid_until, p.raw, p.row_number, p.last_run_id, p.ended,
    )  # fmt: skip
    statement = select(*columns).join(feed, feed.c.id == p.feed_id).where(among(p.stix_id, "ids")).order_by(p.feed_id)
    found: dict[str, list[tuple[bool, bool, Claim]]] = {}
    for of, where, over, *said, ended in await tx.execute(statement, {"ids": bind_list(tx, identifiers)}):
        one = Claim(*said, ended=ended is not None)
        found.setdefault(one.stix_id, []).append((of == feed_id, where == collection_id and over is None, one))
    return {name: _together(name, every) for name, every in found.items()}


def _together(name: str, every: Sequence[tuple[bool, bool, Claim]]) -> Claim:
    """This feed's claim on an indicator; its next version is later than any feed's."""
    others = tuple(one for mine, here, one in every if here and not mine and not one.ended and one.said)
    created, modified = min(one.created for *_, one in every), max(one.modified for *_, one in every)
    for mine, _, one in every:
        if mine:
            return replace(one, created=created, modified=modified, others=others)
    return Claim(name, "", created, modified, min(one.valid_from for *_, one in every), None, "", 0, others=others)


async def claim(tx: AsyncConnection, feed_id: int, run: int, found: Sequence[Claim]) -> None:
    """Keep what the feed says now."""
    rows = [
        {
            "feed_id": feed_id, "stix_id": one.stix_id, "said": one.said, "raw": one.raw, "row_number": one.row_number,
            "created": one.created, "modified": one.modified, "valid_from": one.valid_from, "valid_until": one.valid_until,
            "first_run_id": run, "last_run_id": run, "ended": None,
        }
        for one in found
    ]  # fmt: skip
    kept = ("said", "raw", "row_number", "modified", "valid_from", "valid_until", "last_run_id", "ended")
    await bulk.write(tx, provenance, rows, key=("feed_id", "stix_id"), kept=kept)


@dataclass(frozen=True, slots=True)
class Whole:
    """A run that took the whole content. `started` in microseconds."""

    number: int
    started: int
    tally: Mapping[str, int]


async def last_whole(tx: AsyncConnection, feed_id: int) -> Whole | None:
    """The last run that took the whole content."""
    runs = feed_run.c
    statement = select(runs.id, runs.started, runs.tally).where(runs.feed_id == feed_id, runs.outcome == "done")
    row = (await tx.execute(statement.order_by(runs.id.desc()).limit(1))).one_or_none()
    return None if row is None else Whole(row.id, row.started, json.loads(row.tally))


async def dropped(tx: AsyncConnection, feed_id: int, *, before: int, limit: int) -> list[str]:
    """The ids of what a feed said last before this run, and has not been found to have dropped yet."""
    p = provenance.c
    which = p.feed_id == feed_id, p.ended.is_(None), p.last_run_id < before
    return list((await tx.execute(select(p.stix_id).where(*which).order_by(p.stix_id).limit(limit))).scalars())


async def said_by_others(
    tx: AsyncConnection, feed_id: int, collection_id: int, identifiers: Collection[str]
) -> set[str]:
    """Of these, what another feed of the scope, itself not ended, says still into this collection."""
    p = provenance.c
    live = (
        select(p.stix_id)
        .join(feed, feed.c.id == p.feed_id)
        .where(p.feed_id != feed_id, among(p.stix_id, "ids"), p.ended.is_(None))
        .where(feed.c.collection_id == collection_id, feed.c.ends.is_(None))
    )
    return set((await tx.execute(live, {"ids": bind_list(tx, identifiers)})).scalars())


async def end_claims(
    tx: AsyncConnection, feed_id: int, identifiers: Collection[str], *, now: int, modified: int = 0
) -> None:
    """The feed says these no longer; `modified`: of the latest version that says so. What anybody says of them next is later."""
    p = provenance.c
    later = case((p.modified < modified, modified), else_=p.modified)
    ended = update(provenance).where(p.feed_id == feed_id, among(p.stix_id, "ids")).values(ended=now, modified=later)
    await tx.execute(ended, {"ids": bind_list(tx, identifiers)})


async def sources(tx: AsyncConnection, organisation_id: int, stix_id: str) -> list[dict[str, Any]]:
    """Which feeds that an organisation imports say this indicator, and what each said last: as it came, and the times (microseconds)."""
    p = provenance.c
    columns = (
        feed.c.name, feed.c.declaration, p.raw, p.row_number, p.created, p.modified, p.valid_until, p.ended,
    )  # fmt: skip
    joined = provenance.join(feed, feed.c.id == p.feed_id).join(account, account.c.id == feed.c.account_id)
    which = account.c.organisation_id == organisation_id, p.stix_id == stix_id
    rows = await tx.execute(select(*columns).select_from(joined).where(*which).order_by(feed.c.name))
    names = ("feed", "title", "raw", "row", "first", "last", "until", "ended")
    return [
        dict(zip(names, (name, json.loads(declaration)["title"], *rest), strict=True))
        for name, declaration, *rest in rows
    ]


async def quarantined(tx: AsyncConnection, feed_id: int, run: int, refused: Sequence[Refused]) -> None:
    """Keep refused rows, each once however often it comes."""
    rows = [
        {
            "feed_id": feed_id, "digest": one.digest, "reason": one.reason, "detail": one.detail, "raw": one.raw,
            "row_number": one.row_number, "first_run_id": run, "last_run_id": run,
        }
        for one in refused
    ]  # fmt: skip
    key = ("feed_id", "digest", "reason")
    await bulk.write(
        tx,
        quarantine,
        list({(one.digest, one.reason): row for one, row in zip(refused, rows, strict=True)}.values()),
        key=key,
        kept=("row_number", "last_run_id"),
    )


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run as it stands. Instants in microseconds; `finished` None: it goes on."""

    started: int
    finished: int | None
    outcome: str
    reason: str
    tally: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class State:
    """A feed as it stands: who imports it, where it goes, its last run, and how many refused rows wait for a person."""

    id: int
    name: str
    declaration: Mapping[str, Any]
    organisation_id: int
    organisation: str
    succeeded: int | None
    failures: int
    due: int
    held_until: int
    last: LastRun | None
    waiting: int


async def states(tx: AsyncConnection, *, organisation_id: int | None = None, name: str | None = None) -> list[State]:
    """The feeds declared and not ended, by name: of one organisation, of one name, or all."""
    runs = feed_run.alias("runs")
    latest = select(func.max(runs.c.id)).where(runs.c.feed_id == feed.c.id).correlate(feed).scalar_subquery()
    q = quarantine.c
    counted = select(func.count()).where(q.feed_id == feed.c.id, q.settled.is_(None))
    waiting = counted.select_from(quarantine).correlate(feed).scalar_subquery()
    joined = (
        feed.join(account, account.c.id == feed.c.account_id)
        .join(organisation, organisation.c.id == account.c.organisation_id)
        .outerjoin(job, job.c.name == literal(OF_FEEDS).concat(feed.c.name))
        .outerjoin(feed_run, feed_run.c.id == latest)
    )
    columns = (
        feed.c.id, feed.c.name, feed.c.declaration, organisation.c.id, organisation.c.name, feed.c.succeeded, feed.c.failures, job.c.due,
        job.c.lease_until, feed_run.c.started, feed_run.c.finished, feed_run.c.outcome, feed_run.c.reason, feed_run.c.tally, waiting,
    )  # fmt: skip
    statement = select(*columns).select_from(joined).where(feed.c.ends.is_(None)).order_by(feed.c.name)
    if organisation_id is not None:
        statement = statement.where(organisation.c.id == organisation_id)
    if name is not None:
        statement = statement.where(feed.c.name == name)
    return [_state(tuple(row)) for row in await tx.execute(statement)]


def _state(row: tuple[Any, ...]) -> State:
    (
        key,
        name,
        declaration,
        of,
        title,
        succeeded,
        failed,
        due,
        held,
        started,
        finished,
        outcome,
        reason,
        tally,
        waiting,
    ) = row
    last = None if started is None else LastRun(started, finished, outcome, reason, json.loads(tally))
    return State(key, name, json.loads(declaration), of, title, succeeded, failed, due or 0, held or 0, last, waiting)


async def runs(
    tx: AsyncConnection, keys: Collection[int], *, since: int, limit: int, but: str = ""
) -> dict[int, list[LastRun]]:
    """The runs of these feeds from then on, by feed; the newest first, so many of each at most, and none with the outcome `but`."""
    r = feed_run.c
    place = func.row_number().over(partition_by=r.feed_id, order_by=r.id.desc()).label("place")
    columns = (r.feed_id, r.started, r.finished, r.outcome, r.reason, r.tally, r.id, place)
    newest = select(*columns).where(r.feed_id.in_(set(keys)), r.started >= since, r.outcome != but).subquery()
    statement = select(newest).where(newest.c.place <= limit).order_by(newest.c.feed_id, newest.c.place)
    found: dict[int, list[LastRun]] = {key: [] for key in keys}
    for of, started, finished, outcome, reason, tally, *_ in await tx.execute(statement):
        found[of].append(LastRun(started, finished, outcome, reason, json.loads(tally)))
    return found


async def reasons(tx: AsyncConnection, feed_id: int) -> dict[str, int]:
    """For which reasons rows wait for a person, and how many for each."""
    q = quarantine.c
    waiting = select(q.reason, func.count()).where(q.feed_id == feed_id, q.settled.is_(None))
    return dict((await tx.execute(waiting.group_by(q.reason).order_by(func.count().desc(), q.reason))).all())


@dataclass(frozen=True, slots=True)
class Kept:
    """A refused row in quarantine; `settled` is `released` or `dismissed`, or None while it waits for a person."""

    id: int
    reason: str
    detail: str
    raw: str
    row_number: int
    settled: str | None


async def kept(tx: AsyncConnection, feed_id: int, *, after: int, limit: int, reason: str | None = None) -> list[Kept]:
    """The next refused rows that wait for a person, in the order in which they first came."""
    q = quarantine.c
    which = [q.feed_id == feed_id, q.id > after, q.settled.is_(None), *([q.reason == reason] if reason else [])]
    columns = (q.id, q.reason, q.detail, q.raw, q.row_number, q.settled)
    rows = await tx.execute(select(*columns).where(*which).order_by(q.id).limit(limit))
    return [Kept(*row) for row in rows]


async def settle(tx: AsyncConnection, feed_id: int, how: str, *, rows: Sequence[int] | None, reason: str | None) -> int:
    """Say what becomes of refused rows that wait: of these, or of all with this reason. Returns how many there were."""
    q = quarantine.c
    which = [q.feed_id == feed_id, q.settled.is_(None)]
    which += [q.id.in_(rows)] if rows is not None else []
    which += [q.reason == reason] if reason is not None else []
    number = (await tx.execute(update(quarantine).where(*which).values(settled=how))).rowcount
    if how == RELEASED and number:  # the next run takes them, though its source has nothing newer
        await forget(tx, feed_id)
    return number


async def forget(tx: AsyncConnection, feed_id: int) -> None:
    """The next run reads everything, though its source has nothing newer."""
    anew = {"etag": None, "last_modified": None, "place": None}
    await tx.execute(update(feed).where(feed.c.id == feed_id).values(**anew))


async def released(tx: AsyncConnection, feed_id: int) -> frozenset[tuple[bytes, str]]:
    """The refused rows that a person has let through, by digest and reason."""
    q = quarantine.c
    rows = await tx.execute(select(q.digest, q.reason).where(q.feed_id == feed_id, q.settled == RELEASED))
    return frozenset((bytes(digest), reason) for digest, reason in rows)


RELEASED, DISMISSED = "released", "dismissed"
