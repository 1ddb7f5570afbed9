"""The same world without a database: lists of entries, and the pure functions of the hub to judge by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from cases.steps import Case, Object, Step, namings
from cases.vectors import CLEAR, STEWARD, Vectors, definition, roster
from indicator_hub.errors import NotFound, NotPermitted
from indicator_hub.stix import timestamps
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.stix.references import references
from indicator_hub.taxii.query import Filters
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.trust.admission import Existing, Outcome, Recalled, Versions, admit, is_seen
from indicator_hub.trust.audience import NOBODY, Audience, Ruling, audience_of
from indicator_hub.trust.consent import needs_consent
from indicator_hub.trust.marks import Meaning, meaning_of
from indicator_hub.trust.reach import Reach, Ties, reach_of
from indicator_hub.trust.references import Line, Node, effective
from indicator_hub.trust.roster import Account
from support.world import envelope


@dataclass
class Kept:
    """A version in a collection."""

    existing: Existing
    version: ObjectVersion
    own: Audience
    date_added: int
    targets: frozenset[Line]
    object: Object


@dataclass
class Twin:
    """The world as the pure functions see it."""

    vectors: Vectors
    now: int = 0
    entries: dict[str, list[Kept]] = field(default_factory=dict)
    named: set[tuple[str, str]] = field(default_factory=set)
    consents: set[tuple[str, str, str]] = field(default_factory=set)
    suspended: bool = False

    def __post_init__(self) -> None:
        v = self.vectors
        self.roster = roster(v.world)
        self.keys = {name: number for number, name in enumerate(self.roster.organisations, 1)}
        self.places = {one.alias: (number, one) for number, one in enumerate(self.roster.collections.values(), 1)}
        self.groups = {name: number for number, name in enumerate(self.roster.groups, 1)}
        self.said: dict[tuple[str, str], Meaning | None] = {}
        for name in v.world["markings"]:
            for organisation in v.world["organisations"]:
                told = definition(v.world, name, organisation)
                # It must get in somewhere: an organisation that may post nowhere has said nothing.
                if told and self._may_post(organisation):
                    self.said[organisation, v.mark(name)] = meaning_of(told | {"object_marking_refs": [CLEAR]})

    def _may_post(self, organisation: str) -> bool:
        return any(one.can_write for (name, _), one in self.roster.memberships.items() if name == organisation)

    def build(self, cases: Iterable[Case]) -> None:
        """Everything that happened before the verdicts, in the order of time."""
        steps = [*namings(self.vectors), *(step for case in cases for step in case.steps)]
        for step in sorted(steps, key=lambda step: step.at):
            self.now = max(self.now, step.at)
            try:
                self._do(step)
            except (NotFound, NotPermitted, LookupError):
                continue
        self.now, self.suspended = self.vectors.now, True

    def _do(self, step: Step) -> None:
        match step.does:
            case "post":
                self.submit(step.account, step.collection, step.object)
            case "recall":
                self.recall(step.account, step.collection, step.object["id"])
            case "name":
                account, member = self.account(step.account), self.roster.memberships
                if (
                    account
                    and account.kind == "person"
                    and member[account.organisation, step.collection].role == "member"
                ):
                    self.named.add((step.account, step.collection))
            case _:
                self.consents.add((step.account, step.object["id"], step.target))

    def account(self, name: str) -> Account | None:
        """An account; None for anybody. Raises LookupError for what no credential opens."""
        if name == STEWARD:
            return Account(0, name, name, self.keys[name], "", "person", frozenset(("read", "submit", "manage")))
        one = self.vectors.world["accounts"][name]
        kind = self.vectors.kind(name)
        if kind == "none":
            return None
        organisation = one["org"] or "runner-operator"
        whole = self.vectors.world["organisations"].get(organisation, {})
        if self.suspended and "suspended" in (one.get("status"), whole.get("status")):
            raise LookupError("unauthenticated")
        nation = self.roster.organisations[organisation].nation
        scopes = frozenset(("read", "submit", "manage"))
        kinds: Any = "person" if kind == "operator" else kind
        return Account(1, name, organisation, self.keys[organisation], nation, kinds, scopes)

    def reach(self, name: str, collection: str) -> Reach:
        """What an account may see and do. Raises LookupError, naming the refusal."""
        account = self.account(name)
        key, place = self.places[collection]
        group = self.roster.groups[place.group]
        if account is None and group.kind != "public":
            raise LookupError("unauthenticated")
        ties = Ties(
            group,
            self.groups[place.group],
            self.roster.agreements.get(group.agreement or ""),
            self.roster.memberships.get((account.organisation, place.group)) if account else None,
            (name, place.group) in self.named,
            place,
            key,
            (name, collection) in self.vectors.feeds,
        )
        found = reach_of(account, ties, self.now)
        if found is None:
            raise LookupError("no_collection")
        return found

    def lines(self, collection: str, name: str) -> list[Existing]:
        """Every version of one id, with the audience that follows from what it refers to."""
        return [replace(one.existing, audience=self.audience(collection, one)) for one in self._of(collection, name)]

    def _of(self, collection: str, name: str) -> list[Kept]:
        return [one for one in self.entries.get(collection, []) if one.version.id == name]

    def audience(self, collection: str, one: Kept) -> Audience:
        """Whom it reaches now."""
        if one.existing.recalled is not Recalled.NO:
            return NOBODY
        lines: dict[Line, list[Node]] = {}
        nodes = {id(kept): _node(kept) for kept in self.entries[collection]}
        for node in nodes.values():
            lines.setdefault(node.line, []).append(node)
        return effective(nodes[id(one)], lines)

    def submit(self, name: str, collection: str, one: Object) -> str:
        """What becomes of an object; it is stored when it may be."""
        reach = self.reach(name, collection)
        reach.require_write()
        candidate = accept(read(envelope(one))[0])
        assert isinstance(candidate, ObjectVersion), candidate
        organisation = reach.account.organisation if reach.account else ""
        through = {mark: said and said.audience for (of, mark), said in self.said.items() if of == organisation}
        ruling = audience_of(candidate.marks, candidate.part_marks, reach.require_collection().default, through)
        versions = Versions(self.lines(collection, candidate.id), reach.organisation_id)
        identities = self.roster.organisations[organisation].stix_identities
        creator = candidate.created_by in identities
        verdict = admit(candidate, ruling, reach, versions, is_creator=creator)
        if verdict.outcome is Outcome.REISSUE and verdict.existing:
            self._reissue(collection, verdict.existing, ruling)
            return "stored"
        if verdict.outcome in (Outcome.REFUSED, Outcome.RECALLED):
            return "refused"
        if verdict.outcome in (Outcome.NEW, Outcome.VERSION):
            self._add(reach, collection, candidate, ruling, versions, one, creator=creator)
        return "held" if ruling.held else "stored"

    def _add(
        self, reach: Reach, collection: str, candidate: ObjectVersion, ruling: Ruling, versions: Versions, one: Object, *, creator: bool
    ) -> None:  # fmt: skip
        there = self.entries.setdefault(collection, [])
        at = max([self.now, *(kept.date_added + 1 for kept in there)])
        order = versions.line_order if versions.line_order is not None else 0 if creator else at
        existing = Existing(
            len(there), reach.organisation_id, candidate.spec_version, candidate.version or "", timestamps.sort_key(candidate.version or timestamps.render(at)),
            candidate.created, candidate.revoked, Recalled.NO, ruling.audience, at, order, 0, candidate.sha256,
        )  # fmt: skip
        targets: set[Line] = set()
        for target in references(candidate.value, candidate.raw):
            seen = [other.organisation_id for other in self.lines(collection, target) if is_seen(reach, other)]
            targets |= {(target, key) for key in (reach.organisation_id, *seen)}
        there.append(Kept(existing, candidate, ruling.audience, at, frozenset(targets), one))

    def _reissue(self, collection: str, existing: Existing, ruling: Ruling) -> None:
        for kept in self.entries[collection]:
            if kept.existing.entry == existing.entry:
                kept.existing = replace(kept.existing, recalled=Recalled.NO)
                kept.own = ruling.audience
                kept.date_added = max([self.now, *(one.date_added + 1 for one in self.entries[collection])])

    def recall(self, name: str, collection: str, identifier: str) -> str:
        """Take back the line: one's own, or as a steward the one that is shown."""
        reach = self.reach(name, collection)
        versions = self.lines(collection, identifier)
        own = [one for one in versions if one.organisation_id == reach.organisation_id and one.recalled is Recalled.NO]
        shown = self.shown(reach, collection, identifier)
        owner = reach.organisation_id if own else shown[0].organisation_id if shown else 0
        if not owner:
            raise NotFound
        if owner != reach.organisation_id and not reach.steward:
            raise NotPermitted
        by = Recalled.BY_ORIGINATOR if own else Recalled.BY_STEWARD
        for kept in self._of(collection, identifier):
            if kept.existing.organisation_id == owner and kept.existing.recalled is Recalled.NO:
                kept.existing = replace(kept.existing, recalled=by)
        return "recalled"

    def shown(
        self, reach: Reach, collection: str, identifier: str, keywords: tuple[str, ...] = ("all",)
    ) -> list[Placed]:
        """What a reach is given of one id."""
        kept = self._of(collection, identifier)
        placed = [
            Placed(
                one.existing.entry, identifier, one.version.type, one.existing.spec_version, one.existing.version_key,
                one.existing.organisation_id, self.audience(collection, one), one.existing.recalled is not Recalled.NO, one.date_added,
                one.existing.first_added, one.existing.line_order,
            )
            for one in kept
        ]  # fmt: skip
        return given(reach, Filters(keywords=frozenset(keywords)), placed)

    def verdict(self, case: Case) -> str:
        """What the case comes to, in the file's words."""
        told = case.told
        try:
            if told["action"] == "own":
                return self._own(case)
            return self._verdict(case, self.reach(told["subject"], told["collection"]))
        except LookupError as refusal:
            return str(refusal.args[0])
        except NotPermitted:
            return "denied"
        except NotFound:
            return "withheld"

    def _verdict(self, case: Case, reach: Reach) -> str:
        told, identifier = case.told, case.object["id"]
        acts: dict[str, Callable[[], str]] = {
            "submit": lambda: self.submit(told["subject"], told["collection"], case.object),
            "recall": lambda: self.recall(told["subject"], told["collection"], identifier),
            "reissue": lambda: self._reissued(case, reach),
        }
        if told["action"] in acts:
            return acts[told["action"]]()
        seen = self.shown(reach, told["collection"], identifier, ("last",))
        if not seen:
            raise NotFound
        kept = next(one for one in self._of(told["collection"], identifier) if one.existing.entry == seen[0].entry)
        match told["action"]:
            case "read":
                return "visible" if kept.object == case.object else "superseded"
            case "release":
                return self._release(case, reach, kept)
            case _:
                return self._needs(case, reach, kept) or "exported"

    def _own(self, case: Case) -> str:
        account = self.account(case.told["subject"])
        if account is None:
            return "unauthenticated"
        mine = [
            one.object
            for kept in self.entries.values()
            for one in kept
            if one.version.id == case.object["id"] and one.existing.organisation_id == account.organisation_id
        ]
        return "visible" if case.object in mine else "superseded" if mine else "withheld"

    def _reissued(self, case: Case, reach: Reach) -> str:
        recalled = [
            one
            for one in self._of(case.told["collection"], case.object["id"])
            if one.existing.recalled is not Recalled.NO
        ]
        by_steward = [one for one in recalled if one.existing.recalled is Recalled.BY_STEWARD]
        own = [one for one in recalled if one.existing.organisation_id == reach.organisation_id]
        mine = [one for one in own if one.existing.recalled is Recalled.BY_ORIGINATOR]
        if (reach.steward and by_steward) or (mine and reach.person):
            for one in by_steward if reach.steward and by_steward else mine:
                self._reissue(case.told["collection"], one.existing, Ruling(one.own, None))
            return "reissued"
        raise NotPermitted if own else NotFound

    def _needs(self, case: Case, reach: Reach, kept: Kept) -> str:
        if kept.existing.organisation_id == reach.organisation_id:
            return ""
        by = next(name for name, key in self.keys.items() if key == kept.existing.organisation_id)
        meanings = [self.said.get((by, mark)) for mark in kept.version.marks | kept.version.part_marks]
        handling = frozenset[str]().union(*(one.handling for one in meanings if one))
        target = case.told.get("target", "")
        if not needs_consent(
            "release" if target else "evidence", self.audience(case.told["collection"], kept), handling
        ):
            return ""
        return "" if (case.told["subject"], case.object["id"], target) in self.consents else "needs_consent"

    def _release(self, case: Case, reach: Reach, kept: Kept) -> str:
        target = self.reach(case.told["subject"], case.told["target"])
        target.require_write()
        if needed := self._needs(case, reach, kept):
            return needed
        audience, into = self.audience(case.told["collection"], kept), target.require_collection()
        line = replace(target, organisation_id=kept.existing.organisation_id, person=False)
        versions = Versions(self.lines(case.told["target"], case.object["id"]), kept.existing.organisation_id)
        ruling = Ruling(audience.narrowed(Audience(into.default or 0)) if not kept.version.marks else audience, None)
        verdict = admit(kept.version, ruling, line, versions, is_creator=False)
        return "refused" if verdict.outcome in (Outcome.REFUSED, Outcome.RECALLED) else "released"


def _node(kept: Kept) -> Node:
    line = (kept.version.id, kept.existing.organisation_id)
    recalled = kept.existing.recalled is not Recalled.NO
    return Node(kept.existing.entry, line, kept.own, recalled, kept.targets)
