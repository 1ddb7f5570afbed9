"""What must have happened before a case is decided: who posted, took back or named what, each at its own time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cases.vectors import Vectors
from indicator_hub.stix import timestamps
from support.world import indicator

Object = dict[str, Any]
DAY = timestamps.parse("2026-11-10T00:00:00Z")
"""When an object was added, unless its case says otherwise."""
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """At this time an account posts an object or takes it back, asks for consent to use it, or is named in the group `collection`."""

    at: int
    does: Literal["post", "recall", "ask", "name"]
    account: str
    collection: str
    object: Object = field(default_factory=dict)
    use: str = ""
    target: str = ""


@dataclass
class Case:
    """A case, the steps before it, and the object that it is about."""

    told: Object
    steps: list[Step] = field(default_factory=list)
    object: Object = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its name in the file."""
        return self.told["id"]


def prepare(v: Vectors, told: Object) -> Case:
    """What must have happened before this case is decided."""
    case = Case(told)
    case.steps.extend(_steps(v, case))
    return case


def namings(v: Vectors) -> list[Step]:
    """Each person is named as soon as its group, its own organisation and a steward are there; who never can be is not."""
    found: list[Step] = []
    for account, group in v.world["named"]:
        one = v.world["groups"][group]
        agreement = v.world["agreements"].get(one["agreement"]) or {}
        steward = v.organisation(v.steward(group)) if v.steward(group) in v.world["accounts"] else None
        members = [
            m for m in v.world["memberships"] if m["group"] == group and m["org"] in (v.organisation(account), steward)
        ]
        begins = [one.get("from"), agreement.get("from"), *(m["from"] for m in members)]
        at = max(timestamps.parse(text) for text in begins if text)
        if at <= v.now:
            found.append(Step(at, "name", account, group))
    return found


def _steps(v: Vectors, case: Case) -> Iterator[Step]:
    told, spec, collection = case.told, case.told["object"], case.told["collection"]
    if told["action"] == "submit":
        yield from _there_before(v, case)
        return
    references: list[str] = []
    for number, part in enumerate(spec.get("refs", ()), 1):
        one = made(v, told, part, number=number)
        references.append(one["id"])
        at = DAY + SECOND if part.get("later") else DAY - SECOND + number
        yield Step(at, "post", part.get("via") or v.account(part["by"]), collection, one)
        if how := part.get("recalled"):
            yield _recall(v, DAY + 2 * SECOND, part["by"], how, collection, one)
    yield from _object(v, case, references)
    if spec.get("consent"):
        use = "release" if told["action"] == "release" else "evidence"
        yield Step(v.now - SECOND, "ask", told["subject"], collection, case.object, use, told.get("target", ""))


def _there_before(v: Vectors, case: Case) -> Iterator[Step]:
    """For a submission: the same id is there already, from its own organisation the same version."""
    told, spec, collection = case.told, case.told["object"], case.told["collection"]
    case.object = made(v, told, spec)
    by = spec.get("existing_by")
    if not by:
        return
    there = made(v, told, spec | {"marks": spec.get("existing_marks", [])})
    own = by == v.organisation(told["subject"])
    feed = v.kind(told["subject"]) == "feed"
    # What a feed brings again it has brought before: where only feeds write, nobody else could have.
    account = told["subject"] if own and feed else v.account(by)
    yield Step(DAY, "post", account, collection, there)
    if how := spec.get("existing_recalled"):
        yield _recall(v, DAY + SECOND, by, how, collection, there)
    case.object = there if own else made(v, told, spec, modified="2026-10-02T00:00:00.000Z")


def _object(v: Vectors, case: Case, references: list[str]) -> Iterator[Step]:
    told, spec, collection = case.told, case.told["object"], case.told["collection"]
    account = spec.get("via") or v.account(spec["by"])
    case.object = made(v, told, spec, references=references)
    added = timestamps.parse(spec["added"]) if "added" in spec else DAY
    first = timestamps.parse(spec["first_added"]) if "first_added" in spec else added
    yield Step(first, "post", account, collection, case.object)
    if first != added:  # what is recalled and posted again has a new date, and its first one still
        yield _recall(v, added - SECOND, spec["by"], True, collection, case.object)
        yield Step(added, "post", v.person(spec["by"]), collection, case.object)
    for number, newer in enumerate(spec.get("newer", ()), 1):
        version = made(v, told, spec | newer, references=references, modified=f"2026-10-{number + 1:02}T00:00:00.000Z")
        at = timestamps.parse(newer["added"]) if "added" in newer else added + number
        yield Step(at, "post", account, collection, version)
    for number, line in enumerate(spec.get("lines", ())):
        at = timestamps.parse(line["added"]) if "added" in line else added - 5 * SECOND + number
        other = made(v, told, spec | {"marks": line["marks"]}, references=references) | {
            "description": f"The line of {line['by']}."
        }
        yield Step(at, "post", line.get("via") or v.account(line["by"]), collection, other)
        if how := line.get("recalled"):
            yield _recall(v, at + SECOND, line["by"], how, collection, other)
    if how := spec.get("recalled"):
        yield _recall(v, added + 10 * SECOND, spec["by"], how, collection, case.object)


def _recall(v: Vectors, at: int, by: str, how: Any, collection: str, one: Object) -> Step:
    group = v.world["collections"][collection]["group"]
    return Step(at, "recall", v.steward(group) if how == "steward" else v.person(by), collection, one)


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
    one |= _required(kind, references, one["created"])
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


def _required(kind: str, references: Sequence[str], created: str) -> Object:
    """What a type needs beside what all have."""
    if kind == "relationship":
        return {"relationship_type": "related-to", "source_ref": references[0], "target_ref": references[-1]}
    if kind == "sighting":
        return {"sighting_of_ref": references[0]}
    said: Object = {"object_refs": list(references)} if references else {}
    more = {
        "report": {"name": "R", "published": created}, "malware": {"is_family": False, "name": "M"}, "note": {"content": "N"},
        "identity": {"name": "I"}, "grouping": {"context": "suspicious-activity"}, "opinion": {"opinion": "agree"},
    }.get(kind, {} if kind == "indicator" else {"name": "X"})  # fmt: skip
    return more | said
