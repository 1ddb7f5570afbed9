"""What must be written so that the stored roster becomes the declared one, each change with its sentence.

Nothing that was once shared under is removed: a membership or a feed that is no longer declared ends; anything else that is absent is a
mistake, and ends by its own window.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from indicator_hub.trust import words
from indicator_hub.trust.roster import Agreement, Collection, Feed, Group, Membership, Organisation, Roster

Verb = Literal["add", "change", "end"]
Noun = Literal["organisation", "agreement", "group", "membership", "collection", "feed"]
Key = str | tuple[str, str]
Thing = Organisation | Agreement | Group | Membership | Collection | Feed

_SIGNS: Mapping[Verb, str] = {"add": "+", "change": "~", "end": "-"}
_T = TypeVar("_T", Organisation, Agreement, Group, Membership, Collection, Feed)
_K = TypeVar("_K", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Change:
    """One row to write. `before` is None for an addition, `after` for a feed that ends; `key` is the roster's."""

    verb: Verb
    noun: Noun
    key: Key
    before: Thing | None
    after: Thing | None
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes in the order in which they can be written, and what cannot be written: with a mistake nothing may be."""

    changes: tuple[Change, ...] = ()
    mistakes: tuple[str, ...] = ()


def difference(stored: Roster, declared: Roster, now: int) -> Difference:
    """What makes the stored roster the declared one at this instant, in microseconds. Empty once it has been written."""
    plan = _Plan()
    tell = words.Teller(stored, declared, now)
    plan.compare("organisation", stored.organisations, declared.organisations, tell.organisation)
    plan.compare("agreement", stored.agreements, declared.agreements, tell.agreement)
    plan.compare("group", stored.groups, declared.groups, tell.group)
    plan.compare("membership", stored.memberships, declared.memberships, tell.membership)
    for key, membership in _absent(stored.memberships, declared.memberships):
        if membership.ends is None or membership.ends > now:
            # One that has not begun yet keeps its beginning: an empty window, not a backward one.
            ended = replace(membership, ends=max(now, membership.starts or now))
            plan.changes.append(Change("end", "membership", key, membership, ended, tell.membership_ends(membership)))
    moved = _moved(stored, declared)
    staying = {key: collection for key, collection in declared.collections.items() if key not in moved}
    plan.compare("collection", stored.collections, staying, tell.collection)
    plan.mistakes += moved.values()
    plan.compare("feed", stored.feeds, declared.feeds, tell.feed)
    for key, feed in _absent(stored.feeds, declared.feeds):
        plan.changes.append(Change("end", "feed", key, feed, None, tell.feed_ends(feed)))
    plan.mistakes += _missing(stored, declared)
    return Difference(tuple(plan.changes), tuple(plan.mistakes))


def render(plan: Difference) -> str:
    """The whole plan, to be read before it is applied."""
    if not plan.changes and not plan.mistakes:
        return "Nothing to do.\n"
    lines = [f"{_SIGNS[change.verb]} {change.words}" for change in plan.changes]
    if plan.mistakes:
        lines += ["", "This cannot be applied:", *(f"! {mistake}" for mistake in plan.mistakes)]
    counts = {verb: sum(change.verb == verb for change in plan.changes) for verb in _SIGNS}
    lines += [
        "",
        f"{counts['add']} to add, {counts['change']} to change, {counts['end']} to end; mistakes: {len(plan.mistakes)}.",
    ]
    return "\n".join(lines).lstrip("\n") + "\n"


@dataclass(slots=True)
class _Plan:
    """A difference in the making."""

    changes: list[Change] = field(default_factory=list[Change])
    mistakes: list[str] = field(default_factory=list[str])

    def compare(
        self, noun: Noun, stored: Mapping[_K, _T], declared: Mapping[_K, _T], tell: Callable[[_T | None, _T], str]
    ) -> None:
        """Adds what is new and what is otherwise than stored; `tell` says it."""
        for key, after in declared.items():
            before = stored.get(key)
            if before != after:
                self.changes.append(
                    Change("change" if before else "add", noun, key, before, after, tell(before, after))
                )


def _absent(stored: Mapping[_K, _T], declared: Mapping[_K, _T]) -> Iterator[tuple[_K, _T]]:
    return ((key, thing) for key, thing in stored.items() if key not in declared)


def _moved(stored: Roster, declared: Roster) -> dict[tuple[str, str], str]:
    """Partners address a collection by its id, and its group decides who they are: neither may change. The mistake, by declared key."""
    homes = {collection.id: key for key, collection in stored.collections.items()}
    mistakes: dict[tuple[str, str], str] = {}
    for key, collection in declared.collections.items():
        before, home = stored.collections.get(key), homes.get(collection.id, key)
        if home != key:
            mistakes[key] = (
                f"Collection {home[1]} of group {home[0]} is declared as {collection.alias} of group {collection.group}:"
                f" a collection stays in its group and keeps its alias; declare a new one with an id of its own."
            )
        elif before is not None and before.id != collection.id:
            mistakes[key] = (
                f"Collection {collection.alias} of group {collection.group} has the id {before.id} and is declared with {collection.id}:"
                f" an id never changes, write the first."
            )
    return mistakes


def _missing(stored: Roster, declared: Roster) -> Iterator[str]:
    """What was once shared under is kept: who was given what must remain answerable."""
    for name, _ in _absent(stored.organisations, declared.organisations):
        yield f"Organisation {name} is no longer declared. It is never removed: declare it again, and end its memberships."
    for name, _ in _absent(stored.agreements, declared.agreements):
        yield f"Agreement {name} is no longer declared. What was shared under it is never removed: declare it again, and end it by its until."
    for name, _ in _absent(stored.groups, declared.groups):
        yield f"Group {name} is no longer declared. What was shared in it is never removed: declare it again, and end it by its until."
    ids = {collection.id for collection in declared.collections.values()}
    for (group, alias), collection in _absent(stored.collections, declared.collections):
        if collection.id not in ids:
            yield (
                f"Collection {alias} of group {group} is no longer declared. What was shared in it is never removed:"
                f" declare it again; it ends with its group."
            )
