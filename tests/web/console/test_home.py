"""One box: what is found in a paste, who would see it, and that exactly what was shown is shared, once, and polled by partners."""

import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from indicator_hub.errors import Invalid, TooLarge
from indicator_hub.limits import Limits
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.web.console import box
from support.console import Person, person
from support.http import OBJECTS, Site, site
from support.world import MAIN, indicator

PASSWORD = "a long enough one"
LIST = "185.220.101[.]45\nhxxp://evil-login[.]top/a\n10.0.0.1\n185.220.101.45\n"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_TICKED = re.compile(r'name="take" value="([^"]+)"[^>]*? checked')
_BOXES = re.compile(r'name="take" value="([^"]+)"')


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world; ana signs in with a password."""
    async with site(database_url) as made:
        await set_password(made.world.store, "ana", PASSWORD)
        yield made


@pytest.fixture
async def ana(s: Site) -> AsyncIterator[Person]:
    """Ana's browser, signed in."""
    async with person(s) as made:
        await made.sign_in("ana", PASSWORD)
        yield made


def carried(page: httpx2.Response) -> dict[str, Any]:
    """What the form of a page carries on: hidden fields and what is ticked."""
    hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
    return {name: hidden[name] for name in ("shown", "at", "looked", "held", "file_name") if name in hidden} | {
        "take": _TICKED.findall(page.text)
    }


async def objects(s: Site, account: str = "abot") -> list[dict[str, Any]]:
    """What a partner's machine polls."""
    return (await s.get(OBJECTS, account)).json().get("objects", [])


async def test_a_paste_is_looked_at_shared_once_and_polled(s: Site, ana: Person) -> None:
    """Nothing is stored before it is shared; what is refused says why; a second click shares nothing twice."""
    fields = {
        "text": LIST,
        "place": f"alpha/{MAIN}",
        "level": "TLP:GREEN",
        "word": "c2",
        "confidence": "85",
        "days": "7",
    }
    seen = await ana.post("/console/", do="look", **fields)
    assert seen.status_code == 200
    for shown in (
        "185[.]220[.]101[.]45",
        "hxxp://evil-login[.]top/a",
        "A private or special address",
        "Share 2 objects",
    ):
        assert shown in seen.text
    assert await objects(s) == []
    sent = fields | carried(seen)
    assert len(sent["take"]) == 2
    first = await ana.post("/console/", do="share", **sent)
    again = await ana.post("/console/", do="share", **sent)
    assert (first.status_code, again.status_code) == (303, 409)
    polled = await objects(s)
    assert sorted(one["pattern"] for one in polled) == [
        "[ipv4-addr:value = '185.220.101.45']",
        "[url:value = 'http://evil-login.top/a']",
    ]
    assert {one["confidence"] for one in polled} == {85}
    assert all('rsit:malicious-code="c2-server"' in one["labels"] for one in polled)
    told = await ana.get(first.headers["location"])
    assert "2 objects are in the collection" in told.text
    assert "185[.]220[.]101[.]45" in told.text


async def test_what_has_changed_since_is_shown_again(s: Site, ana: Person) -> None:
    """Another level, another text or other members than those shown: nothing is shared before they were seen."""
    fields: dict[str, Any] = {"text": LIST, "place": f"alpha/{MAIN}", "level": "TLP:AMBER+STRICT"}
    sent = fields | carried(await ana.post("/console/", do="look", **fields))
    for change in ({"level": "TLP:GREEN"}, {"name": "other"}, {"take": sent["take"][:1]}, {"looked": ""}):
        refused = await ana.post("/console/", do="share", **(sent | change))
        assert (refused.status_code, "look at it once more" in refused.text) == (409, True)
    assert await objects(s) == []
    assert (await ana.post("/console/", do="share", **sent)).status_code == 303


async def test_what_is_found_in_a_text_is_for_review_and_its_level_is_not_undercut(s: Site, ana: Person) -> None:
    """Nothing in a mail is ticked by itself; a text that says TLP:RED goes no further by default."""
    mail = "From: a@partner.example\nSubject: TLP:RED incident\nTo: b@partner.example\n\nWe saw evil-login[.]top and 185.220.101[.]45.\n"
    fields: dict[str, Any] = {"text": mail, "place": f"alpha/{MAIN}", "level": ""}
    seen = await ana.post("/console/", do="look", **fields)
    assert "Usual here: TLP:RED" in seen.text
    assert carried(seen)["take"] == []
    every = fields | carried(await ana.post("/console/", do="all", **fields))
    assert len(every["take"]) == 2
    wider = await ana.post("/console/", do="look", **(every | {"level": "TLP:GREEN"}))
    assert "let it go further" in wider.text
    refused = await ana.post("/console/", do="share", **(every | carried(wider) | {"level": "TLP:GREEN"}))
    assert refused.status_code == 409
    assert await objects(s) == []


async def test_stix_goes_as_it_is(s: Site, ana: Person) -> None:
    """The bytes of an object are those that were given in a file, whatever choices stand beside it."""
    raw = (
        '{"type": "indicator",\r\n "spec_version":"2.1", "id":"indicator--7e5c2f3a-0b5e-4a0e-9a55-0e4a4b1c9d11", '
        '"created":"2026-01-01T00:00:00.000Z", "modified":"2026-01-01T00:00:00.000Z", "pattern":"[url:value = \'http://x.top/\']", '
        '"pattern_type":"stix", "valid_from":"2026-01-01T00:00:00Z", "object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}'
    )
    bundle = '{"type":"bundle","id":"bundle--2f1e6cbb-6a0a-4d4f-8a26-6b8f2ba5a0aa","objects":[' + raw + "]}"
    fields: dict[str, Any] = {"place": f"alpha/{MAIN}", "name": "not added", "csrf": await ana.token()}
    files = {"file": ("bundle.json", bundle.encode(), "application/json")}
    seen = await ana.client.post("/console/", data=fields | {"do": "look"}, files=files)
    assert "bundle.json" in seen.text
    shared = await ana.post("/console/", do="share", **(fields | carried(seen)))
    assert shared.status_code == 303, shared.text
    assert raw in (await s.get(OBJECTS, "abot")).text


async def test_only_the_part_is_sent_to_htmx(ana: Person) -> None:
    """What is looked at while it is typed comes as the part of the page that changes."""
    part = await ana.post("/console/", headers={"HX-Request": "true"}, text="evil-login.top")
    assert part.text.lstrip().startswith('<div id="found"')
    assert "evil-login[.]top" in part.text


async def test_nothing_breaks_it_or_out_of_it(ana: Person) -> None:
    """What cannot be read is told, and markup in any field is shown as text."""
    csrf = await ana.token()
    for text in ('{"type":"bundle","objects":[', "\0", '{"Event":{}}', "\ufffd", "[]", "a" * 70_000):
        assert (await ana.post("/console/", csrf=csrf, do="look", text=text)).status_code == 200
    evil = "\"'></textarea></option><script>alert(1)</script>http://x.top/<img src=x onerror=alert(1)>"
    for name in (
        "text",
        "name",
        "context",
        "reference",
        "labels",
        "at",
        "shown",
        "take",
        "as",
        "place",
        "level",
        "until",
        "days",
    ):
        seen = await ana.post("/console/", csrf=csrf, do="look", **({"text": "evil-login.top"} | {name: evil}))
        assert seen.status_code == 200
        assert "<script>alert" not in seen.text
        assert "<img" not in seen.text
    assert (await ana.post("/console/", csrf=csrf, do="look", held=evil)).status_code == 400


async def test_who_may_not_write_is_told_so_and_cannot(s: Site) -> None:
    """Dan's organisation only reads: the box looks, and shares nothing."""
    await set_password(s.world.store, "dan", PASSWORD)
    async with person(s) as dan:
        await dan.sign_in("dan", PASSWORD)
        page = await dan.post("/console/", do="look", text=LIST, place=f"alpha/{MAIN}")
        tried = await dan.post(
            "/console/", do="share", text=LIST, place=f"alpha/{MAIN}", take=_BOXES.findall(page.text)
        )
        assert "may write to no collection" in page.text
        assert tried.status_code == 409
    assert await objects(s) == []


def test_the_form_carries_a_file() -> None:
    """Packed, whole, and within bounds."""
    content = json.dumps({"a": "b" * 1_000}).encode()
    assert box.unpack(box.pack(content), Limits()) == content
    with pytest.raises(TooLarge):
        box.unpack(box.pack(content), Limits(body=100))
    for broken in ("x", "####", box.pack(content)[:-8]):
        with pytest.raises(Invalid):
            box.unpack(broken, Limits())


async def test_what_says_a_value_is_not_crowded_out_by_what_only_holds_it(s: Site, ana: Person) -> None:
    """A domain that others share is known here however many URLs on it came since, and is not ticked; of more than a few the rest is a link."""
    url = "[url:value = 'http://evil-login.top/{}']"
    name = "[domain-name:value = 'evil-login.top']"
    later = [indicator(number, tlp="GREEN", pattern=url.format(number)) for number in range(2, 6)]
    await s.post(indicator(1, tlp="GREEN", pattern=name), *later, account="bea")
    page = await ana.post("/console/", do="look", text="evil-login.top", place=f"alpha/{MAIN}")
    assert f"/console/objects/alpha/{MAIN}/{indicator(1)['id']}/" in page.text
    assert f"/console/objects/alpha/{MAIN}/{indicator(5)['id']}/" not in page.text
    assert (carried(page)["take"], "?q=evil-login.top&amp;kind=domain-name" in page.text) == ([], False)
    await s.post(*[indicator(number, tlp="GREEN", pattern=name) for number in range(6, 9)], account="bea")
    page = await ana.post("/console/", do="look", text="evil-login.top", place=f"alpha/{MAIN}")
    more = re.search(r'href="(/console/search/\?q=evil-login.top&amp;kind=domain-name)"', page.text)
    assert more is not None
    assert indicator(1)["id"] in (await ana.get(html.unescape(more[1]))).text


def test_a_form_says_when_it_was_made() -> None:
    """Not later than now, nor more than a day ago; an older one that is sent twice says the same both times."""
    now, day = 1_796_000_000_123_456, 86_400_000_000
    assert [box.instant(one, now) for one in (str(now - 5), str(now + 5), "", "x", "-1")] == [
        now - 5,
        now,
        now,
        now,
        now,
    ]
    old = box.instant(str(now - 9 * day), now)
    assert now - day <= old == box.instant(str(now - 9 * day), now + 1_000_000)
