"""A database with the small world of the tests in it, on which hubs are started and killed."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from support.live import Client, Hub


@dataclass(frozen=True, slots=True)
class Site:
    """Where a hub's data lies, who has an account on it, and one collection's address."""

    database: str
    data_dir: Path
    tokens: Mapping[str, str]
    collection: str

    @property
    def objects(self) -> str:
        """Where objects are posted and polled."""
        return f"/taxii2/alpha/collections/{self.collection}/objects/"

    @property
    def manifest(self) -> str:
        """Where their records are polled."""
        return f"/taxii2/alpha/collections/{self.collection}/manifest/"

    def start(self, **settings: object) -> Hub:
        """A hub on this site."""
        return Hub(self.database, self.data_dir, **settings)

    def client(self, hub: Hub, account: str) -> Client:
        """An account's client of a hub of this site."""
        return Client(hub.url, account, self.tokens[account])


async def somebody_waits(database: str) -> None:
    """Until a session in this PostgreSQL database waits for another's lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    connection = await asyncpg.connect(database)
    try:
        while not await connection.fetchval(waiting):
            pass
    finally:
        await connection.close()


def drawn(dice: random.Random) -> dict[str, Any]:
    """An indicator as the dice fall."""
    value = ".".join(str(dice.randint(0, 255)) for _ in range(4))
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(int=dice.getrandbits(128), version=4)}",
        "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z",
        "pattern": f"[ipv4-addr:value = '{value}']",
        "pattern_type": "stix",
        "valid_from": "2026-11-01T00:00:00Z",
    }
