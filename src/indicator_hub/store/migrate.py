"""Bring a database to the schema this code knows, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from indicator_hub.errors import Misconfigured, Unavailable
from indicator_hub.store.engine import async_engine, database_url, is_sqlite, shown, translated


async def migrate(given: str, scripts: Path, *, pgbouncer: bool = False) -> None:
    """Run every migration that is missing. Raises Misconfigured when the database cannot be written or is newer than this code."""
    url = database_url(given)
    engine = async_engine(url, patient=True, pgbouncer=pgbouncer)
    try:
        with translated():
            async with engine.connect() as connection:
                await connection.execution_options(writes=True)
                async with connection.begin():
                    await connection.run_sync(_upgrade, scripts)
    except Unavailable as error:
        hint = (
            _directory_hint(Path(str(url.database)).parent)
            if is_sqlite(url)
            else "Is it running, and are name and password right?"
        )
        raise Misconfigured(f"The database at {shown(url)} cannot be opened: {error.detail}. {hint}".rstrip()) from None
    except DBAPIError as error:
        raise Misconfigured(
            f"The database at {shown(url)} cannot be migrated: {str(error.orig).splitlines()[0]}."
        ) from None
    except CommandError as error:
        raise Misconfigured(
            f"The database at {shown(url)} was made by another version of the hub ({error}). Install that version or a newer one."
        ) from None
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, scripts: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _directory_hint(directory: Path) -> str:
    if not directory.exists():
        return f"The directory {directory} does not exist."
    return f"May this user write to {directory}?"
