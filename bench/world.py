"""Who shares with whom in the measurements, and a database filled with it: `python -m bench.world URL OBJECTS` prints the tokens.

Six organisations in one trust group (three members that write, one client, two observers), twenty accounts, one collection.
"""

import asyncio
import json
import sys

from bench.objects import batches
from indicator_hub.cli.bundled import migrations
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.enrol import enrol
from indicator_hub.sharing.submit import submit
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from indicator_hub.trust.roster import Agreement, Collection, Contact, Group, Membership, Organisation, Roster

GROUP = "bench"
COLLECTION = "6a0f5d6e-1b57-4f3c-9d0e-2f1a7c3b4d5e"
READER = "xa-cert-1"
"""A member's service account: sees everything, and its organisation put a third of it there."""
WRITERS = ("xa-cert-2", "xb-cert-1", "xc-cert-1")
_ROLES = {
    "xa-cert": "member", "xb-cert": "member", "xc-cert": "member", "xa-bank": "client", "xd-cert": "observer", "xe-cert": "observer",
}  # fmt: skip
_ACCOUNTS = 20


def roster() -> Roster:
    """The declaration."""
    organisations = {
        name: Organisation(name, name.upper(), name[:2].upper(), Contact(email=f"duty@{name}.example"))
        for name in _ROLES
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
        for name, role in _ROLES.items()
    }
    return Roster(
        organisations=organisations,
        agreements={"pact": Agreement("pact", "Pact", "a treaty", ("prevention",), 0, None)},
        groups={GROUP: Group(GROUP, "Bench", "", "standing", "pact", 0, None)},
        memberships=memberships,
        collections={(GROUP, "main"): Collection(COLLECTION, GROUP, "main", "Main", "", 4, 2)},
    )


async def fill(url: str, objects: int) -> dict[str, str]:
    """Make the database, declare, enrol and submit, all through the hub's own deeds. Returns the token of each account."""
    await migrate(url, migrations())
    store = await open_store(url)
    try:
        await apply(store, roster())
        tokens: dict[str, str] = {}
        for number in range(_ACCOUNTS):
            organisation = list(_ROLES)[number % len(_ROLES)]
            name = f"{organisation}-{number // len(_ROLES) + 1}"
            _, tokens[name] = await enrol(store, name, organisation=organisation, kind="service")
        for writer, body in batches(objects, len(WRITERS)):
            name = WRITERS[writer]
            who = await identify(store, tokens[name], username=name, group=GROUP, collection=COLLECTION)
            status = await submit(store, Caller(who.account, "bench", "127.0.0.1"), who.require_reach(), body)
            if any(detail.failed for detail in status.details):
                sys.exit(f"The hub refused what the benchmark submits: {status.render()[:500]!r}")
        return tokens
    finally:
        await store.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(fill(sys.argv[1], int(sys.argv[2])))))
