"""The deeds of the trust model over the API: allowed, refused, recorded; each as another partner sees it afterwards."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.sharing import enrol
from indicator_hub.sharing.apply import apply
from indicator_hub.stix import timestamps
from indicator_hub.store.schema import event
from indicator_hub.trust.roster import Membership
from support.http import OBJECTS, Site, site
from support.marks import handling, marking
from support.world import IDENTITY_A, MAIN, NIGHT, indicator, roster

ALPHA = f"/groups/alpha/collections/{MAIN}"
CASE = f"/groups/night/collections/{NIGHT}"
NIGHT_OBJECTS = f"/taxii2/night/collections/{NIGHT}/objects/"
ONE = indicator(1)["id"]


@pytest.fixture
async def hub(database_url: str) -> AsyncIterator[Site]:
    """The usual world, in which xb-cert also writes to the operation, and xc-cert reads both groups."""
    usual = roster()
    night = Membership("xb-cert", "night", "member", can_write=True)
    alpha = Membership("xc-cert", "alpha", "member", can_write=True)
    more = {("xb-cert", "night"): night, ("xc-cert", "alpha"): alpha}
    async with site(database_url, roster(memberships=dict(usual.memberships) | more)) as made:
        yield made


def deed(name: str, *, of: str = ONE, at: str = ALPHA) -> str:
    """The path of a deed on one object."""
    return f"{at}/objects/{of}/{name}"


async def ids(hub: Site, account: str, path: str = OBJECTS) -> list[str]:
    """The ids that an account is given."""
    return [one["id"] for one in (await hub.get(path, account)).json().get("objects", [])]


async def actions(hub: Site) -> list[tuple[str, str]]:
    """What was recorded, in order, and how it ended."""
    async with hub.world.store.transactions.read() as tx:
        rows = await tx.execute(select(event.c.action, event.c.outcome).order_by(event.c.id))
        return [(action, outcome) for action, outcome in rows]


def codes(*answers: Any) -> list[int]:
    """Their status codes."""
    return [one.status_code for one in answers]


# Withdraw


async def test_what_is_withdrawn_is_revoked_for_everybody(hub: Site) -> None:
    """Withdraw publishes the version that says `revoked: true`, with everything else as it was, and every reader is given it."""
    await hub.post(indicator(1, tlp="GREEN", name="Wrong"))
    answer = await hub.api("POST", deed("withdraw"))
    assert answer.status_code == 200
    assert answer.json()["success_count"] == 1
    (one,) = (await hub.get(OBJECTS, "dan")).json()["objects"]
    assert (one["revoked"], one["name"], one["modified"] > one["created"]) == (True, "Wrong", True)
    assert ("withdraw", "done") in await actions(hub)


async def test_who_may_withdraw(hub: Site) -> None:
    """Its originator alone: 403 for whoever sees it, 404 for whoever does not; what is withdrawn stays so (409)."""
    await hub.post(indicator(1, tlp="AMBER"))
    found = [await hub.api("POST", deed("withdraw"), account) for account in ("bea", "dan", "ana", "ana")]
    assert codes(*found) == [403, 404, 200, 409]


async def test_only_its_creator_revokes_an_object(hub: Site) -> None:
    """STIX 2.1, 3.6: an object whose created_by_ref is another's can be recalled, not withdrawn; an observable knows no revocation."""
    observable = {"type": "domain-name", "spec_version": "2.1", "value": "one.example"}
    observable |= {"id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"}
    other = "identity--00000000-0000-4000-8000-0000000000ff"
    await hub.post(indicator(1, created_by_ref=other), indicator(2, created_by_ref=IDENTITY_A), observable)
    found = [await hub.api("POST", deed("withdraw", of=of)) for of in (ONE, indicator(2)["id"], observable["id"])]
    assert codes(*found) == [403, 200, 409]


# Recall, its list, and what reaches the releases


async def test_who_was_given_it_finds_it_in_the_recall_list(hub: Site) -> None:
    """Those who were served it, and only those; each acknowledges, and the originator sees who has not."""
    await hub.post(indicator(1, tlp="AMBER"))
    for account in ("bea", "dan"):  # an observer is not given AMBER
        await hub.get(OBJECTS, account)
    hub.world.clock.now += 1_000_000
    taken = await hub.api("POST", deed("recall"), body={"reason": "wrong_marking"})
    ((recall,),) = (taken.json()["recalls"],)
    assert await ids(hub, "bea") == []
    lists = {
        name: (await hub.api("GET", "/recalls/", name)).json()["items"] for name in ("bea", "dan", "bank", "eve", "ana")
    }
    assert {name: len(found) for name, found in lists.items()} == {"bea": 1, "dan": 0, "bank": 0, "eve": 0, "ana": 0}
    (told,) = lists["bea"]
    assert (told["id"], told["object"], told["reason"], told["by"]) == (
        recall["id"],
        ONE,
        "wrong_marking",
        "originator",
    )
    assert told["versions"] == [indicator(1)["modified"]]
    path = f"/recalls/{recall['id']}/acknowledge"
    found = [await hub.api("POST", path, account) for account in ("dan", "ana", "bea", "bea")]
    assert codes(*found) == [404, 404, 200, 200]
    assert found[2].json()["acknowledged"] == found[3].json()["acknowledged"]
    (issued,) = (await hub.api("GET", "/recalls/issued")).json()["items"]
    assert [(one["organisation"], "acknowledged" in one) for one in issued["recipients"]] == [("xb-cert", True)]
    assert (await hub.api("GET", "/recalls/issued", "bea")).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", True),
        ("?match[type]=malware", False),
        (f"?match[id]={ONE}", True),
        ("?match[version]=first", True),
        ("?match[version]=2026-11-02T00:00:00.000Z", False),
        ("?match[spec_version]=2.0", False),
        ("?limit=1", False),
        ("?added_after=2027-01-01T00:00:00Z", False),
    ],
)  # fmt: skip
async def test_a_recall_is_told_by_what_was_on_the_page(hub: Site, query: str, given: bool) -> None:
    """Who was given an object follows from the query, the range and the reach that the serve event holds."""
    await hub.post(indicator(2, tlp="AMBER"))
    await hub.post(indicator(1, tlp="AMBER"))
    await hub.get(OBJECTS + query, "bea")
    await hub.api("POST", deed("recall"))
    assert bool((await hub.api("GET", "/recalls", "bea")).json()["items"]) is given


async def test_what_came_or_was_seen_otherwise_is_not_told(hub: Site) -> None:
    """A page that was read before the object came, or after it was taken back, or while it was not for this reader, tells of nothing."""
    await hub.post(indicator(2, tlp="AMBER"))
    await hub.get(OBJECTS, "bea")
    hub.world.clock.now += 1_000_000
    await hub.post(indicator(1, tlp="AMBER"))
    hub.world.clock.now += 1_000_000
    await hub.api("POST", deed("recall"))
    hub.world.clock.now += 1_000_000
    await hub.get(OBJECTS, "bea")
    assert (await hub.api("GET", "/recalls", "bea")).json()["items"] == []


async def test_a_steward_takes_back_in_its_group_alone(hub: Site) -> None:
    """A steward's recall ends at its group; another partner's is 403 where it sees the object, 404 where it does not."""
    await hub.post(indicator(1, tlp="GREEN"), account="bea")
    assert (
        await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    ).status_code == 202
    found = [await hub.api("POST", deed("recall"), account) for account in ("dan", "gus", "ana")]
    assert codes(*found) == [403, 404, 200]
    assert (await ids(hub, "dan"), await ids(hub, "eve", NIGHT_OBJECTS)) == ([], [ONE])
    # Its originator cannot bring back what a steward took back; no other partner learns that it is there.
    assert codes(*[await hub.api("POST", deed("reissue"), name) for name in ("bea", "dan", "ana")]) == [403, 404, 200]
    assert await ids(hub, "dan") == [ONE]


async def test_the_originators_recall_reaches_every_release(hub: Site) -> None:
    """What was released, and released again, goes with it, each with a recall of its own collection."""
    await hub.post(indicator(1, tlp="GREEN"))
    assert (
        await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    ).status_code == 202
    assert await ids(hub, "eve", NIGHT_OBJECTS) == [ONE]
    taken = (await hub.api("POST", deed("recall"))).json()["recalls"]
    assert (len(taken), await ids(hub, "eve", NIGHT_OBJECTS)) == (2, [])
    (told,) = (await hub.api("GET", "/recalls", "eve")).json()["items"]
    assert (told["group"], told["object"]) == ("night", ONE)
    # A recalled line is closed: it is not released anew.
    assert (
        await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    ).status_code == 404


async def test_one_version_is_recalled(hub: Site) -> None:
    """With `versions` only those; the older one is shown again, under a new date."""
    newer = indicator(1, tlp="GREEN", modified="2026-11-02T00:00:00.000Z")
    await hub.post(indicator(1, tlp="GREEN"))
    await hub.post(newer)
    last = (await hub.get(OBJECTS, "dan")).headers["x-taxii-date-added-last"]
    await hub.api("POST", deed("recall"), body={"versions": [newer["modified"]]})
    again = await hub.get(f"{OBJECTS}?added_after={last}", "dan")
    assert [one["modified"] for one in again.json()["objects"]] == [indicator(1)["modified"]]


# One's own record


async def test_ones_own_record_keeps_what_taxii_does_not_show(hub: Site) -> None:
    """Recalled and held objects are in the originator's own record, byte for byte, and in nobody else's."""
    mark = marking(1, **handling(releasable_to=["XA"]))
    await hub.post(indicator(1, tlp="GREEN"), indicator(2, object_marking_refs=[mark["id"]]), indicator(3))
    await hub.api("POST", deed("recall"))
    lists = {
        state: (await hub.api("GET", f"/own/?state={state}")).json()["items"]
        for state in ("shared", "held", "recalled")
    }
    assert {state: [one["object"] for one in found] for state, found in lists.items()} == {
        "shared": [indicator(3)["id"]],
        "held": [indicator(2)["id"]],
        "recalled": [ONE],
    }
    assert mark["id"] in lists["held"][0]["held"]
    (kept,) = (await hub.api("GET", f"/own/{ONE}/", "abot")).json()["items"]
    assert json.loads(base64.b64decode(kept["bytes"])) == indicator(1, tlp="GREEN")
    assert (kept["state"], kept["recalled_by"], (await hub.api("GET", f"/own/{ONE}/", "bea")).status_code) == (
        "recalled", "originator", 404,
    )  # fmt: skip


async def test_an_originator_recalls_though_it_has_left(hub: Site) -> None:
    """Whatever has become of the membership, what one gave one can take back: everywhere, releases included."""
    await hub.post(indicator(1, tlp="GREEN"))
    await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    usual = roster()
    left = replace(usual.memberships["xa-cert", "alpha"], ends=hub.world.clock.now)
    more = {("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True)}
    await apply(hub.world.store, roster(memberships=dict(usual.memberships) | more | {("xa-cert", "alpha"): left}))
    assert (await hub.api("POST", deed("recall"))).status_code == 404
    found = [
        await hub.api("POST", f"/own/{ONE}/recall", account, {"reason": "legal"}) for account in ("bea", "ana", "ana")
    ]
    assert codes(*found) == [404, 200, 404]
    assert len(found[1].json()["recalls"]) == 2
    assert (await ids(hub, "bea"), await ids(hub, "eve", NIGHT_OBJECTS)) == ([], [])


# Reissue


async def test_a_person_brings_back_what_its_organisation_took_back(hub: Site) -> None:
    """The same version, with a new date, for everybody who may; a machine does not."""
    await hub.post(indicator(1, tlp="GREEN"))
    last = (await hub.get(OBJECTS, "dan")).headers["x-taxii-date-added-last"]
    await hub.api("POST", deed("recall"))
    found = [await hub.api("POST", deed("reissue"), account) for account in ("abot", "bea", "ana", "ana")]
    assert codes(*found) == [403, 404, 200, 404]
    again = await hub.get(f"{OBJECTS}?added_after={last}", "dan")
    assert [one["id"] for one in again.json()["objects"]] == [ONE]
    assert ("reissue", "done") in await actions(hub)


# Release and consent


async def test_green_goes_to_another_group_without_asking(hub: Site) -> None:
    """The copy is its originator's, byte for byte, and reaches nobody whom the entry would not."""
    await hub.post(indicator(1, tlp="GREEN"))
    made = await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    assert (made.status_code, made.json()["success_count"]) == (202, 1)
    raw = (await hub.get(OBJECTS, "dan")).content
    assert (await hub.get(NIGHT_OBJECTS, "eve")).content == raw
    assert (await hub.api("POST", deed("recall", at=CASE), "bea")).status_code == 403, (
        "whoever releases does not own it"
    )


@pytest.mark.parametrize("marked", ["AMBER", "H2", "nations", "default"])
async def test_what_needs_consent_waits_for_it(hub: Site, marked: str) -> None:
    """From AMBER on (also by the collection's default), with H2 or a nation list: 409, until the originator has granted it."""
    mark = marking(1, **handling(**({"handling": "H2"} if marked == "H2" else {"releasable_to": ["XA", "XB", "XC"]})))
    bears = {"tlp": marked} if marked == "AMBER" else {}
    if marked in ("H2", "nations"):
        green = indicator(9, tlp="GREEN")["object_marking_refs"]
        bears = {"object_marking_refs": [*green, mark["id"]]}
        await hub.post(mark)
    await hub.post(indicator(1, **bears))
    to = {"to": {"group": "night", "collection": "case"}}
    assert (await hub.api("POST", deed("release"), "bea", to)).status_code == 409
    ask = {"group": "alpha", "collection": "main", "object": ONE, "use": "release", "to": "night", "purpose": "A case"}
    asked = await hub.api("POST", "/consents", "bea", ask)
    assert (asked.status_code, asked.json()["state"]) == (201, "asked")
    assert (await hub.api("POST", "/consents", "bea", ask)).status_code == 409, "asked already"
    path = f"/consents/{asked.json()['id']}"
    assert (await hub.api("POST", deed("release"), "bea", to)).status_code == 409
    answers = [await hub.api("POST", f"{path}/grant", account) for account in ("bea", "eve", "ana", "ana")]
    assert codes(*answers) == [403, 404, 200, 409]
    assert (await hub.api("POST", deed("release"), "bea", to)).status_code == 202
    assert await ids(hub, "eve", NIGHT_OBJECTS) == [ONE]
    # Withdrawn, the release is recalled, and whoever was given it is told.
    assert (await hub.api("POST", f"{path}/withdraw")).json()["state"] == "withdrawn"
    assert await ids(hub, "eve", NIGHT_OBJECTS) == []
    (told,) = (await hub.api("GET", "/recalls", "eve")).json()["items"]
    assert told["reason"] == "consent_withdrawn"
    assert await ids(hub, "bea") == ([mark["id"], ONE] if marked in ("H2", "nations") else [ONE])
    assert (await hub.api("POST", deed("release"), "bea", to)).status_code == 409


async def test_a_copy_is_as_strict_as_what_it_was_made_of(hub: Site) -> None:
    """AMBER by the collection's default stays AMBER where the default is laxer; what is above the ceiling there is a failure."""
    await hub.post(indicator(1))
    made = await hub.api("POST", deed("release"), "ana", {"to": {"group": "alpha", "collection": "other"}})
    assert (made.status_code, made.json()["failure_count"]) == (202, 1)
    await hub.post(indicator(2, tlp="GREEN"))
    made = await hub.api(
        "POST", deed("release", of=indicator(2)["id"]), "ana", {"to": {"group": "alpha", "collection": "other"}}
    )
    assert made.json()["success_count"] == 1


async def test_what_is_refused_stays_refused_and_what_ends_ends(hub: Site) -> None:
    """A refusal allows nothing; a grant holds until its end; evidence under H1 waits like a release."""
    mark = marking(1, **handling(handling="H1"))
    await hub.post(mark, indicator(1, object_marking_refs=[mark["id"]]))
    export = {"purpose": "Case 12"}
    assert (await hub.api("POST", deed("evidence"), "bea", export)).status_code == 409
    ask = {"group": "alpha", "collection": "main", "object": ONE, "use": "evidence", "purpose": "Case 12"}
    refused = (await hub.api("POST", "/consents", "bea", ask)).json()["id"]
    assert (await hub.api("POST", f"/consents/{refused}/refuse")).json()["state"] == "refused"
    assert (await hub.api("POST", deed("evidence"), "bea", export)).status_code == 409
    hub.world.clock.now += 1
    granted = (await hub.api("POST", "/consents", "bea", ask)).json()["id"]
    until = timestamps.render(hub.world.clock.now + 10_000_000)
    assert (await hub.api("POST", f"/consents/{granted}/grant", body={"until": until})).json()["until"] == until
    assert (await hub.api("POST", deed("evidence"), "bea", export)).status_code == 200
    hub.world.clock.now += 10_000_000
    assert (await hub.api("POST", deed("evidence"), "bea", export)).status_code == 409
    listed = {name: (await hub.api("GET", "/consents", name)).json()["items"] for name in ("ana", "bea", "eve")}
    assert [one["state"] for one in listed["ana"]] == ["granted", "refused"]
    assert (listed["bea"], listed["eve"]) == (listed["ana"], [])


async def test_a_release_needs_both_ends(hub: Site) -> None:
    """404 where the target does not exist for the account or the object is not seen, 403 where it may not write."""
    await hub.post(indicator(1, tlp="GREEN"), indicator(2, tlp="RED"))
    to = {"to": {"group": "night", "collection": "case"}}
    found = [await hub.api("POST", deed("release"), account, to) for account in ("dan", "ana")]
    found.append(await hub.api("POST", deed("release", of=indicator(2)["id"]), "bea", to))
    found.append(await hub.api("POST", deed("release"), "bea", {"to": {"group": "public", "collection": "open"}}))
    assert codes(*found) == [404, 404, 404, 403]


# Evidence


async def test_evidence_is_what_was_received(hub: Site) -> None:
    """The bytes, their hashes, who sent it and when; recorded with its purpose; to whom it was handed out the recall list knows."""
    await hub.post(indicator(1, tlp="AMBER"))
    answer = (await hub.api("POST", deed("evidence"), "bea", {"purpose": "Case 12"})).json()
    raw = base64.b64decode(answer["bytes"])
    assert json.loads(raw) == indicator(1, tlp="AMBER")
    assert answer["sha256"] == answer["sha256_when_received"] == hashlib.sha256(raw).hexdigest()
    canonical = json.dumps(indicator(1, tlp="AMBER"), sort_keys=True, separators=(",", ":")).encode()
    assert answer["sha256_canonical"] == hashlib.sha256(canonical).hexdigest()
    assert (answer["originator"], answer["exported_by"], "submitted_by" in answer) == ("xa-cert", "xb-cert", False)
    assert (await hub.api("POST", deed("evidence"), "ana", {"purpose": "Case 12"})).json()["submitted_by"] == "ana"
    assert codes(
        await hub.api("POST", deed("evidence"), "dan", {"purpose": "x"}),
        await hub.api("POST", deed("evidence"), "bea", {"purpose": " "}),
    ) == [404, 400]
    await hub.api("POST", deed("recall"))
    assert len((await hub.api("GET", "/recalls", "bea")).json()["items"]) == 1


# Named persons


async def test_red_is_read_by_whoever_was_named_and_confirmed(hub: Site) -> None:
    """Put forward by its own organisation, confirmed by a steward: a person, of a member; then it reads RED, and reads again from the hint."""
    await hub.post(indicator(1, tlp="RED"))
    named = "/groups/alpha/named"
    found = [
        await hub.api("POST", named, account, {"account": name})
        for account, name in (("ana", "bea"), ("bea", "bbot"), ("dan", "dan"), ("bea", "nobody"), ("bea", "bea"))
    ]
    assert codes(*found) == [404, 409, 403, 404, 201]
    assert await ids(hub, "bea") == []
    confirm = f"{named}/bea/confirm"
    assert codes(*[await hub.api("POST", confirm, name) for name in ("bea", "dan", "ana", "ana")]) == [
        403,
        403,
        200,
        404,
    ]
    assert (await ids(hub, "bea"), await ids(hub, "bbot")) == ([ONE], [])
    (group,) = [one for one in (await hub.api("GET", "/access", "bea")).json()["groups"] if one["name"] == "alpha"]
    assert group["named"]
    assert all("reread_from" in one for one in group["collections"])
    lists = {name: (await hub.api("GET", named, name)).json()["items"] for name in ("ana", "bea", "dan")}
    assert [one["account"] for one in lists["ana"]] == ["bea"]
    assert (lists["bea"], lists["dan"]) == (lists["ana"], [])
    assert codes(*[await hub.api("DELETE", f"{named}/bea", name) for name in ("dan", "bea", "bea")]) == [404, 200, 404]
    assert await ids(hub, "bea") == []


# Accounts


async def test_an_organisation_suspends_its_own_accounts(hub: Site) -> None:
    """401 from the next request on, and back; nobody else's, and not one's own."""
    found = [await hub.api("POST", f"/accounts/{name}/suspend", "bea") for name in ("ana", "bea", "bbot")]
    assert codes(*found) == [404, 409, 200]
    assert (await hub.get(OBJECTS, "bbot")).status_code == 401
    assert (await hub.api("POST", "/accounts/bbot/reinstate", "bea")).json()["suspended"] is False
    assert (await hub.get(OBJECTS, "bbot")).status_code == 200
    listed: list[Mapping[str, Any]] = (await hub.api("GET", "/accounts", "bea")).json()["items"]
    assert [one["account"] for one in listed] == ["bbot", "bea"]


async def test_what_the_operator_suspended_its_organisation_does_not_reinstate(hub: Site) -> None:
    """409, and it says whom to ask; the operator takes back both."""
    await enrol.suspend(hub.world.store, "bbot", whole_organisation=False, suspended=True)
    answer = await hub.api("POST", "/accounts/bbot/reinstate", "bea")
    assert (answer.status_code, "operator" in answer.json()["detail"]) == (409, True)
    assert (await hub.api("POST", "/accounts/bbot/suspend", "bea")).status_code == 200
    assert [one["suspended"] for one in (await hub.api("GET", "/accounts", "bea")).json()["items"]] == [True, False]
    assert (await hub.get(OBJECTS, "bbot")).status_code == 401
    await enrol.suspend(hub.world.store, "bbot", whole_organisation=False, suspended=False)
    assert (await hub.get(OBJECTS, "bbot")).status_code == 200


# An operation's end


async def test_an_operations_stewards_get_its_report(hub: Site) -> None:
    """What each gave and received, made from the events; when it has ended too, though the group is asleep; for nobody else."""
    await hub.post(indicator(1, tlp="GREEN"), account="bea", path=NIGHT_OBJECTS)
    await hub.post(indicator(2, tlp="GREEN"), account="eve", path=NIGHT_OBJECTS)
    await hub.get(NIGHT_OBJECTS, "bea")
    await hub.api("POST", deed("recall", at=CASE), "bea")
    hub.world.clock.now = timestamps.parse("2027-01-01T00:00:00Z")
    assert (await hub.get("/taxii2/night/", "eve")).status_code == 404
    answers = [await hub.api("GET", "/operations/night/report", account) for account in ("ana", "bea", "eve")]
    assert codes(*answers) == [404, 404, 200]
    assert (await hub.api("GET", "/operations/alpha/report", "ana")).status_code == 404, "no operation"
    told = answers[2].json()
    assert (told["closed"], told["purpose"], told["until"]) == (True, "a case", "2027-01-01T00:00:00.000000Z")
    assert [(one["organisation"], one["given"], one["received"], one["recalled"]) for one in told["parts"]] == [
        ("xb-cert", 1, 2, 1), ("xc-cert", 1, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(("starts", "ends"), [(None, -1), (1, None)])
async def test_who_was_no_steward_at_its_end_gets_no_report(hub: Site, starts: int | None, ends: int | None) -> None:
    """One that had left, and one whose part was to begin after the end: 404, before the end and after."""
    end = timestamps.parse("2027-01-01T00:00:00Z")
    steward = replace(
        roster().memberships["xc-cert", "night"],
        starts=None if starts is None else end + starts,
        ends=None if ends is None else hub.world.clock.now,
    )
    await apply(hub.world.store, roster(memberships=dict(roster().memberships) | {("xc-cert", "night"): steward}))
    for now in (hub.world.clock.now, end + 2):
        hub.world.clock.now = now
        assert (await hub.api("GET", "/operations/night/report", "eve")).status_code == 404


async def test_a_report_names_nobody_who_has_no_part(hub: Site) -> None:
    """The originator of a copy took it back: counted, and not named."""
    await hub.post(indicator(1, tlp="GREEN"))
    await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    await hub.api("POST", deed("recall"))
    told = await hub.api("GET", "/operations/night/report", "eve")
    assert "xa-cert" not in told.text
    assert [(one.get("organisation"), one["recalled"]) for one in told.json()["parts"]] == [("xb-cert", 0), (None, 1)]


async def test_a_place_in_ones_own_record_tells_no_collection(hub: Site) -> None:
    """`next` leads on, and says nothing of where a copy lies; walked one by one it is the whole."""
    await hub.post(indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
    for number in (1, 2):
        to = {"to": {"group": "night", "collection": "case"}}
        assert (await hub.api("POST", deed("release", of=indicator(number)["id"]), "bea", to)).status_code == 202
    whole = (await hub.api("GET", "/own/")).json()["items"]
    walked, following = list[Any](), ""
    while True:
        page = (await hub.api("GET", f"/own/?limit=1{following}")).json()
        walked += page["items"]
        if not page["more"]:
            break
        place = base64.urlsafe_b64decode(page["next"] + "==").decode()
        assert not any(secret in place for secret in (NIGHT, MAIN, "night"))
        following = f"&next={page['next']}"
    assert walked == whole
    assert len(whole) == 4


async def test_a_copy_comes_back_as_strict_as_it_was(hub: Site) -> None:
    """What a report refers to stays behind in its group, and still narrows the copy: at its release, and when a steward brings it back."""
    report = indicator(
        9, type="report", id="report--00000000-0000-4000-8000-000000000009", name="R", published="2026-11-01T00:00:00Z", tlp="GREEN",
        object_refs=[ONE], pattern=None, pattern_type=None, valid_from=None,
    )  # fmt: skip
    observing = {("xd-cert", "night"): Membership("xd-cert", "night", "observer")}
    night = {("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True)}
    alpha = {("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", can_write=True)}
    await apply(hub.world.store, roster(memberships=dict(roster().memberships) | observing | night | alpha))
    await hub.post(indicator(1, tlp="STRICT"), report, account="bea")
    to = {"to": {"group": "night", "collection": "case"}}
    assert (await hub.api("POST", deed("release", of=report["id"]), "bea", to)).json()["success_count"] == 1
    assert (await ids(hub, "eve", NIGHT_OBJECTS), await ids(hub, "gus", NIGHT_OBJECTS)) == ([report["id"]], [])
    assert (await hub.api("POST", deed("recall", of=report["id"], at=CASE), "eve")).status_code == 200
    assert (await hub.api("POST", deed("reissue", of=report["id"], at=CASE), "eve")).status_code == 200
    assert (await ids(hub, "eve", NIGHT_OBJECTS), await ids(hub, "gus", NIGHT_OBJECTS)) == ([report["id"]], [])


async def test_a_release_tells_neither_side_of_the_other(hub: Site) -> None:
    """Who shared a copy learns no group, collection or party of where it went; who reads it, not whose it was."""
    await hub.post(indicator(1, tlp="GREEN"))
    await hub.api("POST", deed("release"), "bea", {"to": {"group": "night", "collection": "case"}})
    await hub.get(NIGHT_OBJECTS, "eve")
    kept = (await hub.api("GET", f"/own/{ONE}", "ana")).json()["items"]
    assert [(one["released"], one.get("group"), "submitted_by" in one) for one in kept] == [
        (False, "alpha", True),
        (True, None, False),
    ]
    alpha = {key: one for key, one in roster().memberships.items() if key[0] != "xc-cert" or key[1] != "alpha"}
    await apply(hub.world.store, roster(memberships=alpha))
    seen = await hub.api("GET", deed("audience", at=CASE), "eve")
    exported = await hub.api("POST", deed("evidence", at=CASE), "eve", {"purpose": "Case 12"})
    asked = await hub.api(
        "POST",
        "/consents",
        "eve",
        {"group": "night", "collection": "case", "object": ONE, "use": "evidence", "purpose": "x"},
    )
    assert [answer.status_code for answer in (seen, exported, asked)] == [200, 200, 201]
    assert exported.json()["released_by"] == "xb-cert"
    for answer in (seen, exported, asked):
        assert "xa-cert" not in answer.text
    told = (await hub.api("GET", "/consents", "ana")).json()["items"]
    await hub.api("POST", f"/own/{ONE}/recall", "ana")
    issued = (await hub.api("GET", "/recalls/issued", "ana")).json()["items"]
    for one in (told, issued):
        assert not any(word in json.dumps(one) for word in ("night", NIGHT, '"case"'))
    (elsewhere,) = (one["elsewhere"] for one in issued if "elsewhere" in one)
    assert elsewhere == {"given": 1, "acknowledged": 0}
    (mine,) = (await hub.api("GET", "/recalls", "eve")).json()["items"]
    await hub.api("POST", f"/recalls/{mine['id']}/acknowledge", "eve")
    issued = (await hub.api("GET", "/recalls/issued", "ana")).json()["items"]
    assert [one["elsewhere"]["acknowledged"] for one in issued if "elsewhere" in one] == [1]
