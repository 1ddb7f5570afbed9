"""Consents: what an originator was asked for, and what it said."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import consent, organisation, trust_group
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
) -> Consent:  # fmt: skip
    """Ask. Returns the consent as it stands."""
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
    await tx.execute(insert(consent).values(**row))
    return Consent(*(await tx.execute(_SELECT.where(consent.c.name == name))).one())


async def find(tx: AsyncConnection, name: str, party: int) -> Consent | None:
    """A consent that this organisation asked for or is asked for, locked to the commit."""
    which = consent.c.name == name, or_(consent.c.organisation_id == party, consent.c.asker_id == party)
    # Locked by itself: PostgreSQL locks no row of an outer join.
    await tx.execute(select(consent.c.id).where(*which).with_for_update())
    row = (await tx.execute(_SELECT.where(*which))).one_or_none()
    return None if row is None else Consent(*row)


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


async def others(tx: AsyncConnection, one: Consent, now: int) -> bool:
    """Whether another consent allows the same release still."""
    which = consent.c.entry_id == one.entry, consent.c.use == one.use, consent.c.group_id == one.group_id
    found = [Consent(*row) for row in await tx.execute(_SELECT.where(*which, consent.c.id != one.id))]
    return any(other.holds(now) for other in found)


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
