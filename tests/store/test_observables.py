"""What entries are found by is written with them, and was filled in for those that came before there was such a table."""

from typing import Any

import pytest
from sqlalchemy import select, text

from indicator_hub.sharing.submit import submit
from indicator_hub.stix.terms import digest
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import Store, open_store
from indicator_hub.store.schema import entry, observable
from support.backwards import BACK_TO_0010
from support.paths import MIGRATIONS
from support.world import envelope, indicator, world

_BACK = (
    *BACK_TO_0010,
    "DROP TABLE observable", "DROP TABLE password", "DROP TABLE attempt", "DROP TABLE session", "ALTER TABLE token DROP COLUMN seen",
    "ALTER TABLE token DROP COLUMN scopes",
    *(f"ALTER TABLE entry DROP COLUMN {name}" for name in ("name", "confidence", "valid_from", "valid_until", "labels")),
    "UPDATE alembic_version SET version_num = '0008'",
)  # fmt: skip


async def _all(store: Store) -> list[tuple[Any, ...]]:
    said = select(entry.c.stix_id, observable.c.kind, observable.c.value, observable.c.part, observable.c.digest)
    told = select(
        entry.c.stix_id, entry.c.name, entry.c.confidence, entry.c.valid_from, entry.c.valid_until, entry.c.labels
    )
    async with store.transactions.read() as tx:
        joined = said.select_from(observable.join(entry, entry.c.id == observable.c.entry_id))
        ordered = joined.order_by(entry.c.stix_id, observable.c.kind, observable.c.value)
        found = [tuple(row) for row in await tx.execute(ordered)]
        return [*found, *(tuple(row) for row in await tx.execute(told.order_by(entry.c.stix_id)))]


async def test_what_is_written_is_what_is_filled_in(database_url: str) -> None:
    """By a submission, and by the migration over the same entries: no difference."""
    whole = indicator(
        1, name="Loader", confidence=70, labels=["Phishing"], indicator_types=["malicious-activity"],
        valid_until="2026-12-01T00:00:00Z", pattern="[url:value = 'http://evil.example/a']",
    )  # fmt: skip
    second = indicator(2, pattern="[ipv4-addr:value = '192.0.2.1' AND ipv4-addr:value = '192.0.2.2']")
    report = indicator(
        3, type="report", id=indicator(3)["id"].replace("indicator", "report"), pattern=None, pattern_type=None, valid_from=None,
        name="R", published="2026-11-01T00:00:00Z", object_refs=[whole["id"]],
    )  # fmt: skip
    async with world(database_url) as w:
        made = await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(whole, second, report))
        assert not any(one.failed for one in made.details)
        written = await _all(w.store)
        async with w.store.transactions.begin() as tx:
            for statement in _BACK:
                await tx.execute(text(statement))
    await migrate(database_url, MIGRATIONS)
    store = await open_store(database_url)
    try:
        assert await _all(store) == written
    finally:
        await store.close()
    start = 1_793_491_200_000_000
    assert written == [
        (whole["id"], "domain-name", "evil.example", 2, digest("domain-name", "evil.example")),
        (whole["id"], "url", "http://evil.example/a", 0, digest("url", "http://evil.example/a")),
        (second["id"], "ipv4-addr", "192.0.2.1", 1, digest("ipv4-addr", "192.0.2.1")),
        (second["id"], "ipv4-addr", "192.0.2.2", 1, digest("ipv4-addr", "192.0.2.2")),
        (whole["id"], "Loader", 70, start, start + 30 * 86_400_000_000, "/malicious-activity/phishing/"),
        (second["id"], None, None, start, None, None),
        (report["id"], "R", None, None, None, None),
    ]


async def test_each_of_many_says_its_own(database_url: str) -> None:
    """In a large envelope too, which is judged and read in another thread while its rows are written."""
    many = [
        indicator(number, description="x" * 200, pattern=f"[domain-name:value = 'host-{number}.example']")
        for number in range(700)
    ]
    body = envelope(*many)
    assert len(body) > 256 * 1024
    async with world(database_url) as w:
        made = await submit(w.store, await w.caller("ana"), await w.reach("ana"), body)
        assert not any(one.failed for one in made.details)
        async with w.store.transactions.read() as tx:
            said = select(entry.c.stix_id, observable.c.value).join(observable, observable.c.entry_id == entry.c.id)
            found = {tuple(row) for row in await tx.execute(said)}
    assert found == {(one["id"], f"host-{number}.example") for number, one in enumerate(many)}


@pytest.mark.parametrize("length", [2_000, 60_000])
async def test_a_value_may_be_long(database_url: str, length: int) -> None:
    """An index on the value itself would refuse it on PostgreSQL."""
    address = f"http://evil.example/{'a' * length}"
    async with world(database_url) as w:
        made = await submit(
            w.store,
            await w.caller("ana"),
            await w.reach("ana"),
            envelope(indicator(1, pattern=f"[url:value = '{address}']")),
        )
        assert not any(one.failed for one in made.details)
        assert (await _all(w.store))[1][2] == address
