"""The world of a file of trust cases, built by the ordinary deeds, each at its own time; and what one case comes to."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from cases.vectors import CLEAR, Vectors, definition, roster
from indicator_hub.errors import HubError, NotFound, NotPermitted, Unauthenticated
from indicator_hub.sharing import enrol
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import delete
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import Store, open_store
from indicator_hub.store.schema import named_person, trust_group
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.reach import Reach
from support.world import Clock, envelope, indicator

Object = dict[str, Any]
DAY = timestamps.parse("2026-11-10T00:00:00Z")
"""When an object was added, unless its case says otherwise."""
BEGIN = timestamps.parse("2026-01-02T00:00:00Z")
SECOND = 1_000_000
EVERY = Filters(keywords=frozenset(("all",)))
BUILT = ("read", "submit", "recall")
"""The actions that there are deeds for."""


@dataclass(frozen=True, slots=True)
class Step:
    """At this time somebody posts an object, or takes it back."""

    at: int
    account: str
    collection: str
    object: Object
    recalls: bool = False


@dataclass
class Case:
    """A case, the steps before it, and the object that it is about."""

    told: Object
    steps: list[Step] = field(default_factory=list)
    object: Object = field(default_factory=dict)


def prepare(vectors: Vectors, told: Object) -> Case:
    """What must have happened before this case is decided."""
    case = Case(told)
    case.steps.extend(_steps(vectors, case))
    return case


def _steps(v: Vectors, case: Case) -> Iterator[Step]:
    told, spec, collection = case.told, case.told["object"], case.told["collection"]
    if told["action"] == "submit":
        case.object = made(v, told, spec)
        if by := spec.get("existing_by"):
            there = made(v, told, spec | {"marks": spec["existing_marks"]})
            yield Step(DAY, v.account(by), collection, there)
            if how := spec.get("existing_recalled"):
                yield _recall(v, DAY + SECOND, by, how, collection, there)
            own = by == v.organisation(told["subject"])
            case.object = there if own else made(v, told, spec, modified="2026-10-02T00:00:00.000Z")
        return
    references: list[str] = []
    for number, part in enumerate(spec.get("refs", ()), 1):
        one = made(v, told, part, number=number)
        references.append(one["id"])
        yield Step(
            DAY + SECOND if part.get("later") else DAY - SECOND + number,
            part.get("via") or v.account(part["by"]),
            collection,
            one,
        )
        if how := part.get("recalled"):
            yield _recall(v, DAY + 2 * SECOND, part["by"], how, collection, one)
    yield from _object(v, case, references)


def _object(v: Vectors, case: Case, references: list[str]) -> Iterator[Step]:
    told, spec, collection = case.told, case.told["object"], case.told["collection"]
    account = spec.get("via") or v.account(spec["by"])
    case.object = made(v, told, spec, references=references)
    added = timestamps.parse(spec["added"]) if "added" in spec else DAY
    first = timestamps.parse(spec["first_added"]) if "first_added" in spec else added
    yield Step(first, account, collection, case.object)
    if first != added:  # what is recalled and posted again has a new date, and its first one still
        yield _recall(v, added - SECOND, spec["by"], True, collection, case.object)
        yield Step(added, account, collection, case.object)
    for number, newer in enumerate(spec.get("newer", ()), 1):
        version = made(v, told, spec | newer, references=references, modified=f"2026-10-{number + 1:02}T00:00:00.000Z")
        yield Step(added + number, account, collection, version)
    for line in spec.get("lines", ()):
        at = timestamps.parse(line["added"]) if "added" in line else added - 5 * SECOND
        other = made(v, told, spec | {"marks": line["marks"]}, references=references) | {
            "description": f"The line of {line['by']}."
        }
        yield Step(at, v.account(line["by"]), collection, other)
        if how := line.get("recalled"):
            yield _recall(v, at + SECOND, line["by"], how, collection, other)
    if how := spec.get("recalled"):
        yield _recall(v, added + 10 * SECOND, spec["by"], how, collection, case.object)


def _recall(v: Vectors, at: int, by: str, how: Any, collection: str, one: Object) -> Step:
    group = v.world["collections"][collection]["group"]
    stewards = (m["org"] for m in v.world["memberships"] if m["group"] == group and m["steward"])
    return Step(at, v.account(next(stewards) if how == "steward" else by), collection, one, recalls=True)


def made(
    v: Vectors,
    told: Object,
    spec: Object,
    *,
    number: int = 0,
    references: Sequence[str] = (),
    modified: str = "2026-10-01T00:00:00.000Z",
) -> Object:
    """The object that a case speaks of: each case has ids of its own, so that all can live in one world."""
    kind = spec["type"]
    tail = f"{sum(ord(letter) * 31**place for place, letter in enumerate(told['id'])):08x}{number:04x}"[-12:]
    one: Object = indicator(
        id=f"{kind}--00000000-0000-4000-8000-{tail}", type=kind, created="2026-10-01T00:00:00.000Z", modified=modified,
        description="Seen.", external_references=[{"source_name": "x", "url": "https://hub.example/"}],
    )  # fmt: skip
    if kind != "indicator":
        for name in ("pattern", "pattern_type", "valid_from"):
            one.pop(name)
    if kind == "relationship":
        one |= {"relationship_type": "related-to", "source_ref": references[0], "target_ref": references[-1]}
    elif kind == "sighting":
        one |= {"sighting_of_ref": references[0]}
    elif references:
        one |= {"object_refs": list(references)} | (
            {"name": "R", "published": one["created"]} if kind == "report" else {}
        )
    if marks := spec.get("marks"):
        one["object_marking_refs"] = [v.mark(name) for name in marks]
    if parts := spec.get("granular"):
        one["granular_markings"] = [
            {"selectors": part["selectors"], **({"lang": part["lang"]} if "lang" in part else {"marking_ref": v.mark(part["marking"])})}
            for part in parts
        ]  # fmt: skip
    if creator := spec.get("creator"):
        one["created_by_ref"] = v.world["organisations"][creator]["stix_identities"][0]
    return one


@dataclass
class Built:
    """An open store with the file's world in it, at the time of the verdicts."""

    vectors: Vectors
    store: Store
    clock: Clock
    tokens: dict[str, str]

    async def asks(self, account: str, collection: str) -> tuple[Caller, Reach]:
        """An account before a collection."""
        group, token = self.vectors.world["collections"][collection]["group"], self.tokens.get(account)
        who = await identify(self.store, token, username=token and account, group=group, collection=collection)
        return Caller(who.account, "request-1", "192.0.2.7"), who.require_reach()

    async def do(self, step: Step) -> None:
        """One step. What the world refuses has not happened."""
        self.clock.now = max(self.clock.now, step.at)
        try:
            caller, reach = await self.asks(step.account, step.collection)
            if step.recalls:
                await delete(self.store, caller, reach, step.object["id"], EVERY)
            else:
                await submit(self.store, caller, reach, envelope(step.object))
        except HubError:
            return

    async def verdict(self, case: Case) -> str:
        """What the case comes to, in the file's words."""
        there = False
        try:
            caller, reach = await self.asks(case.told["subject"], case.told["collection"])
            there = True
            return await self._outcome(case, caller, reach)
        except HubError as refusal:
            words = {Unauthenticated: "unauthenticated", NotPermitted: "denied"}
            words[NotFound] = "withheld" if there else "no_collection"
            return words[type(refusal)]

    async def _outcome(self, case: Case, caller: Caller, reach: Reach) -> str:
        one = case.object
        match case.told["action"]:
            case "read":
                query = Query(-1, 100, Filters(ids=(one["id"],)))
                page = await poll(self.store, caller, reach, query, Resource.OBJECT)
                return "visible" if json.loads(page.entries[0].body) == one else "superseded"
            case "recall":
                await delete(self.store, caller, reach, one["id"], EVERY)
                return "recalled"
            case _:
                detail = (await submit(self.store, caller, reach, envelope(one))).details[0]
                return "refused" if detail.failed else "held" if detail.message.startswith("held") else "stored"


async def build(url: str, v: Vectors, cases: list[Case]) -> Built:
    """Everything that happened before the verdicts, in the order of time."""
    clock = Clock(BEGIN)
    built = Built(v, await open_store(url, now=clock), clock, {})
    await apply(built.store, roster(v.world))
    keys: dict[str, int] = {}
    for name, one in v.world["accounts"].items():
        if one["org"] and one["kind"] != "feed":
            account, built.tokens[name] = await enrol.enrol(
                built.store, name, organisation=one["org"], kind=one["kind"]
            )
            keys[name] = account.id
    await _name(built, keys)
    for organisation in v.world["organisations"]:
        await _define(built, organisation)
    for step in sorted((step for case in cases for step in case.steps), key=lambda step: step.at):
        await built.do(step)
    for whole, parties in ((False, "accounts"), (True, "organisations")):
        for name, one in v.world[parties].items():
            if one.get("status") == "suspended":
                await enrol.suspend(built.store, name, whole_organisation=whole, suspended=True)
    assert clock.now <= v.now
    clock.now = v.now
    return built


async def _name(built: Built, keys: dict[str, int]) -> None:
    async with built.store.transactions.begin() as tx:
        groups = {name: key for key, name in await tx.execute(select(trust_group.c.id, trust_group.c.name))}
        rows = [
            {"account_id": keys[name], "group_id": groups[group], "starts": 0}
            for name, group in built.vectors.world["named"]
            if name in keys
        ]
        await tx.execute(insert(named_person), rows)


async def _define(built: Built, organisation: str) -> None:
    """Its marks, into the first collection that takes them from it; each says that it is CLEAR, which every collection takes."""
    v = built.vectors
    given = [one for name in v.world["markings"] if (one := definition(v.world, name, organisation))]
    for collection in v.world["collections"]:
        try:
            caller, reach = await built.asks(v.account(organisation), collection)
            status = await submit(
                built.store, caller, reach, envelope(*(one | {"object_marking_refs": [CLEAR]} for one in given))
            )
        except HubError:
            continue
        assert not any(detail.failed for detail in status.details)
        return
