"""Named persons: who of a member organisation reads TLP:RED in a group, and who is proposed to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import account, named_person, naming, organisation


@dataclass(frozen=True, slots=True)
class Named:
    """A person, and the window in which it is named; `confirmed` is False while it is only proposed."""

    account_id: int
    account: str
    organisation_id: int
    organisation: str
    starts: int | None
    ends: int | None
    confirmed: bool


async def of_group(tx: AsyncConnection, group_id: int) -> list[Named]:
    """Every person proposed or named in a group, by organisation and name; a person may be both."""
    found: list[Named] = []
    for table, confirmed in ((naming, False), (named_person, True)):
        columns = (account.c.id, account.c.name, organisation.c.id, organisation.c.name, table.c.starts, table.c.ends)
        joined = table.join(account, account.c.id == table.c.account_id).join(
            organisation, organisation.c.id == account.c.organisation_id
        )
        rows = await tx.execute(select(*columns).select_from(joined).where(table.c.group_id == group_id))
        found += [Named(key, name, of, title, starts, ends, confirmed) for key, name, of, title, starts, ends in rows]
    return sorted(found, key=lambda one: (one.organisation, one.account, one.confirmed))


async def propose(
    tx: AsyncConnection, account_id: int, group_id: int, *, starts: int | None, ends: int | None, now: int
) -> None:
    """Put a person forward; a proposal that is there already is replaced."""
    await _put(tx, naming, account_id, group_id, {"starts": starts, "ends": ends, "proposed": now})


async def _put(tx: AsyncConnection, table: Table, account_id: int, group_id: int, row: Mapping[str, Any]) -> None:
    """In one statement: two that come at once would else both find nothing to replace."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(account_id=account_id, group_id=group_id, **row)
    await tx.execute(statement.on_conflict_do_update(index_elements=["account_id", "group_id"], set_=dict(row)))


async def withdraw(tx: AsyncConnection, account_id: int, group_id: int) -> bool:
    """Take a proposal away. Returns whether there was one."""
    of = naming.c.account_id == account_id, naming.c.group_id == group_id
    return (await tx.execute(delete(naming).where(*of))).rowcount > 0


async def name(tx: AsyncConnection, account_id: int, group_id: int, *, starts: int, ends: int | None) -> None:
    """From `starts` on the person reads RED. What was named before under the same key is replaced; the events keep it."""
    await _put(tx, named_person, account_id, group_id, {"starts": starts, "ends": ends})


async def end(tx: AsyncConnection, account_id: int, group_id: int, *, now: int) -> bool:
    """The person is named no longer. Returns whether it was."""
    of = named_person.c.account_id == account_id, named_person.c.group_id == group_id
    live = named_person.c.ends.is_(None) | (named_person.c.ends > now)
    return (await tx.execute(update(named_person).where(*of, live).values(ends=now))).rowcount > 0
