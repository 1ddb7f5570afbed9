"""Which index each page is read by: no shape walks over what the reader does not see."""

import re
import sqlite3
from pathlib import Path

import pytest

from indicator_hub.store import pages, visible
from indicator_hub.store.hot import SqliteHot
from indicator_hub.store.pages import Shape
from indicator_hub.taxii.query import ALL, Filters
from support.world import indicator, world

PLAIN, EVERY = Filters(), Filters(keywords=frozenset((ALL,)))
OF_TYPE, ONE = Filters(types=("indicator",)), Filters(ids=(indicator(1)["id"],))


@pytest.mark.parametrize(
    ("build", "filters", "index"),
    [
        (pages.shared_range, PLAIN, "ix_entry_audience_latest (collection_id=? AND audience_id=? AND date_added>?)"),
        (pages.shared_range, OF_TYPE, "ix_entry_audience_latest (collection_id=? AND audience_id=? AND date_added>?)"),
        (pages.shared_range, EVERY, "ix_entry_audience (collection_id=? AND audience_id=? AND date_added>?)"),
        (
            pages.own_range,
            PLAIN,
            "ix_entry_organisation_latest (collection_id=? AND organisation_id=? AND date_added>?)",
        ),
        (pages.own_range, EVERY, "ix_entry_organisation (collection_id=? AND organisation_id=? AND date_added>?)"),
        (pages.by_id, ONE, "ux_entry_line (collection_id=? AND stix_id=?)"),
    ],
)
async def test_sqlite_reads_each_page_by_its_index(sqlite_url: str, build, filters: Filters, index: str) -> None:
    """A range is read by its own index, from where the cursor stands, in order; an id by its line. Nothing is sorted but lines."""
    async with world(sqlite_url, accounts=["bea"]) as w:
        hot = w.store.hot
        assert isinstance(hot, SqliteHot)
        shape = Shape.of(filters, bodies=True)
        text = hot._text(("plan", index), lambda: build(shape))
        values = visible.parameters(await w.reach("bea")) | dict.fromkeys(re.findall(r":(\w+)", text), 1)
        connection = sqlite3.connect(Path(str(w.store.url.database)))
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
        connection.close()
        assert plan[0] == f"SEARCH e USING INDEX {index}"
        assert all("SCAN entry" not in step and not step.startswith("SCAN e") for step in plan)
        assert ("USE TEMP B-TREE FOR ORDER BY" in plan) == (build is pages.by_id)
        for probe in ("before", "rendering", "newer"):
            assert all("ux_entry_line" in step for step in plan if step.startswith(f"SEARCH {probe} "))
