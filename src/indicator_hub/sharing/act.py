"""One deed: its transaction, and the event that says it was done or refused.

    async with act(store, caller, "submit", reach) as a:
        reach.require_write()
        async with a.transaction() as tx:
            ...
            a.details["total"] = 3

The transaction commits with the event or not at all. A HubError raised inside is kept as a refusal, in a transaction of its own, and
goes on to whoever asked. Nobody else commits.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from indicator_hub.audit.event import Event, Outcome
from indicator_hub.errors import HubError, Unauthenticated, Unavailable
from indicator_hub.store import audit
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account, or None for anybody and for the operator's shell; with what a later reader of the audit needs to find it."""

    account: Account | None = None
    request_id: str = ""
    address: str = ""


OPERATOR = Caller(address="the hub's own shell")


@dataclass(slots=True)
class Act:
    """A deed in progress. `details` become the event's."""

    store: Store
    caller: Caller
    action: str
    reach: Reach | None
    now: int
    object_id: str = ""
    details: dict[str, object] = field(default_factory=dict[str, object])

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """The deed's transaction; its event is written last."""
        async with self.store.transactions.begin() as tx:
            yield tx
            await audit.add(tx, [self.event("done")])

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
