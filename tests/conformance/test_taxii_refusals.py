"""Refusals on every resource: their order, their shape, and who is refused what (sections 3.1, 3.6, 4 and 5; appendix B)."""

import json
import re
import sqlite3
from itertools import combinations
from typing import Any

import pytest

from conformance.asking import ALLOWED, ONE, PAGES, RESOURCES, filled, version
from indicator_hub.sharing.enrol import enrol
from support.http import OBJECTS, TAXII, Site, site
from support.world import MAIN, indicator

UNKNOWN_COLLECTION = "00000000-0000-4000-8000-00000000000f"
UNKNOWN = indicator(99)["id"]
INSIDE = re.compile(r"Traceback|SELECT|INSERT|sqlite|asyncpg|sqlalchemy|\.py\b|line \d|/dev/|Error\b")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, each of whose keys stands there once."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def require_error(answer: Any, status: int) -> None:
    """The error resource for this status, and nothing in it that is of the inside."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, TAXII)
    error = json.loads(answer.content.decode("utf-8"), object_pairs_hook=unique)
    assert set(error) <= {"title", "description", "error_id", "http_status"}
    assert all(isinstance(value, str) and value for value in error.values())
    assert (error["http_status"], "title" in error) == (str(status), True)
    assert not INSIDE.search(answer.text)
    assert ("www-authenticate" in answer.headers, "allow" in answer.headers) == (status == 401, status == 405)
    assert not [name for name in answer.headers if name.startswith("x-taxii")]


async def scoped(s: Site) -> dict[str, str]:
    """An account for each combination of reading and writing, by what GET of a page says to it."""
    for name, scopes in (("sink", ("submit",)), ("nothing", ("manage",)), ("reader", ("read", "manage"))):
        _, s.world.tokens[name] = await enrol(
            s.world.store, name, organisation="xb-cert", kind="service", scopes=scopes
        )
    return {"both": "bea", "read": "reader", "write": "sink", "neither": "nothing", "outside": "eve", "observer": "dan"}


# In the order in which they are found out, with what each is answered.
GET_FAULTS = {
    "url": 414,
    "credentials": 401,
    "method": 405,
    "accept": 406,
    "syntax": 400,
    "existence": 404,
    "rights": 403,
}
POST_FAULTS = {
    "url": 414, "size": 413, "credentials": 401, "method": 405, "accept": 406, "content type": 415, "existence": 404, "rights": 403, "no json": 400, "no objects": 422,
}  # fmt: skip
BODIES = {"no json": b"{", "no objects": b"{}"}


async def faulty(s: Site, method: str, path: str, faults: tuple[str, ...]) -> Any:
    """A request with these faults."""
    account = (
        None
        if "credentials" in faults
        else "sink"
        if "rights" in faults and method == "GET"
        else "reader"
        if "rights" in faults
        else "ana"
    )
    headers = s.headers(account, accept="text/html" if "accept" in faults else TAXII)
    query = "limit=0&match[version]=never" if "syntax" in faults else ""
    query += "&x=" + "a" * 1_000 if "url" in faults else ""
    path = path.replace("alpha", "nowhere") if "existence" in faults else path
    content = BODIES.get(faults[-1] if faults else "", json.dumps({"objects": [indicator(5)]}).encode())
    if method == "POST":
        headers["content-type"] = "text/plain" if "content type" in faults else TAXII
        headers["content-length"] = "9" * 8 if "size" in faults else str(len(content))
    sent = "PUT" if "method" in faults else method
    return await s.client.request(
        sent, f"{path}?{query}", headers=headers, content=content if method == "POST" else None
    )


def applicable(name: str, method: str) -> dict[str, int]:
    """The faults that a request to this resource can have."""
    if method == "POST":
        return POST_FAULTS
    without = set() if name in PAGES else {"syntax", "rights"}
    without |= {"existence"} if name == "discovery" else set()
    return {fault: status for fault, status in GET_FAULTS.items() if fault not in without}


OPERATIONS = [*((name, "GET") for name in RESOURCES), ("objects", "POST"), ("object", "DELETE")]


@pytest.mark.row(
    "T-012", "T-013", "T-014", "T-020", "T-045", "T-066", "T-110", "T-192", "T-194", "T-258", "T-283", "T-295", "T-297"
)
@pytest.mark.parametrize(("name", "method"), OPERATIONS)
async def test_of_two_faults_the_first_is_answered(sqlite_url: str, name: str, method: str) -> None:
    """One fault, or any two at once: always the error resource, and of the one that is found out first; nothing is stored or lost."""
    async with site(sqlite_url, limits={"url": 600}) as s:
        path = (await filled(s))[name]
        await scoped(s)
        possible = applicable(name, method)
        for faults in [*((one,) for one in possible), *combinations(possible, 2)]:
            if method == "POST" and faults[-1] == "no objects" and faults[0] == "no json":
                continue  # one body cannot be both
            answer = await faulty(s, method, path, faults)
            assert (faults, answer.status_code) == (faults, possible[faults[0]])
            require_error(answer, possible[faults[0]])
        assert (await s.get(OBJECTS)).json()["objects"] == [indicator(1, tlp="GREEN")]
        assert (await faulty(s, method, path, ())).status_code == {"GET": 200, "POST": 202, "DELETE": 200}[method]


@pytest.mark.row("T-063", "T-067", "T-195")
async def test_head_of_a_refusal(sqlite_url: str) -> None:
    """Status and headers are those of GET, without a body."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        await scoped(s)
        for name, path in [*paths.items(), ("nothing", "/taxii2/alpha/nothing/"), ("nowhere", "/nowhere/")]:
            for account, accept in ((None, TAXII), ("ana", "text/html"), ("eve", TAXII), ("sink", TAXII)):
                headers = s.headers(account, accept=accept)
                get, head = await s.client.get(path, headers=headers), await s.client.head(path, headers=headers)
                assert (name, head.status_code, dict(head.headers)) == (name, get.status_code, dict(get.headers))
                assert head.content == b""
                if get.status_code != 200:
                    require_error(get, get.status_code)


READS = {"both": 200, "read": 200, "write": 403, "neither": 403, "outside": 404, "observer": 200}
WRITES = {"both": 202, "read": 403, "write": 202, "neither": 403, "outside": 404, "observer": 403}
DELETES = {"both": 404, "read": 403, "write": 403, "neither": 404, "outside": 404, "observer": 403}
RIGHTS = {
    "both": (True, True),
    "read": (True, False),
    "write": (False, True),
    "neither": (False, False),
    "observer": (True, False),
}


@pytest.mark.row(
    "T-085", "T-009", "T-253", "T-255", "T-257", "T-277", "T-280", "T-291", "T-315", "T-320", "T-333", "I-009", "I-010"
)
@pytest.mark.parametrize("rights", READS)
async def test_what_each_may(sqlite_url: str, rights: str) -> None:
    """Every call on a collection, however it is addressed, whether or not what is asked for is there; a refused one changes nothing."""
    reads, writes, deletes = READS[rights], WRITES[rights], DELETES[rights]
    async with site(sqlite_url) as s:
        await filled(s)
        account = (await scoped(s))[rights]
        for name, end in ((MAIN, "/"), ("main", "/"), ("main", "")):
            collection = f"/taxii2/alpha/collections/{name}"
            found = await s.get(f"{collection}{end}", account)
            assert found.status_code == (404 if rights == "outside" else 200)
            if rights != "outside":
                assert (found.json()["can_read"], found.json()["can_write"]) == RIGHTS[rights]
                assert found.json() in (await s.get("/taxii2/alpha/collections/", account)).json()["collections"]
            for tail in ("objects", "manifest", f"objects/{ONE}", f"objects/{ONE}/versions"):
                for method in ("GET", "HEAD"):
                    url = f"{collection}/{tail}{end}?match[id]={UNKNOWN}"
                    answer = await s.client.request(method, url, headers=s.headers(account))
                    assert (method, url, answer.status_code) == (method, url, reads)
            for tail in (f"objects/{UNKNOWN}", f"objects/{UNKNOWN}/versions"):
                missing = await s.get(f"{collection}/{tail}{end}", account)
                assert (tail, missing.status_code) == (tail, 404 if reads == 200 else reads)
            for body, status in ((b"{", 400), (b"{}", 422), (json.dumps({"objects": [version(2, 1)]}).encode(), 202)):
                headers = s.headers(account, content_type=TAXII)
                posted = await s.client.post(f"{collection}/objects{end}", headers=headers, content=body)
                assert (body, posted.status_code) == (body, status if writes == 202 else writes)
            assert (await s.delete(f"{collection}/objects/{UNKNOWN}{end}", account)).status_code == deletes
            # What another organisation shared is for the originator or a steward to take back, even where both rights are there.
            there = await s.delete(f"{collection}/objects/{ONE}{end}", account)
            assert there.status_code == (403 if rights == "both" else deletes)
            stored = {ONE} | ({indicator(2)["id"]} if writes == 202 else set())
            assert {one["id"] for one in (await s.get(OBJECTS)).json()["objects"]} == stored


@pytest.mark.row("T-020", "T-218", "T-224", "T-240", "T-243", "T-258", "T-283", "I-007", "I-014")
@pytest.mark.parametrize("account", ["ana", "dan", "eve"])
async def test_nothing_tells_what_there_is(sqlite_url: str, account: str) -> None:
    """Whatever is not there for an account: one and the same 404, headers and all, by every method that the resource has."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        never = await s.get("/taxii2/never/", account)
        require_error(never, 404)
        unknown_status = "/taxii2/alpha/status/00000000-0000-4000-8000-000000000009/"
        absent = [path.replace(MAIN, UNKNOWN_COLLECTION) for path in paths.values() if MAIN in path]
        absent += [path.replace("alpha", "never") for path in paths.values() if "alpha" in path]
        absent += [unknown_status, "/taxii2/alpha/channels/", f"/taxii2/alpha/collections/{MAIN}/object/{ONE}/"]
        absent += [path for name, path in paths.items() if account == "eve" and name != "discovery"]
        for path in absent:
            for method in ("GET", "DELETE", "POST"):
                answer = await s.client.request(
                    method, path, headers=s.headers(account, content_type=TAXII), content=b"{}"
                )
                if answer.status_code == 405:
                    assert (method in answer.headers["allow"], method != "GET") == (False, True)
                    continue
                assert (method, path, answer.status_code, answer.content) == (method, path, 404, never.content)
                assert dict(answer.headers) == dict(never.headers)


@pytest.mark.row("T-195", "T-196", "T-190", "T-191", "T-194")
@pytest.mark.parametrize("name", ["objects", "manifest", "object", "versions", "status"])
async def test_a_fault_of_the_hub(sqlite_url: str, name: str) -> None:
    """A broken table is a TAXII error too, that says nothing of it; every other resource goes on."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[name]
        with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
            connection.execute(f"ALTER TABLE {'status' if name == 'status' else 'entry'} RENAME TO broken")
        connection.close()
        answer = await s.get(path)
        assert answer.status_code in (500, 503)
        require_error(answer, answer.status_code)
        assert (await s.get("/taxii2/alpha/collections/")).status_code == 200


@pytest.mark.row("T-012", "T-013", "T-014")
async def test_without_an_account_everything_looks_the_same(sqlite_url: str) -> None:
    """Without credentials what there is and what is not look the same, on every resource and every method that it has."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        expected = (await s.get("/taxii2/never/", None)).content
        for name, path in paths.items():
            for method in ALLOWED[name].split(", "):
                for one in {path, path.replace("alpha", "never"), path.replace(MAIN, UNKNOWN_COLLECTION)}:
                    answer = await s.client.request(method, one, headers=s.headers(None))
                    assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)
                    assert answer.content == (b"" if method == "HEAD" else expected)
