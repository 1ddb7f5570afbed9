"""The description of the API: valid, complete, and true of what the hub answers."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from indicator_hub.sharing import enrol
from indicator_hub.web.limiter import Limiter
from support.http import OBJECTS, TAXII, Site, site
from support.world import MAIN, envelope, indicator

REFERENCES = "#/components/"
PLAIN = {"/healthz", "/readyz", "/openapi.json"}
ONE = indicator(1)["id"]
DATES = {"x-taxii-date-added-first", "x-taxii-date-added-last"}
ASKED: tuple[dict[str, Any], ...] = (
    {}, {"account": None}, {"account": "sink"}, {"account": "dan"}, {"group": "omega"}, {"sent": "PATCH"},
    {"accept": "text/html"}, {"content_type": "text/html"}, {"content_length": "x"}, {"content_length": "99999999"},
    {"query": f"x={'a' * 3_000}"}, {"content": b"{}"},
)  # fmt: skip
"""Rightly, and in every wrong way: what of it is a fault depends on the operation. A broken database has a test of its own."""


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation."""
    for path, described in document["paths"].items():
        for method in described.keys() - {"parameters"}:
            yield path, method.upper(), described[method]


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The value, or what it refers to."""
    while "$ref" in value:
        section, name = value["$ref"].removeprefix(REFERENCES).split("/")
        value = document["components"][section][name]
    return value


def require_valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """The value is one that the schema allows."""
    Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def require_described(document: dict[str, Any], path: str, method: str, answer: httpx2.Response) -> None:
    """The answer's status, media type, headers and body are those described."""
    operation = document["paths"][path][method.lower()]
    described = resolved(document, operation["responses"][str(answer.status_code)])
    for name, header in described.get("headers", {}).items():
        found = resolved(document, header)
        if name.lower() in answer.headers:
            require_valid(document, found["schema"], answer.headers[name])
        else:
            assert not found.get("required"), name
    content = described.get("content", {})
    assert bool(answer.content) == bool(content)
    if content:
        schema = content[answer.headers["content-type"]]["schema"]
        text = answer.headers["content-type"].startswith("text/")
        require_valid(document, schema, answer.text if text else answer.json())


@dataclass
class Walk:
    """A hub, its own description, and the names to put into paths."""

    site: Site
    document: dict[str, Any]
    names: dict[str, str]

    async def ask(
        self, path: str, method: str, *, account: str | None = "ana", query: str = "", sent: str = "", **more: Any
    ) -> httpx2.Response:
        """Ask an operation, by the method `sent` if that is another; the answer must be described."""
        names = self.names | {name: more.pop(name) for name in self.names.keys() & more.keys()}
        content = more.pop("content", envelope(indicator(1)) if method == "POST" else None)
        headers = self.site.headers(account, **({"content_type": TAXII} | more))
        url = path.format(**names) + (f"?{query}" if query else "")
        answer = await self.site.client.request(sent or method, url, headers=headers, content=content)
        require_described(self.document, path, method, answer)
        return answer


async def begin(s: Site) -> Walk:
    """Three versions of two objects and one that is none are posted; `sink` may write, and not read."""
    document = (await s.client.get("/openapi.json")).json()
    later = indicator(1, modified="2026-11-02T00:00:00.000Z")
    status = (await s.post(indicator(1), later, indicator(2), {"id": 1})).json()
    assert (status["success_count"], status["failure_count"]) == (3, 1)
    made = await enrol.enrol(s.world.store, "sink", organisation="xb-cert", kind="service", scopes=("submit",))
    s.world.tokens["sink"] = made[1]
    return Walk(s, document, {"group": "alpha", "collection": MAIN, "object": ONE, "status": status["id"]})


@pytest.mark.row("T-069", "T-070", "T-071", "T-075", "T-076", "T-190", "T-192")
async def test_every_answer_is_as_described(sqlite_url: str) -> None:
    """The statuses that an operation is described to have are those that it has, and each answer is as described."""
    async with site(sqlite_url, limits={"url": 2_048}) as s:
        walk = await begin(s)
        for path, method, operation in operations(walk.document):
            gone = {"object": indicator(2)["id"]} if method == "DELETE" else {}
            answers = [await walk.ask(path, method, **how, **gone) for how in ASKED]
            statuses = {str(answer.status_code) for answer in answers}
            assert (path, method, statuses) == (path, method, operation["responses"].keys() - {"429", "500", "503"})


async def test_other_answers_are_as_described(sqlite_url: str) -> None:
    """What one operation answers in several ways: pages with a next one and empty ones, and refusals of different causes."""
    async with site(sqlite_url) as s:
        walk = await begin(s)
        queries = {
            "limit=1&match[version]=all": 200, "added_after=2030-01-01T00:00:00Z": 200, "limit=0": 400, "added_after=now": 400,
            "next=x": 400, "limit=1&limit=1": 400, "match[spec_version]=": 400,
        }  # fmt: skip
        for path in (path for path, method, operation in operations(walk.document) if "parameters" in operation):
            if "get" in walk.document["paths"][path]:
                answers = {query: await walk.ask(path, "GET", query=query) for query in queries}
                assert {query: answer.status_code for query, answer in answers.items()} == queries
                full, empty = (answer for answer in answers.values() if answer.status_code == 200)
                assert (full.json()["more"], empty.json()) == (True, {})
                assert [len(DATES & one.headers.keys()) for one in (full, empty)] == [2, 0]
        objects = next(path for path, method, _ in operations(walk.document) if method == "POST")
        bodies = {
            envelope(indicator(3), {}): 202, b'{"type":"bundle","id":"bundle--1","objects":[1]}': 202, b"{": 400, b"[]": 422,
            b'{"objects":[]}': 422, b"x" * 1_000_001: 413,
        }  # fmt: skip
        for body, status in bodies.items():
            assert (await walk.ask(objects, "POST", content=body)).status_code == status
        for name in ("object", "status"):
            path = next(path for path in walk.document["paths"] if path.endswith(f"{{{name}}}/"))
            assert (await walk.ask(path, "GET", **{name: "nothing"})).status_code == 404


async def test_faults_are_as_described(sqlite_url: str) -> None:
    """Rows that cannot be, and a database that has lost a table."""
    broken = {
        500: "UPDATE membership SET role = 'none'",
        503: "ALTER TABLE trust_group RENAME TO lost",
    }
    async with site(sqlite_url) as s:
        walk = await begin(s)
        for status, statements in broken.items():
            with closing(sqlite3.connect(Path(sqlite_url.removeprefix("sqlite:///")))) as connection:
                connection.executescript(f"PRAGMA ignore_check_constraints = ON; {statements}")
            for path, method, operation in operations(walk.document):
                if str(status) in operation["responses"]:
                    answer = await walk.ask(path, method)
                    assert (path, method, answer.status_code) == (path, method, status)


async def test_one_too_many_is_as_described(sqlite_url: str) -> None:
    """An account that has used up its budget."""
    async with site(sqlite_url, limiter=Limiter(rate=1, burst=10, clock=lambda: 0.0)) as s:
        walk = await begin(s)
        while (await s.get("/taxii2/")).status_code == 200:
            pass
        for path, method, operation in operations(walk.document):
            status = (await walk.ask(path, method)).status_code
            assert (path, method, status == 429) == (path, method, "429" in operation["responses"])
            assert (status == 429) == path.startswith("/taxii2/")


async def test_every_route_is_described_and_nothing_else(sqlite_url: str) -> None:
    """Each path of the application but pages and lists for devices, with each method that it allows. HEAD, which each resource has beside GET, is named in words."""
    async with site(sqlite_url) as s:
        walk = await begin(s)
        app = s.client._transport.app.app  # type: ignore[attr-defined]
        paths = walk.document["paths"]
        routes = {
            route.path
            for route in app.routes
            if "{rest:path}" not in route.path and not route.path.startswith(("/api/v1/", "/console/", "/exports/"))
        } - {"/", "/favicon.ico/"}
        assert routes == {path if path not in PLAIN else f"{path}/" for path in paths}
        for path in paths:
            answer = await s.client.patch(path.format(**walk.names), headers=s.headers("ana"))
            methods = {method for described, method, _ in operations(walk.document) if described == path}
            head = {"HEAD"} if "GET" in methods else set()
            assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods | head)
            assert (
                path not in PLAIN or (await s.client.head(path)).status_code == (await s.client.get(path)).status_code
            )
        assert "HEAD" in walk.document["info"]["description"]


async def test_the_document_is_openapi(sqlite_url: str) -> None:
    """As the schema of OpenAPI 3.1 has it, every operation can be read, and every example is one."""
    async with site(sqlite_url) as s:
        document = (await s.client.get("/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.validate()
    assert {one.ok().label for one in schema.get_all_operations()} == {
        f"{method} {path}" for path, method, _ in operations(document)
    }
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    components = document["components"]
    for one in components["schemas"].values():
        Draft202012Validator.check_schema(one)
        for example in one["examples"]:
            require_valid(document, one, example)
    shown = components["parameters"] | components["headers"]
    for one in shown.values():
        if "example" in one:
            require_valid(document, one["schema"], one["example"])
    assert {name for name, one in shown.items() if "example" not in one} == {"next", "WWW-Authenticate"}


async def test_it_is_of_this_hub_and_tells_nothing_of_who_is_here(sqlite_url: str) -> None:
    """Origin, title and bounds come from the settings; the same bytes for anybody; no group, organisation, account or collection."""
    async with site(sqlite_url, max_content_length=4_711) as s:
        first = await s.client.get("/openapi.json")
        document = first.json()
        assert (document["servers"], document["info"]["title"]) == ([{"url": "https://hub.example"}], "Test hub")
        assert (
            "4711 bytes"
            in document["paths"]["/taxii2/{group}/collections/{collection}/objects/"]["post"]["requestBody"][
                "description"
            ]
        )
        assert (await s.get("/openapi.json", "eve")).content == first.content
        with closing(sqlite3.connect(Path(sqlite_url.removeprefix("sqlite:///")))) as connection:
            names = [
                name
                for table in ("organisation", "account", "trust_group", "feed")
                for (name,) in connection.execute(f"SELECT name FROM {table} WHERE name <> 'public'")
            ]
            names += [uuid for (uuid,) in connection.execute("SELECT uuid FROM collection")]
        assert len(names) > 20
        assert [name for name in names if re.search(rf"\b{name}\b", first.text)] == []


async def test_each_security_scheme_opens(sqlite_url: str) -> None:
    """The three that are described, as they are described."""
    async with site(sqlite_url) as s:
        document = (await s.client.get("/openapi.json")).json()
        token = s.world.tokens["ana"]
        sent = {"basic": s.headers("ana")["authorization"], "bearer": f"Bearer {token}", "token": f"Token {token}"}
        assert sent.keys() == document["components"]["securitySchemes"].keys()
        assert [next(iter(one)) for one in document["security"]] == list(sent)
        for value in sent.values():
            assert (await s.client.get(OBJECTS, headers={"authorization": value})).status_code == 200
