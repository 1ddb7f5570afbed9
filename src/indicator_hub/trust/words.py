"""The sentences in which a change of the roster is told, so that a diplomat can read a plan before it is applied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indicator_hub.stix import timestamps
from indicator_hub.trust.ladder import CAPS, CLEAR, NAMES
from indicator_hub.trust.roster import (
    PUBLIC,
    Agreement,
    Collection,
    Contact,
    Feed,
    Group,
    Membership,
    Organisation,
    Roster,
)

Clauses = Iterator[str]


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the additions and changes between two rosters. Each sentence takes what was, or None, and what will be."""

    stored: Roster
    declared: Roster
    now: int

    def organisation(self, before: Organisation | None, after: Organisation) -> str:
        """As in: Organisation xa-cert, National CERT of XA, nation XA, is added."""
        if before is None:
            return f"Organisation {after.name}, {after.title}, nation {after.nation}, is added; its duty desk: {_contact(after.contact)}."
        return _sentence(f"Organisation {after.name}", _organisation(before, after))

    def agreement(self, before: Agreement | None, after: Agreement) -> str:
        """As in: Agreement regional-cyber-2025 is added, from 2025-06-01 until 2029-06-01."""
        if before is None:
            rests = f"it rests on {_quoted(after.legal_basis)} and serves {_quoted_list(after.purposes)}"
            return f"Agreement {after.name}, {after.title}, is added{_window(after.starts, after.ends)}; {rests}."
        return _sentence(f"Agreement {after.name}", _agreement(before, after))

    def group(self, before: Group | None, after: Group) -> str:
        """As in: Operation night-heron now ends on 2027-01-31 instead of 2026-12-31."""
        if before is None:
            under = f" under agreement {after.agreement}" if after.agreement else ", open to everybody"
            led = f", led by {after.lead_nation}" if after.lead_nation else ""
            purpose = f"; its purpose: {_quoted(after.purpose)}" if after.purpose else ""
            return f"{_group_name(after)}, {after.title}, is added{under}{led}{_window(after.starts, after.ends)}{purpose}."
        return _sentence(_group_name(after), _group(before, after))

    def membership(self, before: Membership | None, after: Membership) -> str:
        """As in: XB: National CERT of XB (xb-cert) joins group sentinel as observer, may not write, from 2025-06-01."""
        who, where = self._who(after), self._where(after.group)
        if before is None:
            return f"{who} joins {where} as {_part(after)}{_window(after.starts, after.ends)}{_history(after)}."
        if _over(before.ends, self.now) and not _over(after.ends, self.now):
            return f"{who} joins {where} again as {_part(after)}{_window(after.starts, after.ends)}{_history(after)}."
        return _sentence(f"{who} in {where}", _membership(before, after))

    def membership_ends(self, membership: Membership) -> str:
        """As in: XB: National CERT of XB (xb-cert) leaves group sentinel now."""
        who, where = self._who(membership), self._where(membership.group)
        if membership.starts is not None and membership.starts > self.now:
            return f"{who} will not join {where}; it would have on {day(membership.starts)}."
        reads = (
            "it reads there what everybody reads"
            if membership.group == PUBLIC
            else "it reads nothing there from this instant"
        )
        return f"{who} leaves {where} now: {reads}; what it gave stays, and it can still recall it."

    def collection(self, before: Collection | None, after: Collection) -> str:
        """As in: Collection indicators of group sentinel now takes objects up to RED instead of AMBER (wider)."""
        where = f"Collection {after.alias} of {self._where(after.group)}"
        if before is None:
            unmarked = (
                f"; what carries no TLP mark counts as {NAMES[after.default]}" if after.default is not None else ""
            )
            takes = f"it takes objects up to {NAMES[after.ceiling]} from {_WRITERS[after.writable]}"
            return f"{where}, {after.title}, is added; {takes}{unmarked}."
        return _sentence(where, _collection(before, after))

    def feed(self, before: Feed | None, after: Feed) -> str:
        """As in: Feed edge-scanners is added: xa-cert imports it into collection feeds of group sentinel as GREEN."""
        if before is None:
            level = f" as {NAMES[after.level]}" if after.level is not None else ""
            fills = f"{after.organisation} imports {after.source} into collection {after.collection} of {self._where(after.group)}{level}"
            return f"Feed {after.name}, {after.title}, is added: {fills}."
        return _sentence(f"Feed {after.name}", _feed(before, after))

    def feed_ends(self, feed: Feed) -> str:
        """As in: Feed edge-scanners ends: nothing more comes from it."""
        return f"Feed {feed.name} ends: nothing more comes from it into collection {feed.collection} of {self._where(feed.group)}; what came stays."

    def _who(self, membership: Membership) -> str:
        name = membership.organisation
        organisation = self.declared.organisations.get(name) or self.stored.organisations.get(name)
        return f"{organisation.nation}: {organisation.title} ({name})" if organisation else name

    def _where(self, name: str) -> str:
        group = self.declared.groups.get(name) or self.stored.groups.get(name)
        return f"operation {name}" if group is not None and group.kind == "operation" else f"group {name}"


def day(instant: int) -> str:
    """Microseconds as a date, or as an instant when it is not midnight."""
    text = timestamps.render(instant)
    return text[:10] if text.endswith("T00:00:00.000000Z") else text.replace(".000000Z", "Z")


def _sentence(subject: str, clauses: Clauses) -> str:
    return f"{subject} {_list(tuple(clauses))}."


def _list(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)


def _quoted(text: str) -> str:
    """A declared text inside a sentence: without its own full stop."""
    return f'"{text.rstrip().removesuffix(".")}"'


def _quoted_list(texts: Sequence[str]) -> str:
    return _list([_quoted(text) for text in texts])


def _over(ends: int | None, now: int) -> bool:
    return ends is not None and ends <= now


def _window(starts: int | None, ends: int | None) -> str:
    return (f", from {day(starts)}" if starts is not None else "") + (
        f", until {day(ends)}" if ends is not None else ""
    )


def _contact(contact: Contact) -> str:
    shown = (contact.desk, contact.email, contact.telephone, contact.hours, f"PGP {contact.pgp}" if contact.pgp else "")
    return ", ".join(part for part in shown if part) or "none"


def _group_name(group: Group) -> str:
    return f"Operation {group.name}" if group.kind == "operation" else f"Group {group.name}"


def _part(membership: Membership) -> str:
    steward = " and steward" if membership.steward else ""
    sponsor = f" of {membership.sponsor}" if membership.sponsor else ""
    return f"{membership.role}{sponsor}{steward}, {'may write' if membership.can_write else 'may not write'}"


def _history(membership: Membership) -> str:
    return f", sees what was shared since {day(membership.sees_from)}" if membership.sees_from is not None else ""


# Clauses: one for each field that differs, to follow the subject of a sentence.


def _plain(before: object, after: object, phrase: str, show: Callable[[Any], str] = _quoted) -> Clauses:
    """With `is now called`: is now called "B" instead of "A"."""
    if before != after:
        new = show(after) if after not in (None, "", ()) else "nothing"
        old = show(before) if before not in (None, "", ()) else "nothing"
        yield f"{phrase} {new} instead of {old}"


def _title(before: Any, after: Any) -> Clauses:
    yield from _plain(before.title, after.title, "is now called")


def _dates(before: Any, after: Any) -> Clauses:
    if before.starts != after.starts:
        new = f"now begins on {day(after.starts)}" if after.starts is not None else "now has no day on which it begins"
        yield f"{new} instead of {day(before.starts)}" if before.starts is not None else f"{new}; it had none"
    if before.ends != after.ends:
        new = f"now ends on {day(after.ends)}" if after.ends is not None else "now has no end"
        yield f"{new} instead of {day(before.ends)}" if before.ends is not None else f"{new} instead of having no end"


def _organisation(before: Organisation, after: Organisation) -> Clauses:
    yield from _title(before, after)
    yield from _plain(before.nation, after.nation, "now belongs to nation", str)
    yield from _plain(before.contact, after.contact, "now has the duty desk", _contact)
    for identity in after.stix_identities:
        if identity not in before.stix_identities:
            yield f"now writes as {identity} too"
    for identity in before.stix_identities:
        if identity not in after.stix_identities:
            yield f"no longer writes as {identity}"
    if set(before.stix_identities) == set(after.stix_identities) and before.stix_identities != after.stix_identities:
        yield "now lists its STIX identities in another order"


def _agreement(before: Agreement, after: Agreement) -> Clauses:
    yield from _title(before, after)
    yield from _plain(before.legal_basis, after.legal_basis, "now rests on")
    yield from _plain(before.purposes, after.purposes, "now serves", _quoted_list)
    yield from _dates(before, after)


def _group(before: Group, after: Group) -> Clauses:
    yield from _title(before, after)
    yield from _plain(before.description, after.description, "is now described as")
    yield from _plain(before.kind, after.kind, "is now of kind", str)
    yield from _plain(before.agreement, after.agreement, "now stands under agreement", str)
    yield from _plain(before.purpose, after.purpose, "now has the purpose")
    yield from _plain(before.lead_nation, after.lead_nation, "is now led by", str)
    yield from _dates(before, after)


def _membership(before: Membership, after: Membership) -> Clauses:
    if before.role != after.role:
        old, new = CAPS[before.role], CAPS[after.role]
        reads = f"{'wider' if new > old else 'narrower'}: reads {_reads(new)} instead of {_reads(old)}"
        yield f"is now {after.role} instead of {before.role} ({reads})"
    if before.can_write != after.can_write:
        yield "may now write (wider)" if after.can_write else "may no longer write (narrower)"
    if before.steward != after.steward:
        yield "is now a steward (wider)" if after.steward else "is no longer a steward (narrower)"
    yield from _plain(before.sponsor, after.sponsor, "is now sponsored by", str)
    yield from _dates(before, after)
    if before.sees_from != after.sees_from:
        wider = after.sees_from is None or (before.sees_from is not None and after.sees_from < before.sees_from)
        what = (
            f"what was shared since {day(after.sees_from)}" if after.sees_from is not None else "everything ever shared"
        )
        yield f"now sees {what} ({'wider' if wider else 'narrower'})"


def _reads(cap: int) -> str:
    return f"up to {NAMES[cap]}" if cap in NAMES else "only its own"


_WRITERS = {"members": "members", "feeds": "its feeds only"}


def _collection(before: Collection, after: Collection) -> Clauses:
    yield from _title(before, after)
    yield from _plain(before.description, after.description, "is now described as")
    if before.ceiling != after.ceiling:
        how = "wider" if after.ceiling > before.ceiling else "narrower, for what comes from now on"
        yield f"now takes objects up to {NAMES[after.ceiling]} instead of {NAMES[before.ceiling]} ({how})"
    if before.default != after.default:
        # Without a default an unmarked object is read by all who reach the collection, as CLEAR is.
        how = "wider" if (after.default or CLEAR) < (before.default or CLEAR) else "narrower"
        old, new = NAMES[before.default or CLEAR], NAMES[after.default or CLEAR]
        yield f"now counts what carries no TLP mark as {new} instead of {old} ({how}, for what comes from now on)"
    if before.writable != after.writable:
        how = "wider" if after.writable == "members" else "narrower"
        yield f"now takes objects from {_WRITERS[after.writable]} instead of {_WRITERS[before.writable]} ({how})"


def _feed(before: Feed, after: Feed) -> Clauses:
    yield from _title(before, after)
    yield from _plain(before.organisation, after.organisation, "is now imported by", str)
    yield from _plain(
        (before.group, before.collection),
        (after.group, after.collection),
        "now fills",
        lambda at: f"collection {at[1]} of group {at[0]}",
    )
    yield from _plain(before.source, after.source, "now comes from", str)
    yield from _plain(before.format, after.format, "is now read as", str)
    if before.level != after.level:
        old, new = (
            NAMES[level] if level is not None else "as the collection's default says"
            for level in (before.level, after.level)
        )
        wider = (after.level or 0) < (before.level or 0)
        yield f"is now marked {new} instead of {old}" + (
            f" ({'wider' if wider else 'narrower'})" if None not in (before.level, after.level) else ""
        )
    yield from _plain(before.confidence, after.confidence, "now has the confidence", str)
    yield from _plain(before.confidence_cap, after.confidence_cap, "now has its confidence capped at", str)
    yield from _plain(before.confidence_scale, after.confidence_scale, "now says its confidence on the scale", str)
    yield from _plain(before.terms, after.terms, "now comes on the terms")
    yield from _plain(before.valid_days, after.valid_days, "now is valid for so many days:", str)
    yield from _plain(before.use, after.use, "is now there to", str)
    yield from _plain(
        before.most_warned, after.most_warned, "now is held for a person above this per cent on warning lists:", str
    )
    if before.every != after.every:
        yield (
            f"now runs every {after.every // 1_000_000} seconds" if after.every else "now runs only when it is told to"
        )
    if before.reshare != after.reshare:
        yield "may now be passed on to other nations" if after.reshare else "now stays in the nation of who imports it"
    if before.documentation != after.documentation:
        yield (
            "now takes documentation addresses as ordinary values"
            if after.documentation
            else "now refuses documentation addresses"
        )
    named = (
        "indicator_types",
        "labels",
        "columns",
        "types",
        "taxonomy",
        "items",
        "split",
        "ignore",
        "kind",
        "headers",
        "unencrypted",
        "internal",
        "delimiter",
        "header",
        "comment",
        "expect",
        "default_scheme",
    )
    changed = [name.replace("_", " ") for name in named if getattr(before, name) != getattr(after, name)]
    if changed:
        yield f"is now read with other settings ({', '.join(changed)})"
