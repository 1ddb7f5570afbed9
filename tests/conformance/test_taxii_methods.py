"""Methods and addresses: those there are, those there are not, and the other spellings of a path (section 3.1; RFC 9110 sections 9 and 15.5.6)."""

import json
from itertools import product
from typing import Any

import pytest

from conformance.asking import ALLOWED, ONE, PAGES, RESOURCES, filled, version
from support.http import OBJECTS, TAXII, site
from support.world import MAIN, indicator

STANDARD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OTHERS = ("PROPFIND", "QUERY", "X-OWN")


def require_405(answer: Any, name: str, method: str) -> None:
    """The error resource, and in Allow what the resource really has."""
    assert (name, method, answer.status_code, answer.headers["content-type"]) == (name, method, 405, TAXII)
    assert sorted(answer.headers["allow"].split(", ")) == sorted(ALLOWED[name].split(", "))
    assert answer.headers["allow"] == ALLOWED[name]
    if method != "HEAD":
        assert (answer.json()["http_status"], bool(answer.json()["title"])) == ("405", True)


@pytest.mark.row("T-065", "T-066", "T-062", "T-341")
@pytest.mark.parametrize("name", RESOURCES)
async def test_standard_methods(sqlite_url: str, name: str) -> None:
    """Those of the table do their work, with or without the last slash, by id or by alias; the others are 405 for whoever has an account."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[name]
        for one in {path, path.rstrip("/"), path.replace(MAIN, "main")}:
            for method in STANDARD:
                headers = s.headers("ana", content_type=TAXII)
                content = json.dumps({"objects": [version(1, 1)]}) if method == "POST" else None
                answer = await s.client.request(method, one, headers=headers, content=content)
                if method not in ALLOWED[name]:
                    require_405(answer, name, method)
                    continue
                assert (method, answer.status_code) == (method, 202 if method == "POST" else 200)
                assert answer.headers["content-type"] == TAXII
                assert (answer.content == b"") == (method in ("HEAD", "DELETE"))
                if method == "DELETE":
                    await s.post(version(1, 1))
        require_405(await s.client.put(path, headers=s.headers("eve")), name, "PUT")


@pytest.mark.row("T-066", "T-195", "T-012", "T-013", "T-014")
@pytest.mark.parametrize("method", OTHERS)
async def test_methods_that_nobody_knows(sqlite_url: str, method: str) -> None:
    """405 with what there really is; 401 without an account, as for any other method; 404 where nothing is."""
    async with site(sqlite_url) as s:
        for name, path in (await filled(s)).items():
            answer = await s.client.request(method, path, headers=s.headers(None))
            assert (name, answer.status_code, "www-authenticate" in answer.headers) == (name, 401, True)
            require_405(await s.client.request(method, path, headers=s.headers("ana")), name, method)
        for path in ("/taxii2/alpha/nothing/", "/nowhere/"):
            assert (await s.client.request(method, path, headers=s.headers("ana"))).status_code == 404


@pytest.mark.row("T-067", "T-090", "T-091")
async def test_head_of_pages(sqlite_url: str) -> None:
    """Exactly the headers of GET: length, type, dates; whatever the query."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        await s.post(version(1, 2), version(2, 1))
        for name, query in product(PAGES, ("", "limit=1", "match[version]=all", "match[type]=malware", "limit=0")):
            url = f"{paths[name]}?{query}"
            get, head = await s.get(url), await s.client.head(url, headers=s.headers("ana"))
            assert (url, head.status_code, head.content) == (url, get.status_code, b"")
            assert dict(head.headers) == dict(get.headers)
            assert head.headers["content-length"] == str(len(get.content))


@pytest.mark.row("T-061", "T-060", "T-255")
async def test_writing_without_the_last_slash(sqlite_url: str) -> None:
    """POST and DELETE by every spelling of the path; the body and the credentials arrive, and nothing is redirected."""
    async with site(sqlite_url) as s:
        for place, name in enumerate((MAIN, "main")):
            path = f"/taxii2/alpha/collections/{name}/objects"
            posted = await s.post(version(place, 1), path=path)
            assert (posted.status_code, posted.json()["success_count"]) == (202, 1)
            assert (await s.delete(f"{path}/{indicator(place)['id']}?match[version]=all")).status_code == 200
        assert (await s.get(OBJECTS)).json() == {}


NOWHERE = [
    "/taxii2//", "/taxii2//alpha/", "//taxii2/", "/taxii2/alpha//collections/", "/TAXII2/", "/taxii2/Alpha/", "/taxii/", "/", "", "/taxii2/alpha/collections/main//",
    "/taxii2/alpha/collection/", "/taxii2/alpha/collections/main/object/", "/taxii2/alpha/status/", f"/taxii2/alpha/collections/main/objects/{ONE}/versions/x/",
    "/taxii2/alpha/collections/Main/", f"/taxii2/alpha/objects/{ONE}/", "/api/taxii2/", "/alpha/taxii2/", "/taxii2/alpha;x=1/", "/taxii2/alpha%20/",
]  # fmt: skip


@pytest.mark.row("T-061", "T-195", "T-210", "T-218", "T-224")
async def test_what_is_no_resource(sqlite_url: str) -> None:
    """404 as a TAXII error, never a redirect."""
    async with site(sqlite_url) as s:
        await filled(s)
        for path in NOWHERE:
            answer = await s.get(f"https://hub.example{path}")
            assert (path, answer.status_code, answer.headers["content-type"]) == (path, 404, TAXII)
            assert answer.json()["http_status"] == "404"
