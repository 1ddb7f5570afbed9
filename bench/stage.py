"""Everything that has to stand before anything can be measured: databases filled, hubs and references started, answers checked."""

import contextlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import raw
from bench.client import basic, fetch
from bench.objects import identifier
from bench.samples import EVENTS
from bench.servers import ROOT, Postgres, Server, hub, reference
from bench.world import COLLECTION, GROUP, OBSERVER, READER

BASE = f"/taxii2/{GROUP}/collections/{COLLECTION}"
_AHEAD = 86_400_000_000
"""Microseconds: an empty poll asks so far ahead that it stays empty, whatever is posted meanwhile."""
_MULTIPLE = 3_000
"""A line that has several versions, when there are enough objects."""


REFERENCES = ("fastapi", "fastapi_quiet", "asgi")


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
    """All of it. `arguments`: what the raw query of each workload is bound to."""

    hubs: tuple[Hub, ...]
    references: Mapping[str, Server]
    authorization: str
    raws: Mapping[str, raw.Raw]
    arguments: Mapping[str, int | str]
    paths: Mapping[str, str]


def paths(objects: int) -> dict[str, str]:
    """What each reading workload asks, after the collection's path."""
    one = identifier(min(_MULTIPLE, objects // 2))
    return {
        "empty_poll": f"objects/?added_after={instant(_now() + _AHEAD)}&limit=1000",
        "page": "objects/?limit=1000",
        "page_observer": "objects/?limit=1000",
        "match_id": f"objects/?match[id]={one}",
        "object": f"objects/{one}/",
        "manifest": "manifest/?limit=1000",
    }


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1e6)


def instant(microseconds: int) -> str:
    """As TAXII writes it."""
    return f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{microseconds % 1_000_000:06d}Z"


def reference_path(workload: str, path: str) -> str:
    """The same request to a reference, with the same query."""
    return f"/{workload}/collections/{COLLECTION}/objects/{path[path.index('?') :] if '?' in path else ''}"


@contextmanager
def databases(work: Path, server: Postgres | None, sizes: Sequence[int]) -> Generator[list[Database]]:
    """Filled databases of every size, in both kinds with the same rows; the SQLite file is `hub-SIZE.db`."""
    with ExitStack() as stack:
        made: list[Database] = []
        for size in sizes:
            file = work / f"hub-{size}.db"
            tokens = json.loads(_output(_world(f"sqlite:///{file}", str(size))))
            copy = str(shutil.copy(file, work / f"raw-{size}.db"))
            made.append(Database("sqlite", f"sqlite:///{file}", copy, tokens))
            if server is not None:
                made.append(stack.enter_context(copied(server, file, tokens)))
        yield made


@contextmanager
def copied(server: Postgres, file: Path, tokens: Mapping[str, str], *, writing: bool = True) -> Generator[Database]:
    """A PostgreSQL database with the rows of a SQLite one, and where it is `writing` a second one for raw inserts; dropped in the end."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    try:
        server.execute(f"CREATE DATABASE {name}")
        _output(_world(str(file), server.database(name)))
        if writing:
            server.execute(f"CREATE DATABASE {name}_raw TEMPLATE {name}")
        yield Database("postgresql", server.database(name), server.database(f"{name}_raw"), tokens, server.pid)
    finally:
        for one in (name, f"{name}_raw"):
            server.execute(f"DROP DATABASE IF EXISTS {one} WITH (FORCE)")


def _world(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.world", *arguments], cwd=ROOT, stdout=subprocess.PIPE)


def _output(process: "subprocess.Popen[bytes]") -> bytes:
    output, _ = process.communicate()
    if process.returncode:
        sys.exit("A database could not be filled.")
    return output


@contextmanager
def hubs(filled: Sequence[Database], work: Path, kinds: Sequence[str] = EVENTS) -> Generator[tuple[Hub, ...]]:
    """Hubs on each database: one that records what it serves, and one that does not."""
    with ExitStack() as stack:
        yield tuple(
            Hub(one, events, stack.enter_context(hub(one.url, work, events=events == "on", database=one.postmaster)))
            for one in filled
            for events in kinds
        )


@contextmanager
def stage(filled: Sequence[Database], work: Path, objects: int) -> Generator[Stage]:
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
        now, one_id = _now() + _AHEAD, identifier(min(_MULTIPLE, objects // 2))
        arguments: dict[str, int | str] = {
            "empty_poll": now, "page": -1, "match_id": one_id, "object": one_id, "manifest": -1,
        }  # fmt: skip
        bodies = work / "bodies"
        bodies.mkdir()
        for each in started:
            for workload, body in _answers(each, asked).items():
                (bodies / workload).write_bytes(body)
                if workload in ("page", "match_id"):
                    _compare(raws[each.database.name], workload, arguments[workload], body)
        authorization = filled[0].authorization()
        references = {name: stack.enter_context(reference(name, bodies, authorization, work)) for name in REFERENCES}
        for workload, path in asked.items():
            for one in references.values():
                status, _, body = fetch(one.port, reference_path(workload, path), authorization)
                if status != 200 or body != (bodies / workload).read_bytes():
                    sys.exit(f"a reference answers {workload} with {status}")
        yield Stage(started, references, authorization, raws, arguments, asked)


def _answers(each: Hub, asked: Mapping[str, str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for workload, path in asked.items():
        asking = OBSERVER if workload == "page_observer" else READER
        status, _, body = fetch(each.server.port, f"{BASE}/{path}", each.database.authorization(asking))
        if status != 200 or (workload == "empty_poll") != (body == b"{}"):
            sys.exit(f"{each.database.name}: {path} was answered {status} {body[:300]!r}")
        found[workload] = body
    return found


def _compare(driver: raw.Raw, workload: str, argument: int | str, body: bytes) -> None:
    for way in raw.reading(workload):
        if raw.page_objects(body) != driver.bodies(way, workload, argument):
            sys.exit(f"The hub's {workload} holds other bytes than the raw query ({way})")
