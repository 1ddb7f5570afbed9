"""Whoever else the scenarios need: a client and an observer of the exercise, and a group of its own that a feed fills.

They are declared and enrolled while the hub serves, as an administrator would; nobody who is there already sees a difference.
"""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from indicator_hub.ingest.run import run
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.claim import declared as feeds_of
from indicator_hub.sharing.enrol import enrol
from indicator_hub.store.opened import open_store, wall_clock
from indicator_hub.trust.roster import Collection, Feed, Group, Membership, Roster
from support.grounds import GROUP, Grounds, declared
from support.live import Client

INFLOW = "inflow"
FILLED = str(uuid.UUID(int=0x1F_F10D, version=4))
ACCOUNTS = {"client": "xa-bank", "observer": "xb-soc", "importer": "xd-cert"}
"""Account: its organisation. The client's sponsor is the producer's organisation; the importer reads what its feed brings."""


@dataclass
class Joined:
    """The accounts that were added, and the feed."""

    live: Grounds
    tokens: Mapping[str, str]
    source: Path

    @property
    def objects(self) -> str:
        """Where the feed's indicators are polled."""
        return f"/taxii2/{INFLOW}/collections/{FILLED}/objects/"

    def client(self, account: str) -> Client:
        """An account's connection, of these or of those that were there before."""
        return Client(self.live.hub.url, account, (self.live.tokens | self.tokens)[account])

    def ingest(self, *lines: str) -> Mapping[str, int]:
        """Run the feed once, on this content. How many candidates there were, and what became of them."""
        self.source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return asyncio.run(_ingested(self.live.database))


async def _ingested(database: str) -> Mapping[str, int]:
    store = await open_store(database, now=wall_clock)
    try:
        [feed] = await feeds_of(store)
        _, tally = await run(store, feed)
        return {name: count for name, count in tally.as_dict().items() if count}
    finally:
        await store.close()


def join(live: Grounds, source: Path) -> Joined:
    """Add them to a hub that serves."""
    return Joined(live, asyncio.run(_joined(live.database, source)), source)


async def _joined(database: str, source: Path) -> Mapping[str, str]:
    store = await open_store(database, now=wall_clock)
    try:
        await apply(store, _more(declared(), source))
        tokens: dict[str, str] = {}
        for name, organisation in ACCOUNTS.items():
            _, tokens[name] = await enrol(store, name, organisation=organisation, kind="person")
        return tokens
    finally:
        await store.close()


def _more(before: Roster, source: Path) -> Roster:
    starts = before.groups[GROUP].starts
    members = (
        Membership("xa-bank", GROUP, "client", sponsor="xa-cert"),
        Membership("xb-soc", GROUP, "observer"),
        Membership("xd-cert", INFLOW, "member", can_write=True),
    )
    return replace(
        before,
        groups=before.groups | {INFLOW: Group(INFLOW, "Inflow", "", "standing", "pact", starts, None)},
        memberships=before.memberships | {(one.organisation, one.group): one for one in members},
        collections=before.collections
        | {(INFLOW, "filled"): Collection(FILLED, INFLOW, "filled", "Filled", "", 4, 2, "feeds")},
        feeds={
            "addresses": Feed(
                "addresses", "Addresses", "xd-cert", INFLOW, "filled", str(source), "list", level=1, documentation=True
            )
        },
    )
