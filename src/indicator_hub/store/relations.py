"""What refers to an object, as far as a reader sees it; `references.py` reads the same table for the ruling of the hub itself."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import visible
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import entry, reference
from indicator_hub.trust.reach import Reach


async def referrers(
    tx: AsyncConnection, reach: Reach, identifier: str, *, limit: int, types: Collection[str] = ()
) -> list[str]:
    """The ids of what this reach sees and is shown that refers to an id, in the version that is latest for it; the newest first.

    Of these types alone, if any are named.
    """
    e = entry.alias("e")
    here = reference.c.collection_id == bindparam("collection"), reference.c.target_id == bindparam("identifier")
    of = select(reference.c.entry_id).where(*here)
    which = e.c.id.in_(of), e.c.collection_id == bindparam("collection"), visible.visible(e), visible.foremost(e)
    statement = select(e.c.stix_id).where(*which).order_by(e.c.date_added.desc()).limit(limit)
    asked: dict[str, object] = {"identifier": identifier}
    if types:
        statement, asked = statement.where(among(e.c.type, "types")), asked | {"types": bind_list(tx, types)}
    rows = await tx.execute(statement, visible.parameters(reach) | asked)
    return list(dict.fromkeys(rows.scalars()))
