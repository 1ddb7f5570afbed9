"""One odd object never spoils a collection for its readers, and nothing at all gives a 5xx."""

import json
from typing import Any

import pytest

from support.http import MANIFEST, OBJECTS, TAXII, site
from support.world import indicator

UUID = "00000000-0000-4000-8000-000000000001"
ODD: dict[str, str] = {
    "an id that is a list": '{"type":"indicator","id":["a"]}',
    "an id that is a number": '{"type":"indicator","id":1}',
    "a type that is a list": f'{{"type":["indicator"],"id":"indicator--{UUID}"}}',
    "a type that is a dictionary": f'{{"type":{{}},"id":"indicator--{UUID}"}}',
    "no object": "7",
    "null": "null",
    "a list": "[[]]",
    "nothing in it": "{}",
    "a wrong modified": json.dumps(indicator(1, modified="yesterday")),
    "a modified that is a number": json.dumps(indicator(1, modified=1)),
    "a modified that is a list": json.dumps(indicator(1, modified=["2026-11-01T00:00:00.000Z"])),
    "a created that is null": json.dumps({**indicator(1), "created": None}),
    "an endless modified": json.dumps(indicator(1, modified=f"2026-11-01T00:00:00.{'1' * 5_000}Z")),
    "a spec_version that is a list": json.dumps(indicator(1, spec_version=["2.1"])),
    "marks that are numbers": json.dumps(indicator(1, object_marking_refs=[1])),
    "marks that are a dictionary": json.dumps(indicator(1, object_marking_refs={"a": 1})),
    "granular marks that are texts": json.dumps(indicator(1, granular_markings=["a"])),
    "selectors that are numbers": json.dumps(indicator(1, granular_markings=[{"selectors": [1], "lang": "en"}])),
    "labels that are a text": json.dumps(indicator(1, labels="a")),
    "a pattern that is a list": json.dumps(indicator(1, pattern=["a"])),
    "references that are texts": json.dumps(indicator(1, external_references=["a"])),
    "extensions that are a list": json.dumps(indicator(1, extensions=["a"])),
    "a creator that is a list": json.dumps(indicator(1, created_by_ref=["a"])),
    "a definition that is a text": f'{{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--{UUID}",'
    '"created":"2026-11-01T00:00:00.000Z","definition_type":"statement","definition":"a"}',
    "contents that are a text": f'{{"type":"language-content","spec_version":"2.1","id":"language-content--{UUID}",'
    f'"created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","object_ref":"indicator--{UUID}","contents":"a"}}',
    "extension types that are a text": f'{{"type":"extension-definition","spec_version":"2.1","id":"extension-definition--{UUID}",'
    '"created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z",'
    f'"created_by_ref":"identity--{UUID}","name":"n","schema":"s","version":"1","extension_types":"new-sdo"}}',
    "NaN": json.dumps(indicator(1, x_n=float("nan"))),
    "infinity": json.dumps(indicator(1, x_n=float("inf"))),
    "a number beyond": json.dumps(indicator(1, x_n=0)).replace('"x_n": 0', '"x_n": 1e999'),
    "2,000 digits": json.dumps(indicator(1, x_n=0)).replace('"x_n": 0', '"x_n": ' + "9" * 2_000),
    "20,000 digits": json.dumps(indicator(1, x_n=0)).replace('"x_n": 0', '"x_n": ' + "9" * 20_000),
    "2,000 digits behind the point": json.dumps(indicator(1, x_n=0)).replace('"x_n": 0', '"x_n": 0.' + "9" * 2_000),
    "a key twice": json.dumps(indicator(1))[:-1] + ',"type":"malware"}',
    "a mark twice": json.dumps(indicator(1, tlp="RED"))[:-1] + ',"object_marking_refs":[]}',
    "a lone surrogate": json.dumps(indicator(1, name="\ud800")),
    "a lone surrogate in a key": json.dumps(indicator(1, **{"x_\udfff": 1})),
    "NUL": json.dumps(indicator(1, name="a\0b")),
    "NUL in the id": json.dumps(indicator(1, id="indicator--\0")),
    "deep": json.dumps(indicator(1, x_n=0)).replace('"x_n": 0', '"x_n": ' + "[" * 100 + "1" + "]" * 100),
    "a long type": f'{{"type":"{"x" * 5_000}","id":"{"x" * 5_000}--{UUID}"}}',
    "a long id": json.dumps(indicator(1, id="indicator--" + "0" * 100_000)),
    "a bundle": f'{{"type":"bundle","id":"bundle--{UUID}","objects":[{json.dumps(indicator(1))}]}}',
    "a status": '{"status":"complete"}',
}  # fmt: skip
BODIES: dict[str, tuple[bytes, int]] = {
    "10,000 deep": (b'{"objects":[' + b"[" * 10_000 + b"]" * 10_000 + b"]}", 400),
    "10,000 deep in an object": (json.dumps({"objects": [indicator(1, x_n=0)]}).replace('"x_n": 0', '"x_n": ' + '{"a":' * 10_000 + "1" + "}" * 10_000).encode(), 400),
    "10,000 deep and torn": (b'{"objects":[' + b"[" * 10_000, 400),
    "only NUL": (b"\0" * 100, 400),
    "not UTF-8": (b'{"objects":["\xff"]}', 400),
    "UTF-16": ('{"objects":[1]}'.encode("utf-16"), 400),
    "nothing": (b"", 400),
    "a text": (b'"objects"', 422),
    "objects that are a dictionary": (b'{"objects":{"a":1}}', 422),
    "objects that are a number": (b'{"objects":9}', 422),
    "NaN beside": (b'{"x":NaN,"objects":[1]}', 400),
    "objects twice": (b'{"objects":[1],"objects":[2]}', 400),
    "a long number alone": (b"9" * 20_000, 422),
}  # fmt: skip
META: list[dict[str, Any]] = [
    {"type": "extension-definition", "spec_version": "2.1", "id": f"extension-definition--{UUID}", "created": "2026-11-01T00:00:00.000Z",
     "modified": "2026-11-01T00:00:00.000Z", "created_by_ref": f"identity--{UUID}", "name": "n", "schema": "s", "version": "1", "extension_types": ["new-sdo"]},
    {"type": "language-content", "spec_version": "2.1", "id": f"language-content--{UUID}", "created": "2026-11-01T00:00:00.000Z",
     "modified": "2026-11-01T00:00:00.000Z", "object_ref": f"indicator--{UUID}", "contents": {"de": {"name": "Adresse"}}},
    {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{UUID}", "created": "2026-11-01T00:00:00.000Z",
     "definition_type": "statement", "definition": {"statement": "(c)"}},
    {"type": "ipv4-addr", "id": f"ipv4-addr--{UUID}", "value": "198.51.100.7"},
    {"type": "x-wallet", "spec_version": "2.1", "id": f"x-wallet--{UUID}"},
]  # fmt: skip


@pytest.mark.row("T-298", "T-245", "T-237", "X-001")
@pytest.mark.parametrize("name", ODD)
async def test_an_odd_object_fails_alone(sqlite_url: str, name: str) -> None:
    """Its neighbours are stored and readable by every resource; the status names it by two texts and says why."""
    neighbours = [indicator(8), indicator(9)]
    async with site(sqlite_url) as s:
        body = f'{{"objects":[{json.dumps(neighbours[0])},{ODD[name]},{json.dumps(neighbours[1])}]}}'.encode()
        answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=body)
        status = answer.json()
        assert (answer.status_code, status["total_count"], status["failure_count"]) == (202, 3, 1), status
        failure = status["failures"][0]
        assert all(isinstance(failure[key], str) and failure[key] for key in ("id", "version", "message"))
        assert (await s.get(OBJECTS)).json()["objects"] == neighbours
        assert [one["id"] for one in (await s.get(MANIFEST)).json()["objects"]] == [one["id"] for one in neighbours]
        assert (await s.get(f"/taxii2/alpha/status/{status['id']}/")).json() == status


@pytest.mark.row("T-296", "T-297", "T-299", "T-195")
@pytest.mark.parametrize("name", BODIES)
async def test_an_odd_body_is_refused(sqlite_url: str, name: str) -> None:
    """As a whole, with an error that is TAXII; nothing is stored."""
    body, code = BODIES[name]
    async with site(sqlite_url) as s:
        answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=body)
        assert (answer.status_code, answer.json()["http_status"]) == (code, str(code))
        assert answer.headers["content-type"] == TAXII
        assert (await s.get(OBJECTS)).json() == {}


@pytest.mark.row("T-169", "T-168", "T-203", "X-030")
async def test_what_has_no_modified_spoils_nothing(database_url: str) -> None:
    """Meta objects and observables are listed and paged like everything else, each under a version that selects it."""
    async with site(database_url) as s:
        assert (await s.post(*META, indicator(2))).json()["failure_count"] == 0
        seen: list[dict[str, Any]] = []
        path = f"{OBJECTS}?limit=1"
        while True:
            page = (await s.get(path)).json()
            seen += page["objects"]
            if not page["more"]:
                break
            path = f"{OBJECTS}?limit=1&next={page['next']}"
        assert seen == [*META, indicator(2)]
        for record in (await s.get(MANIFEST)).json()["objects"]:
            one = f"{OBJECTS}{record['id']}/"
            assert (await s.get(f"{one}versions/")).json()["versions"] == [record["version"]]
            assert len((await s.get(f"{one}?match[version]={record['version']}")).json()["objects"]) == 1
