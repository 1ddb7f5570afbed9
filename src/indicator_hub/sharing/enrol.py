"""Enrol: accounts and their tokens, suspension and return. Deeds of the hub's own shell; they act on the very next request."""

import hashlib
import re
import secrets
from collections.abc import Sequence

from indicator_hub.errors import Conflict, Invalid, NotFound
from indicator_hub.sharing.act import OPERATOR, act
from indicator_hub.store import credentials
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Account, AccountKind

SCOPES = ("read", "submit", "manage")
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
_BITS = 256


def fresh_token() -> tuple[str, bytes]:
    """A token, 256 random bits behind `ihub_`, and the SHA-256 that is kept of it."""
    token = f"ihub_{secrets.token_urlsafe(_BITS // 8)}"
    return token, hashlib.sha256(token.encode()).digest()


async def enrol(
    store: Store,
    name: str,
    *,
    organisation: str,
    kind: AccountKind,
    scopes: Sequence[str] | None = None,
    lists_empty: bool | None = None,
    label: str = "",
    ends: int | None = None,
) -> tuple[Account, str]:
    """An account (made if it is new) and a new token for it, 256 random bits behind `ihub_`; the hub keeps its SHA-256 only.

    `ends` is when the token stops, in microseconds. `scopes` are the account's; None: all for a new one, as they are for one that is
    there. `lists_empty` sets whether its client is sent an empty list where TAXII leaves `objects` out. Raises Invalid for a name or scope that cannot be, NotFound for an unknown
    organisation, Conflict when the account exists in another organisation, as another kind or with other scopes.
    """
    if not _NAME.fullmatch(name):
        raise Invalid("An account's name has small letters, digits and . _ @ - only, 100 at most.")
    if kind not in ("person", "service") or (scopes is not None and (not scopes or set(scopes) - set(SCOPES))):
        raise Invalid(f"An account is a person or a service, and its scopes are some of: {', '.join(SCOPES)}.")
    async with act(store, OPERATOR, "enrol") as a, a.transaction() as tx:
        account = await credentials.account_by_name(tx, name)
        if account is None:
            account = await credentials.add_account(
                tx, name, organisation_name=organisation, kind=kind, scopes=scopes or SCOPES, now=a.now
            )
        if account is None:
            raise NotFound(f"There is no organisation {organisation}. Declare it, and run `indicator-hub apply`.")
        if (account.organisation, account.kind) != (organisation, kind):
            raise Conflict(f"The account {name} exists already: a {account.kind} of {account.organisation}.")
        if scopes is not None and account.scopes != frozenset(scopes):
            raise Conflict(f"The account {name} exists already, with the scopes {', '.join(sorted(account.scopes))}.")
        if lists_empty is not None:
            await credentials.set_lists_empty(tx, account.id, lists_empty)
        token, digest = fresh_token()
        await credentials.add_token(tx, account.id, digest, label=label, now=a.now, ends=ends)
        a.details |= {"account": account.id, "kind": kind, "organisation": organisation, "ends": ends or 0}
    return account, token


async def revoke(store: Store, name: str) -> int:
    """Make every token of an account worthless. Returns how many. Raises NotFound."""
    async with act(store, OPERATOR, "revoke tokens") as a, a.transaction() as tx:
        account = await credentials.account_by_name(tx, name)
        if account is None:
            raise NotFound(f"There is no account {name}.")
        count = await credentials.revoke_tokens(tx, account.id)
        a.details |= {"account": account.id, "tokens": count}
    return count


async def suspend(store: Store, name: str, *, whole_organisation: bool, suspended: bool) -> None:
    """Suspend (or reinstate) an account, or an organisation with all its accounts; no organisation takes that back. Raises NotFound."""
    async with act(store, OPERATOR, "suspend" if suspended else "reinstate") as a, a.transaction() as tx:
        key = await credentials.bar(
            tx, name, whole_organisation=whole_organisation, barred=a.now if suspended else None
        )
        if key is None:
            raise NotFound(f"There is no {'organisation' if whole_organisation else 'account'} {name}.")
        a.details |= {"organisation" if whole_organisation else "account": key}
