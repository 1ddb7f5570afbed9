"""What lies in a database from before revision 0006 keeps its meaning: whose recall stands, and what a copy stands on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from indicator_hub.sharing.remark import remark
from indicator_hub.store import audiences
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from indicator_hub.trust.audience import Audience
from sharing.test_taken_back import CASE, ONE, back, given, granted, no_longer, released, send, shared, taken
from support.backwards import BACK_TO_0010
from support.marks import handling, marking
from support.paths import MIGRATIONS
from support.world import TLP, World, indicator, world

_BACK = (
    *BACK_TO_0010,
    "DROP INDEX uq_consent_release",
    "DROP INDEX uq_consent_evidence",
    "DROP TABLE observable",
    "DROP TABLE password",
    "DROP TABLE attempt",
    "DROP TABLE session",
    "ALTER TABLE token DROP COLUMN seen",
    "ALTER TABLE token DROP COLUMN scopes",
    *(
        f"ALTER TABLE entry DROP COLUMN {name}"
        for name in ("name", "confidence", "valid_from", "valid_until", "labels")
    ),
    "DROP TABLE warning_list",
    "ALTER TABLE provenance DROP COLUMN said",
    "ALTER TABLE provenance DROP COLUMN valid_until",
    "ALTER TABLE provenance ADD COLUMN fingerprint BYTEA",
    "ALTER TABLE feed DROP COLUMN failures",
    "ALTER TABLE feed DROP COLUMN place",
    "ALTER TABLE provenance DROP COLUMN ended",
    "DROP TABLE release",
    "DROP INDEX ix_recalled_entry_entry_id",
    "ALTER TABLE recalled_entry DROP COLUMN lifted",
    "ALTER TABLE recall DROP COLUMN as_of",
    "ALTER TABLE audience_history DROP COLUMN recalled",
    "ALTER TABLE account DROP COLUMN barred",
    "DROP INDEX ix_event_served",
    "ALTER TABLE event DROP COLUMN as_of",
    "CREATE INDEX ix_event_served ON event (collection_id, action, organisation_id, at)",
    "UPDATE alembic_version SET version_num = '0005'",
)


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The world of `test_taken_back`."""
    async with world(database_url, shared()) as made:
        yield made


@asynccontextmanager
async def migrated(w: World, url: str) -> AsyncIterator[World]:
    """The same world, from a database of revision 0005."""
    async with w.store.transactions.begin() as tx:
        for statement in _BACK:
            await tx.execute(text(statement))
    await migrate(url, MIGRATIONS)
    store = await open_store(url, now=w.clock)
    try:
        yield World(store, w.clock, w.tokens)
    finally:
        await store.close()


async def test_the_newest_recall_stands(w: World, database_url: str) -> None:
    """A steward had brought back what it took back, then its originator took it back: its originator alone brings it back."""
    await send(w, "bea", indicator(1, tlp="GREEN"))
    await taken(w, "ana")
    await back(w, "ana")
    await taken(w, "bea")
    async with migrated(w, database_url) as now:
        assert (await back(now, "bea")).waiting == ()
        assert await given(now, "dan") == [ONE]


async def test_a_copy_stands_on_the_consents_that_hold(w: World, database_url: str) -> None:
    """Whoever made it: the copy that stayed on another's consent goes with that one."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    first, second = await granted(w, "bea"), await granted(w, "eve")
    await released(w, "bea")
    await released(w, "eve")
    await no_longer(w, first)
    async with migrated(w, database_url) as now:
        assert await given(now, "eve", CASE) == [ONE]
        await no_longer(now, second)
        assert await given(now, "eve", CASE) == []


async def test_a_list_of_nations_is_kept_from_others(w: World, database_url: str) -> None:
    """One that everybody was told before is told to its nations alone; a copy of it reaches nobody more than it did."""
    mark = marking(1, **handling(releasable_to=["XA", "XC"]), object_marking_refs=[TLP["GREEN"]])
    await send(w, "ana", mark, indicator(1, tlp="GREEN"))
    async with w.store.transactions.begin() as tx:
        everybody = (await audiences.intern(tx, {Audience(1)}))[Audience(1)]
        for table in ("entry", "audience_history"):
            await tx.execute(text(f"UPDATE {table} SET audience_id = {everybody}"))
    assert await given(w, "bea") == await given(w, "dan") == [mark["id"], ONE]
    async with migrated(w, database_url) as now:
        assert await remark(now.store) == 1
        assert await given(now, "bea") == await given(now, "dan") == [ONE]
        assert sorted(await given(now, "bank")) == sorted([mark["id"], ONE])
        assert await remark(now.store) == 0
