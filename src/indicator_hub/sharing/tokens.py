"""Tokens of one's own and of one's organisation's machines: listed with their last use, made, revoked. The hub's shell does it for all (`enrol.py`).

A person makes tokens for itself; who manages an organisation also for its machines, and machines themselves, which may then do no more than
read, or submit too. What each account sees follows from its organisation, so nobody widens anything by a token.
"""

import re
from typing import Any

from indicator_hub.errors import Conflict, Invalid, NotFound, NotPermitted
from indicator_hub.sharing.accounts import require_manager
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.enrol import fresh_token
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, tokens
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.tokens import Token
from indicator_hub.trust.roster import Account

LONGEST_DAYS = 730
_DAY = 86_400_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_LABEL = 100


async def listed(store: Store, caller: Caller) -> list[dict[str, Any]]:
    """One's own tokens; with the scope `manage` those of all accounts of one's organisation."""
    account = caller.require_account()
    only = None if "manage" in account.scopes else account.id
    async with store.transactions.read() as tx:
        found = await tokens.listed(tx, account.organisation_id, account_id=only)
    return [_said(one) for one in found]


async def make(
    store: Store, caller: Caller, name: str = "", *, label: str = "", days: int = 365, reads_only: bool = False
) -> dict[str, Any]:
    """A new token for oneself, or for a machine of one's organisation. It is answered once, and its SHA-256 kept.

    With `reads_only` it may read and no more, whatever its account may. One for oneself never may more than what it was asked with.
    Raises Invalid, NotFound for an account that is not one's organisation's, NotPermitted for another person and without `manage`.
    """
    async with act(store, caller, "make token") as a:
        account = caller.require_account()
        _require_terms(label, days)
        async with a.transaction() as tx:
            one = account if name in ("", account.name) else await _machine(tx, account, name)
            token, digest = fresh_token()
            scopes = one.scopes & {"read"} if reads_only else account.scopes if one.id == account.id else None
            ends = a.now + days * _DAY
            await credentials.add_token(tx, one.id, digest, label=label, now=a.now, ends=ends, scopes=scopes)
            made = (await tokens.listed(tx, one.organisation_id, account_id=one.id))[0]
            a.details |= {"account": one.id, "token": made.id, "ends": made.ends or 0}
    return _said(made) | {"token": token}


async def revoke(store: Store, caller: Caller, key: int) -> None:
    """Make a token worthless, from the next request on. Raises NotFound for one that one is not shown."""
    async with act(store, caller, "revoke token") as a, a.transaction() as tx:
        account = caller.require_account()
        only = None if "manage" in account.scopes else account.id
        if key not in [one.id for one in await tokens.listed(tx, account.organisation_id, account_id=only)]:
            raise NotFound
        await tokens.revoke(tx, key)
        a.details |= {"token": key}
        a.answer = {}


async def add_machine(store: Store, caller: Caller, name: str, *, submits: bool = False) -> dict[str, Any]:
    """An account of the kind `service` in one's organisation. Its name begins with the organisation's, so that nobody meets another's.

    Raises Invalid for a name that cannot be, NotPermitted without the scope `manage`, Conflict for one that is there.
    """
    async with act(store, caller, "add machine") as a:
        account = require_manager(caller)
        if not _NAME.fullmatch(name):
            raise Invalid("A machine's name has small letters, digits and . _ - only, 50 at most.")
        scopes = ("read", "submit") if submits else ("read",)
        whole = f"{account.organisation}-{name.removeprefix(f'{account.organisation}-')}"
        async with a.transaction() as tx:
            if await credentials.account_by_name(tx, whole) is not None:
                raise Conflict(f"{whole} cannot be taken: choose another name.")
            one = await credentials.add_account(
                tx, whole, organisation_name=account.organisation, kind="service", scopes=scopes, now=a.now
            )
            assert one is not None
            a.details |= {"account": one.id, "scopes": " ".join(scopes)}
            a.answer = {"account": one.name, "kind": one.kind, "scopes": sorted(one.scopes), "suspended": False}
    return dict(a.answer)


async def _machine(tx: Transaction, account: Account, name: str) -> Account:
    if "manage" not in account.scopes:
        raise NotPermitted("This account may make tokens for itself only: its scopes leave out manage.")
    one = await credentials.account_by_name(tx, name)
    if one is None or one.organisation_id != account.organisation_id or one.kind == "feed":
        raise NotFound
    if one.kind == "person":
        raise NotPermitted("A person makes its own tokens.")
    return one


def _require_terms(label: str, days: int) -> None:
    if len(label) > _LABEL or not label.isprintable():
        raise Invalid(f"What a token is for is said in {_LABEL} characters at most.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A token is valid for 1 to {LONGEST_DAYS} days.")


def _said(one: Token) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.id,
        "account": one.account,
        "kind": one.kind,
        "label": one.label,
        "created": timestamps.render(one.created),
    }
    instants = {"ends": one.ends, "last_used": one.seen}
    return told | {name: timestamps.render(at) for name, at in instants.items() if at is not None}
