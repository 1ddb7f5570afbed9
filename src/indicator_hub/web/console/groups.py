"""Groups and operations: who shares with whom, on which basis, until when, who may do what. To read only: it is declared in YAML.

The one thing that is decided here is who reads TLP:RED: a person is put forward by its organisation and confirmed by a steward.
"""

from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.sharing import access, accounts, closing, name, parties
from indicator_hub.stix import timestamps
from indicator_hub.trust.reach import Reach
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.visit import Visit

HERE = "/console/groups/"
_SECOND = 1_000_000
_SOON = 30 * 86_400


async def _all(visit: Visit) -> Response:
    told = await access.access(visit.store, visit.caller)
    now = visit.store.now()
    for one in told["groups"]:
        one["ends"] = ending(one, now)
    return visit.page("groups.html", groups=told["groups"], ended=await parties.ended(visit.store, visit.caller))


def ending(group: dict[str, Any], now: int) -> dict[str, Any] | None:
    """Which of its windows ends first, and how soon: the group's, the agreement's, one's own membership's."""
    ends = [
        (found["until"], which)
        for which, found in (("group", group), ("agreement", group.get("agreement", {})), ("membership", group.get("membership", {})))
        if "until" in found
    ]  # fmt: skip
    if not ends:
        return None
    at, which = min(ends, key=lambda one: timestamps.parse(one[0]))
    seconds = (timestamps.parse(at) - now) // _SECOND
    return {"at": at, "which": which, "seconds": seconds, "soon": seconds < _SOON}


async def _one(visit: Visit, *, refusal: str = "") -> Response:
    reach = await visit.reach(visit["group"])
    told = await access.access(visit.store, visit.caller)
    group = next((one for one in told["groups"] if one["name"] == reach.group.name), None)
    if group is None:
        raise NotFound
    members = await parties.members(visit.store, visit.caller, reach)
    report = given = None
    if group["kind"] == "operation" and reach.steward:
        report = await closing.report(visit.store, visit.caller, reach.group.name)
    elif group["kind"] == "operation":
        given = await parties.given(visit.store, visit.caller, reach.group.name)
    may_name = reach.role == "member" and "manage" in visit.account.scopes
    own = await accounts.listed(visit.store, visit.caller) if may_name else []
    return visit.page(
        "group.html",
        status=400 if refusal else 200,
        group=group,
        description=reach.group.description,
        ends=ending(group, visit.store.now()),
        members=members,
        nations=sorted({one["nation"] for one in members}),
        report=report,
        given=given,
        steward=reach.steward,
        may_name=may_name,
        persons=[one["account"] for one in own if one["kind"] == "person" and not one["suspended"]],
        sent=visit.sent,
        named=await name.listed(visit.store, visit.caller, reach),
        refusal=refusal,
    )


async def _decide(visit: Visit) -> Response:
    """Put somebody forward, confirm, or end it."""
    reach = await visit.reach(visit["group"])
    try:
        said = await _decided(visit, reach)
    except NotFound:
        return await _one(visit, refusal=visit.say("There is no such person here."))
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error))
    return visit.go(f"{HERE}{reach.group.name}/", said)


async def _decided(visit: Visit, reach: Reach) -> str:
    account, deed = visit.sent("account"), visit.sent("deed")
    if deed == "propose":
        ends = visit.day("until")
        await name.propose(visit.store, visit.caller, reach, account, ends=ends)
        return visit.say("Put forward: a steward of the group confirms it.")
    if deed == "confirm":
        await name.confirm(visit.store, visit.caller, reach, account)
        return visit.say("Confirmed: the person reads TLP:RED of this group.")
    if deed != "end":
        raise Invalid(visit.say("There is no such deed."))
    await name.end(visit.store, visit.caller, reach, account)
    return visit.say("Named no longer.")


async def _ask_end(visit: Visit) -> Response:
    """Before somebody loses sight of TLP:RED, it is said who and what."""
    reach = await visit.reach(visit["group"])
    account = visit["account"]
    found = [one for one in await name.listed(visit.store, visit.caller, reach) if one["account"] == account]
    if not found:
        raise NotFound
    return visit.page("unname.html", group=reach.group, person=found[-1])


async def _report(visit: Visit) -> Response:
    group = visit["operation"]
    report = await closing.report(visit.store, visit.caller, group)
    return visit.page("report.html", report=report)


PAGES = (
    Page("/groups/", _all),
    Page("/groups/{group}/", _one, _decide),
    Page("/groups/{group}/named/{account}/end/", _ask_end),
    Page("/operations/{operation}/report/", _report),
)
