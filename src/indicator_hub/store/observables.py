"""The values in entries: how they are found by one, and what lists are made of. Written with the entry and never changed, as its bytes never are."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.stix.terms import Term
from indicator_hub.store import bulk
from indicator_hub.store.schema import observable

_NAMES = ("entry_id", "collection_id", "digest", "kind", "value", "part")


async def add(tx: AsyncConnection, collection_id: int, said: Iterable[tuple[int, Sequence[Term]]]) -> None:
    """What each of these new entries says."""
    rows = [(key, collection_id, one.digest, one.kind, one.value, one.part) for key, found in said for one in found]
    await bulk.put(tx, observable, bulk.Rows(_NAMES, rows))
