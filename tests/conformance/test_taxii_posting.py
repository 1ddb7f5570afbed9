"""POST of objects: what becomes of each, and what the status says of it (sections 3.7, 4.3 and 5.5)."""

import json
import re
from typing import Any

import pytest

from conformance.asking import ADDRESS, ONE, STATEMENT, listed, version
from support.http import MANIFEST, OBJECTS, TAXII, Site, site
from support.specimens import specimens
from support.world import indicator

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
COUNTS = ("total_count", "success_count", "failure_count", "pending_count")


async def send(s: Site, body: bytes, **headers: str) -> Any:
    """POST these bytes."""
    return await s.client.post(OBJECTS, headers=s.headers("ana", **({"content_type": TAXII} | headers)), content=body)


def require_status(answer: Any, successes: int, failures: int) -> dict[str, Any]:
    """202, and a status resource that is whole: the properties of its table, counts that add up, lists as long as they say."""
    assert (answer.status_code, answer.headers["content-type"]) == (202, TAXII)
    status = answer.json()
    lists = {"successes": successes, "failures": failures}
    assert set(status) == {
        "id",
        "status",
        "request_timestamp",
        *COUNTS,
        *(name for name, size in lists.items() if size),
    }
    assert (bool(UUID4.fullmatch(status["id"])), status["status"]) == (True, "complete")
    assert MOMENT.fullmatch(status["request_timestamp"])
    assert [(type(status[name]), status[name]) for name in COUNTS] == [
        (int, size) for size in (successes + failures, successes, failures, 0)
    ]
    for name, size in lists.items():
        details = status.get(name, [])
        assert len(details) == size
        for one in details:
            assert {"id", "version"} <= set(one) <= {"id", "version", "message"}
            assert all(isinstance(value, str) and value for value in one.values())
            assert name == "successes" or "message" in one
    return status


@pytest.mark.row("T-152", "T-151", "T-205", "T-203", "T-256", "T-273", "T-300", "T-292")
@pytest.mark.parametrize("full", [False, True])
async def test_every_type(sqlite_url: str, full: bool) -> None:
    """Every type of STIX 2.1 is taken, found by its type on both lists and by its id, as it was; posted again it is no second one."""
    # One of each type, without the specimens of special cases.
    objects = [value for name, value in specimens().items() if name == f"{value['type']}{'' if full else ', least'}"]
    async with site(sqlite_url) as s:
        require_status(await s.post(*objects), len(objects), 0)
        before = (await s.get(MANIFEST)).content
        again = require_status(await s.post(*objects), len(objects), 0)
        assert {one["message"] for one in again["successes"]} == {"already here"}
        assert (await s.get(MANIFEST)).content == before
        records = {record["id"]: record for record in json.loads(before)["objects"]}
        assert list(records) == [one["id"] for one in objects]
        for one in objects:
            kind, name = one["type"], one["id"]
            assert (await s.get(f"{OBJECTS}?match[type]={kind}")).json()["objects"] == [one]
            assert (await s.get(f"{MANIFEST}?match[type]={kind}")).json()["objects"] == [records[name]]
            assert (await s.get(f"{OBJECTS}{name}/")).json()["objects"] == [one]
            assert (await s.get(f"{OBJECTS}{name}/versions/")).json()["versions"] == [records[name]["version"]]
            assert records[name]["version"] == one.get("modified", one.get("created", records[name]["date_added"]))


NAMELESS = "unknown--00000000-0000-4000-8000-000000000000"
NO_TIME = "1970-01-01T00:00:00.000000Z"
WRONG: dict[str, tuple[Any, str, str]] = {  # what is sent, and under which id and version it fails
    "number": (1, NAMELESS, NO_TIME), "text": ("indicator", NAMELESS, NO_TIME), "null": (None, NAMELESS, NO_TIME), "list": ([], NAMELESS, NO_TIME),
    "boolean": (True, NAMELESS, NO_TIME), "nothing": ({}, NAMELESS, NO_TIME), "no id": (indicator(1, id=None), NAMELESS, indicator()["modified"]),
    "id that is no text": (indicator(1, id=7), NAMELESS, indicator()["modified"]), "no type": (indicator(1, type=None), ONE, indicator()["modified"]),
    "type and id differ": (indicator(1, type="malware"), ONE, indicator()["modified"]), "no modified": (indicator(1, modified=None), ONE, indicator()["created"]),
    "modified that is no time": (indicator(1, modified="yesterday"), ONE, indicator()["created"]), "no pattern": (indicator(1, pattern=None), ONE, indicator()["modified"]),
    "another specification": (indicator(1, spec_version="3.0"), ONE, indicator()["modified"]), "a bad pattern": (indicator(1, pattern="["), ONE, indicator()["modified"]),
    "an empty list": (indicator(1, labels=[]), ONE, indicator()["modified"]), "a bundle": ({"type": "bundle", "id": "bundle--1", "objects": [version(1, 1)]}, "bundle--1", NO_TIME),
    "modified before created": (indicator(1, modified="2026-10-01T00:00:00.000Z"), ONE, "2026-10-01T00:00:00.000Z"),
}  # fmt: skip


@pytest.mark.row(
    "T-231", "T-233", "T-235", "T-236", "T-237", "T-238", "T-245", "T-296", "T-298", "T-203", "T-075", "T-076", "I-023"
)
async def test_one_that_is_wrong(sqlite_url: str) -> None:
    """Alone or among others: 202, a failure that has an id and a version; the others are stored, the status reads the same later."""
    async with site(sqlite_url) as s:
        for wrong, identifier, known in WRONG.values():
            for objects, good in (([wrong], 0), ([version(2, 1), wrong, ADDRESS], 2), ([wrong, wrong], 0)):
                answer = await send(s, json.dumps({"objects": objects}).encode())
                status = require_status(answer, good, len(objects) - good)
                assert {(one["id"], one["version"]) for one in status["failures"]} == {(identifier, known)}
                assert (await s.get(f"/taxii2/alpha/status/{status['id']}/")).content == answer.content
            assert [one["id"] for one in (await s.get(OBJECTS)).json()["objects"]] == [
                indicator(2)["id"],
                ADDRESS["id"],
            ]


@pytest.mark.row("T-234", "T-235", "T-236", "T-292", "T-298", "T-301", "T-302", "T-304", "I-022")
async def test_every_outcome_in_one_envelope(database_url: str) -> None:
    """New, again, again with other content, another version, wrong: each is told apart, in the order in which it was sent."""
    async with site(database_url) as s:
        await s.post(version(1, 1))
        objects = [
            version(1, 1), version(1, 1, name="other"), version(1, 2), version(1, 2), ADDRESS, ADDRESS, {**ADDRESS, "value": "198.51.100.4"}, version(2, 1),
            version(2, 1, name="other"), STATEMENT, STATEMENT, indicator(3, pattern="["), version(2, 1),
        ]  # fmt: skip
        status = require_status(await s.post(*objects), 9, 4)
        given = [(one["id"], one["version"], "message" in one) for one in status["successes"]]
        first, second = (version(1, day)["modified"] for day in (1, 2))
        observed, two = status["successes"][3]["version"], indicator(2)["id"]
        assert given == [
            (ONE, first, True), (ONE, second, False), (ONE, second, True), (ADDRESS["id"], observed, False), (ADDRESS["id"], observed, True), (two, first, False),
            (STATEMENT["id"], STATEMENT["created"], False), (STATEMENT["id"], STATEMENT["created"], True), (two, first, True),
        ]  # fmt: skip
        assert [(one["id"], one["version"]) for one in status["failures"]] == [
            (ONE, first), (ADDRESS["id"], observed), (two, first), (indicator(3)["id"], indicator(3)["modified"])
        ]  # fmt: skip
        assert await listed(s, "match[version]=all") == [
            (ONE, first),
            (ONE, second),
            (ADDRESS["id"], ""),
            (two, first),
            (STATEMENT["id"], STATEMENT["created"]),
        ]
        assert "name" not in (await s.get(f"{OBJECTS}?match[version]={first}")).json()["objects"][0]


@pytest.mark.row("T-292", "T-302", "T-305", "T-102", "T-100")
async def test_a_large_envelope_with_repetitions(database_url: str) -> None:
    """A thousand members, every third of them a repetition: one row for each object, each with a date of its own, and none when it is all sent again."""
    async with site(database_url) as s:
        members = [version(number - (number % 3 == 2), 1) for number in range(1_000)]
        different = list(dict.fromkeys(one["id"] for one in members))
        first = require_status(await s.post(*members), 1_000, 0)
        assert sum("message" in one for one in first["successes"]) == 1_000 - len(different)
        s.world.clock.forward(seconds=5)
        second = require_status(await s.post(*members), 1_000, 0)
        assert first["id"] != second["id"]
        records = (await s.get(MANIFEST)).json()["objects"]
        assert [record["id"] for record in records] == different
        dates = [record["date_added"] for record in records]
        assert dates == sorted(set(dates))
        for one in (first, second):
            assert (await s.get(f"/taxii2/alpha/status/{one['id']}/")).json() == one


GOOD = json.dumps(version(1, 1)).encode()
TAKEN = {
    "a byte order mark": b"\xef\xbb\xbf" + b'{"objects":[%b]}' % GOOD, "blanks": b'\r\n\t {\n "objects" : [ %b ] \n}\t\r\n' % GOOD, "objects last": b'{"x_a":{"b":[1]},"objects":[%b]}' % GOOD,
    "objects first": b'{"objects":[%b],"more":false,"next":"x"}' % GOOD, "an escaped key": b'{"\\u006fbjects":[%b]}' % GOOD, "a whole bundle": b'{"type":"bundle","id":"bundle--x","objects":[%b]}' % GOOD,
    "nulls around": b'{"more":null,"next":null,"type":null,"objects":[%b]}' % GOOD,
}  # fmt: skip
REFUSED: dict[str, tuple[bytes, int]] = {
    "not utf-8": (b'{"objects":["\xff"]}', 400), "utf-16": ('{"objects":[1]}'.encode("utf-16"), 400), "a key twice": (b'{"objects":[%b],"objects":[%b]}' % (GOOD, GOOD), 400),
    "a key twice beside": (b'{"a":1,"a":2,"objects":[%b]}' % GOOD, 400), "NaN beside": (b'{"a":NaN,"objects":[%b]}' % GOOD, 400), "cut off": (b'{"objects":[%b' % GOOD, 400),
    "a comma too many": (b'{"objects":[%b,]}' % GOOD, 400), "something behind": (b'{"objects":[%b]}x' % GOOD, 400), "two envelopes": (b'{"objects":[%b]}{"objects":[%b]}' % (GOOD, GOOD), 400),
    "single quotes": (b"{'objects':[1]}", 400), "only blanks": (b"  \n", 400), "too deep": (b'{"objects":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "a list": (b"[%b]" % GOOD, 422), "an object alone": (GOOD, 422), "text": (b'"objects"', 422), "objects is an object": (b'{"objects":{"a":1}}', 422),
    "objects is text": (b'{"objects":"a"}', 422), "other case": (b'{"Objects":[%b]}' % GOOD, 422), "false": (b'{"objects":false}', 422),
}  # fmt: skip


@pytest.mark.row("T-047", "T-080", "T-204", "T-290", "T-306")
async def test_bodies_that_are_taken(sqlite_url: str) -> None:
    """However it is written around the object."""
    async with site(sqlite_url) as s:
        for body in TAKEN.values():
            require_status(await send(s, body), 1, 0)
            assert (await s.get(OBJECTS)).json()["objects"] == [version(1, 1)]
            assert (await s.delete(f"{OBJECTS}{ONE}/")).status_code == 200


@pytest.mark.row("T-118", "T-115", "T-290")
async def test_parameters_of_a_post(sqlite_url: str) -> None:
    """None has a meaning there: all are ignored, malformed ones too."""
    async with site(sqlite_url) as s:
        for number, query in enumerate(
            (
                "limit=1",
                "limit=0",
                "added_after=x",
                "next=abc",
                "match[type]=malware",
                "match[version]=never",
                "x=1&x=2",
            )
        ):
            require_status(await s.post(version(number, 1), path=f"{OBJECTS}?{query}"), 1, 0)
        assert len((await s.get(OBJECTS)).json()["objects"]) == 7


@pytest.mark.row("T-047", "T-296", "T-297", "T-298", "T-299", "T-194")
async def test_bodies_that_are_refused(sqlite_url: str) -> None:
    """400 for what is no I-JSON, 422 for JSON that is no envelope; as a TAXII error, and nothing is stored."""
    async with site(sqlite_url) as s:
        for name, (body, status) in REFUSED.items():
            answer = await send(s, body)
            assert (name, answer.status_code, answer.headers["content-type"]) == (name, status, TAXII)
            assert answer.json()["http_status"] == str(status)
        assert (await s.get(OBJECTS)).json() == {}


@pytest.mark.row("T-303", "T-161", "T-162", "T-300")
async def test_older_versions_that_come_late(database_url: str) -> None:
    """Each is a row of its own, last by date; `last` stays the newest, and whoever polls by date is not given an old one as the latest."""
    async with site(database_url) as s:
        for day in (5, 2, 4, 1, 3):
            before = (await s.get(MANIFEST)).headers.get("x-taxii-date-added-last", "2026-01-01T00:00:00Z")
            assert (
                require_status(await s.post(version(1, day)), 1, 0)["successes"][0]["version"]
                == version(1, day)["modified"]
            )
            newest = [(ONE, version(1, 5)["modified"])]
            assert await listed(s) == newest
            assert await listed(s, f"added_after={before}") == (newest if day == 5 else [])
            assert (await listed(s, "match[version]=all"))[-1] == (ONE, version(1, day)["modified"])
        assert await listed(s, "match[version]=first") == [(ONE, version(1, 1)["modified"])]
