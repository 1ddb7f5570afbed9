"""Who shares with whom in the measurements, and a database filled with it.

`python -m bench.world URL OBJECTS` fills one and prints the tokens; `python -m bench.world FILE URL` copies a SQLite one to PostgreSQL.

Six organisations in one trust group (three members that write, one client, two observers), twenty accounts, one collection.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import asyncpg
from sqlalchemy import Boolean

from bench.objects import BATCH, batches
from indicator_hub.cli.bundled import migrations
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.enrol import enrol
from indicator_hub.sharing.submit import submit
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from indicator_hub.store.schema import metadata
from indicator_hub.trust.roster import Agreement, Collection, Contact, Group, Membership, Organisation, Role, Roster

GROUP = "bench"
COLLECTION = "6a0f5d6e-1b57-4f3c-9d0e-2f1a7c3b4d5e"
CLOSED = "7b1f6e7f-2c68-4a4d-8e1f-302b8d4c5e6f"
"""A collection of a second group, in which only one organisation has a part."""
READER = "xa-cert-1"
"""A member's service account, the dearest kind of reader: sees all four audiences, and its organisation put a third of it there."""
OBSERVER = "xd-cert-1"
"""The other end: sees two of the audiences, and its organisation put nothing there."""
WRITERS = ("xa-cert-2", "xb-cert-1", "xc-cert-1")
ROLES: dict[str, Role] = {
    "xa-cert": "member", "xb-cert": "member", "xc-cert": "member", "xa-bank": "client", "xd-cert": "observer", "xe-cert": "observer",
}  # fmt: skip
_ACCOUNTS = 20


def roster() -> Roster:
    """The declaration."""
    organisations = {
        name: Organisation(name, name.upper(), name[:2].upper(), Contact(email=f"duty@{name}.example"))
        for name in ROLES
    }
    memberships = {
        (name, GROUP): Membership(
            name,
            GROUP,
            role,
            can_write=role == "member",
            steward=name == "xa-cert",
            sponsor="xa-cert" if role == "client" else None,
        )
        for name, role in ROLES.items()
    }
    memberships["xb-cert", "closed"] = Membership("xb-cert", "closed", "member", can_write=True, steward=True)
    return Roster(
        organisations=organisations,
        agreements={"pact": Agreement("pact", "Pact", "a treaty", ("prevention",), 0, None)},
        groups={name: Group(name, name.title(), "", "standing", "pact", 0, None) for name in (GROUP, "closed")},
        memberships=memberships,
        collections={
            (GROUP, "main"): Collection(COLLECTION, GROUP, "main", "Main", "", 4, 2),
            ("closed", "main"): Collection(CLOSED, "closed", "main", "Main", "", 4, 2),
        },
    )


async def fill(
    url: str, stops: Sequence[int], *, largest: int = BATCH, reached: Callable[[int], None] = lambda _: None
) -> dict[str, str]:
    """Make the database, declare, enrol and submit, all through the hub's own deeds. Returns the token of each account.

    `reached` is told when there are as many objects as a stop says: nothing is written meanwhile.
    """
    await migrate(url, migrations())
    store = await open_store(url)
    try:
        await apply(store, roster())
        tokens: dict[str, str] = {}
        for number in range(_ACCOUNTS):
            organisation = list(ROLES)[number % len(ROLES)]
            name = f"{organisation}-{number // len(ROLES) + 1}"
            _, tokens[name] = await enrol(store, name, organisation=organisation, kind="service")
        for writer, body, objects in batches(stops, len(WRITERS), largest):
            name = WRITERS[writer]
            who = await identify(store, tokens[name], username=name, group=GROUP, collection=COLLECTION)
            status = await submit(store, Caller(who.account, "bench", "127.0.0.1"), who.require_reach(), body)
            if any(detail.failed for detail in status.details):
                sys.exit(f"The hub refused what the benchmark submits: {status.resource[:500]!r}")
            if objects in stops:
                reached(objects)
        return tokens
    finally:
        await store.close()


async def copy(path: str, url: str) -> None:
    """Make the PostgreSQL database the same as a SQLite one, row by row: quicker than submitting everything again."""
    await migrate(url, migrations())
    to = await asyncpg.connect(url, command_timeout=3_600)
    with closing(sqlite3.connect(path)) as source:
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns]
            flags = [place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
            rows = source.execute(f"SELECT {','.join(names)} FROM {table.name} ORDER BY 1")
            await to.copy_records_to_table(table.name, records=_with_flags(rows, flags), columns=names)
            if table.autoincrement_column is not None:
                counter = f"pg_get_serial_sequence('{table.name}', 'id')"
                await to.execute(f"SELECT setval({counter}, (SELECT coalesce(max(id), 1) FROM {table.name}))")
    await to.execute("VACUUM (ANALYZE)")  # what autovacuum has done in a database that is in use for some minutes
    await to.execute("CHECKPOINT")
    await to.close()


def _with_flags(rows: Iterable[tuple[Any, ...]], flags: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """SQLite knows no booleans."""
    for row in rows:
        one = list(row)
        for place in flags:
            one[place] = bool(one[place])
        yield tuple(one)


if __name__ == "__main__":
    if sys.argv[2].isdecimal():
        print(json.dumps(asyncio.run(fill(sys.argv[1], [int(sys.argv[2])]))))
    else:
        asyncio.run(copy(sys.argv[1], sys.argv[2]))
