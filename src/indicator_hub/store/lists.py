"""The lists that feeds are held to: each is what one feed brought last, and counts for the feeds of its collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import bulk
from indicator_hub.store.roster import declared_feed
from indicator_hub.store.schema import account, feed, organisation, warning_list
from indicator_hub.trust.roster import FeedUse


@dataclass(frozen=True, slots=True)
class Listed:
    """A list by the name of its feed: what becomes of what is on it, of which nation it is, and its content as text."""

    name: str
    use: FeedUse
    nation: str
    content: str


async def content(tx: AsyncConnection, feed_id: int) -> str | None:
    """What the feed brought last."""
    found = await tx.execute(select(warning_list.c.content).where(warning_list.c.feed_id == feed_id))
    return found.scalar_one_or_none()


async def put(tx: AsyncConnection, feed_id: int, content: str, *, now: int) -> None:
    """What the feed brings now, instead of what it brought last."""
    row = {"feed_id": feed_id, "content": content, "updated": now}
    await bulk.write(tx, warning_list, [row], key=("feed_id",), kept=("content", "updated"))


async def of_collection(tx: AsyncConnection, collection_id: int, *, nation: str) -> Sequence[Listed]:
    """The lists for the feeds that this nation imports into a collection, by name; those whose feed has ended count no longer.

    What a nation keeps for itself is for its own feeds only.
    """
    joined = (
        warning_list.join(feed, feed.c.id == warning_list.c.feed_id)
        .join(account, account.c.id == feed.c.account_id)
        .join(organisation, organisation.c.id == account.c.organisation_id)
    )
    columns = (feed.c.name, feed.c.declaration, organisation.c.nation, warning_list.c.content)
    statement = select(*columns).select_from(joined).where(feed.c.collection_id == collection_id, feed.c.ends.is_(None))
    found = [
        Listed(name, declared_feed(declaration).use, of, text)
        for name, declaration, of, text in await tx.execute(statement.order_by(feed.c.name))
    ]
    return [one for one in found if one.use in ("refuse", "label") or (one.use == "allow" and one.nation == nation)]
