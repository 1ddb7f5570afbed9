"""Which index each page is read by: no shape walks over what the reader does not see."""

import re
import sqlite3
from pathlib import Path
from typing import Literal

import pytest

from indicator_hub.sharing.submit import submit
from indicator_hub.store import pages, visible
from indicator_hub.store.hot import parts
from indicator_hub.store.hot_postgresql import PostgresHot
from indicator_hub.store.hot_sqlite import SqliteHot
from indicator_hub.store.pages import Shape
from indicator_hub.taxii.query import ALL, Filters, Query
from support.world import envelope, indicator, world

PLAIN, EVERY = Filters(), Filters(keywords=frozenset((ALL,)))
OF_TYPE, ONE = Filters(types=("indicator",)), Filters(ids=(indicator(1)["id"],))
AUDIENCE, OWN = (
    "(collection_id=? AND audience_id=? AND date_added>?)",
    "(collection_id=? AND organisation_id=? AND date_added>?)",
)
WITHIN, OWN_WITHIN = (one.replace(")", " AND date_added<?)") for one in (AUDIENCE, OWN))
LATEST = [f"ix_entry_audience_covering {WITHIN}"] * 3 + [f"ix_entry_organisation_covering {OWN}"]
UPTO = {
    PLAIN: f"COVERING INDEX ix_entry_organisation_covering {OWN_WITHIN}",
    OF_TYPE: f"INDEX ix_entry_organisation_covering {OWN_WITHIN}",
    EVERY: f"INDEX ix_entry_organisation {OWN_WITHIN}",
}
EVERYTHING = [f"ix_entry_audience {WITHIN}"] * 3 + [f"ix_entry_organisation {OWN}"]


@pytest.mark.parametrize("way", ["rows", "joined"])
@pytest.mark.parametrize(
    ("audiences", "filters", "indexes"),
    [
        (3, PLAIN, LATEST),
        (3, OF_TYPE, LATEST),
        (3, EVERY, EVERYTHING),
        (0, PLAIN, LATEST[-1:]),
        (None, ONE, ["ux_entry_line (collection_id=? AND stix_id=?)"]),
    ],
)
async def test_sqlite_reads_each_page_by_its_index(
    sqlite_url: str, audiences: int | None, filters: Filters, indexes: list[str], way: Literal["rows", "joined"]
) -> None:
    """A range is read by its own index, from where the cursor stands, in order; an id by its line. Nothing is sorted but lines."""
    async with world(sqlite_url, accounts=["bea"]) as w:
        hot = w.store.hot
        assert isinstance(hot, SqliteHot)
        shape = Shape.of(filters, bodies=True)
        text = (
            hot._text("plan", lambda: pages.by_id(shape))
            if audiences is None
            else getattr(hot._union(shape, audiences), way)
        )
        values = visible.parameters(await w.reach("bea")) | dict.fromkeys(re.findall(r":(\w+)", text), 1)
        connection = sqlite3.connect(Path(str(w.store.url.database)))
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
        connection.close()
        assert [step for step in plan if step.startswith("SEARCH e ")] == [
            f"SEARCH e USING INDEX {index}" for index in indexes
        ]
        if audiences:
            assert [step for step in plan if step.startswith("SEARCH mine ")] == [f"SEARCH mine USING {UPTO[filters]}"]
            far = [f"SEARCH hard USING COVERING INDEX ix_entry_uncertain {OWN}"]
            assert [step for step in plan if step.startswith("SEARCH hard ")] == far
        if audiences is not None:
            # The order of the page is that of what is merged, which therefore is gone along.
            outer = [step for step in plan if step == "SCAN page" or step.startswith("SEARCH found ")]
            assert outer == ["SCAN page", "SEARCH found USING INTEGER PRIMARY KEY (rowid=?)"]
        assert all("SCAN entry" not in step and not step.startswith("SCAN e") for step in plan)
        assert any("TEMP B-TREE" in step for step in plan) == (audiences is None)
        for probe in ("before", "rendering", "newer", "older", "other"):
            assert all("ux_entry_line" in step for step in plan if step.startswith(f"SEARCH {probe} "))


@pytest.mark.parametrize("way", ["rows", "joined"])
@pytest.mark.parametrize("backend", ["postgresql"])
async def test_postgresql_merges_the_ranges_as_they_lie(database_url: str, way: Literal["rows", "joined"]) -> None:
    """Each range is read by its own index; they are merged, and no more of them is sorted than the row before them."""
    async with world(database_url, accounts=["bea", "ana"]) as w:
        for place, level in enumerate(("CLEAR", "GREEN", "AMBER")):
            body = envelope(*[indicator(10 * place + one, tlp=level) for one in range(3)])
            await submit(w.store, await w.caller("ana"), await w.reach("ana"), body)
        hot, reach = w.store.hot, await w.reach("bea")
        assert isinstance(hot, PostgresHot)
        shape, values = Shape.of(PLAIN, bodies=True), pages.parameters(Query(-1, 1_000, PLAIN), reach)
        values |= visible.parameters(reach)
        if way == "rows":
            await hot.page(shape, values)
        else:
            await hot.joined(shape, values)
        reached = hot._audiences.guess(values)
        assert len(reached) == 3
        values |= parts(reached)[0] | {"reached": reached}
        text, order = hot._texts[way, shape, 3]
        plan = [row[0] for row in await hot._asked(f"EXPLAIN {text}", [values[key] for key in order])]
        assert any("Merge Append" in step for step in plan)
        # The head is one row; nothing else is sorted.
        sorted_rows = [re.search(r"rows=(\d+)", step)[1] for step in plan if "Sort  (" in step]  # type: ignore[index]
        assert sorted_rows == (["1"] if way == "rows" else [])
        ranges = [found[1] for step in plan if (found := re.search(r"using (\w+) on entry e(?:_\d)?\b", step))]
        assert ranges == ["ix_entry_audience_latest"] * 3 + ["ix_entry_organisation_latest"]
