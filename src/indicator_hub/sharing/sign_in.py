"""People sign in to the console with a password (machines use tokens, and have none). Suspension ends a session at its next request.

Passwords are kept as Argon2id. After some wrong passwords in a row one waits, longer each time, so that guessing gets nowhere and the person gets
in again without asking anybody. What waits is a name from an address, so that nobody keeps a person out from elsewhere; a name from anywhere waits
too, after many more, but not for who has signed in from there before. An address alone never waits: behind a proxy it is everybody's. A name that is
not there is counted, answered and recorded as one that is, after the same work.
"""

import hashlib
import ipaddress
import secrets

from indicator_hub.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from indicator_hub.sharing import passwords
from indicator_hub.sharing.act import OPERATOR, Caller, act
from indicator_hub.store import attempts, credentials, sessions
from indicator_hub.store.opened import Store
from indicator_hub.store.sessions import Kept
from indicator_hub.trust.roster import Account

SHORTEST, LONGEST = 12, 256
"""Characters of a password (NIST SP 800-63B asks for no more rules than a length)."""
_SECOND = 1_000_000
ENDS, IDLE = 12 * 3_600 * _SECOND, 3_600 * _SECOND
"""Microseconds after which a session is over, and over when it is not used."""
_TOUCHED = 60 * _SECOND
_FREE, _FREE_OF_NAME = 5, 50
"""Wrong passwords in a row without a wait: under a name from an address, under a name from anywhere."""
_LONGEST_WAIT, _STEPS = 900, 10
"""Seconds of the longest wait, and doublings until then."""
_BITS = 256


async def set_password(store: Store, name: str, password: str) -> None:
    """Give a person a password, in the hub's own shell. Raises Invalid for one that cannot be, NotFound, Conflict for a service."""
    _require_password(password)
    hashed = await passwords.hashed(password)
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
    await _checked(store, account.name, former, caller)
    hashed = await passwords.hashed(password)
    async with act(store, caller, "set password") as a, a.transaction() as tx:
        await sessions.set_password(tx, account.id, hashed, now=a.now)


async def sign_in(store: Store, name: str, password: str, *, request_id: str = "", address: str = "") -> str:
    """Begin a session. Returns what its cookie holds. Raises Unauthenticated, and TooMany for who has to wait, which says how long."""
    account = await _checked(store, name, password, Caller(None, request_id, address))
    token = secrets.token_urlsafe(_BITS // 8)
    async with act(store, Caller(account, request_id, address), "sign in") as a, a.transaction() as tx:
        await sessions.begin(tx, _digest(token), account.id, now=a.now, ends=a.now + ENDS)
    return token


async def _checked(store: Store, name: str, password: str, caller: Caller) -> Account:
    """Whose password this is. Counted as wrong before it is looked at: of guesses that come together none is free."""
    name = name.replace("\0", "/")  # PostgreSQL's text cannot hold U+0000: such a name is none
    site = _site(caller.address)
    with passwords.place(site):
        kept, counted = await _begun(store, name, site)
        right = await passwords.is_right(kept and kept.hash, password[:LONGEST])
        again = await passwords.hashed(password) if kept and right and passwords.is_outdated(kept.hash) else None
    if kept is None or not right:
        # Of a name that is not there too: the same work, and the same record.
        by = Caller(kept and kept.account, caller.request_id, caller.address)
        async with act(store, by, "refuse password") as a, a.transaction():
            pass
        raise Unauthenticated
    async with store.transactions.begin() as tx:
        await attempts.right(tx, counted, good=counted[-1], now=store.now())
        if again is not None:
            await sessions.rehash(tx, kept.account.id, again)
    return kept.account


async def _begun(store: Store, name: str, site: str) -> tuple[Kept | None, list[bytes]]:
    """The password to look at, and under what the attempt is counted. Raises TooMany for who has to wait, and counts nothing then."""
    now = store.now()
    async with store.transactions.begin() as tx:
        of_name = await attempts.lock(tx, attempts.digest_of("name", name), now=now)
        both = await attempts.lock(tx, attempts.digest_of("both", name, site), now=now)
        # Whoever has signed in from here before is not kept out by what others do elsewhere.
        holding = (both,) if both.good else (of_name, both)
        locked = max(one.locked_until for one in holding)
        if locked > now:
            raise TooMany(after=-(-(locked - now) // _SECOND))
        counted = ((of_name, _FREE_OF_NAME), (both, _FREE))
        for one, free in counted:
            failures = one.failures + 1
            wait = min(2 ** min(failures - free, _STEPS), _LONGEST_WAIT) if failures >= free else 0
            until = now + wait * _SECOND if wait else None
            await attempts.count(tx, one.digest, failures=failures, locked_until=until)
        await attempts.sweep(tx, now=now)
        return await sessions.password_of(tx, name), [one.digest for one, _ in counted]


def _site(address: str) -> str:
    """An address as one counts from it: of IPv6 a whole network, as whoever has one address there has all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:  # noqa: PLR2004 - IPv6
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


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
