"""Groups and operations on pages: who is in them, who may do what, what each gave as far as one sees it, and nothing of a group that one is not in."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.stix import timestamps
from indicator_hub.trust.roster import Contact, Membership, Organisation
from support.console import person
from support.http import Site, site
from support.world import NIGHT, indicator, roster

PASSWORD = "a long enough one"
PEOPLE = ("ana", "bea", "dan", "eve", "gus")
HOSTILE = "<script>alert(1)</script> فريق الاستجابة"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world with passwords."""
    async with site(database_url) as made:
        for name in PEOPLE:
            await set_password(made.world.store, name, PASSWORD)
        yield made


async def page(s: Site, name: str, path: str) -> tuple[int, str]:
    """What somebody is shown there."""
    async with person(s) as somebody:
        await somebody.sign_in(name, PASSWORD)
        found = await somebody.get(path)
        return found.status_code, found.text


async def test_the_list_is_of_ones_own_groups(s: Site) -> None:
    """Agreement, part and windows of what one is in; of the others not a word."""
    status, told = await page(s, "ana", "/console/groups/")
    assert status == 200
    for words in ("/console/groups/alpha/", "Pact", "member, steward", "2030-01-01", "The agreement ends"):
        assert words in told
    for words in ("night", "Night", "a case"):
        assert words not in told


async def test_members_are_told_with_their_desk_and_rights(s: Site) -> None:
    """Each by the function that decides: role, level, who writes where; and how it is reached."""
    status, told = await page(s, "dan", "/console/groups/alpha/")
    assert status == 200
    for words in ("XA-CERT", "duty@xb-cert.example", "of xa-cert", "TLP:AMBER+STRICT", "reads nothing"):
        assert words in told
    items = (await s.api("GET", "/groups/alpha/members/", "dan")).json()["items"]
    rights = {
        one["organisation"]: {may["alias"]: (may.get("reads"), may["writes"]) for may in one["collections"]}
        for one in items
    }
    assert rights["xb-soc"] == dict.fromkeys(("fed", "main", "other"), ("TLP:GREEN", False))
    assert rights["xa-cert"]["main"] == ("TLP:AMBER+STRICT", True)
    assert rights["xa-cert"]["other"] == ("TLP:GREEN", True), "no higher than the collection's ceiling"
    assert rights["xa-cert"]["fed"] == ("TLP:AMBER+STRICT", False), "feeds alone write there"
    assert rights["xd-cert"]["main"] == (None, True)
    assert "suspended" not in next(one for one in items if one["organisation"] == "xa-cert")


async def test_who_is_no_member_of_public_is_given_no_telephones(s: Site) -> None:
    """Everybody reads it; the duty desks are for those who have a part in it."""
    shown = {name: await page(s, name, "/console/groups/public/") for name in ("ana", "eve")}
    assert [status for status, _ in shown.values()] == [200, 200]
    assert ["duty@xc-cert.example" in told for _, told in shown.values()] == [False, True]
    told = (await s.api("GET", "/groups/public/members/", "ana")).json()["items"]
    assert [one["contact"] for one in told] == [{}]


async def test_a_sponsor_that_has_left_is_not_told_of(s: Site) -> None:
    """Whose membership is not live is not told of, as a sponsor either."""
    gone = Membership("xa-cert", "alpha", "member", ends=s.world.clock.now - 1)
    await apply(s.world.store, roster(memberships=dict(roster().memberships) | {("xa-cert", "alpha"): gone}))
    status, told = await page(s, "dan", "/console/groups/alpha/")
    assert status == 200
    assert "xa-cert" not in told.lower()
    assert "xa-cert" not in (await s.api("GET", "/groups/alpha/members/", "dan")).text.replace("xa-cert-", "")


@pytest.mark.parametrize(
    "path",
    ["/console/groups/{}/", "/console/groups/{}/named/eve/end/", "/console/operations/{}/report/"],
)
async def test_a_group_that_one_is_not_in_is_as_one_that_never_was(s: Site, path: str) -> None:
    """To the byte, but for the language form's own address and its masked token."""
    answers: list[str] = []
    for group in ("night", "never"):
        status, told = await page(s, "ana", path.format(group))
        assert status == 404
        answers.append(re.sub(r'name="csrf" value="[^"]+"', "", told).replace(f"/{group}/", "/"))
    assert answers[0] == answers[1]
    for what in ("members", "given"):
        hidden, never = [await s.api("GET", f"/groups/{group}/{what}/", "ana") for group in ("night", "never")]
        assert (hidden.status_code, hidden.content) == (404, never.content)


async def test_what_each_gave_is_what_one_sees(s: Site) -> None:
    """A steward's report counts the events; a member counts under the predicate, and the number does not tell of what it hides."""
    path = f"/taxii2/night/collections/{NIGHT}/objects/"
    for number, tlp in ((1, "GREEN"), (2, "AMBER"), (3, "RED")):
        await s.post(indicator(number, tlp=tlp), account="eve", path=path)
    await s.post(indicator(2, modified="2026-11-02T00:00:00.000Z", tlp="AMBER"), account="eve", path=path)
    given = {name: (await s.api("GET", "/groups/night/given/", name)).json() for name in ("bea", "eve")}
    assert given["bea"] == {"items": [{"organisation": "xc-cert", "objects": 2}], "counted_all": True}
    assert given["eve"]["items"] == [{"organisation": "xc-cert", "objects": 3}]
    _, told = await page(s, "bea", "/console/groups/night/")
    assert "What each gave</h2>" in told
    assert "What each gave and received" not in told
    _, told = await page(s, "eve", "/console/groups/night/")
    assert "What each gave and received" in told
    assert "What each gave</h2>" not in told, "the report says it, and more"


async def test_when_an_operation_is_over_its_stewards_get_the_report(s: Site) -> None:
    """The group is gone for everybody; the list leads a steward to the report, and nobody else."""
    await s.post(indicator(1, tlp="GREEN"), account="eve", path=f"/taxii2/night/collections/{NIGHT}/objects/")
    s.world.clock.now = timestamps.parse("2027-01-01T00:00:00Z")
    report = "/console/operations/night/report/"
    for name in ("bea", "eve"):
        assert (await page(s, name, "/console/groups/night/"))[0] == 404
        assert (report in (await page(s, name, "/console/groups/"))[1]) is (name == "eve")
    status, told = await page(s, "eve", report)
    assert status == 200
    assert "Closing report" in told
    assert (await page(s, "bea", report))[0] == 404
    assert [one["name"] for one in (await s.api("GET", "/operations/", "eve")).json()["items"]] == ["night"]
    assert (await s.api("GET", "/operations/", "bea")).json()["items"] == []


async def test_a_person_is_put_forward_confirmed_and_ended(s: Site) -> None:
    """What takes something away is asked on a page of its own; mistakes are said where they can be mended."""
    here = "/console/groups/alpha/"
    async with person(s) as ana, person(s) as dan:
        await ana.sign_in("ana", PASSWORD)
        await dan.sign_in("dan", PASSWORD)
        for account, until in (("abot", ""), ("nobody", ""), ("ana", "some day"), ("ana", "2020-01-01")):
            assert (await ana.post(here, deed="propose", account=account, until=until)).status_code == 400
        assert (await ana.post(here, deed="other", account="ana")).status_code == 400
        made = await ana.post(here, deed="propose", account="ana", until="2026-12-24")
        assert (made.status_code, made.headers["location"]) == (303, here)
        shown = (await ana.get(here)).text
        assert "put forward" in shown
        assert "2026-12-24 00:00 UTC" in shown
        assert (await dan.post(here, deed="confirm", account="ana")).status_code == 400
        assert (await dan.get(f"{here}named/ana/end/")).status_code == 404
        await ana.post(here, deed="confirm", account="ana")
        assert (await s.world.reach("ana")).cap == 4
        assert "no longer reads TLP:RED" in (await ana.get(f"{here}named/ana/end/")).text
        await ana.post(here, deed="end", account="ana")
        assert (await s.world.reach("ana")).cap == 3


async def test_two_hundred_members_and_what_they_call_themselves(s: Site) -> None:
    """Titles are text, whatever stands in them, and each has its row."""
    usual = roster()
    more = [
        Organisation(f"xe-{number:03}", HOSTILE, "XE", Contact(desk=HOSTILE, email="d@example", pgp="AB" * 20))
        for number in range(200)
    ]
    joined = {(one.name, "alpha"): Membership(one.name, "alpha", "observer") for one in more}
    await apply(
        s.world.store,
        replace(
            usual,
            organisations=dict(usual.organisations) | {one.name: one for one in more},
            memberships=dict(usual.memberships) | joined,
        ),
    )
    status, told = await page(s, "gus", "/console/groups/alpha/")
    assert status == 200
    assert told.count("AB" * 20) == 200
    assert "<script>alert" not in told
    assert "فريق الاستجابة" in told
