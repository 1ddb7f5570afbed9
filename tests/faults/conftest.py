"""The site that faults happen to."""

import asyncio
from pathlib import Path

import pytest

from faults.site import Site
from support.world import MAIN, world

ACCOUNTS = ("ana", "abot", "bea")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Site:
    """A site with its roster applied; `ana` and `abot` write for one organisation, `bea` reads for another."""

    async def enrol() -> dict[str, str]:
        async with world(database_url, accounts=ACCOUNTS) as w:
            return w.tokens

    return Site(database_url, tmp_path, asyncio.run(enrol()), MAIN)
