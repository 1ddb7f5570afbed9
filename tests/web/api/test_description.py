"""The description of the API: valid OpenAPI, complete, with examples that are what they show, and true of what is answered."""

from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig

from indicator_hub.web.api import shapes
from indicator_hub.web.api.paths import OPERATIONS
from support.grounds import GROUP, Grounds
from support.http import OBJECTS, Site, site
from support.world import MAIN, indicator
from web.test_schemathesis import Explored, explore

HERE = "/api/v1/openapi.json"


async def described(s: Site) -> dict[str, Any]:
    """The document, as anybody gets it."""
    answer = await s.client.get(HERE)
    assert (answer.status_code, (await s.client.head(HERE)).status_code) == (200, 200)
    return answer.json()


async def test_every_operation_is_described_and_nothing_else(sqlite_url: str) -> None:
    """Each route of the API with each method it allows, each under a name of its own."""
    async with site(sqlite_url) as s:
        document = await described(s)
        app = s.client._transport.app.app  # type: ignore[attr-defined]
        routes = {
            route.path for route in app.routes if route.path.startswith("/api/v1/") and "{rest:path}" not in route.path
        }
        assert routes - {f"{HERE}/"} == set(document["paths"])
        for path, operations in document["paths"].items():
            allowed = (
                (await s.api("PATCH", path.removeprefix("/api/v1").format_map(_Names()))).headers["allow"].split(", ")
            )
            assert {method.lower() for method in allowed} - {"head"} == operations.keys(), path
    names = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return {"group": "alpha", "collection": MAIN}.get(key, "x")


async def test_the_document_is_openapi_and_its_examples_are_examples(sqlite_url: str) -> None:
    """As the schema of OpenAPI 3.1 has it; each model has an example that the model itself takes."""
    async with site(sqlite_url) as s:
        document = await described(s)
    schemathesis.openapi.from_dict(document).validate()
    components = document["components"]
    for name, schema in components["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", ()):
            Draft202012Validator({**schema, "components": components}).validate(example)
            getattr(shapes, name).model_validate(example)
    for one in OPERATIONS:
        for model in (one.answers, one.sends):
            assert model is None or components["schemas"][model.__name__]["examples"], model
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if "example" in parameter:
                    Draft202012Validator(parameter["schema"]).validate(parameter["example"])


def explored(grounds: Grounds, examples: int) -> Explored:
    """Schemathesis over the API, at a place that is there. What is well formed may still not be possible, and is refused."""
    place = grounds.fresh()
    with grounds.client("producer") as client:
        client.post(place.objects, [indicator(number, tlp="GREEN") for number in range(3)])
        document = client.get(HERE).json
    real = {"group": [GROUP], "collection": [place.id], "object": [indicator(1)["id"], indicator(2)["id"]]}
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in real:
                    parameter["schema"] = {"type": "string", "enum": real[parameter["name"]]}
    config = {
        "base-url": grounds.hub.url,
        "continue-on-failure": True,
        "auth": {"openapi": {"basic": {"username": "producer", "password": grounds.tokens["producer"]}}},
        "generation": {"deterministic": True, "database": "none", "max-examples": examples, "with-security-parameters": False},
        "phases": {"enabled": False, "examples": {"enabled": True}, "fuzzing": {"enabled": True}},
        "checks": {"positive_data_acceptance": {"enabled": False}, "negative_data_rejection": {"enabled": False}},
    }  # fmt: skip
    load_all_checks()
    return explore(schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config)))


def test_schemathesis_finds_nothing(live_on_sqlite: Grounds) -> None:
    """Requests that the description allows and forbids: each answer is one that is described, and none is a fault."""
    found = explored(live_on_sqlite, 5)
    assert not found.findings, "\n\n".join(found.findings[:5])
    assert len(found.reached) > 10


@pytest.mark.torture
def test_schemathesis_finds_nothing_at_length(live: Grounds) -> None:
    """The same with many more."""
    found = explored(live, 500)
    assert not found.findings, "\n\n".join(found.findings[:5])


async def test_refusals_are_as_described(sqlite_url: str) -> None:
    """Every operation, asked wrongly in each way that there is: status and media type are in the description."""
    async with site(sqlite_url, limits={"url": 2_048}) as s:
        await s.post(indicator(1, tlp="GREEN"))
        document = await described(s)
        reached: set[int] = set()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                real = path.removeprefix("/api/v1").format_map(_Names())
                there = real.replace("/objects/x/", f"/objects/{indicator(1)['id']}/")
                asked = [
                    await s.api(method.upper(), real, None), await s.api(method.upper(), real, "dan", {}),
                    await s.api(method.upper(), there, "dan", {"no": 1}), await s.api(method.upper(), there, "ana", {}),
                    await s.api(method.upper(), f"{real}?limit=0&state=x&since=x&next=x", "ana", {}),
                    await s.api(method.upper(), real.replace("alpha", "never"), "ana", {}),
                    await s.api(method.upper(), real, "ana", {}, content_type="text/plain"),
                    await s.api(method.upper(), real, "ana", {}, content_length="99999999999"),
                    await s.api(method.upper(), real, "ana", {}, idempotency_key=""),
                    await s.api(method.upper(), f"{real}?x={'y' * 2_048}", "ana", {}),
                ]  # fmt: skip
                for answer in asked:
                    described_as = operation["responses"].get(str(answer.status_code))
                    assert described_as, (method, path, answer.status_code, answer.text)
                    assert answer.headers["content-type"] in described_as["content"], (method, path, answer.status_code)
                    reached.add(answer.status_code)
        assert reached >= {200, 400, 401, 403, 404, 413, 414, 415}
        assert (await s.get(OBJECTS)).status_code == 200
