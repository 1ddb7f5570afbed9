"""The difference between two rosters: what must be written, told so that a diplomat can read it."""

from dataclasses import replace
from pathlib import Path

import pytest

from indicator_hub.stix import timestamps
from indicator_hub.trust.declaration import parse
from indicator_hub.trust.difference import Difference, difference, render
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN, RED, STRICT
from indicator_hub.trust.roster import MAPPINGS, Contact, Membership, Roster

SHIPPED = Path(__file__).parents[2] / "collections"
NOW = timestamps.parse("2026-03-01T12:30:00Z")
LATER = timestamps.parse("2026-06-01T00:00:00Z")
EARLIER = timestamps.parse("2025-09-15T00:00:00Z")
NOUNS = ["organisation", "agreement", "group", "membership", "collection", "feed"]


@pytest.fixture(scope="module", name="shipped")
def _shipped() -> Roster:
    return parse([(path.name, path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.yaml"))])


def changed(roster: Roster, noun: str, key: object, **values: object) -> Roster:
    """The roster with one thing's fields changed."""
    things = getattr(roster, noun)
    return replace(roster, **{noun: {**things, key: replace(things[key], **values)}})


def without(roster: Roster, noun: str, key: object) -> Roster:
    """The roster without one thing."""
    return replace(roster, **{noun: {name: thing for name, thing in getattr(roster, noun).items() if name != key}})


def applied(stored: Roster, plan: Difference) -> Roster:
    """What the store holds once the plan is written: an ended feed is gone, all else is kept."""
    kept = {f"{noun}s": dict(getattr(stored, f"{noun}s")) for noun in NOUNS}
    for change in plan.changes:
        if change.after is None:
            del kept[f"{change.noun}s"][change.key]
        else:
            kept[f"{change.noun}s"][change.key] = change.after
    return Roster(**kept)


def test_a_new_hub_is_told_everything(shipped):
    """Nothing stored: every declared thing is added, in an order in which each can be written after what it refers to."""
    plan = difference(Roster(), shipped, NOW)
    assert not plan.mistakes
    assert [change.verb for change in plan.changes] == ["add"] * len(plan.changes)
    assert [NOUNS.index(change.noun) for change in plan.changes] == sorted(
        NOUNS.index(change.noun) for change in plan.changes
    )
    assert {(change.noun, change.key, change.before) for change in plan.changes} == {
        (noun, key, None) for noun in NOUNS for key in getattr(shipped, f"{noun}s")
    }
    assert applied(Roster(), plan) == shipped


def test_the_same_again_is_nothing_to_do(shipped):
    """What is stored as declared gives no change, and the plan says so."""
    assert difference(shipped, shipped, NOW) == Difference()
    assert render(difference(shipped, shipped, NOW)) == "Nothing to do.\n"


ADDED = [
    ("organisation", "xb-soc", "Organisation xb-soc, Government security operations centre of XB, nation XB, is added;"),
    ("agreement", "regional-cyber-2025", 'is added, from 2025-06-01, until 2029-06-01; it rests on "Memorandum of'),
    ("group", "night-heron", "Operation night-heron, Night Heron, is added under agreement joint-operation-night-heron, led by XC,"),
    ("group", "night-heron", '; its purpose: "Find and take down'),
    ("group", "public", "Group public, Public indicators, is added, open to everybody."),
    ("membership", ("xb-cert", "sentinel"), "XB: National CERT of XB (xb-cert) joins group sentinel as member, may not write, from 2025-06-01."),
    ("membership", ("xa-police", "sentinel"), "joins group sentinel as client of xa-cert, may not write, from 2025-09-01."),
    ("membership", ("xc-cert", "night-heron"), "joins operation night-heron as member and steward, may write."),
    ("collection", ("sentinel", "indicators"), "it takes objects up to RED from members; what carries no TLP mark counts as AMBER."),
    ("collection", ("public", "advisories"), "it takes objects up to CLEAR from its feeds only."),
    ("feed", "edge-scanners", "xa-cert imports samples/edge-scanners.txt into collection feeds of group sentinel as GREEN."),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "key", "words"), ADDED)
def test_each_addition_has_its_sentence(shipped, noun, key, words):
    """What is added is named with what it means for the partners."""
    [change] = [one for one in difference(Roster(), shipped, NOW).changes if (one.noun, one.key) == (noun, key)]
    assert words in change.words


CHANGED = [
    ("organisation", "xa-cert", {"title": "CERT XA"}, 'Organisation xa-cert is now called "CERT XA" instead of "National CERT of XA".'),
    ("organisation", "xa-cert", {"nation": "XB"}, "Organisation xa-cert now belongs to nation XB instead of XA."),
    ("organisation", "xa-cert", {"contact": Contact(desk="New desk")}, "Organisation xa-cert now has the duty desk New desk instead of Duty desk, duty@cert.xa.example,"),
    ("organisation", "xb-soc", {"stix_identities": ("identity--1",)}, "Organisation xb-soc now writes as identity--1 too."),
    ("organisation", "xa-cert", {"stix_identities": ()}, "Organisation xa-cert no longer writes as identity--"),
    ("agreement", "regional-cyber-2025", {"ends": None}, "Agreement regional-cyber-2025 now has no end instead of 2029-06-01."),
    ("agreement", "regional-cyber-2025", {"starts": LATER}, "now begins on 2026-06-01 instead of 2025-06-01."),
    ("agreement", "regional-cyber-2025", {"legal_basis": "A treaty"}, 'now rests on "A treaty" instead of "Memorandum of'),
    ("agreement", "regional-cyber-2025", {"purposes": ("a", "b")}, 'now serves "a" and "b" instead of "defence of networks" and'),
    ("agreement", "regional-cyber-2025", {"purposes": ("a", "b", "c")}, 'now serves "a", "b" and "c" instead of "defence of networks" and'),
    ("group", "night-heron", {"ends": LATER}, "Operation night-heron now ends on 2026-06-01 instead of 2029-12-31."),
    ("group", "sentinel", {"ends": NOW}, "Group sentinel now ends on 2026-03-01T12:30:00Z instead of having no end."),
    ("group", "night-heron", {"lead_nation": "XD", "purpose": "Other."}, 'now has the purpose "Other" instead of "Find and take down'),
    ("group", "night-heron", {"lead_nation": "XD"}, "Operation night-heron is now led by XD instead of XC."),
    ("group", "sentinel", {"agreement": "joint-operation-night-heron"}, "now stands under agreement joint-operation-night-heron instead of regional-cyber-2025."),
    ("group", "sentinel", {"kind": "operation"}, "Operation sentinel is now of kind operation instead of standing."),
    ("group", "sentinel", {"description": ""}, 'Group sentinel is now described as nothing instead of "Daily exchange'),
    ("membership", ("xb-cert", "sentinel"), {"role": "observer"}, "XB: National CERT of XB (xb-cert) in group sentinel is now observer instead of member (narrower: reads up to GREEN instead of up to AMBER+STRICT)."),
    ("membership", ("xb-cert", "sentinel"), {"role": "submitter", "can_write": True}, "is now submitter instead of member (narrower: reads only its own instead of up to AMBER+STRICT) and may now write (wider)."),
    ("membership", ("xd-cert", "sentinel"), {"can_write": False}, "may no longer write (narrower)."),
    ("membership", ("xd-cert", "sentinel"), {"steward": True}, "is now a steward (wider)."),
    ("membership", ("xa-cert", "sentinel"), {"steward": False}, "is no longer a steward (narrower)."),
    ("membership", ("xa-police", "sentinel"), {"sponsor": "xd-cert"}, "is now sponsored by xd-cert instead of xa-cert."),
    ("membership", ("xb-cert", "sentinel"), {"sees_from": EARLIER}, "now sees what was shared since 2025-09-15 (narrower)."),
    ("membership", ("xb-cert", "sentinel"), {"ends": LATER}, "now ends on 2026-06-01 instead of having no end."),
    ("collection", ("sentinel", "feeds"), {"ceiling": RED}, "Collection feeds of group sentinel now takes objects up to RED instead of AMBER+STRICT (wider)."),
    ("collection", ("sentinel", "indicators"), {"ceiling": STRICT}, "up to AMBER+STRICT instead of RED (narrower, for what comes from now on)."),
    ("collection", ("sentinel", "indicators"), {"default": GREEN}, "now counts what carries no TLP mark as GREEN instead of AMBER (wider, for what comes from now on)."),
    ("collection", ("sentinel", "indicators"), {"default": STRICT}, "as AMBER+STRICT instead of AMBER (narrower, for what comes from now on)."),
    ("collection", ("sentinel", "indicators"), {"default": None}, "as CLEAR instead of AMBER (wider, for what comes from now on)."),
    ("collection", ("sentinel", "indicators"), {"writable": "feeds"}, "now takes objects from its feeds only instead of members (narrower)."),
    ("collection", ("sentinel", "feeds"), {"writable": "members"}, "now takes objects from members instead of its feeds only (wider)."),
    ("collection", ("night-heron", "casework"), {"title": "Cases"}, 'Collection casework of operation night-heron is now called "Cases" instead of "Casework".'),
    ("feed", "edge-scanners", {"level": AMBER}, "Feed edge-scanners is now marked AMBER instead of GREEN (narrower)."),
    ("feed", "edge-scanners", {"level": None}, "is now marked as the collection's default says instead of GREEN."),
    ("feed", "edge-scanners", {"source": "https://x.example/"}, "now comes from https://x.example/ instead of samples/edge-scanners.txt."),
    ("feed", "edge-scanners", {"collection": "indicators"}, "now fills collection indicators of group sentinel instead of collection feeds of group sentinel."),
    ("feed", "edge-scanners", {"organisation": "xd-cert"}, "is now imported by xd-cert instead of xa-cert."),
    ("feed", "edge-scanners", {"confidence": None, "terms": ""}, "now has the confidence nothing instead of 50 and now comes on the terms nothing instead of"),
    ("feed", "edge-scanners", {"documentation": False}, "now refuses documentation addresses."),
    ("feed", "phishing-kits", {"delimiter": ";", "header": False}, "is now read with other settings (delimiter, header)."),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "key", "values", "words"), CHANGED)
def test_each_change_has_its_sentence(shipped, noun, key, values, words):
    """One thing changed is one change, told in one sentence that says what was and what will be, and who gains or loses by it."""
    plan = difference(shipped, changed(shipped, f"{noun}s", key, **values), NOW)
    assert not plan.mistakes
    [change] = plan.changes
    assert (change.verb, change.noun, change.key) == ("change", noun, key)
    assert change.before == getattr(shipped, f"{noun}s")[key]
    assert change.after == replace(change.before, **values)
    assert words in change.words
    assert change.words.endswith(".")
    assert "\n" not in change.words


def test_every_field_is_told(shipped):
    """No field can change without words: a sentence never ends after its subject."""
    other = {str: "other", int: 3, bool: True, tuple: ("other",), type(None): "other"}
    for noun in NOUNS:
        key, thing = next(iter(getattr(shipped, f"{noun}s").items()))
        for name in thing.__dataclass_fields__:
            if name == "name" or (noun != "feed" and name in ("organisation", "group", "alias", "id", "contact")):
                continue
            value = getattr(thing, name)
            new = {
                "kind": "standing",
                "role": "client",
                "writable": "feeds",
                "level": RED,
                "ceiling": GREEN,
                "default": GREEN,
            }.get(name)
            if name in ("starts", "ends", "sees_from"):
                new = LATER
            elif name in MAPPINGS:
                new = {"value": "url"}
            elif name == "every":
                new = 3_600_000_000
            elif isinstance(value, bool):
                new = not value
            elif new is None or new == value:
                new = other[type(value)]
            [change] = difference(shipped, changed(shipped, f"{noun}s", key, **{name: new}), NOW).changes
            assert len(change.words.split(" now ")) > 1 or "no longer" in change.words, (noun, name, change.words)


def test_a_membership_no_longer_declared_ends_now(shipped):
    """Taking a member out of the file ends its membership at this instant; written once, there is nothing more to do."""
    key = ("xb-cert", "sentinel")
    plan = difference(shipped, without(shipped, "memberships", key), NOW)
    [change] = plan.changes
    assert (change.verb, change.noun, change.key) == ("end", "membership", key)
    assert change.after == replace(shipped.memberships[key], ends=NOW)
    assert change.words.startswith(
        "XB: National CERT of XB (xb-cert) leaves group sentinel now: it reads nothing there"
    )
    assert not difference(applied(shipped, plan), without(shipped, "memberships", key), NOW + 1).changes
    [public] = difference(shipped, without(shipped, "memberships", ("xd-cert", "public")), NOW).changes
    assert "it reads there what everybody reads" in public.words


def test_a_membership_with_a_day_to_end_on_ends_now_too(shipped):
    """Taken out of the file it ends at once, whenever it was to end; one that has ended, and at its very end has, stays as it is."""
    key = ("xb-cert", "sentinel")
    declared = without(shipped, "memberships", key)
    [change] = difference(changed(shipped, "memberships", key, ends=LATER), declared, NOW).changes
    assert isinstance(change.after, Membership)
    assert (change.verb, change.after.ends) == ("end", NOW)
    for ended in (NOW, EARLIER):
        assert difference(changed(shipped, "memberships", key, ends=ended), declared, NOW) == Difference()


def test_a_membership_that_never_began_ends_empty(shipped):
    """One that was to begin later ends where it would have begun: its window is empty, not backward."""
    key = ("xb-cert", "sentinel")
    stored = changed(shipped, "memberships", key, starts=LATER)
    [change] = difference(stored, without(shipped, "memberships", key), NOW).changes
    assert isinstance(change.after, Membership)
    assert (change.after.starts, change.after.ends) == (LATER, LATER)
    assert change.words.endswith("(xb-cert) will not join group sentinel; it would have on 2026-06-01.")


def test_a_member_can_come_back(shipped):
    """A membership that has ended and is declared again is told as joining again."""
    key = ("xb-cert", "sentinel")
    [change] = difference(changed(shipped, "memberships", key, ends=NOW - 1), shipped, NOW).changes
    assert change.verb == "change"
    assert "joins group sentinel again as member, may not write, from 2025-06-01." in change.words


def test_a_feed_no_longer_declared_ends(shipped):
    """Taking a feed out of the file ends it; what came from it stays."""
    [change] = difference(shipped, without(shipped, "feeds", "edge-scanners"), NOW).changes
    assert (change.verb, change.noun, change.key, change.after) == ("end", "feed", "edge-scanners", None)
    assert (
        change.words
        == "Feed edge-scanners ends: nothing more comes from it into collection feeds of group sentinel; what came stays."
    )


@pytest.mark.parametrize(
    ("noun", "key", "words"),
    [
        ("organisations", "xb-cert", "Organisation xb-cert is no longer declared. It is never removed"),
        ("agreements", "regional-cyber-2025", "Agreement regional-cyber-2025 is no longer declared. What was shared under it is never removed"),
        ("groups", "sentinel", "Group sentinel is no longer declared. What was shared in it is never removed: declare it again, and end it by its until."),
        ("collections", ("sentinel", "feeds"), "Collection feeds of group sentinel is no longer declared."),
    ],
)  # fmt: skip
def test_what_was_shared_under_is_never_removed(shipped, noun, key, words):
    """An organisation, agreement, group or collection that is no longer declared is a mistake that says how to end it."""
    [mistake] = difference(shipped, without(shipped, noun, key), NOW).mistakes
    assert mistake.startswith(words)


def test_a_collection_keeps_its_id(shipped):
    """Another id under the same alias would be another collection to every partner's client: a mistake, and no change."""
    plan = difference(shipped, changed(shipped, "collections", ("sentinel", "feeds"), id="other"), NOW)
    assert not plan.changes
    [mistake] = plan.mistakes
    assert mistake.endswith("and is declared with other: an id never changes, write the first.")


@pytest.mark.parametrize("key", [("night-heron", "feeds"), ("sentinel", "imports")])
def test_a_collection_keeps_its_group_and_alias(shipped, key):
    """What was shared with one group is never moved to another, nor is its address changed."""
    group, alias = key
    moved = replace(shipped.collections["sentinel", "feeds"], group=group, alias=alias)
    rest = without(shipped, "collections", ("sentinel", "feeds"))
    plan = difference(shipped, replace(rest, collections={**rest.collections, key: moved}), NOW)
    assert not plan.changes
    [mistake] = plan.mistakes
    assert mistake.startswith(f"Collection feeds of group sentinel is declared as {alias} of group {group}:")


def test_the_plan_is_one_text(shipped):
    """A plan shows each change with its sign, then what cannot be applied, then the counts."""
    declared = without(shipped, "feeds", "edge-scanners")
    declared = changed(declared, "groups", "night-heron", ends=LATER)
    stored = without(shipped, "memberships", ("xb-cert", "sentinel"))
    assert render(difference(stored, declared, NOW)) == (
        "~ Operation night-heron now ends on 2026-06-01 instead of 2029-12-31.\n"
        "+ XB: National CERT of XB (xb-cert) joins group sentinel as member, may not write, from 2025-06-01.\n"
        "- Feed edge-scanners ends: nothing more comes from it into collection feeds of group sentinel; what came stays.\n"
        "\n"
        "1 to add, 1 to change, 1 to end; mistakes: 0.\n"
    )
    refused = render(difference(shipped, without(shipped, "groups", "sentinel"), NOW))
    assert refused.startswith("This cannot be applied:\n! Group sentinel is no longer declared.")
    assert refused.endswith("0 to add, 0 to change, 0 to end; mistakes: 1.\n")
    both = render(
        difference(
            shipped,
            changed(without(shipped, "agreements", "regional-cyber-2025"), "groups", "night-heron", ends=LATER),
            NOW,
        )
    )
    assert [line.split(" ")[0] for line in both.splitlines()] == ["~", "", "This", "!", "", "0"]


def test_a_member_that_stays_away_does_not_come_back(shipped):
    """A past membership whose days are put right has ended still: that is told as what it is."""
    key = ("xb-cert", "sentinel")
    for ended in (NOW, EARLIER):
        stored, declared = (changed(shipped, "memberships", key, ends=ends) for ends in (NOW - 1, ended))
        [change] = difference(stored, declared, NOW).changes
        assert " again " not in change.words
        assert "now ends on " in change.words
    [change] = difference(
        changed(shipped, "memberships", key, ends=NOW), changed(shipped, "memberships", key, ends=NOW + 1), NOW
    ).changes
    assert " again " in change.words


def test_who_has_just_begun_leaves(shipped):
    """At the very instant at which it begins, a membership has begun."""
    key = ("xb-cert", "sentinel")
    [change] = difference(
        changed(shipped, "memberships", key, starts=NOW), without(shipped, "memberships", key), NOW
    ).changes
    assert "leaves group sentinel now" in change.words


def test_what_is_no_longer_declared_still_has_its_name(shipped):
    """Whoever leaves together with its organisation or group is called as it was; whoever is unknown altogether, by its short name."""
    key = ("xb-cert", "night-heron")
    declared = without(
        without(without(shipped, "memberships", key), "organisations", "xb-cert"), "groups", "night-heron"
    )
    [words] = [
        one.words for one in difference(shipped, declared, NOW).changes if (one.noun, one.key) == ("membership", key)
    ]
    assert words.startswith("XB: National CERT of XB (xb-cert) leaves operation night-heron now: ")
    stored = replace(Roster(), memberships={key: shipped.memberships[key]})
    [alone] = difference(stored, Roster(), NOW).changes
    assert alone.words.startswith("xb-cert leaves group night-heron now: ")


def test_a_feed_that_says_no_level_is_added_without_one(shipped):
    """The collection's default counts then, and the sentence gives no level."""
    roster = changed(shipped, "feeds", "edge-scanners", level=None)
    [words] = [one.words for one in difference(Roster(), roster, NOW).changes if one.key == "edge-scanners"]
    assert words.endswith(" into collection feeds of group sentinel.")


ORGANISATION, AGREEMENT, MEMBER, INDICATORS, FEED = (
    "xa-cert",
    "regional-cyber-2025",
    ("xb-cert", "sentinel"),
    ("sentinel", "indicators"),
    "edge-scanners",
)
SETTINGS = {
    "indicator_types": ("a",),
    "labels": ("a",),
    "columns": {"value": 1},
    "types": {"a": "url"},
    "delimiter": ";",
    "header": False,
    "comment": "%",
    "expect": "url",
    "default_scheme": "http",
}
# What is changed; what it was, beside all that is declared; what it is to be; how its sentence goes on.
FROM_TO = [
    ("organisation", ORGANISATION, {}, {"contact": Contact(desk="D", email="a@b", telephone="1", pgp="AB12", hours="24/7")}, "now has the duty desk D, a@b, 1, 24/7, PGP AB12 instead of"),
    ("organisation", ORGANISATION, {"contact": Contact(desk="D")}, {"contact": Contact()}, "now has the duty desk none instead of D."),
    ("organisation", ORGANISATION, {"stix_identities": ("a", "b")}, {"stix_identities": ("b", "a")}, "now lists its STIX identities in another order."),
    ("organisation", ORGANISATION, {"stix_identities": ("a", "b")}, {"stix_identities": ("b", "c")}, "now writes as c too and no longer writes as a."),
    ("agreement", AGREEMENT, {"legal_basis": "An act"}, {"legal_basis": "A treaty. "}, 'now rests on "A treaty" instead of "An act".'),
    ("group", "sentinel", {}, {"lead_nation": "XA"}, "is now led by XA instead of nothing."),
    ("group", "sentinel", {"agreement": AGREEMENT}, {"agreement": None}, "now stands under agreement nothing instead of regional-cyber-2025."),
    ("group", "sentinel", {"starts": None}, {"starts": LATER}, "now begins on 2026-06-01; it had none."),
    ("membership", MEMBER, {"starts": LATER}, {"starts": None}, "now has no day on which it begins instead of 2026-06-01."),
    ("membership", MEMBER, {"ends": LATER}, {"ends": None}, "in group sentinel now has no end instead of 2026-06-01."),
    ("membership", MEMBER, {"ends": LATER}, {"ends": LATER + 1}, "in group sentinel now ends on 2026-06-01T00:00:00.000001Z instead of 2026-06-01."),
    ("membership", MEMBER, {"sponsor": None}, {"sponsor": "xa-cert"}, "is now sponsored by xa-cert instead of nothing."),
    ("membership", MEMBER, {"role": "observer"}, {"role": "member"}, "(wider: reads up to AMBER+STRICT instead of up to GREEN)."),
    ("membership", MEMBER, {"sees_from": LATER}, {"sees_from": EARLIER}, "now sees what was shared since 2025-09-15 (wider)."),
    ("membership", MEMBER, {"sees_from": EARLIER}, {"sees_from": LATER}, "now sees what was shared since 2026-06-01 (narrower)."),
    ("membership", MEMBER, {"sees_from": EARLIER}, {"sees_from": None}, "now sees everything ever shared (wider)."),
    ("collection", INDICATORS, {"default": None}, {"default": AMBER}, "as AMBER instead of CLEAR (narrower, for what comes from now on)."),
    ("collection", INDICATORS, {"description": "x"}, {"description": "A. B."}, 'is now described as "A. B" instead of "x".'),
    ("feed", FEED, {"level": None}, {"level": AMBER}, "is now marked AMBER instead of as the collection's default says."),
    ("feed", FEED, {"level": AMBER}, {"level": CLEAR}, "is now marked CLEAR instead of AMBER (wider)."),
    ("feed", FEED, {"level": CLEAR}, {"level": AMBER}, "is now marked AMBER instead of CLEAR (narrower)."),
    ("feed", FEED, {"level": GREEN}, {"level": CLEAR}, "is now marked CLEAR instead of GREEN (wider)."),
    ("feed", FEED, {"level": CLEAR}, {"level": GREEN}, "is now marked GREEN instead of CLEAR (narrower)."),
    ("feed", FEED, {"confidence": 50, "confidence_cap": 100}, {"confidence": 0, "confidence_cap": 80}, "now has the confidence 0 instead of 50 and now has its confidence capped at 80 instead of 100."),
    ("feed", FEED, {"format": "list"}, {"format": "stix"}, "is now read as stix instead of list."),
    ("feed", FEED, {"title": "A"}, {"title": "B"}, 'is now called "B" instead of "A".'),
    ("feed", FEED, {"documentation": False}, {"documentation": True}, "now takes documentation addresses as ordinary values."),
    ("feed", FEED, {"group": "public", "collection": "x"}, {"group": "sentinel", "collection": "x"}, "now fills collection x of group sentinel instead of collection x of group public."),
    ("feed", FEED, {}, SETTINGS, "is now read with other settings (indicator types, labels, columns, types, delimiter, header, comment, expect, default scheme)."),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "key", "before", "after", "words"), FROM_TO, ids=range(len(FROM_TO)))
def test_what_was_and_what_will_be(shipped, noun, key, before, after, words):
    """From any value to any other, also from nothing and to nothing, and which way it goes for those who read."""
    stored, declared = (changed(shipped, f"{noun}s", key, **values) for values in (before, after))
    [change] = difference(stored, declared, NOW).changes
    assert words in change.words
    assert change.words.endswith(".")


def test_a_member_joins_with_all_that_it_may(shipped):
    """Since when it sees, and until when it takes part."""
    roster = changed(shipped, "memberships", MEMBER, sees_from=EARLIER, ends=LATER)
    [words] = [one.words for one in difference(Roster(), roster, NOW).changes if one.key == MEMBER]
    assert words.endswith("may not write, from 2025-06-01, until 2026-06-01, sees what was shared since 2025-09-15.")
