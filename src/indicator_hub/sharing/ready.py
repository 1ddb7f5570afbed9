"""Whether the hub can do its work now."""

from indicator_hub.store import credentials
from indicator_hub.store.opened import Store, require_current


async def require_ready(store: Store) -> None:
    """Ask the database a small question, and whether its schema is the one of this code. Raises Unavailable, Misconfigured."""
    await require_current(store)
    await credentials.nobody(store, group="", collection_name="")
