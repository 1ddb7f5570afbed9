"""Recalls on pages: what was given to one and taken back, acknowledged together; of ours, who has not; to nobody else a word."""

from collections.abc import AsyncIterator

import pytest

from indicator_hub.sharing.sign_in import set_password
from support.console import Person, person
from support.http import OBJECTS, Site, site
from support.world import indicator

PASSWORD = "a long enough one"
HERE = "/console/recalls/"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """Three objects, polled by bea's organisation, two of them taken back."""
    async with site(database_url) as made:
        for name in ("ana", "bea", "dan"):
            await set_password(made.world.store, name, PASSWORD)
        await made.post(*(indicator(number, tlp="GREEN") for number in (1, 2, 3)))
        await made.get(OBJECTS, "bea")
        for number in (1, 2):
            made.world.clock.forward(seconds=1)
            await made.api("POST", f"/own/{indicator(number)['id']}/recall/", body={"reason": "wrong_marking"})
        yield made


async def _signed_in(s: Site, browser: Person, name: str) -> Person:
    assert (await browser.sign_in(name, PASSWORD)).status_code == 303
    return browser


async def test_what_was_taken_back_is_acknowledged_together(s: Site) -> None:
    """Whoever had it finds it, chooses, and says so once for all; its originator sees who has."""
    names = [one["id"] for one in (await s.api("GET", "/recalls/", "bea")).json()["items"]]
    async with person(s) as first, person(s) as second:
        bea, ana = await _signed_in(s, first, "bea"), await _signed_in(s, second, "ana")
        told = (await bea.get(HERE)).text
        assert [indicator(number)["id"] in told for number in (1, 2, 3)] == [True, True, False]
        assert "wrong marking" in told
        issued = (await ana.get(f"{HERE}issued/")).text
        assert ("xb-cert" in issued, "xb-soc" in issued, issued.count("not yet")) == (True, False, 2)
        assert (await bea.post(f"{HERE}acknowledge/", recall=[])).status_code == 303
        assert (await bea.get(HERE)).text.count("not yet") == 2
        done = await bea.post(f"{HERE}acknowledge/", recall=names)
        assert (done.status_code, done.headers["location"]) == (303, HERE)
        assert (await bea.get(HERE)).text.count("not yet") == 0
        issued = (await ana.get(f"{HERE}issued/")).text
        assert (issued.count("not yet"), issued.count(">acknowledged<")) == (0, 2)


async def test_who_never_had_it_learns_nothing(s: Site) -> None:
    """Not in its list, and not by acknowledging it: as a recall that never was."""
    recall = (await s.api("GET", "/recalls/", "bea")).json()["items"][0]["id"]
    async with person(s) as browser:
        dan = await _signed_in(s, browser, "dan")
        for path in (HERE, f"{HERE}issued/"):
            told = (await dan.get(path)).text
            assert indicator(1)["id"] not in told
            assert "was taken back" in told
        answers = [await dan.post(f"{HERE}acknowledge/", recall=name) for name in (recall, "never")]
        assert [one.status_code for one in answers] == [404, 404]
        assert (await dan.get(f"{HERE}?next=x")).status_code == 400
        assert (await dan.post(f"{HERE}acknowledge/", recall=[str(number) for number in range(51)])).status_code == 400
