"""A small world to test in: who shares with whom, and accounts with tokens."""

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from indicator_hub.sharing import enrol
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import Store, open_store
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Agreement, Collection, Contact, Feed, Group, Membership, Organisation, Roster
from support.furnished import Kept, fill, is_empty, kept

START = timestamps.parse("2026-11-23T12:00:00Z")
TLP = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
MAIN = "0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11"
OTHER = "1c2f7a4e-5d0c-4c56-9a34-6a1d7f0e2b12"
FED = "2d3f7a4e-5d0c-4c56-9a34-6a1d7f0e2b13"
OPEN = "3e4f7a4e-5d0c-4c56-9a34-6a1d7f0e2b14"
NIGHT = "4f5f7a4e-5d0c-4c56-9a34-6a1d7f0e2b15"
IDENTITY_A = "identity--00000000-0000-4000-8000-0000000000e1"


class Clock:
    """A clock that stands still until it is moved. Microseconds."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        """What the clock shows."""
        return self.now

    def forward(self, *, seconds: int = 0, days: int = 0) -> None:
        """Move it on, or back."""
        self.now += (seconds + days * 86_400) * 1_000_000


def roster(**changes: Any) -> Roster:
    """Four nations; the standing group alpha, the operation night, and public."""
    organisations = {
        name: Organisation(name, name.upper(), nation, Contact(email=f"duty@{name}.example"), identities)
        for name, nation, identities in (
            ("xa-cert", "XA", (IDENTITY_A,)), ("xa-bank", "XA", ()), ("xb-cert", "XB", ()), ("xb-soc", "XB", ()),
            ("xc-cert", "XC", ()), ("xd-cert", "XD", ()),
        )
    }  # fmt: skip
    long_ago = timestamps.parse("2025-01-01T00:00:00Z")
    agreement = Agreement(
        "pact", "Pact", "a treaty", ("prevention",), long_ago, timestamps.parse("2030-01-01T00:00:00Z")
    )
    groups = (
        Group("alpha", "Alpha", "", "standing", "pact", long_ago, None),
        Group(
            "night",
            "Night",
            "",
            "operation",
            "pact",
            long_ago,
            timestamps.parse("2027-01-01T00:00:00Z"),
            "a case",
            "XC",
        ),
        Group("public", "Public", "", "public", None),
    )
    memberships = (
        Membership("xa-cert", "alpha", "member", can_write=True, steward=True),
        Membership("xb-cert", "alpha", "member", can_write=True),
        Membership("xb-soc", "alpha", "observer"),
        Membership("xa-bank", "alpha", "client", sponsor="xa-cert"),
        Membership("xd-cert", "alpha", "submitter", can_write=True),
        Membership("xc-cert", "night", "member", can_write=True, steward=True),
        Membership("xb-cert", "night", "member", can_write=False),
        Membership("xc-cert", "public", "member", can_write=True),
    )
    collections = (
        Collection(MAIN, "alpha", "main", "Main", "", 4, 2),
        Collection(OTHER, "alpha", "other", "Other", "", 1, 1),
        Collection(FED, "alpha", "fed", "Fed", "", 4, 2, "feeds"),
        Collection(NIGHT, "night", "case", "Case", "", 4, 3),
        Collection(OPEN, "public", "open", "Open", "", 0, None),
    )
    feeds = (
        Feed("numbers", "Numbers", "xa-cert", "alpha", "fed", "numbers.txt", "list", level=1, documentation=True),
        Feed("bundles", "Bundles", "xa-cert", "alpha", "fed", "bundle.json", "stix", documentation=True),
    )
    whole = Roster(
        organisations=organisations,
        agreements={"pact": agreement},
        groups={one.name: one for one in groups},
        memberships={(one.organisation, one.group): one for one in memberships},
        collections={(one.group, one.alias): one for one in collections},
        feeds={one.name: one for one in feeds},
    )
    return Roster(**{name: changes.get(name, getattr(whole, name)) for name in Roster.__slots__})


ACCOUNTS = {
    "ana": ("xa-cert", "person"), "abot": ("xa-cert", "service"), "bank": ("xa-bank", "person"), "bea": ("xb-cert", "person"),
    "bbot": ("xb-cert", "service"), "dan": ("xb-soc", "person"), "eve": ("xc-cert", "person"), "gus": ("xd-cert", "person"),
}  # fmt: skip


@dataclass
class World:
    """An open store with the roster above, a clock, and a token for each account."""

    store: Store
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    async def reach(self, account: str | None, group: str = "alpha", collection: str = "main") -> Reach:
        """The reach of an account in a collection."""
        token = self.tokens[account] if account else None
        return (await identify(self.store, token, username=account, group=group, collection=collection)).require_reach()

    async def caller(self, account: str | None) -> Caller:
        """The account as the one who asks."""
        if account is None:
            return Caller()
        return Caller(
            (await identify(self.store, self.tokens[account], username=account)).account, "request-1", "192.0.2.7"
        )


# Of each kind of database, declaration and list of accounts: what is in it then, and the accounts' tokens.
_made: dict[tuple[str, str, tuple[str, ...]], tuple[Kept, dict[str, str]]] = {}


@asynccontextmanager
async def world(
    url: str, declared: Roster | None = None, accounts: Sequence[str] = tuple(ACCOUNTS)
) -> AsyncIterator[World]:
    """Open the database, apply the roster, enrol the accounts."""
    clock, wanted = Clock(), declared or roster()
    # Feeds are often of one test alone, by their folder: they are declared in the world that has none yet.
    tokens = await _begun(url, wanted if declared is None else replace(wanted, feeds={}), tuple(accounts))
    store = await open_store(url, now=clock)
    try:
        if tokens is None:
            tokens = await _furnish(store, wanted, accounts)
        elif declared is not None and wanted.feeds:
            await apply(store, wanted)
        yield World(store, clock, dict(tokens))
    finally:
        await store.close()


async def _begun(url: str, declared: Roster, accounts: tuple[str, ...]) -> dict[str, str] | None:
    """The tokens of the world that the database now holds; None where it held something."""
    key = url.partition(":")[0], repr(declared), accounts
    if key in _made:
        content, tokens = _made[key]
        return tokens if await fill(url, content) else None
    if not await is_empty(url):
        return None
    store = await open_store(url, now=Clock())
    try:
        tokens = await _furnish(store, declared, accounts)
    finally:
        await store.close()
    _made[key] = await kept(url), tokens
    return tokens


async def _furnish(store: Store, declared: Roster, accounts: Sequence[str]) -> dict[str, str]:
    await apply(store, declared)
    tokens: dict[str, str] = {}
    for name in accounts:
        organisation, kind = ACCOUNTS[name]
        _, tokens[name] = await enrol.enrol(store, name, organisation=organisation, kind=kind)  # type: ignore[arg-type]
    return tokens


def indicator(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid indicator; `number` makes id and value, `tlp` the mark, everything else a property. None removes one."""
    tlp = changes.pop("tlp", None)
    made: dict[str, Any] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(int=number, version=4)}",
        "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number % 256}']",
        "pattern_type": "stix",
        "valid_from": "2026-11-01T00:00:00Z",
    }
    if tlp:
        made["object_marking_refs"] = [TLP[tlp]]
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def envelope(*objects: Mapping[str, Any]) -> bytes:
    """A TAXII envelope."""
    return json.dumps({"objects": objects}).encode()
