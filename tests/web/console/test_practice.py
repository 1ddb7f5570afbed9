"""Good practice: written, tied to what it is good against, shared as it was shown, and read by those who may."""

import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from indicator_hub.sharing.sign_in import set_password
from support.console import Person, person
from support.http import OBJECTS, Site, site
from support.world import MAIN, indicator

PASSWORD = "a long enough one"
PLACE = f"alpha/{MAIN}"
_HIDDEN = re.compile(r'<input type="hidden" name="(seed|at|looked)" value="([^"]*)">')
_READ = re.compile(r'href="(/console/practice/alpha/[^"]+)"')


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
    """What the form of a page carries on."""
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}


async def polled(s: Site, kind: str) -> list[dict[str, Any]]:
    """What a partner's machine is given of a type."""
    told = (await s.get(f"{OBJECTS}?match[type]={kind}", "abot")).json()
    return told.get("objects", [])


async def _indicator(ana: Person, level: str) -> None:
    """An indicator is there."""
    fields: dict[str, Any] = {"text": "evil-login.top", "place": PLACE, "level": level}
    seen = (await ana.post("/console/", do="look", **fields)).text
    sent = dict(re.findall(r'<input type="hidden" name="(shown|at|looked)" value="([^"]*)">', seen))
    sent["take"] = re.findall(r'name="take" value="([^"]+)"', seen)
    assert (await ana.post("/console/", do="share", **(fields | sent))).status_code == 303


async def test_a_course_of_action_is_written_tied_and_read(s: Site, ana: Person) -> None:
    """With a relationship to what it mitigates, once however often the form is sent, and shown as text, whatever it holds."""
    await _indicator(ana, "TLP:GREEN")
    evil = "1. Block it.\n2. <script>alert(1)</script>"
    fields: dict[str, Any] = {
        "kind": "course-of-action",
        "name": "Block <b>it</b>",
        "description": evil,
        "about": "evil-login[.]top",
        "place": PLACE,
        "level": "TLP:GREEN",
    }
    seen = await ana.post("/console/practice/write/", do="look", **fields)
    assert "Share 2 objects" in seen.text
    assert await polled(s, "course-of-action") == []
    sent = fields | carried(seen)
    first = await ana.post("/console/practice/write/", do="share", **sent)
    again = await ana.post("/console/practice/write/", do="share", **sent)
    assert (first.status_code, again.status_code) == (303, 409)
    (text,), (tie,), (target,) = [await polled(s, kind) for kind in ("course-of-action", "relationship", "indicator")]
    assert (text["description"], tie["relationship_type"]) == (evil, "mitigates")
    assert (tie["source_ref"], tie["target_ref"]) == (text["id"], target["id"])
    listed = await ana.get("/console/practice/?type=course-of-action")
    read = await ana.get(_READ.findall(listed.text)[0])
    assert read.status_code == 200
    assert "&lt;script&gt;alert(1)" in read.text
    assert "<script>alert" not in read.text + listed.text + seen.text
    assert "evil-login[.]top" in read.text


async def test_a_report_goes_no_further_than_what_it_is_about(s: Site, ana: Person) -> None:
    """By default it is marked as strictly; more needs a word; and it is about something that is known."""
    await _indicator(ana, "TLP:AMBER+STRICT")
    fields: dict[str, Any] = {"kind": "report", "name": "A campaign", "about": "evil-login.top", "place": PLACE}
    seen = await ana.post("/console/practice/write/", do="look", **fields)
    assert "Usual here: TLP:AMBER+STRICT" in seen.text
    wider = fields | {"level": "TLP:GREEN"}
    looked = await ana.post("/console/practice/write/", do="look", **wider)
    assert (await ana.post("/console/practice/write/", do="share", **(wider | carried(looked)))).status_code == 409
    for about in (
        "",
        "never-seen.top",
        "indicator--7e5c2f3a-0b5e-4a0e-9a55-0e4a4b1c9d11",
        " ".join(map(str, range(101))),
    ):
        refused = await ana.post("/console/practice/write/", do="look", **(fields | {"about": about}))
        assert 'role="alert"' in refused.text
    assert await polled(s, "report") == []
    assert (await ana.post("/console/practice/write/", do="share", **(fields | carried(seen)))).status_code == 303
    (report,) = await polled(s, "report")
    assert report["object_refs"] == [one["id"] for one in await polled(s, "indicator")]


async def test_what_is_not_seen_is_not_there(s: Site, ana: Person) -> None:
    """What another group shares is neither listed nor read, nor does the form know of it; and only good practice is read here."""
    hidden = {
        "type": "course-of-action", "spec_version": "2.1", "id": "course-of-action--0d0b1f0a-39a1-4a55-8a0b-2f1d5f9c7a11",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "Only for those named",
        "object_marking_refs": ["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"],
    }  # fmt: skip
    posted = json.loads((await s.post(hidden, account="bea")).content)
    assert posted["success_count"] == 1
    assert "Only for those named" not in (await ana.get("/console/practice/")).text
    for name in (hidden["id"], "course-of-action--9d0b1f0a-39a1-4a55-8a0b-2f1d5f9c7a11", "indicator--x", "x"):
        assert (await ana.get(f"/console/practice/{PLACE}/{name}/")).status_code == 404
    fields = {"kind": "report", "name": "x", "about": str(hidden["id"]), "place": PLACE}
    assert "Nothing is known here" in (await ana.post("/console/practice/write/", do="look", **fields)).text
    for after in ("x", "1.x", "99999999999999999999999.x", "-1"):
        assert (await ana.get(f"/console/practice/?after={after}")).status_code in (200, 400)


async def test_a_value_is_everything_here_that_says_it(s: Site, ana: Person) -> None:
    """Whatever holds it as a part, says it in another collection's group or is of another type takes no place; too much of it is told, not cut."""
    name = "[domain-name:value = 'evil-login.top']"
    later = [indicator(number, tlp="GREEN", pattern=f"[url:value = 'http://evil-login.top/{number}']") for number in range(6, 12)]  # fmt: skip
    said = [indicator(number, tlp="GREEN", pattern=name) for number in range(1, 6)]
    await s.post(*said, *later, account="bea")
    fields: dict[str, Any] = {"kind": "report", "name": "A campaign", "about": "evil-login.top", "place": PLACE}
    seen = await ana.post("/console/practice/write/", do="look", **fields)
    assert (await ana.post("/console/practice/write/", do="share", **(fields | carried(seen)))).status_code == 303
    (report,) = await polled(s, "report")
    assert sorted(report["object_refs"]) == sorted(one["id"] for one in said)
    await s.post(*[indicator(number, tlp="GREEN", pattern=name) for number in range(12, 108)], account="bea")
    crowded = await ana.post("/console/practice/write/", do="look", **fields)
    assert "A text is about 100 objects at most" in crowded.text


def _made(kind: str, number: int, **said: Any) -> dict[str, Any]:
    name = indicator(number)["id"].replace("indicator", kind)
    return indicator(number, type=kind, id=name, pattern=None, pattern_type=None, valid_from=None, tlp="GREEN", **said)


async def test_what_it_is_about_is_what_is_told_and_nothing_else_was_given(s: Site, ana: Person) -> None:
    """Of a course of action the newest that it mitigates, however many other relationships there are; and who reads it was given none of those."""
    text = _made("course-of-action", 1, name="Block it")
    met, other = indicator(2, tlp="GREEN"), indicator(3, tlp="GREEN")
    ends = {"source_ref": text["id"], "target_ref": met["id"]}
    crowd = [
        _made("relationship", number, relationship_type="related-to", source_ref=other["id"], target_ref=met["id"])
        for number in range(1_000, 2_001)
    ]
    await s.post(text, met, other, account="bea")
    await s.post(*crowd, account="bea")
    tie = _made("relationship", 10, relationship_type="mitigates", **ends)
    milder = _made("relationship", 11, relationship_type="related-to", **(ends | {"target_ref": other["id"]}))
    aside = _made("relationship", 12, relationship_type="related-to", source_ref=other["id"], target_ref=text["id"])
    await s.post(tie, milder, aside, account="bea")
    read = await ana.get(f"/console/practice/{PLACE}/{text['id']}/")
    assert (met["id"] in read.text, other["id"] in read.text, "There are more" in read.text) == (True, False, False)
    s.world.clock.forward(seconds=1)
    for one in (tie, milder, aside, crowd[0]):
        assert (await s.api("POST", f"/own/{one['id']}/recall/", "bea", body={"reason": "other"})).status_code < 300
    had = {one["object"] for one in (await s.api("GET", "/recalls/", "ana")).json()["items"]}
    assert had == {tie["id"]}
