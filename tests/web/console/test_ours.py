"""One's own record on pages: everything one shared, taken back and shared again; consents asked and answered; accounts suspended."""

import re
from collections.abc import AsyncIterator

import pytest

from indicator_hub.sharing import recall
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.trust.roster import Membership
from indicator_hub.web.console import ours
from support.console import Person, person
from support.http import OBJECTS, Site, site
from support.world import indicator, roster

PASSWORD = "a long enough one"
ONE = indicator(1)["id"]
PATH = f"/console/ours/objects/{ONE}/"
HOSTILE = "<img src=x onerror=alert(1)> مؤشر http://bad.example/"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world with passwords."""
    async with site(database_url) as made:
        for name in ("ana", "bea", "eve"):
            await set_password(made.world.store, name, PASSWORD)
        yield made


@pytest.fixture
async def ana(s: Site) -> AsyncIterator[Person]:
    """Ana's browser, signed in."""
    async with person(s) as made:
        await made.sign_in("ana", PASSWORD)
        yield made


@pytest.fixture
async def bea(s: Site) -> AsyncIterator[Person]:
    """Bea's browser, of another organisation."""
    async with person(s) as made:
        await made.sign_in("bea", PASSWORD)
        yield made


def test_every_reason_has_its_words() -> None:
    """Those of the deed, no more and no fewer."""
    assert tuple(ours.REASONS) == recall.REASONS


async def test_the_record_says_what_became_of_each(s: Site, ana: Person) -> None:
    """Shared, held with its reason, taken back: each under its tab; empty tabs say what would be there."""
    for state, words in (("shared", "shared nothing yet"), ("held", "Nothing is held"), ("recalled", "taken back")):
        assert words in (await ana.get(f"/console/ours/?state={state}")).text
    unknown = "marking-definition--00000000-0000-4000-8000-0000000000ff"
    await s.post(indicator(1, tlp="GREEN", name=HOSTILE), indicator(2, object_marking_refs=[unknown]))
    shared, held = [(await ana.get(f"/console/ours/?state={state}")).text for state in ("shared", "held")]
    assert (ONE in shared, indicator(2)["id"] in shared, indicator(2)["id"] in held) == (True, False, True)
    assert "<img" not in shared
    assert "bad[.]example" in shared
    assert "not understood" in held or "definition" in held
    assert (await ana.get("/console/ours/?state=other")).status_code == 400
    assert (await ana.get("/console/ours/?next=x")).status_code == 400


async def test_the_record_goes_on_by_key(s: Site, ana: Person) -> None:
    """Each object once, page by page, however many there are."""
    await s.post(*(indicator(number, tlp="GREEN") for number in range(1, 121)))
    path, seen = "/console/ours/", list[str]()
    while path:
        told = (await ana.get(path)).text
        seen += re.findall(r'href="/console/ours/objects/(indicator--[^/"]+)/"', told)
        following = re.search(r'rel="next" href="(\?[^"]+)"', told)
        path = f"/console/ours/{following[1].replace('&amp;', '&')}" if following else ""
    assert sorted(seen) == sorted(indicator(number)["id"] for number in range(1, 121))


async def test_nobody_elses_record(s: Site, ana: Person, bea: Person) -> None:
    """What another organisation shared is not there, to the byte as what never was."""
    await s.post(indicator(1, tlp="GREEN"))
    assert (await ana.get(PATH)).status_code == 200
    assert ONE not in (await bea.get("/console/ours/")).text
    for rest in ("", "recall/", "reissue/?group=alpha&collection=main"):
        told: list[str] = []
        for identifier in (ONE, indicator(99)["id"]):
            answer = await bea.get(f"/console/ours/objects/{identifier}/{rest}")
            assert answer.status_code == 404
            told.append(re.sub(r'name="csrf" value="[^"]+"', "", answer.text).replace(identifier, ""))
        assert told[0] == told[1]
    assert (await bea.post(f"{PATH}recall/", reason="other")).status_code == 404
    assert (await bea.post(f"{PATH}reissue/", group="alpha", collection="main")).status_code == 404


async def test_taken_back_and_shared_again(s: Site, ana: Person) -> None:
    """Each on a page of its own that says what will be; then it is so over TAXII."""
    await s.post(indicator(1, tlp="GREEN"))
    await s.get(OBJECTS, "bea")
    asked = (await ana.get(f"{PATH}recall/")).text
    assert "vanish for everybody" in asked
    assert (await ana.post(f"{PATH}recall/", reason="because")).status_code == 400
    done = await ana.post(f"{PATH}recall/", reason="wrong_marking")
    assert (done.status_code, done.headers["location"]) == (303, PATH)
    assert (await s.get(OBJECTS, "bea")).json() == {}
    told = (await ana.get(PATH)).text
    assert "taken back" in told
    assert "Take it back</a>" not in told
    assert (await ana.get(f"{PATH}recall/")).status_code == 404
    again = re.search(r'href="([^"]+/reissue/[^"]+)"', told)[1].replace("&amp;", "&")
    shown = (await ana.get(again)).text
    collection = re.search(r'name="collection" value="([^"]+)"', shown)[1]
    back = await ana.post(f"{PATH}reissue/", group="alpha", collection=collection)
    assert back.status_code == 303
    assert len((await s.get(OBJECTS, "bea")).json()["objects"]) == 1


async def test_what_lies_in_a_group_one_has_left_can_still_be_taken_back(s: Site, ana: Person) -> None:
    """The record is one's own, whatever becomes of the membership; but there nothing is shared again."""
    await s.post(indicator(1, tlp="GREEN"))
    gone = Membership("xa-cert", "alpha", "member", ends=s.world.clock.now - 1)
    await apply(s.world.store, roster(memberships=dict(roster().memberships) | {("xa-cert", "alpha"): gone}))
    assert (await ana.get("/console/groups/alpha/")).status_code == 404
    assert (await ana.post(f"{PATH}recall/", reason="legal")).status_code == 303
    again = await ana.post(f"{PATH}reissue/", group="alpha", collection="main")
    assert again.status_code == 409
    assert "nothing is shared there" in again.text


async def test_consents_are_answered_on_pages(s: Site, ana: Person, bea: Person) -> None:
    """Asked, granted until a day, withdrawn; only by its originator; nothing of it to others."""
    await s.post(indicator(1, tlp="AMBER"))
    ask = {"group": "alpha", "collection": "main", "object": ONE, "use": "release", "to": "night", "purpose": HOSTILE}
    # bea is a member of the operation, too; ana's organisation is not.
    made = (await s.api("POST", "/consents/", "bea", ask)).json()
    here = f"/console/ours/consents/{made['id']}/"
    listed = (await ana.get("/console/ours/consents/")).text
    assert here in listed
    assert "<img" not in listed
    assert "Grant it" in (await ana.get(here)).text
    assert "Grant it" not in (await bea.get(here)).text
    assert (await bea.post(f"{here}grant/")).status_code in (400, 403)
    assert (await ana.post(f"{here}grant/", until="2020-01-01")).status_code == 400
    assert (await ana.post(f"{here}grant/", until="2026-12-24")).status_code == 303
    assert "2026-12-24 00:00 UTC" in (await bea.get(here)).text
    assert (await ana.post(f"{here}refuse/")).status_code == 400, "it is granted already"
    assert (await ana.post(f"{here}withdraw/")).status_code == 303
    assert made["id"] in (await ana.get("/console/ours/consents/?state=withdrawn")).text
    assert made["id"] not in (await ana.get("/console/ours/consents/?state=asked")).text
    async with person(s) as eve:
        await eve.sign_in("eve", PASSWORD)
        assert (await eve.get(here)).status_code == 404
        assert made["id"] not in (await eve.get("/console/ours/consents/")).text


async def test_accounts_are_suspended_and_reinstated(s: Site, ana: Person) -> None:
    """One's organisation's, not one's own, and nobody else's."""
    accounts = "/console/account/accounts/"
    told = (await ana.get(accounts)).text
    assert ("abot" in told, "bbot" in told) == (True, False)
    assert accounts in (await ana.get("/console/account/")).text
    assert (await ana.post(f"{accounts}abot/suspend/")).status_code == 303
    assert (await s.get(OBJECTS, "abot")).status_code == 401
    assert "Reinstate" in (await ana.get(accounts)).text
    assert (await ana.post(f"{accounts}abot/reinstate/")).status_code == 303
    assert (await s.get(OBJECTS, "abot")).status_code == 200
    assert (await ana.post(f"{accounts}ana/suspend/")).status_code == 409
    for name in ("bbot", "nobody"):
        assert (await ana.post(f"{accounts}{name}/suspend/")).status_code == 404
