"""Whether the hub can do its work now."""

from indicator_hub.errors import Unavailable
from indicator_hub.sharing.claim import LEASE
from indicator_hub.store import credentials, jobs, roster
from indicator_hub.store.opened import Store, require_current

LATE = 10 * LEASE
"""Microseconds after which a feed that is due, while no feed runs anywhere, says that the schedule stands still."""


async def require_ready(store: Store, *, schedule: bool = False) -> None:
    """Ask the database a small question, and whether its schema is the one of this code; with `schedule` whether feeds are run when they are due.

    Raises Unavailable, Misconfigured.
    """
    await require_current(store)
    await credentials.nobody(store, group="", collection_name="")
    if schedule:
        await _require_schedule(store)


async def declared(store: Store) -> tuple[int, int]:
    """How many groups and how many feeds there are. Raises Unavailable."""
    async with store.transactions.read() as tx:
        found = await roster.read(tx)
    return len(found.groups), len(found.feeds)


async def _require_schedule(store: Store) -> None:
    now = store.now()
    async with store.transactions.read() as tx:
        listed, states = await roster.feeds(tx), await jobs.states(tx)
    told = [states[name] for one in listed if one.every and (name := jobs.of_feed(one.name)) in states]
    # Who waits for room while others run is not forgotten: their leases are fresh.
    if any(until > now for _, until in told):
        return
    late = [due for due, _ in told if due < now - LATE]
    if late:
        seconds = (now - min(late)) // 1_000_000
        raise Unavailable(f"The schedule stands still: a feed has been due for {seconds} seconds, and none runs.")
