"""Open the store that the settings, or the command line, name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from indicator_hub.errors import Misconfigured
from indicator_hub.settings import Settings, load
from indicator_hub.store.engine import database_url, is_sqlite
from indicator_hub.store.opened import Store, clock, open_store


def require_directory(settings: Settings) -> None:
    """Make the directory of the embedded database. Raises Misconfigured when this user may not."""
    url = database_url(settings.database())
    if is_sqlite(url):
        make_directory(Path(str(url.database)).parent)


def make_directory(path: Path) -> None:
    """Make a directory that this user can write to, and no other can read. Raises Misconfigured."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / ".indicator-hub-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Misconfigured(
            f"The directory {path} cannot be written to: {error.strerror}. "
            "Give this user the right, or choose another directory (INDICATOR_HUB_DATA_DIR; for the demo, --data)."
        ) from None


@asynccontextmanager
async def opened(given: str | None) -> AsyncGenerator[Store]:
    """The store, open for one command. Raises Misconfigured."""
    settings = load(database_url=given)
    store = await open_store(
        settings.database(), now=clock(settings.testing_clock()), pgbouncer=settings.database_pgbouncer
    )
    try:
        yield store
    finally:
        await store.close()
