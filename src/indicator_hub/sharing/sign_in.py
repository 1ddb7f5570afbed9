"""People sign in to the console with a password (machines use tokens, and have none). Suspension ends a session at its next request.

Passwords are kept as Argon2id. A name that is not there takes as long as one that is; after some wrong passwords in a row an account waits,
longer each time, so that guessing gets nowhere and the person gets in again without asking anybody.
"""

import asyncio
import hashlib
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from indicator_hub.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from indicator_hub.sharing.act import OPERATOR, Caller, act
from indicator_hub.store import credentials, sessions
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Account

SHORTEST, LONGEST = 12, 256
"""Characters of a password (NIST SP 800-63B asks for no more rules than a length)."""
_SECOND = 1_000_000
ENDS, IDLE = 12 * 3_600 * _SECOND, 3_600 * _SECOND
"""Microseconds after which a session is over, and over when it is not used."""
_TOUCHED = 60 * _SECOND
_FREE, _LONGEST_WAIT = 5, 900
"""Wrong passwords in a row without a wait; seconds of the longest wait."""
_BITS = 256


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # Argon2id with RFC 9106's second set of parameters


@lru_cache(maxsize=1)
def _nobody() -> str:
    """What is compared with where there is no such person: the same work."""
    return _hasher().hash(secrets.token_urlsafe(16))


async def set_password(store: Store, name: str, password: str) -> None:
    """Give a person a password, in the hub's own shell. Raises Invalid for one that cannot be, NotFound, Conflict for a service."""
    _require_password(password)
    hashed = await asyncio.to_thread(_hasher().hash, password)
    async with act(store, OPERATOR, "set password") as a, a.transaction() as tx:
        account = await credentials.account_by_name(tx, name)
        if account is None:
            raise NotFound(f"There is no account {name}.")
        if account.kind != "person":
            raise Conflict(f"{name} is a {account.kind}: machines use tokens.")
        await sessions.set_password(tx, account.id, hashed, now=a.now)
        a.details |= {"account": account.id}


async def change_password(store: Store, caller: Caller, former: str, password: str) -> None:
    """One's own password. Ends all one's sessions. Raises Invalid for one that cannot be, NotPermitted when `former` is not right."""
    _require_password(password)
    account = caller.require_account()
    await _checked(store, account.name, former)
    hashed = await asyncio.to_thread(_hasher().hash, password)
    async with act(store, caller, "set password") as a, a.transaction() as tx:
        await sessions.set_password(tx, account.id, hashed, now=a.now)


async def sign_in(store: Store, name: str, password: str, *, request_id: str = "", address: str = "") -> str:
    """Begin a session. Returns what its cookie holds. Raises Unauthenticated, and TooMany for who has to wait, whose detail says how long."""
    account = await _checked(store, name, password)
    token = secrets.token_urlsafe(_BITS // 8)
    async with act(store, Caller(account, request_id, address), "sign in") as a, a.transaction() as tx:
        await sessions.begin(tx, _digest(token), account.id, now=a.now, ends=a.now + ENDS)
    return token


async def _checked(store: Store, name: str, password: str) -> Account:
    now = store.now()
    async with store.transactions.read() as tx:
        # PostgreSQL's text cannot hold U+0000: such a name is none.
        kept = await sessions.password_of(tx, name.replace("\0", "/"))
    if kept is not None and kept.locked_until > now:
        wait = -(-(kept.locked_until - now) // _SECOND)
        raise TooMany(f"There were several wrong passwords for this account: try again in {wait} seconds.")
    right = await asyncio.to_thread(_verified, kept.hash if kept else _nobody(), password[:LONGEST])
    if kept is None:
        raise Unauthenticated
    if not right:
        failures = kept.failures + 1
        wait = min(2 ** max(0, failures - _FREE), _LONGEST_WAIT) if failures >= _FREE else 0
        async with act(store, Caller(kept.account), "refuse password") as a, a.transaction() as tx:
            await sessions.failed(tx, kept.account.id, failures=failures, locked_until=wait and a.now + wait * _SECOND)
        raise Unauthenticated
    if kept.failures or _hasher().check_needs_rehash(kept.hash):
        hashed = await asyncio.to_thread(_hasher().hash, password)
        async with store.transactions.begin() as tx:
            await sessions.failed(tx, kept.account.id, failures=0, locked_until=0)
            await sessions.rehash(tx, kept.account.id, hashed)
    return kept.account


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


async def session(store: Store, token: str) -> Account | None:
    """Whose session this is now; None for nobody's."""
    now, digest = store.now(), _digest(token)
    async with store.transactions.read() as tx:
        found = await sessions.find(tx, digest, now=now, idle=IDLE)
    if found is None:
        return None
    account, seen = found
    if now - seen > _TOUCHED:
        async with store.transactions.begin() as tx:
            await sessions.touch(tx, digest, now=now)
    return account


async def sign_out(store: Store, caller: Caller, token: str) -> None:
    """End a session."""
    async with act(store, caller, "sign out") as a, a.transaction() as tx:
        await sessions.end(tx, _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _require_password(password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters; any of them.")
