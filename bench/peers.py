"""How much sooner a client has everything than from OpenTAXII, on the same database with the same 10,000 objects.

BENCH_OPENTAXII_VENV names a virtual environment in which `pip install opentaxii gunicorn psycopg2-binary` was run. That server is started by
the command that its container image has: gunicorn with two synchronous workers; one on PostgreSQL, as the workers would share a connection.
"""

import base64
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import figures
from bench.client import TAXII
from bench.cpu import Meter
from bench.figures import Metrics
from bench.servers import Postgres, Server, free_port, postgres, running
from bench.stage import BASE, Database, databases, hubs

OBJECTS = 10_000
_REPEATS = 5
_ACCOUNT, _PASSWORD = "reader", "as good as any other"
_MORE = re.compile(rb'"more"\s*:\s*true')
_NEXT = re.compile(rb'"next"\s*:\s*"([^"]+)"')
_EDGE = 600

# Runs in the other environment, with that server's own models: the bytes of our objects, in our order.
_LOAD = r"""
import json, sys, uuid, datetime as dt
import sqlalchemy as sa
from opentaxii.config import ServerConfig
from opentaxii.middleware import create_app
from opentaxii.persistence.sqldb import taxii2models as models
from opentaxii.server import TAXIIServer

def instant(text):
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.timezone.utc)

server = TAXIIServer(ServerConfig())
with create_app(server).app_context():
    api = server.servers.taxii2.persistence.api
    root = api.add_api_root("bench", default=True, is_public=False)
    collection = api.add_collection(root.id, "bench")
    server.auth.api.create_account(sys.argv[2], sys.argv[3], is_admin=True)
    rows = []
    for line in open(sys.argv[1], encoding="utf-8"):
        added, found = json.loads(line)
        rows.append({
            "pk": uuid.uuid4(), "id": found.pop("id"), "type": found.pop("type"), "spec_version": found.pop("spec_version"),
            "collection_id": collection.id, "date_added": dt.datetime.fromtimestamp(added / 1e6, dt.timezone.utc),
            "version": instant(found["modified"]), "serialized_data": found,
        })
    session = api.db.session
    for first in range(0, len(rows), 5000):
        session.execute(sa.insert(models.STIXObject), rows[first:first + 5000])
    session.commit()
    if session.bind.dialect.name == "postgresql":
        session.execute(sa.text("ANALYZE"))
        session.commit()
    print(json.dumps([str(root.id), str(collection.id)]))
"""


@dataclass(frozen=True, slots=True)
class _Target:
    """A server with the same objects: `events` is on, off, or the other server's name."""

    database: str
    events: str
    server: Server
    base: str
    authorization: str


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the wall and of CPU, server and database together, for everything; and how many objects it was."""

    wall: float
    cpu: float
    objects: int


def environment() -> Path | None:
    """Where OpenTAXII is installed; None where it is not."""
    named = os.environ.get("BENCH_OPENTAXII_VENV")
    if not named:
        return None
    if not (Path(named) / "bin" / "gunicorn").exists():
        sys.exit(f"BENCH_OPENTAXII_VENV: there is no bin/gunicorn in {named}.")
    return Path(named).absolute()


def compare(server: Postgres | None, path: Path = figures.METRICS) -> None:
    """Measure by turns, print, keep."""
    took: dict[tuple[str, str], list[Took]] = {}
    with tempfile.TemporaryDirectory(prefix="indicator-hub-peers-") as name, ExitStack() as stack:
        work = Path(name)
        filled = stack.enter_context(databases(work, server, [OBJECTS]))
        targets = [
            _Target(hub.database.name, hub.events, hub.server, BASE, hub.database.authorization())
            for hub in stack.enter_context(hubs(filled, work))
        ]
        targets += [stack.enter_context(_opentaxii(one, work, server)) for one in filled]
        for turn in range(_REPEATS + 1):
            for one in targets:
                found = _everything(one)
                if turn:  # the first time everything is new to them
                    took.setdefault((one.database, one.events), []).append(found)
    numbers = {found.objects for many in took.values() for found in many}
    if len(numbers) != 1:
        sys.exit(f"The servers do not give the same number of objects: {sorted(numbers)}")
    middle = {
        key: {"wall": median(one.wall for one in many), "cpu": median(one.cpu for one in many)}
        for key, many in took.items()
    }
    rows = [
        {"database": database, "server": events, "objects": max(numbers), **found}
        for (database, events), found in middle.items()
    ]
    figures.keep(metrics(middle), path)
    figures.note("peers", rows)
    print(table(rows))


def metrics(middle: dict[tuple[str, str], dict[str, float]]) -> Metrics:
    """How many times as long the other server takes."""
    result: Metrics = {}
    for (database, events), found in middle.items():
        if events == _NAME:
            continue
        other = middle[database, _NAME]
        for figure, name in (("wall", "sync_vs_opentaxii"), ("cpu", "sync_vs_opentaxii_cpu")):
            result.setdefault(database, {}).setdefault(name, {})[f"events_{events}"] = round(
                other[figure] / found[figure], 2
            )
    return result


def table(rows: list[dict[str, Any]]) -> str:
    """One line for each server and database."""
    others = {row["database"]: row for row in rows if row["server"] == _NAME}
    lines = [
        "| database | server | seconds (wall) | CPU seconds | objects/s | times sooner (wall) | times less CPU |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        name = _NAME if row["server"] == _NAME else f"hub, events {row['server']}"
        other = others[row["database"]]
        lines.append(
            f"| {row['database']} | {name} | {row['wall']:.3f} | {row['cpu']:.3f} | {row['objects'] / row['wall']:,.0f} "
            f"| {other['wall'] / row['wall']:.1f} | {other['cpu'] / row['cpu']:.1f} |"
        )
    return "\n".join(lines)


_NAME = "OpenTAXII"


@contextmanager
def _opentaxii(filled: Database, work: Path, server: Postgres | None) -> Generator[_Target]:
    """That server on a database of its own, with what the hub's readers see."""
    venv = environment()
    assert venv is not None
    at, port = work / f"opentaxii-{filled.name}", free_port()
    at.mkdir()
    with ExitStack() as stack:
        if filled.name == "sqlite":
            url, workers = f"sqlite:///{at / 'data.db'}", 2
        else:
            assert server is not None
            url, workers = stack.enter_context(_fresh(server)), 1
        config = at / "opentaxii.yml"
        config.write_text(json.dumps(_configuration(url, port)))
        variables = {"OPENTAXII_CONFIG": str(config), "PYTHONWARNINGS": "ignore"}
        lines = at / "objects.ndjson"
        _dump(work / f"hub-{OBJECTS}.db", lines)
        loaded = subprocess.run(
            [venv / "bin" / "python", "-c", _LOAD, lines, _ACCOUNT, _PASSWORD],
            env={**os.environ, **variables}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if loaded.returncode:
            sys.exit(f"OpenTAXII could not be filled:\n{loaded.stderr[-3_000:]}")
        root, collection = json.loads(loaded.stdout.strip().splitlines()[-1])
        command = [
            str(venv / "bin" / "gunicorn"), "opentaxii.http:app", "--workers", str(workers), "--timeout", "300",
            "--config", "python:opentaxii.http", "--bind", f"127.0.0.1:{port}", "--log-level", "error",
        ]  # fmt: skip
        pid = stack.enter_context(running(command, variables, port, at / "log"))
        base = f"/taxii2/{root}/collections/{collection}"
        credential = f"Basic {base64.b64encode(f'{_ACCOUNT}:{_PASSWORD}'.encode()).decode()}"
        yield _Target(filled.name, _NAME, Server(port, pid, filled.postmaster), base, credential)


@contextmanager
def _fresh(server: Postgres) -> Generator[str]:
    name = "bench_opentaxii"
    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        yield server.database(name).replace("postgresql://", "postgresql+psycopg2://", 1)
    finally:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _configuration(url: str, port: int) -> dict[str, Any]:
    parameters = {"db_connection": url, "create_tables": True}
    return {
        "domain": f"127.0.0.1:{port}",
        "support_basic_auth": True,
        "auth_api": {
            "class": "opentaxii.auth.sqldb.SQLDatabaseAPI",
            "parameters": {**parameters, "secret": "of no worth, of no worth, of no worth"},
        },
        "taxii1": None,
        "taxii2": {
            "title": "bench",
            "max_content_length": 104_857_600,
            "persistence_api": {"class": "opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI", "parameters": parameters},
        },
        "logging": {"opentaxii": "error", "root": "error"},
    }


def _dump(file: Path, lines: Path) -> None:
    with closing(sqlite3.connect(file)) as source, lines.open("w", encoding="utf-8") as target:
        for added, body in source.execute("SELECT date_added, body FROM entry ORDER BY date_added"):
            target.write(f"[{added},{body.decode()}]\n")


def _everything(target: _Target) -> Took:
    """By pages of 1,000, the connection kept where the server keeps it. What came is looked at afterwards."""
    bodies: list[bytes] = []
    headers = {"Authorization": target.authorization, "Accept": TAXII}
    with (
        closing(http.client.HTTPConnection("127.0.0.1", target.server.port, timeout=300)) as connection,
        Meter(target.server.pid, target.server.database) as meter,
    ):
        following = ""
        begun = time.perf_counter()
        while True:
            connection.request("GET", f"{target.base}/objects/?limit=1000{following}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                sys.exit(f"{target.events} on {target.database} answers {answer.status} {body[:500]!r}")
            bodies.append(body)
            edges = body[:_EDGE] + body[-_EDGE:]
            if not _MORE.search(edges):
                break
            found = _NEXT.search(edges)
            if found is None:
                sys.exit(f"{target.events} says that there is more, and not where: {edges!r}")
            following = f"&next={found[1].decode()}"
        wall = time.perf_counter() - begun
    return Took(wall, meter.server + meter.database, sum(len(json.loads(body)["objects"]) for body in bodies))


if __name__ == "__main__":
    if environment() is None:
        sys.exit("BENCH_OPENTAXII_VENV does not say where OpenTAXII is installed.")
    with postgres() as asked:
        compare(asked)
