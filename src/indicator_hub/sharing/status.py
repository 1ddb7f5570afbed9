"""What became of a submission: for accounts of the organisation that made it."""

from indicator_hub.errors import NotFound, Unauthenticated
from indicator_hub.store import statuses
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Reach


async def status(store: Store, reach: Reach, identifier: str, *, kept_for: int) -> bytes:
    """The status resource, for `kept_for` microseconds after it was finished. Raises NotFound (TAXII 2.1 section 4.3)."""
    if reach.account is None:
        raise Unauthenticated
    async with store.transactions.read() as tx:
        found = await statuses.resource(tx, reach, identifier, not_before=store.now() - kept_for)
    if found is None:
        raise NotFound
    return found
