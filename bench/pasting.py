"""The box of the console: a paste of 1,000 mixed lines looked at, and the first page, in seconds and in bytes.

Run by itself, `python -m bench.pasting`, on both databases; PASTE_LINES for another number.
"""

import asyncio
import os
import re
import resource
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from statistics import median

import httpx2

from bench.servers import ROOT, postgres
from indicator_hub.limits import Limits
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.enrol import enrol
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store, wall_clock
from indicator_hub.trust.roster import Agreement, Collection, Group, Membership, Organisation, Roster
from indicator_hub.web.app import create_app
from indicator_hub.web.call import Hub

LINES, REPEATS = int(os.environ.get("PASTE_LINES", "1000")), 9
_PASSWORD = "as good as any other"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_ASSETS = re.compile(r'(?:href|src)="(/console/static/[^"]+)"')


def mixed(number: int) -> str:
    """So many lines of every kind, masked as people mask them, one in ten of them private."""
    kinds = (
        "185.{low}[.]{high}.7", "hxxps://login-{n}[.]top/a/{n}?x={n}", "cdn{n}.evil-update{low}.top", "{n:064x}", "CVE-2024-{n:05}",
        "45.{low}.205.{high}:443", "{n:032x}", "10.0.{high}.{low}", "2a0b:f4c2:{n:x}::1", "bad{n}@mail-{n}.top",
    )  # fmt: skip
    return "\n".join(kinds[n % len(kinds)].format(n=n, low=n % 250, high=n // 250 % 250) for n in range(1, number + 1))


def measured() -> dict[str, dict[str, float]]:
    """By database: seconds of CPU and of the wall for one look, and bytes of answers."""
    with tempfile.TemporaryDirectory(prefix="indicator-hub-paste-") as name, postgres() as server:
        urls = {"sqlite": f"sqlite:///{name}/hub.db"}
        if server is not None:
            server.execute("DROP DATABASE IF EXISTS bench_paste WITH (FORCE)", "CREATE DATABASE bench_paste")
            urls["postgresql"] = server.database("bench_paste")
        return {database: asyncio.run(_look(url)) for database, url in urls.items()}


async def _look(url: str) -> dict[str, float]:
    async with _signed_in(url) as client:
        page = await client.get("/console/", headers={"accept-encoding": "gzip"})
        loaded = len(page.content) + sum([await _size(client, one) for one in _ASSETS.findall(page.text)])
        found = _TOKEN.search(page.text)
        assert found is not None
        fields = {"csrf": found[1], "text": mixed(LINES)}
        wall: list[float] = []
        cpu: list[float] = []
        answer = 0
        for _ in range(REPEATS):
            begun, used = time.perf_counter(), _cpu()
            seen = await client.post("/console/", data=fields, headers={"hx-request": "true"})
            wall.append(time.perf_counter() - begun)
            cpu.append(_cpu() - used)
            answer = len(seen.content)
            assert "What was found" in seen.text
        return {
            "wall_s": median(wall),
            "cpu_s": median(cpu),
            "answer_kB": answer / 1_000,
            "first_page_kB": loaded / 1_000,
        }


async def _size(client: httpx2.AsyncClient, path: str) -> int:
    """What goes over the wire."""
    async with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        return sum([len(part) async for part in answer.aiter_raw()])


def _declared() -> Roster:
    organisations = {f"org-{n}": Organisation(f"org-{n}", f"Organisation {n}", f"X{'ABCD'[n % 4]}") for n in range(12)}
    members = [Membership(name, "alpha", "member", can_write=True) for name in organisations]
    return Roster(
        organisations=organisations,
        agreements={"pact": Agreement("pact", "Pact", "a treaty", ("prevention",), 0, None)},
        groups={"alpha": Group("alpha", "Alpha", "", "standing", "pact")},
        memberships={(one.organisation, one.group): one for one in members},
        collections={("alpha", "main"): Collection(str(uuid.uuid4()), "alpha", "main", "Main", "", 4, 2)},
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@asynccontextmanager
async def _signed_in(url: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """A person's browser before an application in this process, with twelve organisations in four nations."""
    await migrate(url, ROOT / "migrations")
    store = await open_store(url, now=wall_clock)
    try:
        await apply(store, _declared())
        await enrol(store, "ana", organisation="org-0", kind="person", scopes=["read", "submit"])
        await set_password(store, "ana", _PASSWORD)
        hub = Hub(store, "https://hub.example", "A hub", (b"k" * 32,), 100, Limits(), 86_400_000_000)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_app(hub)), base_url="https://hub.example"
        ) as client:
            await client.post("/console/sign-in/", data={"name": "ana", "password": _PASSWORD, "to": ""})
            yield client
    finally:
        await store.close()


def main() -> None:
    """Measure, and print."""
    for database, figures in measured().items():
        print(f"{database:11} {LINES:,} lines  " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
