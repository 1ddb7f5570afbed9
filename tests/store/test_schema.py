"""The schema, and the hub's refusal to start on another."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from indicator_hub.errors import Misconfigured
from indicator_hub.sharing.remark import remark
from indicator_hub.sharing.submit import submit
from indicator_hub.store.engine import async_engine
from indicator_hub.store.engine import database_url as parse_url
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from indicator_hub.store.schema import REVISION, entry, is_of, metadata, unresolved
from indicator_hub.taxii.status import Status
from support.backwards import BACK_TO_0010
from support.marks import marking
from support.paths import MIGRATIONS
from support.world import World, envelope, indicator, world

STATEMENT = {"definition_type": "statement", "definition": {"statement": "Copyright of the desk"}}


async def test_migrations_make_the_schema(empty_database: str) -> None:
    """All migrations together make exactly the tables the code declares, on both databases."""
    await migrate(empty_database, MIGRATIONS)
    engine = async_engine(parse_url(empty_database))
    async with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": is_of(engine.dialect.name)}
        differences = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c, opts=options), metadata)
        )
    await engine.dispose()
    assert differences == []


def test_the_code_knows_the_newest_revision() -> None:
    """The revision that the hub demands is the newest there is, and history has one line."""
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """A database that is up to date stays as it is."""
    await migrate(database_url, MIGRATIONS)
    await (await open_store(database_url)).close()


async def test_a_database_without_tables_is_refused(empty_database: str) -> None:
    """The hub does not start on an empty database, and says what to run."""
    with pytest.raises(Misconfigured, match="indicator-hub migrate"):
        await open_store(empty_database)


async def test_an_unknown_schema_is_refused(database_url: str) -> None:
    """The hub does not start on a schema from the future, and says so."""
    engine = async_engine(parse_url(database_url))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(Misconfigured, match="has schema 9999, this hub needs"):
        await open_store(database_url)
    with pytest.raises(Misconfigured, match="another version of the hub"):
        await migrate(database_url, MIGRATIONS)


async def test_what_was_held_before_marks_had_meanings(database_url: str) -> None:
    """A hub of the second revision with held objects: afterwards each waits for its mark, with the level it had, and is let go at the next start."""
    mark, late = marking(1, **STATEMENT), marking(2, **STATEMENT)
    async with world(database_url) as w:
        for one in (mark, late):
            held = indicator(1 if one is mark else 2, object_marking_refs=[one["id"]])
            assert (await _send(w, held)).details[0].message.startswith("held")
        assert (await _send(w, mark)).details[0].message == ""
        async with w.store.transactions.begin() as tx:  # as the second revision would have left it
            for statement in _BACKWARDS:
                await tx.execute(text(statement))
    await migrate(database_url, MIGRATIONS)
    store = await open_store(database_url)
    try:
        assert await remark(store) == 1
        async with store.transactions.read() as tx:
            rows = await tx.execute(select(entry.c.stix_id, entry.c.default_level, entry.c.held).order_by(entry.c.id))
            found = [(name, level, held is not None) for name, level, held in rows]
            left = (await tx.execute(select(unresolved.c.mark))).scalars().all()
    finally:
        await store.close()
    assert found == [(indicator(1)["id"], 2, False), (indicator(2)["id"], 2, True), (mark["id"], None, False)]
    assert left == [late["id"]]


_BACKWARDS = (
    *BACK_TO_0010,
    "UPDATE entry SET held = 'unknown', audience_id = (SELECT id FROM audience WHERE floor = 9) WHERE type = 'indicator'",
    *(
        f"DROP TABLE {name}"
        for name in ("naming", "once", "backlog", "acknowledgement", "release", "recalled_entry", "recall", "consent")
    ),
    *(
        f"DROP INDEX {name}"
        for name in ("ix_entry_own_held", "ix_entry_own_recalled", "ix_entry_released", "ix_event_group")
    ),
    "ALTER TABLE audience_history DROP COLUMN line_order",
    "ALTER TABLE audience_history DROP COLUMN recalled",
    "ALTER TABLE account DROP COLUMN barred",
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
    "DROP INDEX ix_event_served",
    "ALTER TABLE event DROP COLUMN as_of",
    "CREATE INDEX ix_event_served ON event (collection_id, at)",
    "DROP TABLE reference",
    "DROP TABLE referrer",
    "DROP TABLE unresolved",
    "DROP TABLE definition",
    "ALTER TABLE entry DROP COLUMN default_level",
    "UPDATE alembic_version SET version_num = '0002'",
)


async def _send(w: World, *objects: dict[str, object]) -> Status:
    return await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*objects))
