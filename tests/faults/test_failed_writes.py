"""The database does not take a write, or is gone: 503 with Retry-After, nothing half done, and the hub works again by itself."""

import asyncio
import base64
import json
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from faults.site import Site, somebody_waits
from indicator_hub.settings import load
from indicator_hub.store import engine, hot_sqlite
from indicator_hub.web.app import create_app, open_hub
from support.live import PATIENCE, TAXII, Answer, Client, Hub
from support.world import indicator

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"])
only_postgresql = pytest.mark.parametrize("backend", ["postgresql"])
SHORT_MS = 50


def require_unavailable(status: int, headers: Any, body: bytes) -> None:
    """503 as TAXII says it, with a time to come back, and nothing of the cause."""
    assert status == 503, body
    assert int(headers["retry-after"]) > 0
    assert headers["content-type"] == TAXII
    assert set(json.loads(body)) <= {"title", "http_status"}


def refused(answer: Answer) -> bool:
    """Whether this was refused, and if so rightly."""
    if answer.status < 500:
        return False
    require_unavailable(answer.status, answer.headers, answer.body)
    return True


def listed(client: Client, site: Site) -> list[str]:
    """The ids that an account is given, in order."""
    return [one["id"] for page in client.pages(site.manifest, limit=1_000) for one in page.json.get("objects", ())]


@contextmanager
def locked(database: str) -> Iterator[None]:
    """Another process holds SQLite's write lock."""
    holder = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE');"
        "print('locked', flush=True); sys.stdin.read(); c.execute('ROLLBACK'); c.close()"
    )
    command = [sys.executable, "-I", "-S", "-c", holder, database.removeprefix("sqlite:///")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.communicate(timeout=PATIENCE)


@asynccontextmanager
async def hub_here(site: Site, **more: object) -> AsyncIterator[httpx2.AsyncClient]:
    """A hub in this process, and `ana`'s client of it."""
    settings = load(database_url=site.database, data_dir=site.data_dir, **more)
    hub = await open_hub(settings, port=0)
    credential = base64.b64encode(f"ana:{site.tokens['ana']}".encode()).decode()
    headers = {"Authorization": f"Basic {credential}", "Accept": TAXII, "Content-Type": TAXII}
    transport = httpx2.ASGITransport(app=create_app(hub))
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
            yield client
    finally:
        await hub.store.close()


def _post(client: httpx2.AsyncClient, site: Site) -> Callable[[int], Awaitable[httpx2.Response]]:
    async def post(number: int) -> httpx2.Response:
        return await client.post(site.objects, content=json.dumps({"objects": [indicator(number)]}).encode())

    return post


@only_sqlite
async def test_sqlite_locked_by_another_process(site: Site, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers that wait longer than the busy time-out, and pages whose event cannot be written, are unavailable; an idle poll is answered."""
    pragmas = [one for one in engine.PRAGMAS if "busy_timeout" not in one]
    assert len(pragmas) == len(engine.PRAGMAS) - 1
    monkeypatch.setattr(engine, "BUSY_MS", SHORT_MS)
    monkeypatch.setattr(hot_sqlite, "BUSY_MS", SHORT_MS)
    for module in (engine, hot_sqlite):
        monkeypatch.setattr(module, "PRAGMAS", (f"PRAGMA busy_timeout = {SHORT_MS}", *pragmas))
    async with hub_here(site) as client:
        post = _post(client, site)
        assert (await post(1)).status_code == 202
        with locked(site.database):
            answers = [*await asyncio.gather(*(post(number) for number in range(2, 6))), await client.get(site.objects)]
            for one in answers:
                require_unavailable(one.status_code, one.headers, one.content)
            idle = await client.get(site.objects, params={"added_after": "2100-01-01T00:00:00Z"})
            assert (idle.status_code, idle.content) == (200, b"{}")
        assert [one["id"] for one in (await client.get(site.objects)).json()["objects"]] == [indicator(1)["id"]]
        assert (await post(2)).status_code == 202
        assert len((await client.get(site.objects)).json()["objects"]) == 2


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can take a running process's disk away")
@only_sqlite
def test_a_disk_that_is_full(site: Site, backend: str) -> None:
    """A write that the disk does not take is unavailable and leaves nothing; polls with nothing new go on; with room again all is well."""
    with site.start() as hub, site.client(hub, "ana") as client:
        assert client.post(site.objects, [indicator(1)]).status == 202
        log = Path(f"{site.database.removeprefix('sqlite:///')}-wal")
        full = log.stat().st_size + 6_000  # room for a page of the log, not for a submission
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        for _ in range(3):
            assert refused(client.post(site.objects, [indicator(number) for number in range(2, 200)]))
        assert client.get(site.objects, added_after="2100-01-01T00:00:00Z").body == b"{}"
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert listed(client, site) == [indicator(1)["id"]]
        assert client.post(site.objects, [indicator(2)]).status == 202
        hub.kill()
    with site.start() as hub, site.client(hub, "bea") as client:
        assert listed(client, site) == [indicator(1)["id"], indicator(2)["id"]]


class Server:
    """The database's administrator, on a connection of its own."""

    def __init__(self, database: str) -> None:
        self._database = database

    def run(self, *statements: str, elsewhere: bool = False) -> list[Any]:
        """The rows of the last statement."""
        return asyncio.run(self._run(statements, elsewhere))

    async def _run(self, statements: Sequence[str], elsewhere: bool) -> list[Any]:
        connection = await asyncpg.connect(self._database, **({"database": "postgres"} if elsewhere else {}))
        try:
            rows: list[Any] = []
            for statement in statements:
                rows = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    @property
    def name(self) -> str:
        """The database."""
        return self._database.partition("?")[0].rsplit("/", 1)[1]

    def drop_connections(self, which: str = "true") -> int:
        """End them, and wait until they have ended."""
        statement = (
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            f"WHERE datname = '{self.name}' AND pid <> pg_backend_pid() AND {which}"
        )
        rows = self.run(statement, elsewhere=True)
        assert all(ended for (ended,) in rows)
        return len(rows)

    @asynccontextmanager
    async def clock_held(self) -> AsyncIterator[None]:
        """Somebody else holds every collection's clock."""
        connection = await asyncpg.connect(self._database)
        try:
            async with connection.transaction():
                await connection.execute("SELECT * FROM clock FOR UPDATE")
                yield
        finally:
            await connection.close()


@pytest.fixture
def server(database_url: str) -> Server:
    """The database's administrator."""
    return Server(database_url)


def tried(site: Site, hub: Hub, number: int) -> list[bool]:
    """Which of a poll, a submission, a poll and a manifest are refused."""
    with site.client(hub, "ana") as client:
        return [
            refused(client.get(site.objects)),
            refused(client.post(site.objects, [indicator(number)])),
            refused(client.get("/taxii2/alpha/collections/")),
            refused(client.get(site.manifest)),
        ]


@only_postgresql
def test_connections_dropped_between_requests(site: Site, backend: str, server: Server) -> None:
    """The server ends every connection while nothing is asked: the next requests find new ones, at most one being refused."""
    with site.start() as hub:
        assert tried(site, hub, 1) == [False] * 4
        for number in (2, 3):
            assert server.drop_connections() > 0
            assert tried(site, hub, number).count(True) <= 1
        assert tried(site, hub, 2) == tried(site, hub, 3) == [False] * 4
        with site.client(hub, "bea") as client:
            assert sorted(listed(client, site)) == sorted(indicator(number)["id"] for number in (1, 2, 3))


@only_postgresql
async def test_a_connection_dropped_inside_a_submission(
    site: Site, backend: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends while a submission waits for the collection's clock, and the clock stays held: unavailable, nothing stored, and the next one is taken."""
    monkeypatch.setattr(engine, "BUSY_MS", 3_000)  # that long the second try waits, too
    async with hub_here(site) as client:
        post = _post(client, site)
        assert (await post(1)).status_code == 202
        async with server.clock_held():
            posting = asyncio.create_task(post(2))
            await asyncio.wait_for(somebody_waits(site.database), PATIENCE)
            assert await asyncio.to_thread(server.drop_connections, "wait_event_type = 'Lock'") == 1
            answer = await asyncio.wait_for(posting, PATIENCE)
        require_unavailable(answer.status_code, answer.headers, answer.content)
        assert [one["id"] for one in (await client.get(site.objects)).json()["objects"]] == [indicator(1)["id"]]
        assert (await post(2)).status_code == 202


@only_postgresql
async def test_a_clock_that_somebody_holds(
    site: Site, backend: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission that waits longer than the busy time-out for another node's is unavailable, not a hang; polls go on meanwhile."""
    monkeypatch.setattr(engine, "BUSY_MS", SHORT_MS)
    async with hub_here(site) as client:
        post = _post(client, site)
        assert (await post(1)).status_code == 202
        async with server.clock_held():
            async with asyncio.timeout(PATIENCE):
                answers = await asyncio.gather(post(2), post(3))
            for answer in answers:
                require_unavailable(answer.status_code, answer.headers, answer.content)
            assert (await client.get(site.objects)).status_code == 200
        assert (await post(2)).status_code == 202
        assert len((await client.get(site.objects)).json()["objects"]) == 2


@only_postgresql
def test_a_server_that_refuses(site: Site, backend: str, server: Server) -> None:
    """No connection can be had: every request that needs one is unavailable, readiness says so, and afterwards all is well."""
    with site.start() as hub:
        assert tried(site, hub, 1) == [False] * 4
        server.run(f"ALTER DATABASE {server.name} ALLOW_CONNECTIONS false", elsewhere=True)
        try:
            server.drop_connections()
            assert tried(site, hub, 2) == [True] * 4
            with site.client(hub, "ana") as client:
                assert (client.get("/readyz").status, client.get("/healthz").status) == (503, 200)
        finally:
            server.run(f"ALTER DATABASE {server.name} ALLOW_CONNECTIONS true", elsewhere=True)
        assert tried(site, hub, 2) == [False] * 4
        with site.client(hub, "bea") as client:
            assert listed(client, site) == [indicator(1)["id"], indicator(2)["id"]]


@only_postgresql
def test_a_server_that_only_reads(site: Site, backend: str, server: Server) -> None:
    """The hub is left with a server that was demoted: submissions and recorded pages are unavailable, and nothing is half stored."""
    with site.start(database_patience=1) as hub:
        assert tried(site, hub, 1) == [False] * 4
        server.run(f"ALTER DATABASE {server.name} SET default_transaction_read_only = on")
        server.drop_connections()
        assert tried(site, hub, 2) == [True, True, False, True]
        server.run(f"ALTER DATABASE {server.name} RESET default_transaction_read_only", elsewhere=True)
        server.drop_connections()
        assert tried(site, hub, 2).count(True) <= 1
        with site.client(hub, "bea") as client:
            assert indicator(1)["id"] in listed(client, site)
