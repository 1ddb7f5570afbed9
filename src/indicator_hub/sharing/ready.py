"""Whether the hub can do its work now."""

from indicator_hub.store import credentials
from indicator_hub.store.opened import Store


async def require_ready(store: Store) -> None:
    """Ask the database a small question. Raises Unavailable."""
    await credentials.nobody(store, group="", collection_name="")
