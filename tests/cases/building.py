"""The world of a file of trust cases, built by the ordinary deeds, each at its own time by a clock that is moved."""

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from cases.steps import Case, Object, Step, namings
from cases.vectors import CLEAR, OPERATOR, STEWARD, Vectors, definition, roster
from indicator_hub.errors import HubError, NotFound
from indicator_hub.sharing import consent, enrol, name
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.claim import claim
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials
from indicator_hub.store.opened import Store, clock, open_store
from indicator_hub.taxii.query import Filters
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach, reach_of
from support.world import envelope

BEGIN = timestamps.parse("2026-01-02T00:00:00Z")
EVERY = Filters(keywords=frozenset(("all",)))


class TestingClock:
    """The file from which the hub takes the time."""

    __test__ = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 0

    def move(self, now: int) -> None:
        """Only ever forward."""
        if now > self.now:
            self.now = now
            moved = self.path.with_suffix(".next")
            moved.write_text(timestamps.render(now))
            moved.replace(self.path)


@dataclass
class Built:
    """An open store with the file's world in it, at the time of the verdicts."""

    vectors: Vectors
    store: Store
    clock: TestingClock
    tokens: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    """The organisations that have not said yet what their marks mean."""

    async def asks(self, account: str, collection: str) -> tuple[Caller, Reach]:
        """An account before a collection. Raises what the hub says where there is none for it."""
        group = self.vectors.world["collections"][collection]["group"]
        if account in self.vectors.world["accounts"] and self.vectors.kind(account) == "feed":
            return await self._feed(account, group, collection)
        token = self.tokens.get(account)
        who = await identify(self.store, token, username=token and account, group=group, collection=collection)
        return Caller(who.account, "request-1", "192.0.2.7"), who.require_reach()

    async def _feed(self, account: str, group: str, collection: str) -> tuple[Caller, Reach]:
        """A feed as the ingest meets it; where it is declared for another collection, as what it is there: a reader without rights."""
        known = self.vectors.feeds
        if (account, collection) in known:
            async with claim(self.store, known[account, collection], "runner") as run:
                return run.caller, run.reach
        other = next((feed for (name, _), feed in known.items() if name == account), None)
        async with self.store.transactions.read() as tx:
            found = await credentials.account_by_name(tx, f"feed:{other.name}" if other else "")
            tied = await credentials.ties(tx, found, group=group, now=self.store.now()) if found else []
        reaches = (
            reach_of(found, one, self.store.now())
            for one in tied
            if one.collection and one.collection.alias == collection
        )
        reach = next(reaches, None)
        if reach is None:
            raise NotFound
        return Caller(found), reach

    async def post(self, account: str, collection: str, one: Object) -> Status:
        """Submit an object; a feed by a run of its own."""
        caller, reach = await self.asks(account, collection)
        return await submit(self.store, caller, reach, envelope(one))

    async def do(self, step: Step) -> None:
        """One step. What the world refuses has not happened."""
        self.clock.move(step.at)
        try:
            match step.does:
                case "post":
                    await self.define(self.vectors.organisation(step.account))
                    await self.post(step.account, step.collection, step.object)
                case "recall":
                    caller, reach = await self.asks(step.account, step.collection)
                    await recall(self.store, caller, reach, step.object["id"], EVERY, "unspecified")
                case "ask":
                    await self._consent(step)
                case "name":
                    await self._name(step.account, step.collection)
        except HubError:
            return

    async def define(self, organisation: str) -> None:
        """Its marks, into the first collection that takes them from it; each says that it is CLEAR, which every collection takes."""
        if organisation not in self.silent:
            return
        v = self.vectors
        given = [one for mark in v.world["markings"] if (one := definition(v.world, mark, organisation))]
        accounts = [account for account, one in v.world["accounts"].items() if one["org"] == organisation]
        for account, collection in product(accounts, v.world["collections"]):
            try:
                for one in given:
                    status = await self.post(account, collection, one | {"object_marking_refs": [CLEAR]})
                    assert not any(detail.failed for detail in status.details)
            except HubError:
                continue
            self.silent.remove(organisation)
            return

    async def _consent(self, step: Step) -> None:
        """Asked by whoever wants to, granted by the originator."""
        v, by = self.vectors, step
        caller, reach = await self.asks(by.account, by.collection)
        target = (await self.asks(by.account, by.target))[1] if by.target else None
        asked = await consent.ask(
            self.store,
            caller,
            reach,
            by.object["id"],
            "release" if by.target else "evidence",
            purpose="A case",
            target=target,
        )
        granter = v.person(asked["originator"])
        who = await identify(self.store, self.tokens[granter], username=granter)
        await consent.answer(self.store, Caller(who.account), asked["id"], "granted")

    async def _name(self, account: str, group: str) -> None:
        """Put forward by its own organisation, confirmed by a steward; whoever cannot be named is not."""
        v = self.vectors
        for by, deed in ((v.person(v.organisation(account)), name.propose), (v.steward(group), name.confirm)):
            who = await identify(self.store, self.tokens[by], username=by, group=group)
            await deed(self.store, Caller(who.account), who.require_reach(), account)


async def build(url: str, v: Vectors, cases: list[Case], clock_file: Path) -> Built:
    """Everything that happened before the verdicts, in the order of time."""
    moving = TestingClock(clock_file)
    moving.move(BEGIN)
    built = Built(v, await open_store(url, now=clock(clock_file)), moving)
    await apply(built.store, roster(v.world))
    accounts = {account: (v.organisation(account), v.kind(account)) for account in v.world["accounts"]}
    for account, (organisation, kind) in (accounts | {STEWARD: (STEWARD, "person")}).items():
        if kind in ("person", "service", "operator"):
            _, built.tokens[account] = await enrol.enrol(
                built.store,
                account,
                organisation=organisation or OPERATOR,
                kind="service" if kind == "service" else "person",
            )
    built.silent = set(v.world["organisations"])
    for organisation in v.world["organisations"]:
        await built.define(organisation)
    steps = [*namings(v), *(step for case in cases for step in case.steps)]
    for step in sorted(steps, key=lambda step: step.at):
        await built.do(step)
    for whole, parties in ((False, "accounts"), (True, "organisations")):
        for party, one in v.world[parties].items():
            if one.get("status") == "suspended":
                await enrol.suspend(built.store, party, whole_organisation=whole, suspended=True)
    assert moving.now <= v.now
    moving.move(v.now)
    return built
