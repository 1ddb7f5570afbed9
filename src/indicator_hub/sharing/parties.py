"""Who shares with whom in a group, how a partner is reached, and who may do what in each of its collections; and operations that are over.

Told to whoever the group exists for. Of a membership that is not live nothing is told; who is suspended, itself and a steward are told. What each may
do is worked out by the function that decides it at every request.
"""

from dataclasses import replace
from typing import Any

from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.closing import is_steward
from indicator_hub.stix import timestamps
from indicator_hub.store import audit, credentials, roster
from indicator_hub.store.credentials import Party
from indicator_hub.store.opened import Store
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.reach import Reach, reach_of
from indicator_hub.trust.roster import Account, Membership, within


async def members(store: Store, caller: Caller, reach: Reach) -> list[dict[str, Any]]:
    """The members of a group by nation and name, with their duty desks and what each may do in every collection."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        ties = await credentials.ties(tx, account, group=reach.group.name, now=now)
        places = [one.collection for one in ties if one.collection is not None]
        found = {one.id: await credentials.parties(tx, reach.group.name, one.id, now=now) for one in places}
        contacts = await roster.contacts(tx, [one.organisation_id for parties in found.values() for one in parties])
    told: dict[str, dict[str, Any]] = {}
    for place in places:
        for party in found[place.id]:
            member = party.ties.membership
            if member is None or not within(member.starts, member.ends, now):
                continue
            of = told.setdefault(
                party.organisation, _said(party, member, reach, contacts.get(party.organisation_id, {}))
            )
            of["collections"].append({"alias": place.alias, "title": place.title} | _may(party, now))
    return sorted(told.values(), key=lambda one: (one["nation"], one["organisation"]))


async def last_given(store: Store, caller: Caller, reach: Reach) -> list[dict[str, Any]]:
    """When each member of a group was last given something there, whoever was longest ago first: of all members for a steward, else of oneself.

    Whoever polls and is given nothing new leaves no event, so nothing is told of that.
    """
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        ties = await credentials.ties(tx, account, group=reach.group.name, now=now)
        places = [one for one in ties if one.collection is not None]
        found: dict[int, Party] = {}
        for one in places[:1]:
            for party in await credentials.parties(
                tx, reach.group.name, one.collection.id if one.collection else "", now=now
            ):
                member = party.ties.membership
                live = member is not None and within(member.starts, member.ends, now)
                if live and (reach.steward or party.organisation_id == account.organisation_id):
                    found[party.organisation_id] = party
        given = await audit.last_given(tx, [one.key for one in places], found.keys())
    ordered = sorted(found.items(), key=lambda one: (given.get(one[0], 0), one[1].organisation))
    return [
        {"organisation": party.organisation, "nation": party.nation}
        | ({"at": timestamps.render(given[key])} if key in given else {})
        for key, party in ordered
    ]


def _said(party: Party, member: Membership, asking: Reach, contact: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "organisation": party.organisation,
        "title": party.title,
        "nation": party.nation,
        "role": member.role,
        "steward": member.steward,
        "contact": contact,
        "collections": [],
    }
    if member.sponsor:
        told["sponsor"] = member.sponsor
    instants = {"from": member.starts, "until": member.ends}
    told |= {name: timestamps.render(at) for name, at in instants.items() if at is not None}
    if asking.steward or party.organisation_id == asking.organisation_id:
        told["suspended"] = party.suspended
    return told


def _may(party: Party, now: int) -> dict[str, Any]:
    """What a person of this party may do in the collection of its ties, unless it is named; and the most that a named one reads."""
    account = Account(
        0, "", party.organisation, party.organisation_id, party.nation, "person", frozenset(("read", "submit"))
    )
    reach = reach_of(account, replace(party.ties, named=False), now)
    if reach is None or reach.collection is None:
        return {"reads": None, "writes": False}
    level = min(reach.cap, reach.collection.ceiling)
    return {"reads": f"TLP:{NAMES[level]}" if level >= 0 else None, "writes": reach.can_write}


async def ended(store: Store, caller: Caller) -> list[dict[str, Any]]:
    """The operations of whose end one was a steward: each has its closing report. The last to end comes first."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        ties = await credentials.ties(tx, account, group=None, now=now)
    found: list[tuple[int, dict[str, Any]]] = []
    for one in ties:
        ends = [at for at in (one.group.ends, one.agreement.ends if one.agreement else None) if at is not None]
        over = reach_of(account, one, now) is None and ends and min(ends) <= now
        if over and one.group.kind == "operation" and is_steward(account, one, now):
            told = {
                "name": one.group.name,
                "title": one.group.title,
                "purpose": one.group.purpose,
                "until": timestamps.render(min(ends)),
            }
            found.append((min(ends), told))
    return [told for _, told in sorted(found, key=lambda one: (-one[0], one[1]["name"]))]
