"""Audiences as they are stored: what the predicate compares."""

from sqlalchemy import select

from indicator_hub.store import audiences, visible
from indicator_hub.store.schema import audience
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.reach import as_recorded
from support.world import world


async def test_a_list_of_no_nations_is_nobodys(database_url: str) -> None:
    """Stored with one slash: no reader's nation stands between two, and a reader without a nation matches nothing."""
    wanted = {Audience(0, nations=frozenset(names)) for names in ((), ("XA",), ("XA", "XB"))}
    async with world(database_url) as w, w.store.transactions.begin() as tx:
        kept = await audiences.intern(tx, wanted)
        rows = dict((await tx.execute(select(audience.c.id, audience.c.nations))).all())
        assert {one.nations: rows[key] for one, key in kept.items()} == {
            frozenset(): "/", frozenset(("XA",)): "/XA/", frozenset(("XA", "XB")): "/XA/XB/",
        }  # fmt: skip
        for nation, sees in (("", 0), ("XA", 2), ("XB", 1), ("XC", 0), ("A", 0)):
            reach = as_recorded(9, 4, person=True, nation=nation, sees_from=0)
            found = (await tx.execute(visible.audiences(), visible.parameters(reach))).scalars().all()
            assert len(set(found) & set(kept.values())) == sees, nation
