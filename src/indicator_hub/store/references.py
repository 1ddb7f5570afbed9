"""What refers to what, and which audience follows from it. Read here for the hub's own ruling, never to give out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import audiences
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import entry, reference, referrer
from indicator_hub.trust.admission import Recalled
from indicator_hub.trust.audience import Audience, Ruling
from indicator_hub.trust.references import Line, Node, effective

_AT_ONCE = 500
_REFERRING = select(reference.c.entry_id, reference.c.target_id, reference.c.organisation_id).where(
    reference.c.collection_id == bindparam("key"), among(reference.c.target_id, "names")
)


@dataclass(frozen=True, slots=True)
class Settled:
    """A referrer, the audience it has and the one it must have; why its own marks hold it, if they do; when it was first added."""

    entry: int
    line: Line
    was: Audience
    now: Audience
    own_held: str | None
    first_added: int


async def add(tx: AsyncConnection, collection: int, of: Mapping[int, tuple[Ruling, frozenset[Line]]]) -> None:
    """Note for each of these entries the lines it refers to, and the ruling of its own marks."""
    rows = await audiences.intern(tx, {ruling.audience for ruling, _ in of.values()})
    await tx.execute(
        insert(referrer),
        [{"entry_id": key, "own_audience_id": rows[one.audience], "held": one.held} for key, (one, _) in of.items()],
    )
    listed = [
        {"entry_id": key, "collection_id": collection, "target_id": name, "organisation_id": organisation}
        for key, (_, lines) in of.items()
        for name, organisation in sorted(lines)
    ]
    await tx.execute(insert(reference), listed)


async def rule(tx: AsyncConnection, key: int, ruling: Ruling) -> bool:
    """The ruling of an entry's own marks is another now. Nothing happens where it refers to nothing; returns whether it refers to something."""
    row = (await audiences.intern(tx, {ruling.audience}))[ruling.audience]
    changed = update(referrer).where(referrer.c.entry_id == key)
    return (await tx.execute(changed.values(own_audience_id=row, held=ruling.held))).rowcount == 1


async def own_audience(tx: AsyncConnection, key: int) -> Audience | None:
    """Whom an entry would reach by itself, whatever it refers to; None where it refers to nothing."""
    row = (await tx.execute(select(referrer.c.own_audience_id).where(referrer.c.entry_id == key))).scalar_one_or_none()
    return None if row is None else (await audiences.all_of(tx))[row]


async def unsettled(
    tx: AsyncConnection, collection: int, changed: Collection[Line], ruled: Collection[Line]
) -> list[Settled]:
    """The entries whose audience is no longer what follows from what they lead to, oldest first.

    After the lines `changed` have changed; of those, `ruled` may refer to something themselves, by rulings that are new.
    """
    concerned = await _led_to(tx, collection, changed) | await _of(tx, collection, ruled)
    if not concerned:
        return []
    nodes, lines = await _nodes(tx, collection, await _lines_of(tx, concerned))
    columns = (entry.c.id, entry.c.audience_id, entry.c.first_added, referrer.c.held)
    found: list[Settled] = []
    for keys in _parts(sorted(concerned)):
        rows = (await tx.execute(select(*columns).join(referrer).where(entry.c.id.in_(keys)))).all()
        known = await audiences.all_of(tx)
        for key, audience, first_added, held in rows:
            node = nodes[key]
            must = effective(node, lines)
            if not node.recalled and must != known[audience]:
                found.append(Settled(key, node.line, known[audience], must, held, first_added))
    return sorted(found, key=lambda one: one.first_added)


async def foreseen(
    tx: AsyncConnection, collection: int, coming: Sequence[tuple[Line, Ruling, frozenset[Line]]]
) -> list[Ruling]:
    """The rulings that objects would have if they came now, together: their own, narrowed by the lines that count for each."""
    begin = frozenset[Line]().union(*(targets for _, _, targets in coming))
    _, lines = await _nodes(tx, collection, begin) if begin else ({}, dict[Line, list[Node]]())
    new = [
        Node(-number, line, ruling.audience, False, targets) for number, (line, ruling, targets) in enumerate(coming, 1)
    ]
    for node in new:
        lines.setdefault(node.line, []).append(node)
    return [replace(ruling, audience=effective(node, lines)) for node, (_, ruling, _) in zip(new, coming, strict=True)]


async def _of(tx: AsyncConnection, collection: int, lines: Collection[Line]) -> set[int]:
    """The versions of these lines that refer to anything."""
    if not lines:
        return set()
    statement = select(entry.c.id, entry.c.stix_id, entry.c.organisation_id).join(referrer)
    statement = statement.where(entry.c.collection_id == collection, among(entry.c.stix_id, "names"))
    rows = await tx.execute(statement, {"names": bind_list(tx, {name for name, _ in lines})})
    return {key for key, name, organisation in rows if (name, organisation) in lines}


async def _led_to(tx: AsyncConnection, collection: int, changed: Collection[Line]) -> set[int]:
    """Every entry from which one of these lines can be reached."""
    found: set[int] = set()
    ahead, passed = set(changed), set[Line]()
    while ahead:
        passed |= ahead
        rows = await tx.execute(_REFERRING, {"key": collection, "names": bind_list(tx, {name for name, _ in ahead})})
        above = {key for key, name, organisation in rows if (name, organisation) in ahead}
        found |= above
        ahead = await _lines_of(tx, above) - passed
    return found


async def _lines_of(tx: AsyncConnection, keys: Collection[int]) -> set[Line]:
    found: set[Line] = set()
    for part in _parts(sorted(keys)):
        rows = await tx.execute(select(entry.c.stix_id, entry.c.organisation_id).where(entry.c.id.in_(part)))
        found |= {(name, organisation) for name, organisation in rows}
    return found


async def _nodes(
    tx: AsyncConnection, collection: int, begin: Collection[Line]
) -> tuple[dict[int, Node], dict[Line, list[Node]]]:
    """The entries of these lines and everything that can be reached from them."""
    ahead, lines = set(begin), dict[Line, list[Node]]()
    nodes: dict[int, Node] = {}
    columns = (
        entry.c.id, entry.c.stix_id, entry.c.organisation_id, entry.c.audience_id, entry.c.recalled, referrer.c.own_audience_id,
    )  # fmt: skip
    statement = (
        select(*columns).outerjoin(referrer).where(entry.c.collection_id == collection, among(entry.c.stix_id, "names"))
    )
    while ahead:
        rows = [
            row
            for row in await tx.execute(statement, {"names": bind_list(tx, {name for name, _ in ahead})})
            if (row.stix_id, row.organisation_id) in ahead
        ]
        known = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
        targets = await _targets(tx, [row.id for row in rows if row.own_audience_id is not None])
        further: set[Line] = set()
        for row in rows:
            line = (row.stix_id, row.organisation_id)
            own = known[row.audience_id if row.own_audience_id is None else row.own_audience_id]
            node = Node(row.id, line, own, row.recalled != Recalled.NO.value, targets.get(row.id, frozenset()))
            nodes[row.id] = node
            lines.setdefault(line, []).append(node)
            further |= node.targets
        ahead = further - lines.keys() - ahead
    return nodes, lines


async def _targets(tx: AsyncConnection, keys: Sequence[int]) -> dict[int, frozenset[Line]]:
    found: dict[int, set[Line]] = {}
    for part in _parts(keys):
        columns = (reference.c.entry_id, reference.c.target_id, reference.c.organisation_id)
        for key, name, organisation in await tx.execute(select(*columns).where(reference.c.entry_id.in_(part))):
            found.setdefault(key, set()).add((name, organisation))
    return {key: frozenset(lines) for key, lines in found.items()}


def _parts(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[at : at + _AT_ONCE] for at in range(0, len(keys), _AT_ONCE))
