"""Name: who reads TLP:RED in a group. Put forward by its own organisation, confirmed by a steward; persons of members only."""

from typing import Any

from indicator_hub.errors import Conflict, Invalid, NotFound, NotPermitted
from indicator_hub.sharing.act import Caller, act
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, naming
from indicator_hub.store.engine import Transaction
from indicator_hub.store.naming import Named
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account


async def propose(
    store: Store, caller: Caller, reach: Reach, name: str, *, starts: int | None = None, ends: int | None = None
) -> dict[str, Any]:
    """Put a person of one's own organisation forward. Nothing changes until a steward confirms it. Instants in microseconds.

    Raises NotPermitted without the scope `manage` or when one's organisation is no member of the group, NotFound for an account that is
    not one's organisation's, Conflict for one that is no person, Invalid for a window that is over.
    """
    async with act(store, caller, "name propose", reach) as a:
        _require_manage(caller.require_account())
        if reach.role != "member":
            raise NotPermitted("Only persons of member organisations are named.")
        if ends is not None and ends <= max(a.now, starts or 0):
            raise Invalid("The end lies before the beginning, or has passed.")
        async with a.transaction() as tx:
            person = await _own_person(tx, reach, name)
            await naming.propose(tx, person.id, reach.group_id, starts=starts, ends=ends, now=a.now)
            a.details |= {"account": person.id}
            a.answer = said(Named(person.id, name, person.organisation_id, person.organisation, starts, ends, False))
            return dict(a.answer)


async def confirm(store: Store, caller: Caller, reach: Reach, name: str) -> dict[str, Any]:
    """A steward of the group confirms what was proposed: from now on, or from its beginning, the person reads RED.

    Raises NotPermitted for anybody else, NotFound when nobody of this name is proposed.
    """
    async with act(store, caller, "name confirm", reach) as a:
        if not reach.steward:
            raise NotPermitted("A steward of the group confirms it.")
        async with a.transaction() as tx:
            one = _find(await naming.of_group(tx, reach.group_id), name, confirmed=False)
            starts = max(a.now, one.starts or 0)
            if one.ends is not None and one.ends <= starts:
                raise Conflict("What was proposed has ended: it must be proposed again.")
            if not await naming.withdraw(tx, one.account_id, reach.group_id):
                raise NotFound  # another steward was quicker
            await naming.name(tx, one.account_id, reach.group_id, starts=starts, ends=one.ends)
            a.details |= {"account": one.account_id, "organisation": one.organisation_id}
            a.answer = said(Named(one.account_id, name, one.organisation_id, one.organisation, starts, one.ends, True))
            return dict(a.answer)


async def end(store: Store, caller: Caller, reach: Reach, name: str) -> None:
    """The person is named no longer, and proposed no longer. Its own organisation says so, or a steward. Raises NotFound, NotPermitted."""
    async with act(store, caller, "name end", reach) as a:
        account = caller.require_account()
        if not reach.steward:
            _require_manage(account)
        async with a.transaction() as tx:
            listed = [one for one in await naming.of_group(tx, reach.group_id) if one.account == name]
            mine = [one for one in listed if reach.steward or one.organisation_id == account.organisation_id]
            ended = False
            for one in mine:
                ended |= await naming.withdraw(tx, one.account_id, reach.group_id)
                ended |= await naming.end(tx, one.account_id, reach.group_id, now=a.now)
                a.details |= {"account": one.account_id, "organisation": one.organisation_id}
            if not ended:
                raise NotFound
            a.answer = {}


async def listed(store: Store, caller: Caller, reach: Reach) -> list[dict[str, Any]]:
    """Who is named now or later, or proposed: all of them for a steward, one's own organisation's for the others."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        found = [one for one in await naming.of_group(tx, reach.group_id) if one.ends is None or now < one.ends]
    return [said(one) for one in found if reach.steward or one.organisation_id == account.organisation_id]


def said(one: Named) -> dict[str, Any]:
    """A named person as the API tells it."""
    told: dict[str, Any] = {
        "account": one.account,
        "organisation": one.organisation,
        "state": "named" if one.confirmed else "proposed",
    }
    if one.starts is not None:
        told["from"] = timestamps.render(one.starts)
    if one.ends is not None:
        told["until"] = timestamps.render(one.ends)
    return told


def _require_manage(account: Account) -> None:
    if "manage" not in account.scopes:
        raise NotPermitted("This account may not decide for its organisation: its scopes leave out manage.")


async def _own_person(tx: Transaction, reach: Reach, name: str) -> Account:
    found = await credentials.account_by_name(tx, name)
    if found is None or found.organisation_id != reach.organisation_id:
        raise NotFound
    if found.kind != "person":
        raise Conflict("Only persons are named: a machine is no individual recipient.")
    return found


def _find(listed: list[Named], name: str, *, confirmed: bool) -> Named:
    for one in listed:
        if one.account == name and one.confirmed is confirmed:
            return one
    raise NotFound
