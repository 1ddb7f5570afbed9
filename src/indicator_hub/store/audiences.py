"""Audiences, interned: each is one row, made when it is first needed and never changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import audience
from indicator_hub.trust.audience import Audience

_ALL = select(audience.c.id, audience.c.floor, audience.c.persons_only, audience.c.nations)


async def intern(tx: AsyncConnection, wanted: Iterable[Audience]) -> dict[Audience, int]:
    """The row of each of these audiences."""
    missing = set(wanted)
    found = {known: key for key, known in (await all_of(tx)).items() if known in missing}
    for new in sorted(missing - found.keys(), key=_values_text):
        dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
        await tx.execute(dialect.insert(audience).values(_values(new)).on_conflict_do_nothing())
    if missing - found.keys():
        found = {known: key for key, known in (await all_of(tx)).items() if known in missing}
    return found


async def all_of(tx: AsyncConnection) -> Mapping[int, Audience]:
    """Every audience there is, by row."""
    rows = await tx.execute(_ALL)
    return {key: Audience(floor, bool(persons_only), nations_of(nations)) for key, floor, persons_only, nations in rows}


def _values(one: Audience) -> dict[str, object]:
    nations = "*" if one.nations is None else "/" + "".join(f"{nation}/" for nation in sorted(one.nations))
    return {"floor": one.floor, "persons_only": one.persons_only, "nations": nations}


def _values_text(one: Audience) -> str:
    return str(_values(one))


def nations_of(text: str) -> frozenset[str] | None:
    """The nations of a row of audiences; None: all."""
    return None if text == "*" else frozenset(filter(None, text.split("/")))
