"""A collection by chance: what several organisations put there, took back and marked otherwise, done by `store/entries.py` and noted beside it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.stix import timestamps
from indicator_hub.stix.markings import TLP
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.store import entries, rulings, schema
from indicator_hub.store.additions import Addition, add
from indicator_hub.store.opened import Store
from indicator_hub.taxii.selection import Placed
from indicator_hub.taxii.uncovered import uncovered
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.audience import NOBODY, Ruling, audience_of
from indicator_hub.trust.marks import meaning_of
from indicator_hub.trust.reach import Reach
from support.marks import handling, marking
from support.world import START, envelope, indicator

VERSIONS = tuple(f"2026-11-0{day}T00:00:00.{part}Z" for day, part in ((1, "000"), (2, "500"), (2, "550"), (4, "000")))
TYPES = ("indicator", "indicator", "campaign", "mutex")
"""Of each number the type; a mutex is an observable, which has no version of its own."""
_TLP = sorted(TLP)
_SAID = (
    {"definition_type": "statement", "definition": {"statement": "as it is"}},
    handling(handling="H2"),
    handling(handling="H3", handling_text="by telephone"),
    handling(releasable_to=["XA"]),
    handling(releasable_to=["XA", "XB"]),
    handling(handling=["H1", "H3"], handling_text="by hand", releasable_to=["XB", "XC"]),
    handling(releasable_to=[]),
    {"definition_type": "house-rule", "definition": {"house-rule": "no words the hub knows"}},
)
_DEFINED = [marking(number, **said) for number, said in enumerate(_SAID)]
_THROUGH = {one["id"]: meaning and meaning.audience for one in _DEFINED for meaning in (meaning_of(one),)}
_OWN = [*_THROUGH, "marking-definition--00000000-0000-4000-8000-0000000000aa"]
"""What an organisation may have said, not understood at the end; and a mark that it has not defined."""


def ruling(chance: random.Random) -> Ruling:
    """What some marks mean, and a collection's default."""
    marks = [chance.choice(_TLP) for _ in range(chance.choice((0, 1, 1, 2)))]
    marks += [
        chance.choice(_OWN[:-2] if chance.random() < 0.8 else _OWN) for _ in range(chance.choice((0, 0, 1, 1, 2)))
    ]
    parts = [chance.choice(_TLP)] if chance.random() < 0.15 else []
    return audience_of(marks, parts, chance.choice((None, 0, 1, 2)), _THROUGH)


@cache
def candidate(number: int, version: str, spec: str) -> ObjectVersion:
    """One object in one version and rendering."""
    kind = TYPES[number]
    changes: dict[str, Any] = {"type": kind, "modified": version, "name": "n"}
    changes["id"] = indicator(number)["id"].replace("indicator", kind)
    if kind != "indicator":
        changes |= dict.fromkeys(("pattern", "pattern_type", "valid_from"))
    if kind == "mutex":
        changes |= dict.fromkeys(("created", "modified"))
    elif spec == "2.0":
        changes |= {"spec_version": None, "pattern_type": None, "labels": ["x"]}
    made = accept(read(envelope(indicator(number, **changes)))[0])
    assert isinstance(made, ObjectVersion), made
    return made


IDS = tuple(candidate(number, VERSIONS[0], "2.1").id for number in range(len(TYPES)))
_OFFERED = [
    (number, version, spec)
    for number, kind in enumerate(TYPES)
    for version in VERSIONS
    for spec in ("2.0", "2.1", "2.1")
    if kind != "mutex" or (version == VERSIONS[0] and spec == "2.1")
]


@dataclass
class World:
    """A collection of its own in the database, and what is in it as it was noted, by the `first_added` that never changes."""

    store: Store
    chance: random.Random
    key: int
    writers: Sequence[Reach]
    placed: dict[int, Placed] = field(default_factory=dict[int, Placed])
    sent: dict[int, ObjectVersion] = field(default_factory=dict[int, ObjectVersion])
    last: int = 0

    @classmethod
    async def begin(cls, store: Store, chance: random.Random, writers: Sequence[Reach]) -> "World":
        """With nothing in it. The ids are the same in every one: what is in another collection must not matter."""
        name = f"world-{chance.getrandbits(64)}"
        row = {"uuid": name, "group_id": writers[0].group_id, "alias": name, "title": "", "description": ""}
        row |= {"ceiling": 4, "writable": "members"}
        async with store.transactions.begin() as tx:
            made = insert(schema.collection).values(**row).returning(schema.collection.c.id)
            key: int = (await tx.execute(made)).scalar_one()
            await tx.execute(insert(schema.clock).values(collection_id=key, last_added=0))
        sharing = chance.sample(writers, chance.choice((1, 1, 2, 3)))
        return cls(store, chance, key, [replace(one, key=key) for one in sharing])

    @property
    def versions(self) -> dict[str, list[Placed]]:
        """What is there, by id."""
        found: dict[str, list[Placed]] = {}
        for one in self.placed.values():
            found.setdefault(one.stix_id, []).append(one)
        return found

    @property
    def dates(self) -> list[int]:
        """Every `date_added` and every first one."""
        return sorted({at for one in self.placed.values() for at in (one.first_added, one.date_added)})

    async def go_on(self) -> None:
        """A few deeds in one transaction, ended as every deed ends: with `superseded` worked out again."""
        deeds = [self._post] if not self.placed else []
        deeds += self.chance.choices(
            (self._post, self._recall, self._rule, self._reissue, self._redate, self._reorder), (6, 3, 3, 1, 1, 2), k=2
        )
        async with self.store.transactions.begin() as tx:
            self.last = await entries.lock(tx, self.key)
            for deed in deeds:
                await deed(tx)
            await entries.refresh_superseded(tx, self.key, IDS)

    @property
    def _now(self) -> int:
        """A clock that stands still, runs, and is put back."""
        return max(START, self.last) + self.chance.choice((-1_000, 0, 7))

    def _some(self, *, recalled: bool = False) -> list[Placed]:
        """Some of one organisation's versions of one id that were taken back, or that were not."""
        there = [one for one in self.placed.values() if one.recalled is recalled]
        if not there:
            return []
        first = self.chance.choice(there)
        line = [one for one in there if (one.stix_id, one.organisation_id) == (first.stix_id, first.organisation_id)]
        if self.chance.random() < 0.3:
            return line
        return [one for one in line if one is first or self.chance.random() < 0.4]

    async def _existing(self, tx: AsyncConnection, some: Sequence[Placed]) -> tuple[list[Existing], list[Existing]]:
        """The same as the store knows them, and all of their id."""
        versions = (await entries.lines(tx, self.key, [some[0].stix_id]))[some[0].stix_id]
        wanted = {one.first_added for one in some}
        return [one for one in versions if one.first_added in wanted], versions

    def _note(self, one: Placed, **changes: Any) -> None:
        self.placed[one.first_added] = replace(one, **changes)

    async def _post(self, tx: AsyncConnection) -> None:
        """One organisation posts versions, in any order; as creator or not, which counts when it begins a line."""
        writer, creator = self.chance.choice(self.writers), self.chance.random() < 0.4
        there = {
            (one.stix_id, one.spec_version, one.version_key if one.type != "mutex" else "")
            for one in self.placed.values()
            if one.organisation_id == writer.organisation_id
        }
        orders = {
            one.stix_id: one.line_order for one in self.placed.values() if one.organisation_id == writer.organisation_id
        }
        additions: list[Addition] = []
        for offered in self.chance.sample(_OFFERED, 8 if len(self.placed) < 8 else 4):
            new = candidate(*offered)
            key = new.id, new.spec_version, timestamps.sort_key(new.version) if new.version else ""
            if key not in there:
                there.add(key)
                additions.append(Addition(new, ruling(self.chance), orders.get(new.id), creator))
        if not additions:
            return
        names, last = await add(tx, writer, additions, status_id="s", last=self.last, now=self._now)
        known: dict[int, int] = {}
        for versions in (await entries.lines(tx, self.key, {one.candidate.id for one in additions})).values():
            known |= {one.first_added: one.entry for one in versions}
        for at, (one, name) in enumerate(zip(additions, names, strict=True), last + 1 - len(additions)):
            new = one.candidate
            order = orders.setdefault(new.id, 0 if creator else at)
            self.placed[at] = Placed(
                entry=known[at], stix_id=new.id, type=new.type, spec_version=new.spec_version, version_key=timestamps.sort_key(name),
                organisation_id=writer.organisation_id, audience=one.ruling.audience, recalled=False, date_added=at, first_added=at,
                line_order=order,
            )  # fmt: skip
            self.sent[at] = new
        self.last = last

    async def _recall(self, tx: AsyncConnection) -> None:
        """Taken back; what it had hidden gets a new date, as in a recall, or not, as if nobody had thought of it."""
        if not (some := self._some()):
            return
        gone, versions = await self._existing(tx, some)
        by = self.chance.choice((Recalled.BY_ORIGINATOR, Recalled.BY_STEWARD))
        self.last = await entries.recall(tx, self.key, gone, by, last=self.last, now=self._now)
        for one in some:
            self._note(one, recalled=True, audience=NOBODY)
        if self.chance.random() < 0.5:
            there = [one for one in versions if one.recalled is Recalled.NO]
            left = {one.entry for one in gone}
            await self._give_new_dates(tx, uncovered(there, [one for one in there if one.entry not in left]))

    async def _reissue(self, tx: AsyncConnection) -> None:
        """Brought back, under other marks perhaps."""
        if not (some := self._some(recalled=True)):
            return
        for one in (await self._existing(tx, some))[0]:
            new = ruling(self.chance)
            self.last = await entries.readmit(tx, self.key, one, new, last=self.last, now=self._now)
            self._note(self.placed[one.first_added], recalled=False, audience=new.audience, date_added=self.last)

    async def _rule(self, tx: AsyncConnection) -> None:
        """Narrowed, which no date shows, or widened, which gives a new one."""
        for one in self._some():
            new = ruling(self.chance)
            self.last = await rulings.rule(tx, self.key, one.entry, one.audience, new, last=self.last, now=self._now)
            moved = one.date_added if one.audience.covers(new.audience) else self.last
            self._note(one, audience=new.audience, date_added=moved)

    async def _redate(self, tx: AsyncConnection) -> None:
        """Given new dates, whatever for."""
        if some := self._some():
            await self._give_new_dates(tx, (await self._existing(tx, some))[0])

    async def _reorder(self, tx: AsyncConnection) -> None:
        """Its organisation is the creator now, or is not any more. Several may say that they are: the lowest row is shown then."""
        if some := self._some(recalled=self.chance.random() < 0.2):
            line = some[0].stix_id, some[0].organisation_id
            whole = [one for one in self.placed.values() if (one.stix_id, one.organisation_id) == line]
            order = self.chance.choice((0, min(one.first_added for one in whole)))
            self.last = await rulings.set_line_order(tx, self.key, line, order, last=self.last, now=self._now)
            for one in whole:
                self._note(one, line_order=order)

    async def _give_new_dates(self, tx: AsyncConnection, some: Sequence[Existing]) -> None:
        now = self._now
        await entries.redate(tx, self.key, some, last=self.last, now=now)
        for one, at in zip(some, _dates(self.last, now), strict=False):
            self._note(self.placed[one.first_added], date_added=at)
            self.last = at


def _dates(last: int, now: int) -> Iterator[int]:
    """What the clock gives out."""
    while True:
        last = max(now, last + 1)
        yield last
