"""The demo, as a newcomer and two partners see it: a real process, real sockets, the published client."""

import base64
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from taxii2client.v21 import Collection, Server, as_pages

from support.http import TAXII
from support.world import envelope, indicator

NEVER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A running demo, and the line it printed when it was ready."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INDICATOR_HUB_")}
    command = [sys.executable, "-m", "indicator_hub", "demo", "--json", "--port", "0", "--no-limits"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield json.loads(line)
    finally:
        process.terminate()
        rest = process.stdout.read()
        process.stdout.close()
        process.wait()
    assert rest == b""


def account(demo: dict[str, Any], place: int) -> dict[str, Any]:
    """The first, second or third account described."""
    return demo["accounts"][place]


def ids(collection: Collection, per_request: int = 7) -> list[str]:
    """Every object of a collection, page by page."""
    return [
        o["id"] for page in as_pages(collection.get_objects, per_request=per_request) for o in page.get("objects", [])
    ]


def walk(demo: dict[str, Any], who: dict[str, Any]) -> dict[str, list[str]]:
    """Discovery, roots, collections, all pages: what an account is given, by collection."""
    server = Server(demo["discovery"], user=who["username"], password=who["password"])
    try:
        return {c.id: ids(c) for root in server.api_roots for c in root.collections if c.can_read}
    finally:
        server.close()


def ask(
    demo: dict[str, Any],
    who: dict[str, Any] | None,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
):
    """One request as it is; status, headers without the date, body."""
    connection = http.client.HTTPConnection(urlsplit(demo["url"]).netloc)
    sent = {"Accept": TAXII, **headers}
    if who:
        pair = f"{who['username']}:{who['password']}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    found = answer.status, sorted((n.lower(), v) for n, v in answer.getheaders() if n.lower() != "date"), answer.read()
    connection.close()
    return found


def test_the_line_says_what_there_is(demo: dict[str, Any]) -> None:
    """One standing group, one operation, public; accounts of persons first; what each may do, by collection id."""
    assert {group["name"] for group in demo["groups"]} == {"sentinel", "night-heron", "public"}
    assert len({one["nation"] for one in demo["accounts"]}) >= 4
    assert len({one["organisation"] for one in demo["accounts"]}) >= 6
    sentinel = next(group for group in demo["groups"] if group["name"] == "sentinel")
    alias = {c["alias"]: c["id"] for group in demo["groups"] for c in group["collections"]}
    assert sentinel["api_root"] == f"{demo['url']}/taxii2/sentinel/"
    first, second, third = (account(demo, place) for place in range(3))
    assert [one["kind"] for one in (first, second, third)] == ["person"] * 3
    assert (first["access"][alias["indicators"]], first["access"][alias["good-practice"]]) == ("rw", "rw")
    assert first["access"][alias["feeds"]] == "r"
    assert (second["nation"] != first["nation"], second["access"][alias["indicators"]]) == (True, "r")
    assert alias["casework"] not in first["access"]
    assert third["access"][alias["casework"]] == "rw"
    writes = {name for name, right in third["access"].items() if "w" in right}
    assert writes.isdisjoint({name for name, right in first["access"].items() if "w" in right})
    assert all(one["password"] == one["token"] for one in demo["accounts"])


def test_two_nations_see_what_their_groups_allow(demo: dict[str, Any]) -> None:
    """The published client walks everything; the second nation's account is given fewer objects; only the two open collections are empty."""
    first, second, third = (walk(demo, account(demo, place)) for place in range(3))
    alias = {c["alias"]: c["id"] for group in demo["groups"] for c in group["collections"]}
    assert len(first[alias["feeds"]]) >= 25
    assert set(second[alias["feeds"]]) < set(first[alias["feeds"]])
    assert sum(map(len, second.values())) < sum(map(len, first.values()))
    for given in (first, second, third):
        for name, found in given.items():
            assert len(found) == len(set(found))
            assert (found == []) == (name in (alias["indicators"], alias["good-practice"]))


def test_the_outsiders_answer(demo: dict[str, Any]) -> None:
    """To the first account the operation's collection answers byte for byte as one that never was."""
    alias = {c["alias"]: c["id"] for group in demo["groups"] for c in group["collections"]}
    first = account(demo, 0)
    for rest in ("", "objects/", "manifest/"):
        there = ask(demo, first, f"/taxii2/night-heron/collections/{alias['casework']}/{rest}")
        never = ask(demo, first, f"/taxii2/nowhere-known/collections/{NEVER}/{rest}")
        assert (there[0], there) == (404, never)
    assert ask(demo, first, f"/taxii2/sentinel/collections/{alias['casework']}/") == ask(
        demo, first, f"/taxii2/sentinel/collections/{NEVER}/"
    )


def test_an_analyst_posts_and_a_partner_polls(demo: dict[str, Any]) -> None:
    """What the first account posts with the published client arrives at the second, who may not write there."""
    alias = {c["alias"]: c["id"] for group in demo["groups"] for c in group["collections"]}
    root = f"{demo['url']}/taxii2/sentinel/collections/{alias['indicators']}/"
    first, second = account(demo, 0), account(demo, 1)
    writer = Collection(root, user=first["username"], password=first["password"])
    reader = Collection(root, user=second["username"], password=second["password"])
    status = writer.add_objects({"objects": [indicator(1), indicator(2, tlp="RED")]}, wait_for_completion=True)
    assert (status.status, status.success_count, status.failure_count) == ("complete", 2, 0)
    assert ids(reader) == [indicator(1)["id"]]
    assert reader.get_object(indicator(1)["id"])["objects"] == [indicator(1)]
    assert writer.object_versions(indicator(1)["id"])["versions"] == [indicator(1)["modified"]]
    path = urlsplit(root).path + "objects/"
    assert ask(demo, second, path, "POST", envelope(indicator(3)), **{"Content-Type": TAXII})[0] == 403
    for one in (1, 2):
        writer.delete_object(indicator(one)["id"])
    assert ids(reader) == ids(writer) == []
    writer.close()
    reader.close()


def test_what_comes_back_is_what_was_sent(demo: dict[str, Any]) -> None:
    """Over a real socket too, an object comes back in its own bytes; HEAD has the headers and no body."""
    alias = {c["alias"]: c["id"] for group in demo["groups"] for c in group["collections"]}
    path = f"/taxii2/sentinel/collections/{alias['good-practice']}/objects/"
    raw = json.dumps(indicator(5, x_number=1.50), indent=1).encode()
    first = account(demo, 0)
    made = ask(demo, first, path, "POST", b'{"objects":[' + raw + b"]}", **{"Content-Type": TAXII})
    assert made[0] == 202
    status, headers, body = ask(demo, first, path)
    assert (status, body) == (200, b'{"more":false,"objects":[' + raw + b"]}")
    head = ask(demo, first, path, "HEAD")
    assert (head[0], head[1], head[2]) == (200, headers, b"")
    assert ask(demo, first, f"{path}{indicator(5)['id']}/", "DELETE")[0] == 200


def test_a_second_start_finds_what_is_there(tmp_path: Path) -> None:
    """Started again on the same data, the demo adds nothing to what the feeds brought, and gives new tokens."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INDICATOR_HUB_")}
    command = [sys.executable, "-m", "indicator_hub", "demo", "--json", "--port", "0", "--data", str(tmp_path / "data")]
    found: list[dict[str, list[str]]] = []
    tokens: list[str] = []
    for _ in range(2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        found.append(walk(line, account(line, 2)))
        tokens.append(account(line, 2)["token"])
        process.terminate()
        process.stdout.close()
        process.wait()
    assert found[0] == found[1]
    assert tokens[0] != tokens[1]


def test_a_paste_in_the_console_is_polled_by_a_partner(demo: dict[str, Any]) -> None:
    """Looked at and shared in the console without JavaScript, it is at once what the published client is given."""
    who = next(one for one in demo["accounts"] if one["username"] == "xa-analyst")
    partner = next(one for one in demo["accounts"] if one["organisation"] == "xb-cert")
    group = next(one for one in demo["groups"] if one["name"] == "sentinel")
    place = next(one["id"] for one in group["collections"] if one["alias"] == "indicators")
    with httpx2.Client(base_url=demo["url"], follow_redirects=True) as browser:
        sent = {"name": who["username"], "password": who["console_password"]}
        page = browser.post("/console/sign-in/", data=sent).text
        fields: dict[str, Any] = {
            "text": "hxxps://evil-login[.]top/a",
            "place": f"sentinel/{place}",
            "level": "TLP:AMBER",
        }
        for do in ("look", "share"):
            fields |= dict(re.findall(r'<input type="hidden" name="(csrf|shown|at|looked)" value="([^"]*)">', page))
            fields["take"] = re.findall(r'name="take" value="([^"]+)"', page)
            page = browser.post("/console/", data=fields | {"do": do}).text
    assert "1 object is in the collection" in page
    collection = Collection(
        f"{group['api_root']}collections/{place}/", user=partner["username"], password=partner["password"]
    )
    try:
        patterns = [
            o.get("pattern") for one in as_pages(collection.get_objects, per_request=100) for o in one["objects"]
        ]
    finally:
        collection.close()
    assert patterns.count("[url:value = 'https://evil-login.top/a']") == 1
