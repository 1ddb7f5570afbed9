"""The store: one database, opened."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from indicator_hub.errors import Misconfigured
from indicator_hub.stix import timestamps
from indicator_hub.store.again import PATIENCE
from indicator_hub.store.connecting import Connector
from indicator_hub.store.engine import (
    Transactions,
    async_engine,
    database_url,
    is_sqlite,
    require_schema,
    waits_for_a_standby,
)
from indicator_hub.store.hot import Hot
from indicator_hub.store.hot_postgresql import PostgresHot
from indicator_hub.store.hot_sqlite import SqliteHot
from indicator_hub.store.journal import Journal
from indicator_hub.store.schema import REVISION
from indicator_hub.store.together import Together

_log = logging.getLogger("indicator_hub.store")


def wall_clock() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1_000


def clock(testing: Path | None) -> Callable[[], int]:
    """The wall clock, or for tests what a file says. Raises Misconfigured when the file cannot be read now."""
    if testing is None:
        return wall_clock
    _log.warning("the time is what %s says: this hub is for tests", testing)

    def told() -> int:
        try:
            return timestamps.parse(testing.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise Misconfigured(f"The clock file {testing} does not hold a timestamp: {error}.") from None

    told()
    return told


@dataclass(frozen=True, slots=True)
class Store:
    """What a deed needs: transactions, the hot path, the journal of serve events, small deeds in groups, and the clock (microseconds), which tests replace."""

    url: URL
    transactions: Transactions
    hot: Hot
    journal: Journal
    together: Together
    now: Callable[[], int]
    serve_events: bool = True

    @property
    def inline(self) -> bool:
        """Whether reads are answered within the event loop: SQLite's are."""
        return is_sqlite(self.url)

    async def close(self) -> None:
        """Write what is still gathered, then let go of the database."""
        await self.together.close()
        await self.journal.close()
        await self.hot.close()
        await self.transactions.engine.dispose()


async def open_store(
    given: str,
    *,
    now: Callable[[], int] = wall_clock,
    serve_events: bool = True,
    pgbouncer: bool = False,
    patience: float = PATIENCE,
) -> Store:
    """Open the database at this URL. Raises Misconfigured when it is not there or carries another schema, saying what to run.

    `pgbouncer`: a PgBouncer in transaction mode lies between. `patience`: for how many seconds one that is gone is asked for again.
    """
    url = database_url(given)
    engine = async_engine(url, pgbouncer=pgbouncer)
    try:
        await require_schema(engine, url, REVISION)
        if not is_sqlite(url) and Connector(url).several and not await waits_for_a_standby(engine):
            _log.warning(
                "no standby is waited for (synchronous_standby_names): what is acknowledged last is lost if the primary is"
            )
        if is_sqlite(url):
            hot: Hot = SqliteHot(Path(str(url.database)))
        else:
            hot = await PostgresHot.open(url, pgbouncer=pgbouncer, patience=patience)
    except BaseException:
        await engine.dispose()
        raise
    transactions = Transactions(engine, sqlite=is_sqlite(url), patience=patience)
    return Store(url, transactions, hot, Journal(transactions, hot), Together(transactions), now, serve_events)


async def require_current(store: Store) -> None:
    """The schema is still the one that this code knows: another process may have brought it further. Raises Misconfigured, Unavailable."""
    await require_schema(store.transactions.engine, store.url, REVISION)
