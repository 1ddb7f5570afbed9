"""Several workers behind one address: counted together, replaced when one dies, ended together; and the starts that are refused."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.site import Site
from support.live import PATIENCE, Hub, environment
from support.world import indicator

TOKEN = "a token of sixteen and more"
only_postgresql = pytest.mark.parametrize("backend", ["postgresql"])


def children(pid: int) -> set[int]:
    """The processes that one started."""
    try:
        return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except FileNotFoundError:
        return set()


def until(true: Callable[[], object]) -> None:
    """Ask again and again."""
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, "it never came to be"


def gone(pid: int) -> bool:
    """Whether a process has ended, or only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def requests(hub: Hub, site: Site) -> int:
    """How many the hub says it has answered."""
    connection = site.client(hub, "ana")
    with connection as client:
        client._headers = client._headers | {"Authorization": f"Bearer {TOKEN}"}
        told = client.get("/metrics").body.decode()
    assert "indicator_hub_workers 2" in told
    return sum(int(number) for number in re.findall(r"indicator_hub_requests_total\{.*\} (\d+)", told))


@only_postgresql
def test_two_workers(site: Site, backend: str) -> None:
    """Both answer on one address and count together; one that is killed is followed by another; SIGTERM ends all, and nothing is lost."""
    with site.start(workers=2, metrics_token=TOKEN) as hub:
        before = children(hub.pid)
        assert len(before) == 2
        for number in range(1, 21):
            with site.client(hub, "ana") as client:
                assert client.post(site.objects, [indicator(number)]).status == 202
        assert requests(hub, site) == 20
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(children(hub.pid) - {victim}) == 2)
        with site.client(hub, "ana") as client:
            assert client.post(site.objects, [indicator(21)]).status == 202
            assert len(client.get(site.manifest).json["objects"]) == 21
        assert requests(hub, site) >= 23, "what the dead one had counted stays counted"
        after = children(hub.pid)
        assert hub.stop() == -signal.SIGTERM
        assert all(map(gone, after))


@only_postgresql
def test_the_one_above_is_killed(site: Site, backend: str) -> None:
    """Its workers end by themselves: nothing serves on that nobody could stop."""
    with site.start(workers=2) as hub:
        left = children(hub.pid)
        assert len(left) == 2
        hub.kill()
        until(lambda: all(map(gone, left)))


def _start(tmp_path: Path, database: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "indicator_hub", "serve", "--port", "0", "--database", database, "--workers", "2"]
    return subprocess.run(
        command, env=environment(tmp_path, **settings), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_sqlite_has_one(database_url: str, tmp_path: Path) -> None:
    """Refused before anything is started, with what to do."""
    ended = _start(tmp_path, database_url)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "Several workers need PostgreSQL" in ended.stderr


@only_postgresql
def test_a_start_that_always_fails(empty_database: str, tmp_path: Path, backend: str) -> None:
    """The whole ends, with the message of one process and its exit code."""
    ended = _start(tmp_path, empty_database)
    assert ended.returncode == 3
    assert ended.stderr.strip().endswith("Run `indicator-hub migrate` to make its tables.")
    assert "Traceback" not in ended.stderr
