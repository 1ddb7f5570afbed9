"""The description of the API: valid, complete, and true of what the hub answers."""

from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks

from support.grounds import GROUP, Grounds
from support.http import MANIFEST, OBJECTS, TAXII, site
from support.world import MAIN, indicator

REFERENCES = "#/components/"


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The value, or what it refers to."""
    while "$ref" in value:
        section, name = value["$ref"].removeprefix(REFERENCES).split("/")
        value = document["components"][section][name]
    return value


def require_described(document: dict[str, Any], path: str, method: str, answer: httpx2.Response) -> None:
    """The answer's status, media type, headers and body are those described."""
    operation = document["paths"][path][method.lower()]
    described = resolved(document, operation["responses"][str(answer.status_code)])
    for name, header in described.get("headers", {}).items():
        found = resolved(document, header)
        if name.lower() in answer.headers:
            Draft202012Validator(found["schema"]).validate(answer.headers[name])
        else:
            assert not found.get("required")
    content = described.get("content", {})
    if answer.content:
        media = content[answer.headers["content-type"]]
        if answer.headers["content-type"] == TAXII:
            schema = {**media["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(answer.json())


async def test_every_answer_is_as_described(sqlite_url: str) -> None:
    """Success and each refusal of each resource."""
    root, collection = "/taxii2/{group}/", "/taxii2/{group}/collections/{collection}/"
    one = indicator(1)["id"]
    asked: list[tuple[str, str, str, dict[str, Any]]] = []
    paths = {
        "/taxii2/": "/taxii2/", root: "/taxii2/alpha/", f"{root}collections/": "/taxii2/alpha/collections/",
        collection: f"/taxii2/alpha/collections/{MAIN}/", f"{collection}manifest/": MANIFEST, f"{collection}objects/": OBJECTS,
        f"{collection}objects/{{object}}/": f"{OBJECTS}{one}/", f"{collection}objects/{{object}}/versions/": f"{OBJECTS}{one}/versions/",
    }  # fmt: skip
    for template, path in paths.items():
        asked += [
            (template, "GET", path, {}), (template, "GET", path, {"account": None}), (template, "GET", path, {"accept": "text/html"}),
            (template, "GET", path.replace("alpha", "omega"), {}), (template, "GET", f"{path}?x={'a' * 3_000}", {}),
            (template, "GET", path, {"content_length": "99999999"}),
        ]  # fmt: skip
        if "objects" in template or "manifest" in template:
            asked += [
                (template, "GET", f"{path}?limit=0", {}),
                (template, "GET", f"{path}?limit=1&match[version]=all", {}),
            ]
    async with site(sqlite_url, limits={"url": 2_048}) as s:
        document = (await s.client.get("/openapi.json")).json()
        status = (await s.post(indicator(1), indicator(1, modified="2026-11-02T00:00:00.000Z"), {"id": 1})).json()
        asked.append((f"{root}status/{{status}}/", "GET", f"/taxii2/alpha/status/{status['id']}/", {}))
        for template, method, path, how in asked:
            sent = s.headers(how.pop("account", "ana"), **how)
            answer = await s.client.request(method, path, headers=sent)
            require_described(document, template, method, answer)
        bodies = [
            (b'{"objects":[1]}', TAXII),
            (b"{", TAXII),
            (b"{}", TAXII),
            (b"{}", "text/html"),
            (b"x" * 1_000_001, TAXII),
        ]
        for body, media in bodies:
            answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=media), content=body)
            require_described(document, f"{collection}objects/", "post", answer)
        for account in ("ana", "ana", "bank", "dan"):
            answer = await s.delete(f"{OBJECTS}{one}/", account)
            require_described(document, f"{collection}objects/{{object}}/", "delete", answer)


async def test_every_route_is_described_and_nothing_else(sqlite_url: str) -> None:
    """Each path of the application, with each method that it allows."""
    async with site(sqlite_url) as s:
        document = (await s.client.get("/openapi.json")).json()
        app = s.client._transport.app.app  # type: ignore[attr-defined]
        routes = {route.path for route in app.routes if "{rest:path}" not in route.path}
        assert routes == set(document["paths"])
        for path, described in document["paths"].items():
            answer = await s.client.patch(
                path.replace("{collection}", MAIN).replace("{group}", "alpha"), headers=s.headers("ana")
            )
            assert answer.status_code == 405
            methods = {method.upper() for method in described if method != "parameters"}
            assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == methods


async def test_the_document_is_openapi(sqlite_url: str) -> None:
    """As schemathesis reads it: every operation, every reference."""
    async with site(sqlite_url) as s:
        document = (await s.client.get("/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    found = [operation.ok() for operation in schema.get_all_operations()]
    assert all(found)
    assert len(found) == sum(len(set(path) - {"parameters"}) for path in document["paths"].values())
    for one in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(one)


# What a check would find wrong although it is as we want it: each with the reason.
LEFT_OUT = {
    "positive_data_acceptance": "an id of nobody's is valid data and rightly not found",
    "negative_data_rejection": "unknown members of a body and unknown parameters are ignored, as TAXII 3.4 and 7.1.1 allow",
    "missing_required_header": "no header is required: Accept may be missing",
    "ignored_auth": "the group `public` answers anybody",
    "use_after_free": "an object deleted may be posted again",
    "ensure_resource_availability": "there is nothing to follow a status to",
}


def explore(grounds: Grounds, examples: int) -> int:
    """So many requests to each operation, made from the description; the ids are real ones as often as not. Returns how many were sent."""
    place = grounds.fresh()
    with grounds.client("producer") as client:
        status = client.post(place.objects, [indicator(number) for number in range(5)]).json["id"]
        document = client.get("/openapi.json").json
    real = {"group": GROUP, "collection": place.id, "object": indicator(1)["id"], "status": status}
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=grounds.hub.url)
    load_all_checks()
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        def call(case: Case) -> None:
            nonlocal sent
            sent += 1
            if sent % 4:
                case.path_parameters = {name: real[name] for name in case.path_parameters}
            case.call_and_validate(auth=("producer", grounds.tokens["producer"]), checks=checks)

        once = settings(
            max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        once(given(case=operation.as_strategy())(call))()
    return sent


def test_schemathesis_finds_nothing(live_on_sqlite: Grounds) -> None:
    """Requests made from the description, against a live hub."""
    assert explore(live_on_sqlite, 25) >= 25 * 10


@pytest.mark.torture
def test_schemathesis_finds_nothing_at_length(live: Grounds) -> None:
    """The same with many more."""
    assert explore(live, 2_000) >= 2_000 * 10
