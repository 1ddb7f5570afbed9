"""Who shares with whom in a group, how a partner is reached, and who may do what in each of its collections; and operations that are over.

Told to whoever the group exists for; how a partner is reached, to those who have a part in it themselves. Of a membership that is not live nothing is
told; who is suspended, itself and a steward are told. What each may do is worked out by the function that decides it at every request, and how much each gave
is counted under the predicate: what one does not see is not counted.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.closing import is_steward
from indicator_hub.stix import timestamps
from indicator_hub.store import audit, credentials, records, roster
from indicator_hub.store.credentials import Party
from indicator_hub.store.opened import Store
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.reach import Reach, reach_of
from indicator_hub.trust.roster import Account, Membership, within

MOST = 100_000
"""So many objects are counted in a collection, and no more."""


async def members(store: Store, caller: Caller, reach: Reach) -> list[dict[str, Any]]:
    """The members of a group by nation and name, with their duty desks and what each may do in every collection."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        ties = await credentials.ties(tx, account, group=reach.group.name, now=now)
        places = [one.collection for one in ties if one.collection is not None]
        found = {one.id: await credentials.parties(tx, reach.group.name, one.id, now=now) for one in places}
        contacts = await roster.contacts(tx, [one.organisation_id for parties in found.values() for one in parties])
        sponsors = await roster.sponsors(tx, reach.group_id)
    if reach.role is None:
        contacts = {}  # everybody reads a public group: that is no reason to be given its members' telephones
    told: dict[str, dict[str, Any]] = {}
    for place in places:
        for party in found[place.id]:
            member = party.ties.membership
            if member is None or not within(member.starts, member.ends, now):
                continue
            key = party.organisation_id
            of = told.setdefault(party.organisation, _said(party, member, reach, contacts.get(key, {})))
            if key in sponsors:
                of["sponsor"] = sponsors[key]
            of["collections"].append({"alias": place.alias, "title": place.title} | _may(party, now))
    for one in told.values():
        if one.get("sponsor", "") not in ("", *told):
            del one["sponsor"]
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


async def given(store: Store, caller: Caller, group: str) -> dict[str, Any]:
    """How many objects of each organisation this account sees in a group now; `counted_all`: whether there was no more to count. Raises NotFound."""
    account, now = caller.require_account(), store.now()
    found: Counter[str] = Counter()
    counted_all = True
    async with store.transactions.read() as tx:
        reaches = [reach_of(account, ties, now) for ties in await credentials.ties(tx, account, group=group, now=now)]
        there = [one for one in reaches if one is not None]
        if not there:
            raise NotFound
        names = await roster.parties(tx, there[0].group_id)
        for one in there:
            if one.collection is None or not one.can_read:
                continue
            counted = await records.given(tx, one, most=MOST)
            counted_all = counted_all and sum(counted.values()) < MOST
            for key, number in counted.items():
                # Whose objects a member released into it from elsewhere need not be known here.
                found[names.get(key, "")] += number
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0] or "~"))
    items = [({"organisation": name} if name else {}) | {"objects": number} for name, number in ordered]
    return {"items": items, "counted_all": counted_all}


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
