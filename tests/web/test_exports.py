"""Lists by URL, over HTTP: who gets what, what is refused, and that nobody fetches twice what has not changed."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

from indicator_hub.stix import timestamps
from support.http import Site, site
from support.world import MAIN, TLP, indicator

IP = "/exports/alpha/plain/ip.txt?documentation=true"


async def shared(s: Site, *objects: dict[str, Any], account: str = "ana") -> None:
    """Posted, taken, and its values kept."""
    answer = await s.post(*objects, account=account)
    assert answer.status_code == 202
    assert answer.json()["failure_count"] == 0, answer.json()


async def test_who_gets_what(database_url: str) -> None:
    """Each reader a list of its own: by level, by what it shared itself, and nothing where it is no member."""
    async with site(database_url) as s:
        await shared(s, *(indicator(n, tlp=level) for n, level in enumerate(("GREEN", "AMBER", "STRICT", "RED"), 1)))
        lists = {who: await s.get(IP, who) for who in ("ana", "bea", "bank", "dan")}
        assert {who: one.text.split() for who, one in lists.items()} == {
            "ana": [f"198.51.100.{n}" for n in (1, 2, 3)],
            "bea": [f"198.51.100.{n}" for n in (1, 2, 3)],
            "bank": [f"198.51.100.{n}" for n in (1, 2)],
            "dan": ["198.51.100.1"],
        }
        assert lists["ana"].headers["x-hub-skipped"] == "red=1"
        assert [one.headers.get("x-hub-tlp") for one in lists.values()] == [
            "TLP:AMBER+STRICT",
            "TLP:AMBER+STRICT",
            "TLP:AMBER",
            "TLP:GREEN",
        ]
        assert (await s.get(IP, "gus")).text == ""


async def test_labels_are_told_and_asked_for_as_they_are(database_url: str) -> None:
    """A slash or a per cent in one is told as it is; one with a per cent is asked for, and is no other label."""
    async with site(database_url) as s:
        said = {1: "a/b", 2: "100%", 3: "a%2fb"}
        await shared(s, *(indicator(n, tlp="GREEN", labels=[label]) for n, label in said.items()))

        async def rows(**asked: str) -> dict[str, str]:
            found = await s.client.get(
                "/exports/alpha/ndjson/indicators.ndjson",
                params={"documentation": "true"} | asked,
                headers=s.headers("ana", accept="*/*"),
            )
            listed = [json.loads(row) for row in found.text.splitlines()]
            return {one["value"]: str(one["labels"]) for one in listed}

        every = await rows()
        assert all(label in every[f"198.51.100.{number}"] for number, label in said.items())
        for number in (2, 3):
            assert list(await rows(label=said[number])) == [f"198.51.100.{number}"]


async def test_an_opinion_ends_what_was_not_changed(database_url: str) -> None:
    """304 until somebody whose word counts says that it is a false positive: then at once the new list. An opinion that the reader does not see changes nothing."""
    async with site(database_url) as s:
        one, two = indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN")
        await shared(s, one, two)
        said = {
            "type": "opinion", "spec_version": "2.1", "id": "opinion--00000000-0000-4000-8000-000000000001", "created": "2026-11-10T00:00:00.000Z",
            "modified": "2026-11-10T00:00:00.000Z", "opinion": "strongly-disagree", "object_refs": [one["id"]], "object_marking_refs": [TLP["AMBER"]],
        }  # fmt: skip
        first = {who: await s.get(IP, who) for who in ("bea", "dan")}
        await shared(s, said)
        second = {who: await s.get(IP, who, if_none_match=first[who].headers["etag"]) for who in first}
        assert [one.status_code for one in second.values()] == [200, 304]
        assert (second["bea"].text, second["bea"].headers["x-hub-skipped"]) == ("198.51.100.2\n", "false_positive=1")
        again = await s.get(IP, "bea", if_none_match=second["bea"].headers["etag"])
        assert (again.status_code, again.headers["x-hub-skipped"]) == (304, "false_positive=1")


async def test_refusals_in_their_order(sqlite_url: str) -> None:
    """Credentials, method, the query, what exists for this account: in this order, as problem details."""
    async with site(sqlite_url) as s:
        asked = [
            ("GET", "/exports/alpha/plain/ip.txt?nonsense=1", None, 401),
            ("POST", "/exports/alpha/plain/ip.txt", None, 401),
            ("POST", "/exports/alpha/plain/ip.txt", "ana", 405),
            ("GET", "/exports/alpha/plain/ip.txt?nonsense=1", "ana", 400),
            ("GET", "/exports/nowhere/plain/ip.txt?nonsense=1", "ana", 400),
            ("GET", "/exports/nowhere/plain/ip.txt", "ana", 404),
            ("GET", "/exports/night/plain/ip.txt", "ana", 404),
            ("GET", "/exports/alpha/plain/what.txt", "ana", 404),
            ("GET", "/exports/alpha/collections/none/plain/ip.txt", "ana", 404),
            ("GET", "/exports/alpha/plain/ip.txt?collection=none", "ana", 404),
            ("GET", "/exports/alpha/plain/ip.txt?originator=xc-cert", "ana", 404),
            ("GET", "/exports/alpha/misp/6f0c2a5e-7d0b-4b7a-9c1e-2f64f0a3d9b8.json", "ana", 404),
            ("GET", "/exports/alpha/some/where/else", "ana", 404),
            ("GET", "/exports/public/plain/ip.txt", None, 200),
            ("GET", f"/exports/alpha/collections/{MAIN}/plain/ip.txt", "ana", 200),
            ("GET", "/exports/alpha/collections/main/plain/ip.txt", "ana", 200),
        ]
        for method, path, account, status in asked:
            answer = await s.client.request(method, path, headers=s.headers(account))
            assert answer.status_code == status, (method, path, answer.text)
            if status >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
        empty = await s.get("/exports/alpha/plain/ip.txt")
        assert (empty.status_code, empty.content, "x-hub-tlp" in empty.headers) == (200, b"", False)


async def test_the_same_list_is_not_sent_twice(database_url: str) -> None:
    """If-None-Match: 304 while nothing has changed, by what was kept in mind and by the content; a new list when time alone changes it."""
    async with site(database_url) as s:
        soon = timestamps.render_milliseconds(s.world.clock.now + 3_600_000_000)
        await shared(s, indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN", valid_until=soon))
        first = await s.get(IP, "bea", accept_encoding="identity")
        tag = first.headers["etag"]
        packed = await s.get(IP, "bea", accept_encoding="gzip")
        assert (packed.headers["content-encoding"], packed.text) == ("gzip", first.text)
        assert packed.headers["etag"] != tag
        for sent in (tag, packed.headers["etag"], f'"other", W/{tag}', "*"):
            again = await s.get(IP, "bea", if_none_match=sent)
            assert (again.status_code, again.content) == (304, b"")
        head = await s.client.head(IP, headers=s.headers("bea", accept_encoding="identity"))
        assert (head.headers["etag"], head.content, head.headers["content-length"]) == (
            tag,
            b"",
            str(len(first.content)),
        )
        # Somebody shares what this reader does not see: the list is read again, and is the same.
        await shared(s, indicator(3, tlp="RED"))
        assert (await s.get(IP, "dan", if_none_match=tag)).status_code == 304
        s.world.clock.forward(seconds=3_601)
        later = await s.get(IP, "bea", if_none_match=tag)
        assert (later.status_code, later.text, later.headers["x-hub-skipped"]) == (200, "198.51.100.1\n", "expired=1")
        changed = [parsedate_to_datetime(one.headers["last-modified"]) for one in (first, later)]
        assert changed[0] < changed[1]


async def test_what_goes_out_is_recorded(database_url: str) -> None:
    """Whole objects, a MISP feed by its own manifest, and a limit that says what it cut off."""
    async with site(database_url) as s:
        await shared(s, *(indicator(n, tlp="GREEN", confidence=n * 10) for n in range(1, 6)))
        bundle = (await s.get("/exports/alpha/stix/bundle.json", "bea")).json()
        assert len(bundle["objects"]) == 5
        for kind, number in (("ipv4-addr", 5), ("url", 0)):
            narrowed = (await s.get(f"/exports/alpha/stix/bundle.json?kind={kind}", "bea")).json()
            assert len(narrowed.get("objects", ())) == number
        manifest = (await s.get("/exports/alpha/misp/manifest.json", "bea")).json()
        assert manifest == {}
        base = "/exports/alpha/misp"
        manifest = (await s.get(f"{base}/manifest.json?documentation=true", "bea")).json()
        (name,) = manifest
        event = (await s.get(f"{base}/{name}.json?documentation=true", "bea")).json()["Event"]
        assert (event["uuid"], len(event["Attribute"]), event["Tag"]) == (name, 5, [{"name": "tlp:green"}])
        cut = await s.get(f"{IP}&limit=2", "bea")
        assert (cut.text.split(), cut.headers["x-hub-truncated"]) == (["198.51.100.4", "198.51.100.5"], "3")
        assert json.dumps(event)


async def test_who_was_sent_nothing_was_given_nothing(database_url: str) -> None:
    """`If-None-Match: *` is answered 304 by an account that never had the list: a recall does not name it, as it does one that was sent the list."""
    async with site(database_url) as s:
        await shared(s, indicator(1, tlp="GREEN"))
        for sent in ("*", '"other", *'):
            answer = await s.get(IP, "bea", if_none_match=sent)
            assert (answer.status_code, answer.content) == (304, b"")
        assert (await s.get(IP, "dan", if_none_match='"other"')).status_code == 200
        s.world.clock.forward(seconds=1)
        await s.api("POST", f"/own/{indicator(1)['id']}/recall/", body={"reason": "other"})
        told = {name: len((await s.api("GET", "/recalls/", name)).json()["items"]) for name in ("bea", "dan")}
        assert told == {"bea": 0, "dan": 1}
