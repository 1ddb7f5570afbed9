"""The schema, and the hub's refusal to start on another."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from indicator_hub.errors import Misconfigured
from indicator_hub.store.engine import async_engine
from indicator_hub.store.engine import database_url as parse_url
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from indicator_hub.store.schema import REVISION, metadata
from support.paths import MIGRATIONS


async def test_migrations_make_the_schema(empty_database: str) -> None:
    """All migrations together make exactly the tables the code declares, on both databases."""
    await migrate(empty_database, MIGRATIONS)
    engine = async_engine(parse_url(empty_database))
    async with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
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
