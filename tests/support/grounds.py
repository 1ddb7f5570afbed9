"""A live hub to try clients on: over real sockets, with four accounts of different rights and a fresh collection for whoever asks."""

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indicator_hub.sharing import enrol
from indicator_hub.sharing.apply import apply
from indicator_hub.store.opened import open_store, wall_clock
from indicator_hub.trust.roster import Collection, Group, Membership, Roster
from support.live import Client, Hub
from support.world import roster

GROUP, ELSEWHERE = "exercise", "elsewhere"
FRESH = 400
ACCOUNTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "producer": ("xa-cert", "person", ("read", "submit", "manage")),
    "machine": ("xa-cert", "service", ("read", "submit")),
    "consumer": ("xb-cert", "person", ("read", "submit", "manage")),
    "reader": ("xb-cert", "service", ("read",)),
    "sink": ("xb-cert", "service", ("submit",)),
    "nothing": ("xb-cert", "service", ("manage",)),
    "outsider": ("xc-cert", "person", ("read", "submit", "manage")),
}
"""Name: organisation, kind, scopes. `sink` may only write, `nothing` neither reads nor writes, `outsider` is in another group."""


def _uuid(number: int) -> str:
    return str(uuid.UUID(int=(0xC0 << 120) | (0x4000_8000 << 32 << 16) | number, version=4))


READ_ONLY = _uuid(FRESH + 1)
FOREIGN = _uuid(FRESH + 2)
"""The collection only feeds write to, and the one of the other group."""


@dataclass(frozen=True, slots=True)
class Place:
    """One collection of a running hub."""

    url: str
    id: str

    @property
    def path(self) -> str:
        """The collection's own resource; ends in a slash."""
        return f"/taxii2/{GROUP}/collections/{self.id}/"

    @property
    def objects(self) -> str:
        """Where objects are posted and polled."""
        return f"{self.path}objects/"

    @property
    def manifest(self) -> str:
        """Where their records are polled."""
        return f"{self.path}manifest/"


@dataclass
class Grounds:
    """The hub, its accounts' tokens, and collections nobody has used yet."""

    hub: Hub
    database: str
    tokens: Mapping[str, str]
    _unused: Iterator[str] = field(default_factory=lambda: iter([_uuid(number) for number in range(1, FRESH + 1)]))

    @property
    def root(self) -> str:
        """The API root's URL."""
        return f"{self.hub.url}/taxii2/{GROUP}/"

    def client(self, account: str) -> Client:
        """An account's connection."""
        return Client(self.hub.url, account, self.tokens[account])

    def fresh(self) -> Place:
        """A collection that holds nothing."""
        return Place(self.hub.url, next(self._unused))


def declared() -> Roster:
    """The exercise: nations A and B read and write, C sits elsewhere."""
    small = roster()
    groups = {
        name: Group(name, name.title(), f"The group {name}.", "standing", "pact", small.groups["alpha"].starts, None)
        for name in (GROUP, ELSEWHERE)
    }
    collections = [
        Collection(_uuid(number), GROUP, f"fresh-{number}", f"Fresh {number}", "", 4, 2)
        for number in range(1, FRESH + 1)
    ]
    collections.append(Collection(READ_ONLY, GROUP, "fed", "Fed", "", 4, 2, "feeds"))
    collections.append(Collection(FOREIGN, ELSEWHERE, "theirs", "Theirs", "", 4, 2))
    members = [
        Membership("xa-cert", GROUP, "member", can_write=True, steward=True),
        Membership("xb-cert", GROUP, "member", can_write=True),
        Membership("xc-cert", ELSEWHERE, "member", can_write=True),
    ]
    return Roster(
        organisations=small.organisations,
        agreements=small.agreements,
        groups=groups,
        memberships={(one.organisation, one.group): one for one in members},
        collections={(one.group, one.alias): one for one in collections},
        feeds={},
    )


async def _enrolled(database: str) -> dict[str, str]:
    store = await open_store(database, now=wall_clock)
    try:
        await apply(store, declared())
        tokens: dict[str, str] = {}
        for name, (organisation, kind, scopes) in ACCOUNTS.items():
            made: Any = await enrol.enrol(store, name, organisation=organisation, kind=kind, scopes=scopes)  # type: ignore[arg-type]
            tokens[name] = made[1]
        return tokens
    finally:
        await store.close()


@contextmanager
def grounds(database: str, data_dir: Path, **settings: object) -> Iterator[Grounds]:
    """Fill a migrated database, and serve it."""
    tokens = asyncio.run(_enrolled(database))
    with Hub(database, data_dir, **settings) as hub:
        yield Grounds(hub, database, tokens)
