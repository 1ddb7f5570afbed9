"""One deed: its transaction, and the event that says it was done or refused.

    async with act(store, caller, "submit", reach) as a:
        reach.require_write()
        async with a.transaction() as tx:
            ...
            a.details["total"] = 3

The transaction commits with the event or not at all. A HubError raised inside is kept as a refusal, in a transaction of its own, and
goes on to whoever asked. Nobody else commits.
"""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from indicator_hub.audit.event import Event, Outcome
from indicator_hub.errors import Conflict, HubError, Unauthenticated, Unavailable, Unprocessable
from indicator_hub.store import audit, once
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account


@dataclass(frozen=True, slots=True)
class Once:
    """A key that a client gave its request, and SHA-256 of the request: with both the same, it is the same request again."""

    key: str
    fingerprint: bytes


def beside_nobody(size: int) -> AbstractAsyncContextManager[None]:  # noqa: ARG001 - as whoever has a place to give asks it
    """Nobody waits for this place."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account, or None for anybody and for the operator's shell; with what a later reader of the audit needs to find it."""

    account: Account | None = None
    request_id: str = ""
    address: str = ""
    once: Once | None = None
    aside: Callable[[int], AbstractAsyncContextManager[None]] = beside_nobody
    """Entered while only a commit is waited for, with so many bytes in hand: others may have one's place."""

    def require_account(self) -> Account:
        """Who asks. Raises Unauthenticated for anybody."""
        if self.account is None:
            raise Unauthenticated
        return self.account


OPERATOR = Caller(address="the hub's own shell")


@dataclass(slots=True)
class Act:
    """A deed in progress. `details` become the event's; `answer` is kept with it when it is to be done once."""

    store: Store
    caller: Caller
    action: str
    reach: Reach | None
    now: int
    object_id: str = ""
    as_of: int | None = None
    """What the collection's clock showed when what this deed gives out was read."""
    details: dict[str, object] = field(default_factory=dict[str, object])
    answer: Mapping[str, object] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """The deed's transaction; its event is written last. Raises Conflict when the same request is just being done elsewhere."""
        async with self.store.transactions.begin() as tx:
            yield tx
            await self.done(tx)

    async def done(self, tx: Transaction) -> None:
        """Write the event, last of all, in the deed's transaction. Raises Conflict as `transaction` does, which else calls this."""
        await audit.add(tx, [self.event("done")])
        asked, account = self.caller.once, self.caller.account
        if asked is not None and account is not None and self.answer is not None:
            kept = json.dumps(self.answer, ensure_ascii=False)
            if not await once.keep(tx, account.id, asked.key, asked.fingerprint, kept, now=self.now):
                raise Conflict("This request has just been made: ask again to read what came of it.")

    def event(self, outcome: Outcome) -> Event:
        """The event as it stands."""
        account = self.caller.account
        personal = {"address": self.caller.address} if self.caller.address else {}
        if account:
            personal["account"] = account.name
        return Event(
            at=self.now,
            action=self.action,
            outcome=outcome,
            account_id=account.id if account else 0,
            organisation_id=account.organisation_id if account else 0,
            group_id=self.reach.group_id if self.reach else 0,
            collection_id=self.reach.key if self.reach else 0,
            as_of=self.as_of,
            object_id=self.object_id,
            request_id=self.caller.request_id,
            details=self.details,
            personal=personal,
        )


@asynccontextmanager
async def act(
    store: Store, caller: Caller, action: str, reach: Reach | None = None, *, object_id: str = ""
) -> AsyncGenerator[Act]:
    """Do one deed. What it raises is recorded as a refusal, unless the store itself cannot be reached or nobody known asks."""
    a = Act(store, caller, action, reach, store.now(), object_id)
    try:
        yield a
    except (Unavailable, Unauthenticated):
        raise
    except HubError as refusal:
        a.details = {"refusal": type(refusal).__name__}
        async with store.transactions.begin() as tx:
            await audit.add(tx, [a.event("refused")])
        raise


async def answered(store: Store, caller: Caller) -> Mapping[str, object] | None:
    """What this very request was answered when it was made before; None when it was not. Raises Unprocessable when the key was another's."""
    if caller.once is None or caller.account is None:
        return None
    async with store.transactions.read() as tx:
        kept = await once.find(tx, caller.account.id, caller.once.key)
    if kept is None:
        return None
    fingerprint, answer = kept
    if fingerprint != caller.once.fingerprint:
        raise Unprocessable("This Idempotency-Key was sent with another request.")
    return json.loads(answer)
