"""Schemathesis goes by the description of the API over a live hub, with every check that it has, and finds nothing.

It makes requests that the description allows, which the hub must take, and requests that it forbids, which the hub must refuse; each answer
must be one that is described.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from support.grounds import GROUP, Grounds
from support.world import indicator

PHASES = ("examples", "coverage", "fuzzing", "stateful")
"""Schemathesis's own: what the description shows as examples; each constraint kept and broken; at random; chains, in which one answer
makes the next request."""

PLAIN = {"GET /healthz", "GET /readyz", "GET /openapi.json"}
ROOT = {"GET /taxii2/", "GET /taxii2/{group}/", "GET /taxii2/{group}/collections/", "GET /taxii2/{group}/status/{status}/"}  # fmt: skip
COLLECTION = "/taxii2/{group}/collections/{collection}/"
CONTENT = {
    f"{method} {COLLECTION}{rest}"
    for method, rest in (
        ("GET", "manifest/"), ("GET", "objects/"), ("POST", "objects/"), ("GET", "objects/{object}/"),
        ("DELETE", "objects/{object}/"), ("GET", "objects/{object}/versions/"),
    )
}  # fmt: skip
EVERY = PLAIN | ROOT | {f"GET {COLLECTION}"} | CONTENT
REACHED = {
    "examples": CONTENT,
    "coverage": EVERY,
    "fuzzing": EVERY,
    "stateful": {"GET /taxii2/{group}/collections/", f"GET {COLLECTION}objects/", f"POST {COLLECTION}objects/"},
}
"""What does its work in each phase at least: the rest has no example, or few chains lead to it."""

OBJECTS = [indicator(number) for number in range(10)]
LARGEST = 2**53 - 1


@dataclass
class Explored:
    """What came of one phase."""

    findings: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)


def narrowed(document: dict[str, Any], **real: list[str]) -> dict[str, Any]:
    """The description, in which parameters may be but what there really is, and some real objects may be posted.

    What is not there is then as forbidden as a wrong filter. No description can know the names and the `next` that there are.
    """
    for name, values in real.items():
        described = document["components"]["parameters"][name]
        described["schema"] = {"type": "string", "enum": values}
        described.pop("example", None)
    objects = document["components"]["schemas"]["sent"]["properties"]["objects"]
    objects["items"] = {"anyOf": [{"enum": OBJECTS}, {}]}
    return document


def integers(value: Any) -> Iterator[int]:
    """Every integer in a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from integers(one)
    elif isinstance(value, int):
        yield value


def filter_body(_: object, body: Any) -> bool:
    """Leaves out bodies that are no I-JSON for a too large integer: no schema of the envelope can say so of members it does not name."""
    return all(abs(one) <= LARGEST for one in integers(body))


def prepared(grounds: Grounds, phase: str, examples: int) -> Any:
    """The description of the hub, ready to be explored in one phase: ten objects are there, and whoever asks may do everything."""
    place = grounds.fresh()
    with grounds.client("producer") as client:
        status = client.post(place.objects, OBJECTS).json["id"]
        following = client.get(place.objects, limit=2).json["next"]
        document = client.get("/openapi.json").json
    names = {"object": [one["id"] for one in OBJECTS], "next": [following]}
    chained = phase == "stateful"  # answers name the rest: more statuses, and other collections, in which nothing is
    if not chained:
        names |= {"group": [GROUP], "collection": [place.id], "status": [status]}
    learning = {} if chained else {"extra-data-sources": {"responses": False}}
    config = {
        "base-url": grounds.hub.url,
        "continue-on-failure": True,
        "auth": {"openapi": {"basic": {"username": "producer", "password": grounds.tokens["producer"]}}},
        "parameters": {"path.group": GROUP, "path.collection": place.id} if chained else {},
        "generation": {
            "deterministic": True, "database": "none", "max-examples": examples, "with-security-parameters": False,
        },
        "phases": {"enabled": False, phase: {"enabled": True, **learning}},
    }  # fmt: skip
    schema = schemathesis.openapi.from_dict(narrowed(document, **names), config=SchemathesisConfig.from_dict(config))
    schema.hook(filter_body)
    return schema


def explore(schema: Any) -> Explored:
    """Run Schemathesis."""
    explored = Explored()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            note(explored, event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError | events.SchemaAnalysisWarnings):
            explored.findings.append(repr(event))
    return explored


def note(explored: Explored, recorder: Any) -> None:
    """What one scenario found."""
    for case, interaction in recorder.interactions.items():
        if interaction.response and interaction.response.status_code in (200, 202):
            explored.reached.add(recorder.cases[case].value.operation.label)
    for case, checks in recorder.checks.items():
        for check in checks:
            explored.checked.add(check.name)
            if check.failure_info:
                answer = recorder.interactions[case].response.content
                explored.findings.append(f"{check.failure_info.failure}\n{answer!r}\n{check.failure_info.code_sample}")


def require_nothing_found(grounds: Grounds, phase: str, examples: int) -> None:
    """No finding, no check left out, and the operations did their work."""
    load_all_checks()
    explored = explore(prepared(grounds, phase, examples))
    assert not explored.findings, "\n\n".join(explored.findings)
    assert explored.checked == {check.__name__ for check in CHECKS.get_all()}
    assert explored.reached >= REACHED[phase]


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_is_found(live_on_sqlite: Grounds, phase: str) -> None:
    """Few requests to each operation."""
    require_nothing_found(live_on_sqlite, phase, 10 if phase == "stateful" else 20)


@pytest.mark.torture
@pytest.mark.parametrize("phase", ["fuzzing", "stateful"])
def test_nothing_is_found_at_length(live: Grounds, phase: str) -> None:
    """The same with many more."""
    require_nothing_found(live, phase, 1_000)
