"""How the PostgreSQL server stands that the hub trusts: what it does with a commit, whom it waits for, what it has room for, and its clock."""

import re
from typing import NamedTuple

from sqlalchemy import text

from indicator_hub.store import engine, hot_postgresql
from indicator_hub.store.opened import Store, wall_clock

CONNECTIONS = engine.CONNECTIONS + hot_postgresql.CONNECTIONS
"""How many a process that serves opens at most."""
_ASKED = text("""
    SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
      current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
      (SELECT count(*) FROM pg_stat_replication), (SELECT count(sync_state) FROM pg_stat_replication),
      (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
      pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
      has_table_privilege('clock', 'UPDATE') AND has_table_privilege('event', 'INSERT'),
      (SELECT min(n) FROM (VALUES
        (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true), '0')::int),
        ((SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)),
        ((SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))) AS limits (n)),
      (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
""")
_MACHINE = "the machine loses its power"
_SERVER = f"{_MACHINE}, or PostgreSQL is killed"
PRIMARY = "the primary is lost"
"""What may cost the commits that were acknowledged last."""
_NUMBER = re.compile(r"\s*(?:(?:FIRST|ANY)\s+)?([0-9]+)\s*\(", re.IGNORECASE)


class Standing(NamedTuple):
    """What the server says. `lost_when` is what costs the commits that were acknowledged last, each with the setting that says so."""

    version: str
    lost_when: tuple[tuple[str, str], ...]
    torn: bool
    """A page that was half written when the machine lost its power stays so, where the file system does not keep that from happening."""
    waits_for: int
    """Standbys that must have a commit before it is answered."""
    there: int | None
    """Of these, those that are there; None where this user may not know."""
    read_only: bool
    may_write: bool
    """This user has the right to."""
    connections: int
    """For this user, at most."""
    ahead: int
    """Microseconds by which its clock is ahead of this machine's, beyond what the question took."""


async def standing(store: Store) -> Standing:
    """Ask the server, on PostgreSQL. Raises Unavailable."""
    async with store.transactions.read() as tx:
        before = wall_clock()
        row = (await tx.execute(_ASKED)).one()
        after = wall_clock()
    version, fsync, whole, commit, names, standbys, known, synchronous, read_only, may_write, connections, clock = row
    lost: list[tuple[str, str]] = []
    if fsync != "on":
        lost.append((_MACHINE, "fsync = off"))
    if commit == "off":
        lost.append((_SERVER, "synchronous_commit = off"))
    if not names:
        lost.append((PRIMARY, "synchronous_standby_names is empty"))
    elif commit in ("off", "local"):
        lost.append((PRIMARY, f"synchronous_commit = {commit}"))
    number = _NUMBER.match(names)
    waits_for = 0 if not names or commit in ("off", "local") else int(number[1]) if number else 1
    # Who is no superuser, and not in pg_read_all_stats, is told that standbys are there, and not which of them are waited for.
    is_told = known == standbys or not waits_for
    there = synchronous if is_told else standbys if standbys < waits_for else None
    ahead = clock - after if clock > after else min(0, clock - before)
    return Standing(version, tuple(lost), whole != "on", waits_for, there, read_only, may_write, connections, ahead)
