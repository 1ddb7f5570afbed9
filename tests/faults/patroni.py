"""The two servers under Patroni and etcd, by the file that operators are given: nobody promotes by hand, and who was killed comes back by itself."""

import http.client
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import yaml

from faults.cluster import Node, Pair, free_port, until, user
from support.paths import ROOT

PATRONI, ETCD = shutil.which("patroni"), shutil.which("etcd")
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
"""Of the system: Patroni must know the version."""
MISSING = (
    None
    if PATRONI and ETCD and SERVERS
    else "Patroni is not installed (Debian: apt-get install patroni etcd-server postgresql)"
)
_TIMES = {"ttl": 6, "loop_wait": 1, "retry_timeout": 2}
"""Seconds. The file's own are for lines between machines; here it is to be over sooner."""


class Machine(Node):
    """A server and the Patroni beside it."""

    def __init__(self, folder: Path, etcd: str) -> None:
        super().__init__(folder)
        self._watch = free_port()
        self._watcher: subprocess.Popen[bytes] | None = None
        self._file = folder.with_suffix(".yml")
        self._file.write_text(yaml.safe_dump(self._settings(etcd)))

    def _settings(self, etcd: str) -> dict[str, Any]:
        found = yaml.safe_load((ROOT / "deploy" / "patroni.yml").read_text(encoding="utf-8"))
        watch, server = f"127.0.0.1:{self._watch}", f"127.0.0.1:{self.port}"
        found |= {"name": self.folder.name, "etcd3": {"hosts": etcd}}
        found["restapi"] |= {"listen": watch, "connect_address": watch}
        found["bootstrap"]["dcs"] |= _TIMES
        found["postgresql"] |= {
            "listen": server,
            "connect_address": server,
            "data_dir": str(self.folder),
            "bin_dir": str(SERVERS[-1]),
            "pgpass": str(self._file.with_suffix(".pgpass")),
            "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
            "parameters": {"unix_socket_directories": "", "fsync": "off", "shared_buffers": "32MB"},
        }
        return found

    def start(self) -> None:
        """It makes the server, or brings it back, by itself."""
        assert PATRONI is not None
        with self._file.with_suffix(".log").open("ab") as log:
            self._watcher = subprocess.Popen(
                [PATRONI, str(self._file)], user=user(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Both, as if the machine had gone."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.wait()
        super().kill()

    def has(self, role: str) -> bool:
        """Whether its Patroni says that it is the `primary`, or what the primary waits for (`sync`)."""
        connection = http.client.HTTPConnection("127.0.0.1", self._watch, timeout=5)
        try:
            connection.request("GET", f"/{role}")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def said(self) -> str:
        """The last that its Patroni said."""
        return self._file.with_suffix(".log").read_text(errors="replace")[-3_000:]


class Watched(Pair):
    """A primary and its standby, and which is which is Patroni's business."""

    def __init__(self, primary: Machine, standby: Machine) -> None:
        super().__init__((primary, standby), synchronous=True)
        self._machines = primary, standby

    def join(self) -> None:
        """The one that is down comes (back), and is waited for from then on."""
        _, standby = self._in_order()
        standby.start()
        until(lambda: standby.has("sync"), "the standby is not waited for", said=standby.said)

    def promote(self, after: float) -> None:
        """Until the standby takes connections that write: in a monitor's own time."""
        _, standby = self._in_order()
        until(lambda: _writes(standby), "the standby does not become the primary", said=standby.said)
        self.primary, self.standby = self.standby, self.primary

    def _in_order(self) -> tuple[Machine, Machine]:
        one, other = self._machines
        return (one, other) if self.primary is one else (other, one)


def _writes(machine: Machine) -> bool:
    with suppress(OSError, asyncpg.PostgresError):
        return machine.ask("SELECT pg_is_in_recovery() AS waits")[0]["waits"] is False
    return False


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Two machines that run, and one with etcd; killed at the end."""
    assert ETCD is not None
    if (who := user()) is not None:
        shutil.chown(folder, who)
        folder.chmod(0o755)
    client, peer = free_port(), free_port()
    here, beside = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    command = [
        ETCD, "--data-dir", str(folder / "etcd"), "--listen-client-urls", here, "--advertise-client-urls", here,
        "--listen-peer-urls", beside, "--initial-advertise-peer-urls", beside, "--initial-cluster", f"default={beside}",
    ]  # fmt: skip
    with ExitStack() as stack:
        store = subprocess.Popen(command, user=user(), cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(store.wait)
        stack.callback(store.send_signal, signal.SIGKILL)
        first, second = (Machine(folder / name, f"127.0.0.1:{client}") for name in ("one", "two"))
        stack.callback(first.kill)
        stack.callback(second.kill)
        first.start()
        until(lambda: first.has("primary") and _writes(first), "the first does not become the primary", said=first.said)
        both = Watched(first, second)
        both.join()
        yield both
