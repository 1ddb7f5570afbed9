"""Everything that has to stand before anything can be measured: databases filled, hubs and references started, answers checked."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import raw
from bench.client import basic, fetch
from bench.objects import identifier
from bench.servers import ROOT, Postgres, Server, hub, reference
from bench.world import COLLECTION, GROUP, READER

BASE = f"/taxii2/{GROUP}/collections/{COLLECTION}"
_MULTIPLE = 3_000
"""A line that has several versions, when there are enough objects."""


@dataclass(frozen=True, slots=True)
class Database:
    """A filled database, a copy for raw inserts, and the token of each account."""

    name: str
    url: str
    copy: str
    tokens: Mapping[str, str]
    postmaster: int | None = None

    def authorization(self, account: str = READER) -> str:
        """How an account shows who it is."""
        return basic(account, self.tokens[account])


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub at work on a database."""

    database: Database
    events: str
    server: Server


@dataclass(frozen=True, slots=True)
class Stage:
    """All of it. `arguments`: what the raw query of each workload is bound to, by database."""

    hubs: tuple[Hub, ...]
    references: Mapping[str, Server]
    authorization: str
    raws: Mapping[str, raw.Raw]
    arguments: Mapping[str, Mapping[str, int | str]]
    paths: Mapping[str, str]


def paths(objects: int) -> dict[str, str]:
    """What each reading workload asks, after the collection's path."""
    one = identifier(min(_MULTIPLE, objects // 2))
    return {
        "empty_poll": f"objects/?added_after={datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "page": "objects/?limit=1000",
        "match_id": f"objects/?match[id]={one}",
        "object": f"objects/{one}/",
        "manifest": "manifest/?limit=1000",
    }


def reference_path(workload: str, path: str) -> str:
    """The same request to a reference, with the same query."""
    return f"{BASE}/{workload}/{path[path.index('?') :] if '?' in path else ''}"


@contextmanager
def databases(work: Path, server: Postgres | None, sizes: list[int]) -> Iterator[list[Database]]:
    """Filled databases of every size, in both kinds; all fill at the same time."""
    wanted: list[tuple[str, str, str, int]] = []
    with ExitStack() as stack:
        for size in sizes:
            path = work / f"hub-{size}.db"
            wanted.append(("sqlite", f"sqlite:///{path}", str(work / f"raw-{size}.db"), size))
            if server:
                name = f"bench_{work.name.rsplit('-', 1)[-1].lower()}_{size}"
                server.execute(f'CREATE DATABASE "{name}"')
                stack.callback(server.execute, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                wanted.append(("postgresql", server.database(name), f"{name}_raw", size))
        running = [
            subprocess.Popen([sys.executable, "-m", "bench.world", url, str(size)], cwd=ROOT, stdout=subprocess.PIPE)
            for _, url, _, size in wanted
        ]
        made: list[Database] = []
        for (kind, url, copy, _), process in zip(wanted, running, strict=True):
            output, _ = process.communicate()
            if process.returncode:
                sys.exit(f"{url} could not be filled.")
            if kind == "sqlite":
                shutil.copy(url.removeprefix("sqlite:///"), copy)
                made.append(Database(kind, url, copy, json.loads(output)))
                continue
            assert server is not None
            # What autovacuum does for a database that has been in use for some minutes.
            server.execute("VACUUM (ANALYZE)", url=url)
            original = copy.removesuffix("_raw")
            server.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')
            stack.callback(server.execute, f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
            made.append(Database(kind, url, server.database(copy), json.loads(output), server.pid))
        yield made


@contextmanager
def hubs(filled: list[Database], work: Path) -> Iterator[tuple[Hub, ...]]:
    """Two hubs on each database: one that records what it serves, and one that does not."""
    with ExitStack() as stack:
        yield tuple(
            Hub(one, events, stack.enter_context(hub(one.url, work, events=events == "on", database=one.postmaster)))
            for one in filled
            for events in ("on", "off")
        )


@contextmanager
def stage(filled: list[Database], work: Path, objects: int) -> Iterator[Stage]:
    """Start everything, and see that hub, references and raw drivers give the same bytes."""
    asked = paths(objects)
    with ExitStack() as stack:
        raws: dict[str, raw.Raw] = {}
        for one in filled:
            if one.name == "sqlite":
                raws[one.name] = raw.Sqlite(one.url.removeprefix("sqlite:///"), one.copy)
            else:
                raws[one.name] = raw.Postgresql(one.url, one.copy, one.postmaster)
            stack.enter_context(contextlib.closing(raws[one.name]))
        started = stack.enter_context(hubs(filled, work))
        bodies = work / "bodies"
        bodies.mkdir()
        arguments: dict[str, dict[str, int | str]] = {}
        now = int(datetime.now(UTC).timestamp() * 1e6)
        one_id = identifier(min(_MULTIPLE, objects // 2))
        for each in started:
            name = each.database.name
            arguments[name] = {"empty_poll": now, "page": -1, "match_id": one_id, "object": one_id, "manifest": -1}
            for workload, path in asked.items():
                status, _, body = fetch(each.server.port, f"{BASE}/{path}", each.database.authorization())
                if status != 200 or (workload == "empty_poll") != (body == b"{}"):
                    sys.exit(f"{name}: {path} was answered {status} {body[:300]!r}")
                (bodies / workload).write_bytes(body)
                if workload in ("page", "match_id") and raw.page_objects(body) != raws[name].bodies(
                    workload, arguments[name][workload]
                ):
                    sys.exit(f"{name}: {path} gives other bytes than the raw query")
        authorization = started[0].database.authorization()
        references = {
            name: stack.enter_context(reference(name, bodies, authorization, work)) for name in ("fastapi", "asgi")
        }
        for workload, path in asked.items():
            for one in references.values():
                status, _, body = fetch(one.port, reference_path(workload, path), authorization)
                if status != 200 or body != (bodies / workload).read_bytes():
                    sys.exit(f"a reference answers {workload} with {status}")
        yield Stage(started, references, authorization, raws, arguments, asked)
