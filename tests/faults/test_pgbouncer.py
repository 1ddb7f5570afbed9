"""A real PgBouncer in transaction mode, with fewer connections than the hub has: each transaction may get another. Skipped where the program is absent."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from faults.cluster import free_port, until, user
from faults.site import Site
from indicator_hub.errors import Misconfigured
from indicator_hub.store.opened import open_store
from support.world import indicator

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
EACH = 40
pytestmark = [
    pytest.mark.torture,
    pytest.mark.parametrize("backend", ["postgresql"]),
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed (Debian: apt-get install pgbouncer)"),
]


@pytest.fixture
def bounced(site: Site, fast_path: Path) -> Iterator[Site]:
    """The same site, through a PgBouncer that shares three connections."""
    url = urlsplit(site.database)
    host, name, port = parse_qs(url.query)["host"][0], url.path.lstrip("/"), free_port()
    config = fast_path / "pgbouncer.ini"
    config.write_text(
        f"[databases]\nhub = host={host} dbname={name} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\nserver_reset_query =\n"
    )
    fast_path.chmod(0o755)
    assert PROGRAM is not None
    command = [PROGRAM, str(config)]
    with subprocess.Popen(command, user=user(), cwd="/", stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        until(lambda: "process up" in process.stderr.readline(), "pgbouncer did not start")
        reader = threading.Thread(target=process.stderr.read, daemon=True)
        reader.start()
        yield replace(site, database=f"postgresql://postgres@127.0.0.1:{port}/hub")
        process.kill()
        reader.join()


def test_everything_goes_through(bounced: Site, backend: str) -> None:
    """Four that post, four that poll and list, at once: nothing but what it should be is answered, and all is there once."""
    wrong: list[str] = []

    def post(first: int) -> None:
        with bounced.client(hub, "ana") as client:
            for number in range(first, first + EACH):
                answer = client.post(bounced.objects, [indicator(number)])
                if answer.status != 202 or answer.json["failure_count"]:
                    wrong.append(f"{answer.status} {answer.body!r}")

    def read() -> None:
        paths = (
            bounced.objects,
            bounced.manifest,
            "/taxii2/",
            "/taxii2/alpha/collections/",
            "/api/v1/search/?q=198.51.100.7",
        )
        with bounced.client(hub, "bea") as client:
            for _ in range(EACH):
                for path in paths:
                    client._headers = client._headers | (
                        {"Accept": "application/json"} if "api" in path else {"Accept": "*/*"}
                    )
                    answer = client.get(path)
                    if answer.status != 200:
                        wrong.append(f"{path}: {answer.status} {answer.body!r}")

    with bounced.start(database_pgbouncer=True) as hub:
        posting = [threading.Thread(target=post, args=(1 + EACH * number,)) for number in range(4)]
        reading = [threading.Thread(target=read) for _ in range(4)]
        for one in (*posting, *reading):
            one.start()
        for one in (*posting, *reading):
            one.join()
        assert not wrong, wrong[:5]
        with bounced.client(hub, "bea") as client:
            listed = [one["id"] for page in client.pages(bounced.manifest, limit=50) for one in page.json["objects"]]
    assert len(listed) == len(set(listed)) == 4 * EACH


async def test_without_the_setting(bounced: Site, backend: str) -> None:
    """The hub does not start, and says why: it is told a setting that PgBouncer does not know."""
    with pytest.raises(Misconfigured, match="startup parameter"):
        await open_store(bounced.database, patience=0)
