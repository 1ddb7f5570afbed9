"""How the PostgreSQL server stands that the hub trusts: what it does with a commit, whom it waits for, what it has room for, and its clock."""

from typing import NamedTuple

from sqlalchemy import text

from indicator_hub.store import engine, hot_postgresql
from indicator_hub.store.opened import Store, wall_clock

CONNECTIONS = engine.CONNECTIONS + hot_postgresql.CONNECTIONS
"""How many a process that serves opens at most."""
_ASKED = text("""
    SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
      current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
      (SELECT count(*) FROM pg_stat_replication), (SELECT count(sync_state) FROM pg_stat_replication),
      (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
      (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
""")
MACHINE = "the machine loses its power"
PRIMARY = "the primary is lost"
"""What may cost the commits that were acknowledged last."""


class Standing(NamedTuple):
    """What the server says. `lost_when` is what costs the commits that were acknowledged last, each with the setting that says so."""

    version: str
    lost_when: tuple[tuple[str, str], ...]
    hangs: bool
    """Commits wait for a standby, and none is there."""
    connections: int
    """For users who are no superusers, at most."""
    ahead: int
    """Microseconds by which its clock is ahead of this machine's, beyond what the question took."""


async def standing(store: Store) -> Standing:
    """Ask the server, on PostgreSQL. Raises Unavailable."""
    async with store.transactions.read() as tx:
        before = wall_clock()
        row = (await tx.execute(_ASKED)).one()
        after = wall_clock()
    version, fsync, full_page_writes, commit, names, connections, standbys, known, waited_for, there = row
    lost = [
        (MACHINE, f"{name} = off")
        for name, on in (("fsync", fsync), ("full_page_writes", full_page_writes))
        if on != "on"
    ]
    if commit == "off":
        lost.append((MACHINE, "synchronous_commit = off"))
    if not names:
        lost.append((PRIMARY, "synchronous_standby_names is empty"))
    elif commit in ("off", "local"):
        lost.append((PRIMARY, f"synchronous_commit = {commit}"))
    # Who is no superuser, and not in pg_read_all_stats, is told that standbys are there, and not which of them are waited for.
    missing = not standbys or (known == standbys and not waited_for)
    return Standing(
        version,
        tuple(lost),
        bool(names) and commit not in ("off", "local") and missing,
        connections,
        there - after if there > after else min(0, there - before),
    )
