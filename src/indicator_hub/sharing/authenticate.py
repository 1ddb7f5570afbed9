"""Who asks, and what is within its reach: judged from the roster at every request, so that suspension, expiry and windows act at once."""

import hashlib
from dataclasses import dataclass, replace

from indicator_hub.errors import NotFound, Unauthenticated
from indicator_hub.store import credentials
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach, Ties, reach_of
from indicator_hub.trust.roster import PUBLIC, Account

_NOTED = 300_000_000
"""Microseconds after which the use of a token is noted again: polls every minute are not to write every minute."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The account (None: anybody, in the group `public`), and its reach in the group and collection that the request names."""

    account: Account | None
    reach: Reach | None

    def require_reach(self) -> Reach:
        """The reach. Raises NotFound when the group does not exist for this account."""
        if self.reach is None:
            raise NotFound
        return self.reach

    def require_account(self) -> Account:
        """The account. Raises Unauthenticated."""
        if self.account is None:
            raise Unauthenticated
        return self.account


async def identify(
    store: Store, token: str | None, *, username: str | None, group: str = "", collection: str = ""
) -> Identified:
    """The account behind a token and its reach, in one look-up.

    `username` is what HTTP Basic sent beside the token, and must be the account's name. Raises Unauthenticated for a credential that is
    not valid now, and for none at all except in the group `public`.
    """
    now = store.now()
    if token is None:
        if group != PUBLIC:
            raise Unauthenticated
        return Identified(
            None, reach_of(None, await credentials.nobody(store, group=group, collection_name=collection), now)
        )
    digest = hashlib.sha256(token.encode()).digest()
    known = await credentials.by_token(store, digest, group=group, collection_name=collection, now=now)
    if known is None or (username is not None and username != known.account.name):
        raise Unauthenticated
    if now - known.used >= _NOTED:
        store.journal.note_use(known.token, now)
    return Identified(known.account, reach_of(known.account, known.ties, now))


async def reach(store: Store, account: Account, group: str, collection: str = "") -> Reach:
    """An account's reach in a group, or in one collection of it (by its id or alias). Raises NotFound where that does not exist for it."""
    now = store.now()
    async with store.transactions.read() as tx:
        found = await credentials.ties(tx, account, group=group, now=now)
    for ties in found:
        of = ties.collection
        if collection and (of is None or collection not in (of.id, of.alias)):
            continue
        here = reach_of(account, ties if collection else replace(ties, collection=None, key=0), now)
        if here is not None:
            return here
    raise NotFound


async def groups(store: Store, account: Account) -> list[Reach]:
    """The groups that exist for this account, by name: its own, and `public`."""
    return await _reaches(store, account, None)


async def collections(store: Store, account: Account | None, group: str) -> list[Reach]:
    """The collections of a group, with this account's rights in each. Raises NotFound when the group does not exist for it."""
    reaches = await _reaches(store, account, group)
    if not reaches:
        raise NotFound
    return [reach for reach in reaches if reach.collection is not None]


async def every_collection(store: Store, account: Account) -> list[Reach]:
    """Every collection that exists for this account, by group, with its rights in each."""
    return [one for one in await _reaches(store, account, None, everywhere=True) if one.collection is not None]


async def _reaches(
    store: Store, account: Account | None, group: str | None, *, everywhere: bool = False
) -> list[Reach]:
    now = store.now()
    async with store.transactions.read() as tx:
        found: list[Ties] = await credentials.ties(tx, account, group=group, now=now, everywhere=everywhere)
    return [reach for ties in found if (reach := reach_of(account, ties, now)) is not None]
