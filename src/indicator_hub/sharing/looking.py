"""One object, as a person looks at it: its versions, what refers to it, who shared it and how they are reached, which feeds say it.

What is given out is what a poll would give, and is recorded as one: whoever looked at an object is among those who were given it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from indicator_hub.errors import NotFound
from indicator_hub.sharing import audience
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.poll import poll
from indicator_hub.stix import timestamps
from indicator_hub.stix.references import references
from indicator_hub.store import feeds, records, relations, roster, search
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.taxii.page import Entry
from indicator_hub.taxii.query import ALL, Filters, Query, Resource
from indicator_hub.trust.ladder import HELD, NAMES
from indicator_hub.trust.reach import Reach

VERSIONS, RELATED = 200, 300
"""How many versions, and how many objects around it, are told at most."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its value, its bytes, and what the hub keeps of it. Instants in microseconds."""

    value: Mapping[str, Any]
    raw: bytes
    version: str
    date_added: int
    first_added: int
    originator: str
    """Empty where it has no part in this group: what was released here does not name it."""
    mine: bool
    submitted_by: str
    """The account, for one's own organisation only."""
    level: str
    held: str
    nations: tuple[str, ...]
    persons_only: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """An object: its versions, the oldest first; what is around it, by id; who shared it."""

    identifier: str
    versions: tuple[Version, ...]
    related: Mapping[str, Mapping[str, Any]]
    """The latest version of each object that it refers to, or that refers to it, and of what is at the other end of those."""
    refers: Mapping[str, frozenset[str]]
    """By id, what each of these refers to; of the object itself its newest version."""
    originators: Mapping[str, str]
    """By id of a related object, who shared it."""
    referrers: tuple[str, ...]
    contact: Mapping[str, Any]
    sources: tuple[Mapping[str, Any], ...] = ()
    more: bool = False
    more_around: bool = False
    """Whether more refers to it than is told."""
    sightings: int = 0
    """All that one sees in the collection, told or not."""
    more_sightings: bool = False
    """Whether there are more than were counted."""
    readers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def latest(self) -> Version:
        """The newest version."""
        return max(self.versions, key=_order)


def _order(one: Version) -> tuple[Any, int]:
    return timestamps.sort_key(one.version), one.date_added


async def newest(store: Store, caller: Caller, reach: Reach, identifiers: Sequence[str]) -> list[Entry]:
    """The newest versions of these that are seen, as a poll gives them: what is not seen is left out. Raises NotPermitted."""
    asked = tuple(dict.fromkeys(identifiers))
    page = await poll(store, caller, reach, Query(-1, 2 * len(asked), Filters(ids=asked)), Resource.OBJECTS)
    found = sorted(page.entries, key=lambda one: (timestamps.sort_key(one.version), one.date_added))
    return list({one.id: one for one in found}.values())


async def ties(
    store: Store, caller: Caller, reach: Reach, identifier: str, kind: str
) -> tuple[list[Mapping[str, Any]], bool]:
    """The newest relationships of one type that go out from an object, as far as they are seen; and whether there may be more.

    Only these are given out, and recorded: whatever else refers to it is looked at here, and told to nobody. Raises NotPermitted.
    """
    async with store.transactions.read() as tx:
        found = await relations.referrers(tx, reach, identifier, limit=RELATED, types=("relationship",))
    if not found:
        return [], False
    query = Query(-1, 2 * len(found), Filters(ids=tuple(found)))
    looked_at = await poll(store, caller, reach, query, Resource.OBJECTS, record=False)
    values: list[tuple[str, dict[str, Any]]] = [(one.id, json.loads(one.body)) for one in looked_at.entries]
    wanted = [
        name for name, one in values if one.get("relationship_type") == kind and one.get("source_ref") == identifier
    ]
    given = await newest(store, caller, reach, wanted) if wanted else []
    return [json.loads(one.body) for one in given], len(found) == RELATED


async def bytes_of(store: Store, caller: Caller, reach: Reach, identifier: str) -> bytes:
    """The newest version as it came, and nothing else. Raises as `look` does."""
    found = await newest(store, caller, reach, (identifier,))
    if not found:
        raise NotFound
    return found[0].body


async def listed(store: Store, caller: Caller, reach: Reach, identifiers: Sequence[str]) -> list[dict[str, Any]]:
    """The newest versions of these that are seen: `value`, `level` ("" while held) and `originator` ("" where it is not named). Raises NotPermitted."""
    found = await newest(store, caller, reach, identifiers)
    told: list[dict[str, Any]] = []
    async with store.transactions.read() as tx:
        parties = await roster.parties(tx, reach.group_id)
        for entry in found:
            for one in await records.seen(tx, reach, entry.id, shown=True):
                if one.date_added == entry.date_added:
                    level = "" if one.audience.floor == HELD else f"TLP:{NAMES[one.audience.floor]}"
                    told.append(
                        {
                            "value": json.loads(entry.body),
                            "level": level,
                            "originator": parties.get(one.organisation_id, ""),
                        }
                    )
    return told


async def look(store: Store, caller: Caller, reach: Reach, identifier: str) -> Looked:
    """One object of a collection. Raises NotFound for what the account does not see, NotPermitted without the right to read."""
    account = caller.require_account()
    every = Query(-1, VERSIONS, Filters(ids=(identifier,), keywords=frozenset((ALL,))))
    page = await poll(store, caller, reach, every, Resource.OBJECT)
    entries = list(page.entries)
    if page.more:  # the oldest came first: what it is now must not be missing
        entries += [one for one in await newest(store, caller, reach, (identifier,)) if one not in entries]
    async with store.transactions.read() as tx:
        kept = await records.seen(tx, reach, identifier, shown=True)
        referrers = await relations.referrers(tx, reach, identifier, limit=RELATED)
        said = await search.said(tx, reach, (identifier,))
        parties = await roster.parties(tx, reach.group_id)
        sources = await feeds.sources(tx, account.organisation_id, identifier)
        # How a member is reached is told to members: of the group `public` everybody reads the objects alone.
        keys = {one.organisation_id for one in kept} & parties.keys() if reach.role is not None else set[int]()
        contacts = await roster.contacts(tx, keys)
        nations = await roster.nations(tx, keys)
    by_date = {one.date_added: one for one in kept}
    versions = tuple(
        _version(entry.body, entry.version, by_date[entry.date_added], parties, reach)
        for entry in entries
        if entry.date_added in by_date
    )
    if not versions:  # it went while it was read
        raise NotFound
    named = [one for version in versions for one in sorted(references(version.value, version.raw))]
    around = await _around(store, caller, reach, [*referrers, *named], parties)
    ends = [one for found in around.refers.values() for one in sorted(found)]
    beyond = await _around(
        store, caller, reach, [one for one in ends if one not in around.values and one != identifier], parties
    )
    latest = max(versions, key=_order)
    refers = around.refers | beyond.refers | {identifier: references(latest.value, latest.raw)}
    seen = sum(one.seen for one in said)
    of = by_date[latest.date_added].organisation_id
    of = of if of in keys else 0
    return Looked(
        identifier, versions, around.values | beyond.values, refers, around.originators | beyond.originators,
        tuple(one for one in referrers if one in around.values),
        {"organisation": parties.get(of, ""), "nation": nations.get(of, ""), "desk": contacts.get(of, {})} if of else {},
        tuple(sources), page.more, len(referrers) == RELATED, min(seen, search.SAID), seen > search.SAID,
        await audience.of_object(store, caller, reach, identifier),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Around:
    """Objects by id: their newest versions, what they refer to, who shared them."""

    values: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    refers: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    originators: dict[str, str] = field(default_factory=dict[str, str])


async def _around(
    store: Store, caller: Caller, reach: Reach, identifiers: Iterable[str], parties: Mapping[int, str]
) -> _Around:
    """Of these objects those that are seen."""
    asked, found = tuple(dict.fromkeys(identifiers))[:RELATED], _Around()
    if not asked:
        return found
    page = await poll(store, caller, reach, Query(-1, RELATED, Filters(ids=asked)), Resource.OBJECTS)
    async with store.transactions.read() as tx:
        for entry in page.entries:
            value = found.values[entry.id] = cast("dict[str, Any]", json.loads(entry.body))
            found.refers[entry.id] = references(value, entry.body)
            for one in await records.seen(tx, reach, entry.id, shown=True):
                found.originators[entry.id] = parties.get(one.organisation_id, "")
    return found


def _version(raw: bytes, version: str, kept: Record, parties: Mapping[int, str], reach: Reach) -> Version:
    mine = kept.organisation_id == reach.organisation_id
    return Version(
        value=json.loads(raw),
        raw=raw,
        version=version,
        date_added=kept.date_added,
        first_added=kept.first_added,
        originator=parties.get(kept.organisation_id, ""),
        mine=mine,
        submitted_by=kept.account if mine else "",
        level="" if kept.audience.floor == HELD else f"TLP:{NAMES[kept.audience.floor]}",
        held=kept.held or "",
        nations=tuple(sorted(kept.audience.nations or ())),
        persons_only=kept.audience.persons_only,
    )


async def relations_of(store: Store, caller: Caller, reach: Reach, identifier: str) -> list[dict[str, Any]]:
    """What refers to an object and what it refers to, as far as it is seen, for the API. Raises as `look` does."""
    found = await look(store, caller, reach, identifier)
    told: list[dict[str, Any]] = []
    for name, value in found.related.items():
        direction = "to" if name in found.refers[identifier] else "from" if name in found.referrers else "beyond"
        said: dict[str, Any] = {"object": name, "type": value["type"], "direction": direction}
        if "relationship_type" in value:
            said["relationship_type"] = value["relationship_type"]
        if isinstance(value.get("name"), str):
            said["name"] = value["name"]
        if found.originators.get(name):
            said["originator"] = found.originators[name]
        told.append(said)
    return told
