"""What may I see, and why: one's account, groups, roles and windows, and what one may do in each collection now."""

from typing import Any

from indicator_hub.sharing.act import Caller
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials
from indicator_hub.store.opened import Store
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.reach import Reach, Ties, reach_of
from indicator_hub.trust.roster import PUBLIC


async def access(store: Store, caller: Caller) -> dict[str, Any]:
    """Everything that exists for this account now."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        groups = await credentials.ties(tx, account, group=None, now=now)
        identities = await credentials.identities(tx, account.organisation_id)
        tied = {one.group.name: await credentials.ties(tx, account, group=one.group.name, now=now) for one in groups}
    told: list[dict[str, Any]] = []
    for one in groups:
        reach = reach_of(account, one, now)
        if reach is not None:
            reaches = [found for ties in tied[one.group.name] if (found := reach_of(account, ties, now)) is not None]
            told.append(_group(one, reach, [found for found in reaches if found.collection is not None]))
    return {
        "account": account.name,
        "kind": account.kind,
        "organisation": account.organisation,
        "nation": account.nation,
        "stix_identities": sorted(identities),
        "scopes": sorted(account.scopes),
        "now": timestamps.render(now),
        "groups": told,
    }


def _group(ties: Ties, reach: Reach, reaches: list[Reach]) -> dict[str, Any]:
    group, member = ties.group, ties.membership
    told: dict[str, Any] = {"name": group.name, "title": group.title, "kind": group.kind, "reads": _reads(reach)}
    if ties.agreement is not None:
        agreement = ties.agreement
        told["agreement"] = _window(agreement.starts, agreement.ends) | {
            "title": agreement.title,
            "legal_basis": agreement.legal_basis,
            "purposes": list(agreement.purposes),
        }
    if group.purpose:
        told |= {"purpose": group.purpose, "lead_nation": group.lead_nation}
    told |= _window(group.starts, group.ends)
    if member is not None and reach.role is not None:
        told["membership"] = _window(member.starts, member.ends) | {
            "role": member.role,
            "can_write": member.can_write,
            "steward": reach.steward,
        }
        if reach.sees_from:
            told["membership"]["sees_from"] = timestamps.render(reach.sees_from)
    if ties.named:
        told["named"] = True
    told["collections"] = [_collection(one) for one in sorted(reaches, key=lambda one: one.require_collection().alias)]
    return told


def _reads(reach: Reach) -> str:
    """How high it reads, and which rule says so."""
    who = "everybody" if reach.group.kind == PUBLIC else reach.role
    if reach.cap < 0:
        return "only what its own organisation shared: a submitter gives"
    return f"up to TLP:{NAMES[reach.cap]}, as {who}" + (", named for TLP:RED" if NAMES[reach.cap] == "RED" else "")


def _collection(reach: Reach) -> dict[str, Any]:
    collection = reach.require_collection()
    told: dict[str, Any] = {
        "id": collection.id,
        "alias": collection.alias,
        "title": collection.title,
        "can_read": reach.can_read,
        "can_write": reach.can_write,
        "ceiling": f"TLP:{NAMES[collection.ceiling]}",
    }
    if collection.default is not None:
        told["default"] = f"TLP:{NAMES[collection.default]}"
    if reach.changed is not None and reach.reread_from is not None:
        told["reach_changed"] = timestamps.render(reach.changed)
        told["reread_from"] = timestamps.render(reach.reread_from)
    return told


def _window(starts: int | None, ends: int | None) -> dict[str, Any]:
    found = {"from": starts, "until": ends}
    return {name: timestamps.render(at) for name, at in found.items() if at is not None}
