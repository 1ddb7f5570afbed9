"""An organisation's own accounts, as seen and suspended by those who manage them; the hub's shell does the same for all (`enrol.py`)."""

from typing import Any

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import Caller, act
from indicator_hub.store import credentials
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Account


async def listed(store: Store, caller: Caller) -> list[dict[str, Any]]:
    """The accounts of one's organisation. Raises NotPermitted without the scope `manage`."""
    account = require_manager(caller)
    async with store.transactions.read() as tx:
        found = await credentials.of_organisation(tx, account.organisation_id)
    return [_said(one, suspended=suspended) for one, suspended in found]


async def suspend(store: Store, caller: Caller, name: str, *, suspended: bool) -> dict[str, Any]:
    """Suspend one of them, or take that back, from the next request on.

    Raises NotPermitted without the scope `manage`, NotFound for an account that is not one's organisation's, Conflict for one's own and to
    reinstate what the hub's operator suspended.
    """
    async with act(store, caller, "suspend" if suspended else "reinstate") as a:
        account = require_manager(caller)
        async with a.transaction() as tx:
            one = await credentials.account_by_name(tx, name)
            if one is None or one.organisation_id != account.organisation_id or one.kind == "feed":
                raise NotFound
            if one.id == account.id:
                raise Conflict("Another account of your organisation does that, or the hub's operator.")
            if await credentials.suspend(tx, one.id, suspended=suspended) and not suspended:
                raise Conflict("The hub's operator has suspended this account: ask the operator.")
            a.details |= {"account": one.id}
            a.answer = _said(one, suspended=suspended)
            return dict(a.answer)


def require_manager(caller: Caller) -> Account:
    """Who asks, where it may manage its organisation's accounts. Raises NotPermitted."""
    account = caller.require_account()
    if "manage" not in account.scopes:
        raise NotPermitted("This account may not manage its organisation's accounts: its scopes leave out manage.")
    return account


def _said(one: Account, *, suspended: bool) -> dict[str, Any]:
    return {"account": one.name, "kind": one.kind, "scopes": sorted(one.scopes), "suspended": suspended}
