"""The values in entries: how they are found by one, and what lists are made of. Written with the entry and never changed, as its bytes never are."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.stix.terms import Term, digest
from indicator_hub.store import bulk
from indicator_hub.store.schema import observable


async def add(tx: AsyncConnection, collection_id: int, said: Mapping[int, Sequence[Term]]) -> None:
    """What each of these new entries says."""
    rows = [
        {
            "entry_id": key,
            "collection_id": collection_id,
            "digest": digest(one.kind, one.value),
            "kind": one.kind,
            "value": one.value,
            "part": one.part,
        }
        for key, found in said.items()
        for one in found
    ]
    await bulk.write(tx, observable, rows)
