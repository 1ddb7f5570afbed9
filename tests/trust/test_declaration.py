"""Declarations: a folder of YAML becomes a roster, or every mistake in it is told with its file and line."""

import hashlib
import re
from pathlib import Path

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from indicator_hub.errors import Invalid
from indicator_hub.stix import timestamps
from indicator_hub.trust.declaration import DeclarationError, Mistake, document, fields, parse
from indicator_hub.trust.declaration.document import Node
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN, RED, STRICT
from indicator_hub.trust.nations import CODES
from indicator_hub.trust.roster import Agreement, Collection, Contact, Feed, Group, Membership, Organisation, Roster
from support.paths import COLLECTIONS

SHIPPED = Path(__file__).parents[2] / "collections"

VALID = """\
organisations:
  xa-cert:
    title: CERT of XA
    nation: XA
    contact: {desk: Duty desk, email: duty@cert.xa.example}
    stix_identities: [identity--6cbd8a3e-9d5f-4a55-9a31-2ad9a4a0a001]
  xb-cert:
    title: CERT of XB
    nation: XB
    contact: {email: duty@cert.xb.example}
    stix_identities: [identity--6cbd8a3e-9d5f-4a55-9a31-2ad9a4a0a002]
agreement:
  name: accord
  title: An accord
  legal_basis: Its article 3
  purposes: [defence]
  from: 2025-06-01
  until: 2029-06-01
groups:
  standing-one:
    title: Standing
    kind: standing
    members:
      xa-cert: {role: member, can_write: true, steward: true}
      xb-cert: {role: client, sponsor: xa-cert, from: 2025-07-01, until: 2026-07-01}
    collections:
      main:
        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c01
        title: Main
        ceiling: AMBER
        default: GREEN
      fed:
        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c02
        title: Fed
        ceiling: AMBER
        writable: feeds
    feeds:
      table:
        title: A table
        organisation: xa-cert
        collection: fed
        source: https://feeds.example.org/table.csv
        format: csv
        columns: {value: url, type: 2}
        types: {link: url}
        level: GREEN
  operation-one:
    title: Operation
    kind: operation
    purpose: To find out
    lead_nation: XB
    until: 2026-12-31T12:00:00Z
  public:
    title: Public
    kind: public
    members:
      xb-cert: {role: submitter, can_write: true}
    collections:
      open:
        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c03
        title: Open
        ceiling: CLEAR
"""

# The rule; what is replaced in VALID, and by what; the line of the mistake, counted in the changed text; words of its sentence.
CASES = [
    ("nations are ISO 3166-1 codes", "nation: XA", "nation: EU", 4, 'Organisation xa-cert: "nation": "EU" is not a nation code'),
    ("a habit is put right", "nation: XA", "nation: UK", 4, "write GB"),
    ("codes are capital letters", "nation: XA", "nation: xa", 4, "write XA"),
    ("a nation is needed", "    nation: XA\n", "", 2, '"nation" is missing: write the two-letter ISO 3166-1 code'),
    ("unknown keys offer the nearest", "title: CERT of XA", "titel: CERT of XA", 3, '"titel" is not a key that is known here: did you mean "title"?'),
    ("unknown keys of a contact too", "{desk: Duty", "{desc: Duty", 5, '"contact.desc" is not a key that is known here: did you mean "desk"?'),
    ("unknown keys at the top", "agreement:\n", "agreements:\n", 12, 'This file: "agreements" is not a key that is known here: did you mean "agreement"?'),
    ("a contact is needed", "    contact: {email: duty@cert.xb.example}\n", "", 7, '"contact" is missing: write how its duty desk is reached'),
    ("a contact can be reached", "{email: duty@cert.xb.example}", "{hours: 24/7}", 10, '"contact" names no way to reach it: write a desk or an email'),
    ("an e-mail address has a host", "duty@cert.xb.example", "duty", 10, '"contact.email": "duty" is not an e-mail address'),
    ("an identity is a STIX id", "identity--6cbd8a3e-9d5f-4a55-9a31-2ad9a4a0a002", "xb", 11, "is not the id of a STIX identity"),
    ("an identity has one organisation", "4a0a002", "4a0a001", 11, "already belongs to xa-cert: an identity has one organisation"),
    ("names are plain", "  xb-cert:\n    title", "  XB_cert:\n    title", 7, '"XB_cert" cannot be a name'),
    ("a key stands once", "    nation: XA\n", "    nation: XA\n    nation: XA\n", 5, '"nation" stands here a second time, first on line 4'),
    ("agreements end after they begin", "until: 2029-06-01", "until: 2025-06-01", 18, 'Agreement accord: "until" is not after "from"'),
    ("agreements begin", "  from: 2025-06-01\n", "", 12, '"from" is missing: write the day it begins'),
    ("agreements have purposes", "purposes: [defence]", "purposes: []", 16, '"purposes" is empty: write at least one'),
    ("a list is a list", "purposes: [defence]", "purposes: defence", 16, '"purposes" must be a list: [one, two]'),
    ("dates are real", "from: 2025-06-01", "from: 2025-06-31", 17, '"2025-06-31" is not a date: write one such as 2025-06-01'),
    ("instants are in UTC", "2026-12-31T12:00:00Z", "2026-12-31T12:00:00+03:00", 52, "or an instant in UTC"),
    ("a group's name is not a word of the address", "  standing-one:", "  collections:", 20, '"collections" cannot be a group\'s name'),
    ("kinds are three", "kind: standing", "kind: standin", 22, '"kind" cannot be "standin": did you mean "standing"?'),
    ("only public is of kind public", "kind: standing", "kind: public", 22, "only the group named public may be of kind public"),
    ("public is of kind public", "kind: public", "kind: standing", 55, 'the group named public is open to everybody: write "kind: public", not standing'),
    ("an operation ends", "    until: 2026-12-31T12:00:00Z\n", "", 47, 'Group operation-one: an operation needs "until"'),
    ("an operation has a purpose", "    purpose: To find out\n", "", 47, 'an operation needs "purpose"'),
    ("an operation is led", "    lead_nation: XB\n", "", 47, 'an operation needs "lead_nation"'),
    ("a lead nation is a nation", "lead_nation: XB", "lead_nation: XBX", 51, '"XBX" is not a nation code'),
    ("members are declared", "      xa-cert: {role", "      xa-crt: {role", 24, 'xa-crt is not declared under "organisations": did you mean "xa-cert"?'),
    ("a member has a role", "{role: member, can", "{can", 24, '"role" is missing: write submitter, observer, client or member'),
    ("an empty member has none", "xa-cert: {role: member, can_write: true, steward: true}", "xa-cert:", 24, 'xa-cert of group standing-one: "role" is missing'),
    ("a client has a sponsor", "sponsor: xa-cert, ", "", 25, 'a client needs "sponsor"'),
    ("the sponsor is of this group", "sponsor: xa-cert", "sponsor: xc-cert", 25, "its sponsor xc-cert is not a member of this group"),
    ("the sponsor is a member, not a client", "sponsor: xa-cert", "sponsor: xb-cert", 25, "its sponsor xb-cert is not a member of this group"),
    ("only clients have sponsors", "role: client", "role: observer", 25, "only a client has a sponsor, not one whose role is observer"),
    ("submitters write", "{role: submitter, can_write: true}", "{role: submitter}", 57, 'a submitter only gives: write "can_write: true"'),
    ("stewards are members", "sponsor: xa-cert,", "sponsor: xa-cert, steward: true,", 25, "only a member can be a steward, not one whose role is client"),
    ("memberships end after they begin", "until: 2026-07-01", "until: 2025-01-01", 25, '"until" is not after "from"'),
    ("flags are true or false", "steward: true", "steward: yes", 24, '"steward": must be true or false'),
    ("a collection has an id, and is offered one", "        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c01\n", "", 27, '"id" is missing: write an id of its own that never changes, for example id: 5ee9d51e-'),
    ("ids are version 4", "4d0c-8f4f-6a6e5a0b1c01", "5d0c-8f4f-6a6e5a0b1c01", 28, "is not a version 4 UUID in lower case"),
    ("ids are unique", "6a6e5a0b1c03", "6a6e5a0b1c01", 60, "its id is already that of collection main of group standing-one"),
    ("an alias is no id", "      main:", "      3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c09:", 27, "it looks like an id: choose a word"),
    ("levels are TLP's", "ceiling: AMBER\n        default", "ceiling: AMBR\n        default", 30, '"AMBR" is not a TLP level: did you mean "AMBER"?'),
    ("WHITE is CLEAR", "ceiling: CLEAR", "ceiling: WHITE", 62, '"WHITE" is the old name: write CLEAR'),
    ("a default is within the ceiling", "default: GREEN", "default: RED", 31, "its default RED is above its ceiling AMBER"),
    ("public is CLEAR", "ceiling: CLEAR", "ceiling: GREEN", 62, 'everybody reads the group public: write "ceiling: CLEAR"'),
    ("public has no default", "ceiling: CLEAR\n", "ceiling: CLEAR\n        default: CLEAR\n", 63, 'what is public must say CLEAR itself: leave "default" out'),
    ("writable by members or feeds", "writable: feeds", "writable: feed", 36, '"writable" cannot be "feed": did you mean "feeds"?'),
    ("a fed collection has a feed", "collection: fed", "collection: main", 36, "only feeds may write here and none does"),
    ("a feed fills a collection of its group", "collection: fed", "collection: open", 41, 'this group has no collection "open"'),
    ("the importer is declared", "organisation: xa-cert", "organisation: xa-cret", 40, 'xa-cret is not declared under "organisations": did you mean "xa-cert"?'),
    ("a feed's level is within the ceiling", "level: GREEN", "level: RED", 46, "its level RED is above the ceiling AMBER of fed"),
    ("formats are known", "format: csv", "format: xls", 43, '"format" cannot be "xls": possible here: list, csv, tsv, json'),
    ("sources are paths or the web", "https://feeds", "ftp://feeds", 42, "is neither a path nor a web address"),
    ("a table says where the value is", "{value: url, type: 2}", "{type: 2}", 44, 'a csv feed needs "columns.value"'),
    ("columns are known", "{value: url, type: 2}", "{value: url, typ: 2}", 44, '"columns.typ" cannot be "typ": did you mean "type"?'),
    ("columns count from 1", "type: 2}", "type: 0}", 44, "or its number counted from 1"),
    ("without a header columns are numbers", "level: GREEN", "header: false", 44, "without a header the columns have no names"),
    ("a list's columns are numbers", "format: csv", "format: list", 44, "the columns of a list have no names: write their numbers"),
    ("only tables and lists have columns", "format: csv", "format: hosts", 44, "a feed whose format is hosts has no columns"),
    ("words mean what the table knows", "level: GREEN", "taxonomy: {Boese: phising}", 46, '"phising" is not a word of the taxonomy: did you mean "phishing"?'),
    ("a word far from all is offered the chief ones", "level: GREEN", "taxonomy: {x: qqqq}", 46, "possible here: c2, malware, malware-configuration"),
    ("scales are known", "level: GREEN", "confidence_scale: percents", 46, '"confidence_scale" cannot be "percents": did you mean "percent"?'),
    ("only JSON has items", "level: GREEN", "items: a.b", 46, 'only JSON has "items"'),
    ("types are STIX observables", "types: {link: url}", "types: {link: urll}", 45, '"urll" is not a type of observable: did you mean "url"?'),
    ("what is expected too", "level: GREEN", "expect: domain-nam", 46, '"domain-nam" is not a type of observable: did you mean "domain-name"?'),
    ("indicators are of some type", "level: GREEN", "indicator_types: []", 46, '"indicator_types" is empty: write at least one'),
    ("confidence is 0 to 100", "level: GREEN", "confidence: 101", 46, "must be a whole number from 0 to 100"),
    ("a delimiter is one character", "level: GREEN", 'delimiter: "::"', 46, '"delimiter": must be one character'),
    ("documentation is allowed or not", "level: GREEN", "documentation: true", 46, '"documentation" cannot be "true": possible here: allow, refuse'),
    ("anchors are not used", "title: Main", "title: &main Main", 29, "anchors (&) and aliases (*) are not used here"),
    ("aliases are not used", "title: Main", "title: *main", 29, "anchors (&) and aliases (*) are not used here"),
    ("tags are not used", "title: Main", "title: !!python/name:os.system Main", 29, "tags (!) are not used here"),
    ("tabs do not indent", "        title: Main", "\t\ttitle: Main", 29, "this line is indented with a tab: use spaces"),
    ("brackets close", "purposes: [defence]", "purposes: [defence", 17, "this is not readable YAML"),
    ("one document a file", "agreement:\n", "---\nagreement:\n", 13, "a second document begins here"),
    ("no NUL", "title: Main", "title: Ma\0in", 29, "there is a character here that YAML does not allow"),
    ("no control characters", "title: Main", 'title: "Ma\\x07in"', 29, "holds control characters: write plain text"),
    ("no turned text", "title: Main", 'title: "\\u202Eniam"', 29, "holds control characters: write plain text"),
]  # fmt: skip

# Where others refer to what is broken, they are told too.
WITH_CONSEQUENCES = {
    "unknown keys offer the nearest",
    "unknown keys at the top",
    "names are plain",
    "members are declared",
    "a feed fills a collection of its group",
}


def mistakes(*files: tuple[str, str]) -> tuple[Mistake, ...]:
    """The mistakes in these files."""
    with pytest.raises(DeclarationError) as refusal:
        parse(files)
    return refusal.value.mistakes


@pytest.mark.parametrize(("rule", "old", "new", "line", "words"), CASES, ids=[case[0] for case in CASES])
def test_each_mistake_is_told_with_its_line(rule, old, new, line, words):
    """Each rule of a declaration, broken alone, gives a sentence that says what to do, on the line where it is broken."""
    assert VALID.count(old) >= 1
    found = mistakes(("a.yaml", VALID.replace(old, new, 1)))
    assert [one for one in found if one.file == "a.yaml" and one.line == line and words in one.text], "\n".join(
        map(str, found)
    )
    assert len(found) == 1 or rule in WITH_CONSEQUENCES, "\n".join(map(str, found))


def test_a_declaration_becomes_a_roster():
    """What is declared is what the roster holds: dates as midnight UTC in microseconds, levels by number, groups under their file's agreement."""
    at = timestamps.parse
    assert parse([("a.yaml", VALID)]) == Roster(
        organisations={
            "xa-cert": Organisation(
                "xa-cert",
                "CERT of XA",
                "XA",
                Contact(desk="Duty desk", email="duty@cert.xa.example"),
                ("identity--6cbd8a3e-9d5f-4a55-9a31-2ad9a4a0a001",),
            ),
            "xb-cert": Organisation(
                "xb-cert",
                "CERT of XB",
                "XB",
                Contact(email="duty@cert.xb.example"),
                ("identity--6cbd8a3e-9d5f-4a55-9a31-2ad9a4a0a002",),
            ),
        },
        agreements={
            "accord": Agreement(
                "accord",
                "An accord",
                "Its article 3",
                ("defence",),
                at("2025-06-01T00:00:00Z"),
                at("2029-06-01T00:00:00Z"),
            )
        },
        groups={
            "standing-one": Group("standing-one", "Standing", "", "standing", "accord"),
            "operation-one": Group(
                "operation-one",
                "Operation",
                "",
                "operation",
                "accord",
                ends=at("2026-12-31T12:00:00Z"),
                purpose="To find out",
                lead_nation="XB",
            ),
            "public": Group("public", "Public", "", "public", None),
        },
        memberships={
            ("xa-cert", "standing-one"): Membership("xa-cert", "standing-one", "member", can_write=True, steward=True),
            ("xb-cert", "standing-one"): Membership(
                "xb-cert",
                "standing-one",
                "client",
                sponsor="xa-cert",
                starts=at("2025-07-01T00:00:00Z"),
                ends=at("2026-07-01T00:00:00Z"),
            ),
            ("xb-cert", "public"): Membership("xb-cert", "public", "submitter", can_write=True),
        },
        collections={
            ("standing-one", "main"): Collection(
                "3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c01", "standing-one", "main", "Main", "", AMBER, GREEN
            ),
            ("standing-one", "fed"): Collection(
                "3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c02", "standing-one", "fed", "Fed", "", AMBER, AMBER, "feeds"
            ),
            ("public", "open"): Collection(
                "3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c03", "public", "open", "Open", "", CLEAR, None
            ),
        },
        feeds={
            "table": Feed(
                "table",
                "A table",
                "xa-cert",
                "standing-one",
                "fed",
                "https://feeds.example.org/table.csv",
                "csv",
                level=GREEN,
                columns={"value": "url", "type": 2},
                types={"link": "url"},
            )
        },
    )


def test_all_mistakes_of_all_files_are_told_at_once():
    """Whoever declares is told everything in one go, in the order of the files and their lines, one line each; a broken thing is told once."""
    first = VALID.replace("nation: XA", "nation: EU").replace("kind: standing", "kind: standin")
    second = "groups:\n  other: {title: Other, kind: standing}\nfoo: bar\n"
    found = mistakes(("b.yaml", first), ("a.yaml", second), ("c.yaml", "a: ["))
    assert [(one.file, one.line) for one in found] == [
        ("b.yaml", 4),
        ("b.yaml", 22),
        ("a.yaml", 2),
        ("a.yaml", 3),
        ("c.yaml", 1),
    ]
    assert (
        str(DeclarationError(found))
        .splitlines()[0]
        .startswith('b.yaml:4: Organisation xa-cert: "nation": "EU" is not a nation code')
    )
    assert len(str(DeclarationError(found)).splitlines()) == len(found)
    assert issubclass(DeclarationError, Invalid)


def test_files_stand_together():
    """Any file may hold any of the keys: a group may name organisations of another file."""
    organisations, rest = VALID.split("agreement:", 1)
    assert parse([("z.yaml", "agreement:" + rest), ("a.yaml", organisations)]) == parse([("a.yaml", VALID)])


def test_a_group_needs_an_agreement_in_its_own_file():
    """A standing group or an operation stands under the agreement at the head of its file; the group public needs none."""
    head, groups = VALID.split("groups:", 1)
    found = mistakes(("a.yaml", head), ("b.yaml", "groups:" + groups))
    assert [(one.file, one.line) for one in found] == [("b.yaml", 2), ("b.yaml", 29)]
    assert all('stands under no agreement: write "agreement:" at the head of this file' in one.text for one in found)


def test_a_thing_is_declared_once():
    """The same organisation, agreement or group in two files is a mistake that names the first place."""
    found = mistakes(("a.yaml", VALID), ("b.yaml", VALID))
    assert {(one.line, one.text) for one in found if "is declared already" in one.text} >= {
        (2, "Organisation xa-cert: is declared already in a.yaml, line 2: keep one of the two"),
        (12, "Agreement accord: is declared already in a.yaml, line 12: keep one of the two"),
        (53, "Group public: is declared already in a.yaml, line 53: keep one of the two"),
    }


def test_a_feed_is_named_once_and_imported_by_one_of_the_group():
    """Feeds are named once in the hub; whoever imports one belongs to its group, except that public takes any organisation's."""
    feed = """
    feeds:
      {name}: {{title: T, organisation: xa-cert, collection: open, source: s.txt, format: list{level}}}
"""
    assert (
        parse([("a.yaml", VALID + feed.format(name="second", level=", level: CLEAR"))]).feeds["second"].group
        == "public"
    )
    assert "the name is already that of feed table of group standing-one" in str(
        DeclarationError(mistakes(("a.yaml", VALID + feed.format(name="table", level=", level: CLEAR"))))
    )
    [silent] = mistakes(("a.yaml", VALID + feed.format(name="second", level="")))
    assert 'what is public must say CLEAR itself: write "level: CLEAR"' in silent.text
    without = VALID.replace("      xa-cert: {role: member, can_write: true, steward: true}\n", "")
    assert "xa-cert does not belong to this group" in str(DeclarationError(mistakes(("a.yaml", without))))


def test_values_are_the_text_as_written():
    """YAML's guesses are not taken: NO is Norway, a number may be a title, digits keep their zeros; an empty value is not written at all."""
    text = (
        VALID.replace("nation: XA", "nation: NO")
        .replace("title: Main", "title: 0123")
        .replace("default: GREEN", "default:")
    )
    roster = parse([("a.yaml", text)])
    assert roster.organisations["xa-cert"].nation == "NO"
    assert roster.collections["standing-one", "main"].title == "0123"
    assert roster.collections["standing-one", "main"].default == AMBER


def test_a_mistake_is_one_printable_line():
    """What was written is quoted without its control characters and not at any length: a mistake cannot forge another, or steer a terminal."""
    [found] = mistakes(("a.yaml", VALID.replace("nation: XA", 'nation: "X\\nb.yaml:1: \\e[31m' + "A" * 5000 + '"')))
    assert str(found).startswith('a.yaml:4: Organisation xa-cert: "nation": "X\\nb.yaml:1: \\x1b[31mAAA')
    assert str(found).isprintable()
    assert len(str(found)) < 700


def test_a_file_cannot_exhaust_the_hub():
    """Depth and size of a file are bounded, and there is nothing that multiplies."""
    assert "nested more than" in mistakes(("a.yaml", "[" * 10_000))[0].text
    assert "is longer than" in mistakes(("a.yaml", "#" * 1_000_001))[0].text


@pytest.mark.parametrize("text", ["", "# nothing\n", "~", "organisations:\ngroups:\n", "agreement:\n", "---\n"])
def test_an_empty_file_declares_nothing(text):
    """A file with nothing in it is no mistake."""
    assert parse([("a.yaml", text)]) == Roster()


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "a",
        "? [a]\n: b",
        "organisations: [a]",
        "groups: x",
        "groups: {g: []}",
        "agreement: x",
        "organisations: {a: {contact: 5}}",
    ],
)
def test_the_wrong_kind_of_value_is_told(text):
    """A list or a word where keys belong is a mistake, never a fault."""
    assert mistakes(("a.yaml", text))[0].line >= 1


def test_the_suggested_id_is_always_the_same():
    """The id offered for a collection is worked out of its names: parsing twice offers the same, and another for another collection."""
    text = VALID.replace("        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c01\n", "").replace(
        "        id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c02\n", ""
    )
    first, second = (one.text.rsplit(" ", 1)[1] for one in mistakes(("a.yaml", text)))
    assert first != second
    assert (first, second) == tuple(one.text.rsplit(" ", 1)[1] for one in mistakes(("a.yaml", text)))
    taken = text.replace("        title: Main", f"        title: Main\n        id: {first}").replace(
        "        title: Fed", f"        title: Fed\n        id: {second}"
    )
    assert {collection.id for collection in parse([("a.yaml", taken)]).collections.values()} >= {first, second}


def test_nations_are_iso_codes_and_those_free_for_use():
    """249 official codes and the 42 user-assigned ones, and no others."""
    assert len(CODES) == 249 + 42
    assert {"AA", "QM", "QZ", "XA", "XZ", "ZZ", "NO", "GB"} <= CODES
    assert not {"UK", "EU", "QL", "ZX", "AB"} & CODES
    # The official ones as in iso3166.tab of the time zone database (2026), pinned code by code.
    whole = hashlib.sha256(" ".join(sorted(CODES)).encode()).hexdigest()
    assert whole == "eec7f0f51503e3ed268ee61268bce4ebe81934a3d22519732d80f8814a0f8481"


UUID = "3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c09"
# A kind of value, what is taken for one, and what it becomes.
TAKEN = [
    (fields.Text, "x" * 4_000, "x" * 4_000), (fields.Text, "a\tb\nc é \u200e", "a\tb\nc é \u200e"), (fields.MaybeText, "", ""),
    (fields.MaybeText, "x" * 4_000, "x" * 4_000),
    (fields.Name, "a", "a"), (fields.Name, "0-a", "0-a"), (fields.Name, "z9-", "z9-"), (fields.Name, "a" * 63, "a" * 63),
    (fields.GroupName, "object", "object"), (fields.Alias, "3f0a3c5e", "3f0a3c5e"),
    (fields.Nation, "XA", "XA"),
    (fields.Instant, "2025-06-01", 1_748_736_000_000_000), (fields.Instant, "2025-06-01T00:00:00.5Z", 1_748_736_000_500_000),
    (fields.Flag, "true", True), (fields.Flag, "false", False),
    (fields.Percentage, "0", 0), (fields.Percentage, "007", 7), (fields.Percentage, "100", 100), (fields.Percentage, "000000100", 100),
    *[(fields.Level, name, level) for name, level in {"CLEAR": 0, "GREEN": 1, "AMBER": 2, "AMBER+STRICT": 3, "RED": 4}.items()],
    (fields.Observable, "ipv4-addr", "ipv4-addr"), (fields.Observable, "ip", "ip"),
    (fields.Uuid4, UUID, UUID), (fields.Identity, f"identity--{UUID}", f"identity--{UUID}"),
    (fields.Email, "", ""), (fields.Email, "a@b", "a@b"),
    (fields.Source, "samples/a.txt", "samples/a.txt"), (fields.Source, "http://a", "http://a"), (fields.Source, "https://a/b c", "https://a/b c"),
    (fields.Source, "C:/a", "C:/a"), (fields.Source, "1a://b", "1a://b"),
    (fields.Delimiter, ",", ","), (fields.Delimiter, "\t", "\t"),
    (fields.Column, "url", "url"), (fields.Column, "1", 1), (fields.Column, "9999", 9_999), (fields.Column, "12345", "12345"), (fields.Column, "1a", "1a"),
    (fields.Column, "a1", "a1"),
]  # fmt: skip
NO_NAME, NO_DATE, NO_EMAIL, NO_SOURCE = (
    "cannot be a name",
    "is not a date: write one such as 2025-06-01",
    "is not an e-mail address",
    "is neither a path nor",
)
NO_TEXT, NO_DELIMITER, NO_COLUMN, NO_NUMBER = (
    "holds control characters",
    "must be one character",
    "must be a column's name, or its number",
    "must be a whole number",
)
# A kind of value, what is not taken for one, and words of the sentence that says so.
NOT_TAKEN = [
    (fields.Text, "", "at least 1 character"), (fields.Text, "x" * 4_001, "at most 4000"), (fields.MaybeText, "x" * 4_001, "at most 4000"),
    *[(kind, f"a{one}b", NO_TEXT) for kind in (fields.Text, fields.MaybeText) for one in "\r\0\x1b\x7f\x85\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"],
    *[(fields.Name, one, NO_NAME) for one in ("", "-a", "A", "aB", "a_b", "a b", "a\n", "é", "a٣", "a" * 64, None, ("a",))],
    *[(fields.GroupName, one, "in its addresses") for one in ("collections", "status", "objects", "manifest", "versions", "taxii2", "api")],
    (fields.GroupName, "-a", NO_NAME), (fields.Alias, "-a", NO_NAME), (fields.Alias, UUID, "looks like an id"), (fields.Alias, UUID.replace("-", ""), "looks like an id"),
    (fields.Nation, "uk", '"uk" is not a nation code: write GB'), (fields.Nation, "EL", "write GR"), (fields.Nation, "no", "write NO"),
    (fields.Nation, "XAA", "write the two capital letters of ISO 3166-1, such as XA"),
    *[(fields.Instant, one, NO_DATE) for one in ("2025-06-31", "2025-6-01", "2025-06-01T00:00:00", "2025-06-01 ", " 2025-06-01", "20250601", "")],
    (fields.Instant, ("2025-06-01",), "must be a date, such as 2025-06-01"),
    *[(fields.Flag, one, "must be true or false") for one in ("True", "yes", "", None, True)],
    *[(fields.Percentage, one, NO_NUMBER) for one in ("", "-1", "1.5", " 1", "1 ", "٣", "0" * 10, None, 5)],
    *[(fields.Percentage, one, "must be a whole number from 0 to 100") for one in ("101", "999999999")],
    (fields.Level, "WHITE", "write CLEAR"), (fields.Level, "amber", "not a TLP level: possible here: CLEAR, GREEN, AMBER, AMBER+STRICT, RED"),
    (fields.Level, ("RED",), "must be a TLP level: CLEAR, GREEN, AMBER, AMBER+STRICT, RED"),
    (fields.Observable, "", "is not a type of observable"), (fields.Observable, "zzz", "possible here: autonomous-system, cryptocurrency-wallet, "), (fields.Uuid4, UUID.upper(), "is not a version 4 UUID"),
    (fields.Identity, f"indicator--{UUID}", "is not the id of a STIX identity"), (fields.Identity, "identity", "is not the id of a STIX identity"),
    *[(fields.Email, one, NO_EMAIL) for one in ("a", "@b", "a@", "a@b@c", "a b@c", "a@b c")],
    *[(fields.Source, one, NO_SOURCE) for one in ("ftp://a", "file:///a", "HTTPS://a", "https://", "https:///a", "http:// a", "a+b-c.1://d", "a://b")], (fields.Source, "", "at least 1 character"),
    *[(fields.Delimiter, one, NO_DELIMITER) for one in ("", ",,", "\r", "\n", "'", '"', None, (",",))],
    *[(fields.Column, one, NO_COLUMN) for one in ("", "0", "00", None, ("a",))],
]  # fmt: skip


def adapter(kind: object) -> TypeAdapter:
    """The check of one kind of value, as strict as in a declaration."""
    return TypeAdapter(kind, config=ConfigDict(strict=True))


@pytest.mark.parametrize(("kind", "written", "value"), TAKEN, ids=range(len(TAKEN)))
def test_what_is_taken_for_a_value(kind, written, value):
    """Each kind of value, up to its very bounds."""
    found = adapter(kind).validate_python(written)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(("kind", "written", "words"), NOT_TAKEN, ids=range(len(NOT_TAKEN)))
def test_what_is_not_taken_for_a_value(kind, written, words):
    """Each kind of value just beyond its bounds, and what is none at all: told in words, never a fault."""
    with pytest.raises(ValidationError) as refusal:
        adapter(kind).validate_python(written)
    assert words in refusal.value.errors()[0]["msg"]


def test_the_nearest_word_is_offered():
    """One word, where one is near; else all there are, in their order; or that there is none."""
    assert fields.nearest("mian", ["main", "maine"]) == 'did you mean "main"?'
    assert fields.nearest("zzz", iter(["b", "a"])) == "possible here: b, a"
    assert fields.nearest("zzz", []) == "possible here: none yet"


def shipped() -> Roster:
    """What collections/ declares."""
    return parse([(path.name, path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.yaml"))])


def test_what_ships_is_without_a_mistake():
    """The declarations in collections/ parse, and say who shares with whom in the demo."""
    roster = shipped()
    assert set(roster.organisations) == {"xa-cert", "xa-police", "xb-cert", "xb-soc", "xc-cert", "xd-cert"}
    assert {group: {name for name, where in roster.memberships if where == group} for group in roster.groups} == {
        "sentinel": {"xa-cert", "xa-police", "xb-cert", "xb-soc", "xd-cert"},
        "night-heron": {"xb-cert", "xc-cert", "xd-cert"},
        "public": {"xa-cert", "xd-cert"},
    }
    assert {key: (one.ceiling, one.default, one.writable) for key, one in roster.collections.items()} == {
        ("sentinel", "indicators"): (RED, AMBER, "members"),
        ("sentinel", "good-practice"): (AMBER, GREEN, "members"),
        ("sentinel", "feeds"): (STRICT, AMBER, "feeds"),
        ("night-heron", "casework"): (RED, STRICT, "members"),
        ("public", "advisories"): (CLEAR, None, "feeds"),
    }
    assert {(one.name, one.format, one.documentation) for one in roster.feeds.values()} == {
        ("edge-scanners", "list", True),
        ("phishing-kits", "csv", True),
        ("open-indicators", "stix", True),
    }
    assert all((SHIPPED / feed.source).is_file() for feed in roster.feeds.values())


def tree(text: str) -> tuple[Node, list[Mistake]]:
    """What a text holds, and what is wrong with it as a document."""
    found: list[Mistake] = []
    return document.parse("a.yaml", text, found), found


@pytest.mark.parametrize(
    ("text", "plain"),
    [("", {}), ("a: 1", {"a": "1"}), *[(f"a: {nothing}", {"a": None}) for nothing in ("", "~", "null", "Null", "NULL")],
     ('a: "null"', {"a": "null"}), ("a: ''", {"a": ""}), ("a: nULL", {"a": "nULL"}), ("a: |\n  null", {"a": "null"}),
     ("a: [1, ~, {b: [2]}]", {"a": ("1", None, {"b": ("2",)})}), ("a: {}", {"a": {}}), ("a: []", {"a": ()})],
)  # fmt: skip
def test_a_document_is_its_text(text, plain):
    """Only what is written plainly as nothing is nothing; everything else is the characters that stand there."""
    node, found = tree(text)
    assert (node.plain(), node.file, node.line, found) == (plain, "a.yaml", 1, [])


def test_every_value_knows_its_line():
    """A value stands on the line of its key, an item of a list on its own; a path that ends too early ends where it ends."""
    node, found = tree("a:\n  b:\n    - x\n    -\n      c: y\n")
    assert not found
    paths: list[tuple[str | int, ...]] = [(), ("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1), ("a", "b", 1, "c")]
    assert [(node.at(path).file, node.at(path).line) for path in paths] == [
        ("a.yaml", line) for line in (1, 1, 2, 3, 5, 5)
    ]
    assert node.at(["a", "b", 2]) is node.at(["a", "b"])
    assert node.at(["a", "x", "b"]) is node.at(["a"])
    assert node.at(["a", "b", "0"]) is node.at(["a", "b"])
    assert node.at(["a", "b", 0, "x"]).value == node.at(["a", "b", 0, 0]).value == "x"
    assert (
        set(node.children("a")),
        node.children("x"),
        node.at(["a"]).children("b"),
        node.at(["a", "b"]).children("c"),
    ) == ({"b"}, {}, {}, {})


UNREADABLE = [
    ("a: 1\nb: 2\na: 3\n", 3, '"a" stands here a second time, first on line 1: keep one'),
    ("a: 1\n---\nb: 2\n", 3, "a second document begins here: keep one per file and remove the line ---"),
    ("a:\n  b: &c 1\n", 2, "anchors (&) and aliases (*) are not used here"),
    ("a:\n- *c\n", 2, "anchors (&) and aliases (*) are not used here"),
    ("a:\n  &c d: 1\n", 2, "anchors (&) and aliases (*) are not used here"),
    ("a: 1\nb: !c 1\n", 2, "tags (!) are not used here"),
    ("a: 1\n? [b]\n: 2\n", 2, "a key must be one word: write it before the colon"),
    ("a: 1\n~: 2\n", 2, "a key must be one word: write it before the colon"),
    ("a: 1\nb\x01: 2\n", 2, "there is a character here that YAML does not allow: remove it"),
    ("\n\0", 2, "there is a character here that YAML does not allow: remove it"),
    ("a\0", 1, "there is a character here that YAML does not allow: remove it"),
    ("a: 1\n\tb: 2\n", 2, "this line is indented with a tab: use spaces"),
    ("a: 1\nb: ]\n", 2, "this is not readable YAML ("),
    ("[a]", 1, "the file must hold keys: organisations, agreement or groups"),
    ("\n\na", 1, "the file must hold keys: organisations, agreement or groups"),
    ("{" * 21 + "}" * 21, 1, "a key must be one word: write it before the colon"),
    ("{" * 22 + "}" * 22, 1, "values are nested more than 20 deep here: that is no declaration"),
    ("a: " + "[" * 21 + "]" * 21, 1, "values are nested more than 20 deep here: that is no declaration"),
]


@pytest.mark.parametrize(("text", "line", "words"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_told_with_its_line(text, line, words):
    """One mistake, where it is; what can be read no further declares nothing."""
    node, [one] = tree(text)
    assert (one.file, one.line, node.file, node.line) == ("a.yaml", line, "a.yaml", 1)
    assert words in one.text
    assert node.plain() == ({"a": "1", "b": "2"} if "second time" in words else {})


def test_a_file_may_be_as_deep_and_as_long_as_the_bounds(monkeypatch):
    """At its bounds a file is read; one level or one character more, and it is not."""
    assert not tree("a: " + "[" * 20 + "]" * 20)[1]
    monkeypatch.setattr(document, "MAX_CHARACTERS", 4)
    assert tree("a: 1")[0].plain() == {"a": "1"}
    [one] = tree("a: 12")[1]
    assert (one.line, one.text) == (1, "the file is longer than 4 characters: split it")


def test_a_sentence_is_cut_at_its_bound():
    """A mistake of 600 characters is told whole; a longer one is cut, and ends in dots; what does not print is spelt out."""
    assert str(Mistake("a.yaml", 3, "x" * 600)) == "a.yaml:3: " + "x" * 600
    assert str(Mistake("a.yaml", 3, "x" * 601)) == "a.yaml:3: " + "x" * 600 + "..."
    assert str(Mistake("a.yaml", 3, "a\nb\u202ec \\ é")) == "a.yaml:3: a\\nb\\u202ec \\ é"


# The rule; what is replaced in VALID, and by what.
ALLOWED = [
    ("a desk is a way to reach it", "{email: duty@cert.xb.example}", "{desk: Room 5}"),
    ("a default may be the ceiling", "default: GREEN", "default: AMBER"),
    ("a feed's level may be the ceiling", "level: GREEN", "level: AMBER"),
    ("a feed may leave the level to the collection", "        level: GREEN\n", ""),
    ("every column has its meaning", "{value: url, type: 2}", "{value: a, type: b, first_seen: c, description: d, labels: e, category: h, tlp: i, pap: j, confidence: f, reference: g}"),
    ("an agreement may have no end", "  until: 2029-06-01\n", ""),
    ("a day without a value is not written", "from: 2025-07-01, until: 2026-07-01", "from: , until: "),
    ("numbers need no header", "columns: {value: url, type: 2}", "header: false\n        columns: {value: 1, type: 2}"),
    ("a list's columns may be mapped by number", "format: csv\n        columns: {value: url, type: 2}", "format: list\n        columns: {value: 1, confidence: 2}\n        confidence_scale: count"),
    ("a feed's words may be translated", "level: GREEN", "taxonomy: {Boese Seite: Phishing Site}"),
    ("a list has no columns", "format: csv\n        columns: {value: url, type: 2}", "format: list"),
    ("an observer has no sponsor", "role: client, sponsor: xa-cert", "role: observer"),
    ("a member that is not declared to write reads", "can_write: true, steward: true", "can_write: false"),
    ("a group may begin and end", "    kind: standing\n", "    kind: standing\n    from: 2025-06-01\n    until: 2025-06-02\n"),
    ("a bundle may be public as it says itself", "        ceiling: CLEAR\n", "        ceiling: CLEAR\n        writable: feeds\n    feeds:\n      bundle: {title: T, organisation: xa-cert, collection: open, source: s.json, format: stix}\n"),
    ("an importer is of the group, not its steward", "organisation: xa-cert", "organisation: xb-cert"),
    ("two collections of one group have two ids", "6a6e5a0b1c02", "6a6e5a0b1c04"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new"), ALLOWED, ids=[case[0] for case in ALLOWED])
def test_what_may_be_declared(rule, old, new):
    """What is not forbidden is no mistake."""
    assert VALID.count(old) >= 1
    assert parse([("a.yaml", VALID.replace(old, new, 1))]) != parse([("a.yaml", VALID)])


MAIN_OF, XA, TABLE, STANDING = (
    "Collection main of group standing-one",
    "Organisation xa-cert",
    "Feed table of group standing-one",
    "Group standing-one",
)
# What is replaced in VALID, and by what; all that is said of it.
SAID = [
    ("title: Main", "title: [Main]", f'{MAIN_OF}: "title" must be a text'),
    ("title: Main", "title: ''", f'{MAIN_OF}: "title" is empty: write a text, or leave the key out if it may be'),
    ("title: Main", "title: " + "x" * 4_001, f'{MAIN_OF}: "title" is too long: shorten it'),
    ("title: Main\n", "\n", f'{MAIN_OF}: "title" is missing: write what the collection is called'),
    ("{desk: Duty desk, email: duty@cert.xa.example}", "5", f'{XA}: "contact" must hold "key: value" lines, indented under it'),
    ("{value: url, type: 2}", "x", f'{TABLE}: "columns" must hold "name: value" lines, indented under it'),
    ("purposes: [defence]", "purposes: [defence, '']", 'Agreement accord: "purposes.1" is empty: write a text, or leave the key out if it may be'),
    ("kind: standing", "kind: " + "x" * 60, f'{STANDING}: "kind" cannot be "{"x" * 60}": possible here: standing, operation, public'),
    ("kind: standing", "kind: " + "x" * 61, f'{STANDING}: "kind" must be one of these: standing, operation, public'),
    ("kind: standing", "kind: [standing]", f'{STANDING}: "kind" must be one of these: standing, operation, public'),
    ("writable: feeds", "writable: fed", 'Collection fed of group standing-one: "writable" cannot be "fed": did you mean "feeds"?'),
    ("{role: submitter, can_write: true}", "x", 'Member xb-cert of group public: this must hold "key: value" lines, indented under it'),
    ("    kind: standing\n", "    kind: standing\n    from: 2025-06-02\n    until: 2025-06-02\n", f'{STANDING}: "until" is not after "from": correct one of the two'),
    ("  name: accord\n", "", 'The agreement: "name" is missing: write a short name for the agreement, such as regional-cyber-2025'),
    ("title: Main", "titel: Main", f'{MAIN_OF}: "titel" is not a key that is known here: did you mean "title"?'),
    ("  from: 2025-06-01\n", "  fron: 2025-06-01\n", 'Agreement accord: "fron" is not a key that is known here: did you mean "from"?'),
    ("{desk: Duty desk,", "{zzz: 1,", f'{XA}: "contact.zzz" is not a key that is known here: possible here: desk, email, telephone, pgp, hours'),
    ("{desk: Duty desk,", "{zzz: ,", f'{XA}: "contact.zzz" is not a key that is known here: possible here: desk, email, telephone, pgp, hours'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), SAID, ids=range(len(SAID)))
def test_each_kind_of_mistake_has_its_sentence(old, new, sentence):
    """The whole sentence, as it stands before whoever wrote the declaration."""
    assert VALID.count(old) >= 1
    assert sentence in [one.text for one in mistakes(("a.yaml", VALID.replace(old, new, 1)))]


# What is replaced in VALID, and by what, so that a thing does not fit; nothing else is said.
BROKEN = [
    ("nation: XA", "nation: EU"), ("kind: standing", "kind: x"), ("ceiling: AMBER\n        default", "ceiling: x\n        default"),
    ("{role: member, can", "{role: x, can"), ("role: client", "role: x"), ("format: csv", "format: x"), ("  from: 2025-06-01", "  from: x"),
    ("writable: feeds", "writable: x"), ("kind: operation", "kind: x"), ("kind: public", "kind: x"), ("ceiling: CLEAR", "ceiling: x"),
    ("{role: submitter, can_write: true}", "{role: x}"), ("ceiling: AMBER\n        writable", "ceiling: x\n        writable"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), BROKEN)
def test_who_refers_to_a_broken_thing_is_told_nothing(old, new):
    """One mistake is one sentence: what does not fit is kept by name, and no other rule is tried on it."""
    assert VALID.count(old) >= 1
    assert len(mistakes(("a.yaml", VALID.replace(old, new, 1)))) == 1


def test_a_group_begins_and_ends_on_its_days():
    """A group's own window, beside its agreement's."""
    text = VALID.replace("    kind: standing\n", "    kind: standing\n    from: 2025-06-01\n    until: 2025-06-02\n")
    group = parse([("a.yaml", text)]).groups["standing-one"]
    day = 86_400_000_000
    assert (group.starts, group.ends) == (1_748_736_000_000_000, 1_748_736_000_000_000 + day)


def test_a_roster_stays_as_declared():
    """Nobody who holds a roster can change what a feed's columns and types are."""
    feed = parse([("a.yaml", VALID)]).feeds["table"]
    for mapping in (feed.columns, feed.types):
        with pytest.raises(TypeError):
            mapping["value"] = "other"  # type: ignore[index]


def test_the_others_are_looked_at_beside_a_broken_one():
    """A thing that does not fit hides no mistake of those after it."""
    found = mistakes(
        ("a.yaml", VALID.replace("nation: XA", "nation: EU").replace("{email: duty@cert.xb.example}", "{hours: 24/7}"))
    )
    assert [one.line for one in found] == [4, 10]


MEMBER = "      xb-cert:\n        steward: {steward}\n        can_write: false\n        sponsor: {sponsor}\n        role: {role}\n        until: {until}\n"


@pytest.mark.parametrize(
    ("role", "sponsor", "steward", "until", "lines"),
    [("client", "xa-cert", "false", "2026-07-01", []), ("client", "xa-cert", "true", "2026-07-01", [26]), ("client", "xb-cert", "false", "2026-07-01", [28]),
     ("observer", "xa-cert", "false", "2026-07-01", [28]), ("submitter", "", "false", "2026-07-01", [29]), ("client", "", "false", "2026-07-01", [25]),
     ("observer", "xa-cert", "true", "2025-31-01", [30]), ("observer", "xa-cert", "true", "2026-07-01", [26, 28])],
)  # fmt: skip
def test_a_mistake_about_a_member_stands_on_the_line_of_its_key(role, sponsor, steward, until, lines):
    """Written over several lines, a member's mistakes point at the key that is to be changed, or at the member where one is missing."""
    written = MEMBER.format(role=role, sponsor=sponsor, steward=steward, until=until)
    line = "      xb-cert: {role: client, sponsor: xa-cert, from: 2025-07-01, until: 2026-07-01}\n"
    text = VALID.replace(line, written)
    assert text != VALID
    assert [one.line for one in (mistakes(("a.yaml", text)) if lines else ())] == lines
    if not lines:
        parse([("a.yaml", text)])


def test_what_is_possible_is_offered_in_order():
    """Where no word is near, all there are are offered, sorted, in whichever order they were declared."""
    text = """\
organisations:
  zeta: {title: Z, nation: XA, contact: {desk: D}}
  alpha: {title: A, nation: XA, contact: {desk: D}}
groups:
  public:
    title: P
    kind: public
    members:
      "111": {role: observer}
    collections:
      zoo: {id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c01, title: Z, ceiling: CLEAR}
      ark: {id: 3f0a3c5e-0b41-4d0c-8f4f-6a6e5a0b1c02, title: A, ceiling: CLEAR}
    feeds:
      one: {title: T, organisation: "222", collection: "333", source: s.txt, format: list, level: CLEAR}
"""
    assert [one.text.split(": ", 1)[1] for one in mistakes(("a.yaml", text))] == [
        '111 is not declared under "organisations": possible here: alpha, zeta',
        '222 is not declared under "organisations": possible here: alpha, zeta',
        'this group has no collection "333": possible here: ark, zoo',
    ]


ORGANISATION = "  xc-cert: {title: CERT of XC, nation: XC, contact: {desk: D}}\n"


def test_an_importer_outside_the_group_is_told_where_it_is_named():
    """The mistake stands on the line of the feed's organisation."""
    text = VALID.replace(
        "      xa-cert: {role: member, can_write: true, steward: true}\n", "      xa-cert: {role: observer}\n"
    )
    text = text.replace("organisation: xa-cert", "organisation: xc-cert").replace(
        "agreement:\n", ORGANISATION + "agreement:\n"
    )
    lines = text.splitlines()
    found = [one for one in mistakes(("a.yaml", text)) if "does not belong to this group" in one.text]
    assert [lines[one.line - 1].strip() for one in found] == ["organisation: xc-cert"]


def test_space_around_a_text_is_none_of_it():
    """A text in quotes is what stands in it, without the space before and after."""
    text = VALID.replace("title: Main", 'title: " Main "').replace("collection: fed", 'collection: " fed "')
    assert parse([("a.yaml", text)]) == parse([("a.yaml", VALID)])


def test_what_holds_anyway_may_be_written():
    """To write a default down changes nothing."""
    written = "documentation: refuse\n        header: true\n        delimiter: ','\n        comment: '#'\n        confidence_cap: 100\n        level: GREEN"
    text = VALID.replace("level: GREEN", written).replace("title: Main", "title: Main\n        writable: members")
    assert parse([("a.yaml", text)]) == parse([("a.yaml", VALID)])


def test_what_may_not_be_passed_on():
    """Neither where everybody reads, nor of a feed that is passed on as it is."""
    stix = VALID.replace("        format: csv\n", "        format: stix\n        reshare: false\n", 1)
    stix = re.sub(r"\n        (columns|types): .*", "", stix)
    assert any("the hub cannot mark it" in one.text for one in mistakes(("a.yaml", stix)))


LISTS = """
    feeds:
      second: {{title: T, organisation: xa-cert, collection: open, level: CLEAR{more}}}
"""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (", format: warninglist, source: s.json", 'a warning list is not published: write "use: refuse" or "use: label"'),
        (", format: csv, source: s.csv, use: refuse", "what others are held to is of the format warninglist or list, not csv"),
        (", format: list, source: http://feed.example/a", 'its source is not encrypted: write https, or "unencrypted: true"'),
        (", format: list, source: s.txt, valid_days: 0", "must be a number of days from 1 to 3650"),
        (", format: list, source: s.txt, use: block", '"use" cannot be "block"'),
    ],
)  # fmt: skip
def test_what_a_feed_is_for(more: str, told: str) -> None:
    """Lists are not published, nothing comes unencrypted by oversight, and days are days."""
    assert any(told in one.text for one in mistakes(("a.yaml", VALID + LISTS.format(more=more))))


def test_lists_and_what_comes_unencrypted_on_purpose() -> None:
    """A list needs no level, also where everybody reads."""
    for more in (
        ", format: warninglist, source: s.json, use: label",
        ", format: list, source: http://a.example/, unencrypted: true",
    ):
        assert parse([("a.yaml", VALID + LISTS.format(more=more))]).feeds["second"].group == "public"


def test_the_whole_file_of_the_readme() -> None:
    """It declares what it says, without a mistake."""
    text = (COLLECTIONS / "README.md").read_text(encoding="utf-8").split("## A whole file")[1]
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    roster = parse([("a.yaml", "\n".join(lines))])
    assert (list(roster.feeds), list(roster.memberships)) == (["scanners"], [("xa-cert", "alpha")])
