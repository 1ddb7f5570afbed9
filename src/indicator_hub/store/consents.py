"""Consents: what an originator was asked for, and what it said."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import records
from indicator_hub.store.schema import consent, organisation, release, trust_group
from indicator_hub.trust.consent import State, Use
from indicator_hub.trust.roster import within


@dataclass(frozen=True, slots=True)
class Consent:
    """One version, one use, one asker. Instants in microseconds; `ends` None: until it is withdrawn."""

    id: int
    name: str
    entry: int
    organisation_id: int
    asker_id: int
    asker: str
    use: Use
    group_id: int | None
    group: str | None
    purpose: str
    asked: int
    state: State
    answered: int | None
    ends: int | None

    def holds(self, now: int) -> bool:
        """Whether it allows the use now."""
        return self.state == "granted" and within(None, self.ends, now)


_COLUMNS = (
    consent.c.id, consent.c.name, consent.c.entry_id, consent.c.organisation_id, consent.c.asker_id, organisation.c.name, consent.c.use,
    consent.c.group_id, trust_group.c.name, consent.c.purpose, consent.c.asked, consent.c.state, consent.c.answered, consent.c.ends,
)  # fmt: skip
_JOINED = consent.join(organisation, organisation.c.id == consent.c.asker_id).outerjoin(
    trust_group, trust_group.c.id == consent.c.group_id
)
_SELECT = select(*_COLUMNS).select_from(_JOINED)


async def add(
    tx: AsyncConnection, name: str, *, entry: int, originator: int, asker: int, account_id: int, use: Use,
    group_id: int | None, purpose: str, now: int,
) -> Consent | None:  # fmt: skip
    """Ask. Returns the consent as it stands; None where the same was asked already and is not answered."""
    row: dict[str, Any] = {
        "name": name,
        "entry_id": entry,
        "organisation_id": originator,
        "asker_id": asker,
        "account_id": account_id,
        "use": use,
        "group_id": group_id,
        "purpose": purpose,
        "asked": now,
        "state": "asked",
    }
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    if (await tx.execute(dialect.insert(consent).values(**row).on_conflict_do_nothing())).rowcount != 1:
        return None
    return Consent(*(await tx.execute(_SELECT.where(consent.c.name == name))).one())


async def find(tx: AsyncConnection, name: str, party: int) -> Consent | None:
    """A consent that this organisation asked for or is asked for."""
    which = consent.c.name == name, or_(consent.c.organisation_id == party, consent.c.asker_id == party)
    row = (await tx.execute(_SELECT.where(*which))).one_or_none()
    return None if row is None else Consent(*row)


async def lock(tx: AsyncConnection, one: Consent) -> None:
    """Lock every consent to the same use of the same version to the commit: none of them is answered meanwhile, or stood upon."""
    which = (
        consent.c.entry_id == one.entry,
        consent.c.use == one.use,
        consent.c.group_id.is_not_distinct_from(one.group_id),
    )
    await tx.execute(select(consent.c.id).where(*which).order_by(consent.c.id).with_for_update())


async def standing(tx: AsyncConnection, entry: int, asker: int, use: Use, group_id: int | None) -> list[Consent]:
    """What was asked for this use of a version, the newest first, locked to the commit: it cannot be withdrawn meanwhile."""
    which = consent.c.entry_id == entry, consent.c.asker_id == asker, consent.c.use == use
    here = which if group_id is None else (*which, consent.c.group_id == group_id)
    await tx.execute(select(consent.c.id).where(*here).order_by(consent.c.id).with_for_update())
    return [Consent(*row) for row in await tx.execute(_SELECT.where(*here).order_by(consent.c.id.desc()))]


async def answer(tx: AsyncConnection, one: Consent, state: State, *, ends: int | None, now: int) -> None:
    """What the originator says."""
    changed = update(consent).where(consent.c.id == one.id)
    await tx.execute(changed.values(state=state, answered=now, ends=ends))


async def note_release(
    tx: AsyncConnection, *, entry: int, collection_id: int, organisation_id: int, consent_id: int | None, now: int
) -> None:
    """A version was released into a collection, standing on this consent, or on none."""
    row = {
        "entry_id": entry,
        "collection_id": collection_id,
        "organisation_id": organisation_id,
        "consent_id": consent_id,
    }
    await tx.execute(insert(release).values(**row, at=now))


async def released_by(tx: AsyncConnection, organisation_id: int, key: int, collection_id: int) -> frozenset[int]:
    """The copies of an entry in a collection, recalled ones too, if this organisation has released it there; otherwise none."""
    by = (
        release.c.organisation_id == organisation_id,
        release.c.entry_id == key,
        release.c.collection_id == collection_id,
    )
    if (await tx.execute(select(release.c.id).where(*by).limit(1))).scalar_one_or_none() is None:
        return frozenset()
    return frozenset(await records.copies(tx, key, (collection_id,)))


async def unsupported(tx: AsyncConnection, one: Consent) -> set[int]:
    """The collections into which the version was released on this consent, and for which no other release of it stands."""
    stands = or_(release.c.consent_id.is_(None), consent.c.state == "granted")
    joined = release.outerjoin(consent, consent.c.id == release.c.consent_id)
    rows = await tx.execute(
        select(release.c.collection_id, release.c.consent_id, stands)
        .select_from(joined)
        .where(release.c.entry_id == one.entry)
    )
    released, standing = set[int](), set[int]()
    for key, on, holds in rows:
        if on == one.id:
            released.add(key)
        elif holds:
            standing.add(key)
    return released - standing


async def listed(
    tx: AsyncConnection, party: int, state: State | None, *, before: tuple[int, str] | None, limit: int
) -> list[Consent]:
    """What an organisation asked for or is asked for, the newest first, from the place `before` on."""
    statement = _SELECT.where(or_(consent.c.organisation_id == party, consent.c.asker_id == party))
    if state is not None:
        statement = statement.where(consent.c.state == state)
    if before is not None:
        at, name = before
        statement = statement.where(or_(consent.c.asked < at, (consent.c.asked == at) & (consent.c.name < name)))
    ordered = statement.order_by(consent.c.asked.desc(), consent.c.name.desc()).limit(limit)
    return [Consent(*row) for row in await tx.execute(ordered)]
