"""Who sees it, and why: the preview before and after publishing says what TAXII then does."""

from dataclasses import replace
from typing import Any

from indicator_hub.sharing import enrol
from indicator_hub.trust.roster import Membership
from support.http import OBJECTS, Site, site
from support.marks import handling, marking
from support.world import MAIN, START, envelope, indicator, roster

ALPHA = f"/groups/alpha/collections/{MAIN}"
IDENTITY_B = "identity--00000000-0000-4000-8000-0000000000b2"
PARTIES = {
    "bea": ("xb-cert", "persons"), "bbot": ("xb-cert", "services"), "dan": ("xb-soc", "persons"), "bank": ("xa-bank", "persons"),
    "gus": ("xd-cert", "persons"), "abot": ("xa-cert", "services"),
}  # fmt: skip


async def after(hub: Site, of: str, account: str = "ana") -> list[dict[str, Any]]:
    """The audience of what is there."""
    return (await hub.api("GET", f"{ALPHA}/objects/{of}/audience", account)).json()["items"]


async def before(hub: Site, *objects: dict[str, Any], account: str = "ana") -> list[dict[str, Any]]:
    """The audience of what is still to come."""
    sent = hub.headers(account, content_type="application/json")
    answer = await hub.client.post(f"/api/v1{ALPHA}/audience", headers=sent, content=envelope(*objects))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_is_foreseen_is_what_comes(database_url: str) -> None:
    """For every mark: who would see it is who sees it, by the preview afterwards and over TAXII."""
    marks = [
        marking(1, **handling(releasable_to=["XB"])),
        marking(2, **handling(handling="H3", handling_text="Call first.")),
    ]
    objects = [
        indicator(number, tlp=level) for number, level in enumerate(("CLEAR", "GREEN", "AMBER", "STRICT", "RED"), 1)
    ]
    green = objects[1]["object_marking_refs"]
    objects += [indicator(10 + number, object_marking_refs=[*green, mark["id"]]) for number, mark in enumerate(marks)]
    objects += [indicator(20), indicator(21, object_marking_refs=[marking(9)["id"]])]
    async with site(database_url) as hub:
        await hub.post(*marks)
        foreseen = await before(hub, *objects)
        assert (await hub.get(OBJECTS, "bea")).json()["objects"] == marks, "nothing was stored"
        await hub.post(*objects)
        for one, told in zip(objects, foreseen, strict=True):
            (there,) = await after(hub, one["id"])
            assert there["readers"] == told["readers"]
            assert (there.get("level"), there.get("held")) == (told.get("level"), told.get("held"))
            sees = {(reader.get("organisation"), reader["who"]): reader["sees"] for reader in there["readers"]}
            for account, who in PARTIES.items():
                given = (await hub.get(f"{OBJECTS}{one['id']}/", account)).status_code == 200
                assert sees[who] is given, (one["object_marking_refs"], account)


async def test_it_says_why(database_url: str) -> None:
    """By which rule, and why not, in words."""
    nations = marking(1, **handling(releasable_to=["XB"]))
    async with site(database_url) as hub:
        await hub.post(nations)
        told = await before(
            hub,
            indicator(1, tlp="AMBER"),
            indicator(2, tlp="RED"),
            indicator(3, object_marking_refs=[*indicator(1, tlp="GREEN")["object_marking_refs"], nations["id"]]),
        )
        because = [{(one["organisation"], one["who"]): one["because"] for one in item["readers"]} for item in told]
    assert because[0]["xb-soc", "persons"] == "it is above what this role reads"
    assert because[0]["xa-bank", "persons"] == "TLP:AMBER is within what a client reads"
    assert because[0]["xa-cert", "services"] == "their own organisation shared it"
    assert because[1]["xb-cert", "persons"] == "it is TLP:RED, which only persons read who are named in this group"
    assert because[2]["xa-bank", "persons"] == "it is not for this nation"


async def test_who_may_ask(database_url: str) -> None:
    """After publishing whoever sees it (404 else); before it whoever may post there (403), and the collection must be there (404)."""
    async with site(database_url) as hub:
        await hub.post(indicator(1, tlp="AMBER"))
        path = f"{ALPHA}/objects/{indicator(1)['id']}/audience"
        found = [(await hub.api("GET", path, account)).status_code for account in ("bea", "bank", "dan", "eve", None)]
        assert found == [200, 200, 404, 404, 401]
        found = [
            (await hub.api("POST", f"{ALPHA}/audience", account, {"objects": [indicator(2)]})).status_code
            for account in ("bea", "dan", "eve")
        ]
        assert found == [200, 403, 404]


async def test_what_would_be_refused_is_foreseen(database_url: str) -> None:
    """Not stored, and why; the preview is a judgement, not a guess."""
    async with site(database_url) as hub:
        await hub.post(indicator(1, tlp="GREEN"))
        told = await before(
            hub, indicator(1, tlp="GREEN", name="Otherwise"), {"type": "indicator"}, indicator(2), account="bea"
        )
    assert [(one["stored"], one["outcome"]) for one in told] == [(False, "refused"), (False, "refused"), (True, "new")]
    assert "readers" not in told[0]


async def test_what_it_refers_to_counts(database_url: str) -> None:
    """A report in the envelope is foreseen as strict as the indicator beside it, and as one that is there already."""
    report = indicator(
        9, type="report", id="report--00000000-0000-4000-8000-000000000009", name="R", published="2026-11-01T00:00:00Z",
        object_refs=[indicator(1)["id"], indicator(2)["id"]], tlp="CLEAR", pattern=None, pattern_type=None, valid_from=None,
    )  # fmt: skip
    async with site(database_url) as hub:
        await hub.post(indicator(1, tlp="AMBER"))
        told = await before(hub, report, indicator(2, tlp="GREEN"))
        assert told[0]["level"] == "TLP:AMBER"
        told = await before(hub, report, indicator(2, tlp="STRICT"))
        assert told[0]["level"] == "TLP:AMBER+STRICT"


async def test_in_public_everybody_sees_it(database_url: str) -> None:
    """The preview says so in one line."""
    async with site(database_url) as hub:
        sent = hub.headers("eve", content_type="application/json")
        path = "/api/v1/groups/public/collections/open/audience"
        answer = await hub.client.post(path, headers=sent, content=envelope(indicator(1, tlp="CLEAR")))
    assert answer.json()["items"][0]["readers"][0] == {
        "who": "everybody",
        "sees": True,
        "because": "the group is public",
    }


async def test_it_tells_of_live_members_and_of_no_numbers(database_url: str) -> None:
    """Who has left or is still to come is not there; how many accounts, whether any is named or suspended: its own organisation, and stewards."""
    usual = roster()
    later = usual.memberships["xa-bank", "alpha"]
    declared = dict(usual.memberships) | {
        ("xa-bank", "alpha"): replace(later, starts=START + 10**9),
        ("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", ends=START - 1),
    }
    async with site(database_url, roster(memberships=declared)) as hub:
        await enrol.suspend(hub.world.store, "xb-soc", whole_organisation=True, suspended=True)
        await hub.api("POST", "/groups/alpha/named", "bea", {"account": "bea"})
        await hub.api("POST", "/groups/alpha/named/bea/confirm", "ana")
        await hub.post(indicator(1, tlp="GREEN"), indicator(2, tlp="RED"))
        told = {account: await after(hub, indicator(1)["id"], account) for account in ("ana", "bea")}
        for account, items in told.items():
            readers = items[0]["readers"]
            names = {reader["organisation"] for reader in readers}
            assert names == {"xa-cert", "xb-cert", "xb-soc", "xd-cert"}, account
            numbered = {reader["organisation"] for reader in readers if "number" in reader}
            assert numbered == (names if account == "ana" else {"xb-cert"}), account
        sees = {
            account: {
                reader["who"]: reader["sees"] for reader in items[0]["readers"] if reader["organisation"] == "xb-soc"
            }
            for account, items in told.items()
        }
        # A steward knows that it is suspended; a partner is told by the rules alone.
        assert sees == {"ana": {"persons": False, "services": False}, "bea": {"persons": True, "services": True}}
        of_red = {
            (reader["organisation"], reader["who"])
            for reader in (await after(hub, indicator(2)["id"], "bea"))[0]["readers"]
            if reader["who"] == "named persons"
        }
        assert of_red == {("xa-cert", "named persons"), ("xb-cert", "named persons")}, (
            "of another member one does not hear whether it has any"
        )


async def test_a_line_that_is_not_shown_is_not_seen(database_url: str) -> None:
    """Of an id that several share the preview says what each is given: its creator's line, and not the relay's."""
    usual = roster()
    organisations = dict(usual.organisations)
    organisations["xb-cert"] = replace(organisations["xb-cert"], stix_identities=(IDENTITY_B,))
    async with site(database_url, roster(organisations=organisations)) as hub:
        one = indicator(1, tlp="GREEN", created_by_ref=IDENTITY_B)
        await hub.post(one)
        await hub.post(one | {"name": "The creator's own"}, account="bea")
        mine, theirs = await after(hub, one["id"], "ana")
        (told,) = await after(hub, one["id"], "dan")
    assert (mine["originator"], theirs["originator"], told["originator"]) == ("xa-cert", "xb-cert", "xb-cert")
    sees = {reader["organisation"]: reader["sees"] for reader in mine["readers"] if reader["who"] == "persons"}
    assert not any(sees.values()), "the creator's is shown to all"
    assert {reader["organisation"] for reader in theirs["readers"] if reader["sees"]} == {
        "xa-cert",
        "xa-bank",
        "xb-cert",
        "xb-soc",
    }
    because = next(one["because"] for one in mine["readers"] if one["organisation"] == "xb-soc")
    assert because.startswith("another")
