"""Alembic's entry: the hub hands over an open connection; a developer's `alembic` command line makes one from INDICATOR_HUB_DATABASE_URL."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from indicator_hub.store.engine import async_engine, database_url
from indicator_hub.store.schema import is_of, metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=is_of(connection.dialect.name),
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> None:
    engine = async_engine(database_url(os.environ["INDICATOR_HUB_DATABASE_URL"]), patient=True)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(connect())
