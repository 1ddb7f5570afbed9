"""A row to a candidate, a candidate to the indicator published for it."""

from dataclasses import replace

import pytest

from indicator_hub.errors import Invalid
from indicator_hub.normalise import dates
from indicator_hub.normalise.indicator import DAY, Candidate, candidate, said, stix_id, to_object, until
from indicator_hub.normalise.row import Refusal, Row
from indicator_hub.normalise.said import read
from indicator_hub.stix import grammar, timestamps
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN, RED, STRICT
from indicator_hub.trust.roster import Feed

NOW = timestamps.parse("2025-06-01T00:00:00Z")
LAST = timestamps.parse("2025-05-01T00:00:00Z")
FEED = Feed(
    name="demo",
    title="Demo feed",
    organisation="cert-a",
    group="exercise",
    collection="c",
    source="s",
    format="csv",
    confidence=50,
    confidence_cap=75,
    labels=("Own",),
    indicator_types=("malicious-activity",),
    types={"IPv4": "ip", "hostname": "domain"},
    documentation=True,
)


def offered(declared=FEED, **fields):
    """The candidate of a row with these fields."""
    return candidate(Row(7, "the raw row", {"value": "198.51.100.1"} | fields), declared, now=NOW)


def test_a_candidate_carries_what_the_row_says():
    """Every field of the row finds its place, in canonical form."""
    found = offered(
        first_seen="2025-05-01 12:00:00",
        type="ipv4",
        labels="Mozi, elf|ELF;  32-bit ,",
        confidence="90",
        description=" <b>bad</b>\x07 host ",
        reference="https://feed.example/1#x",
    )
    assert isinstance(found, Candidate)
    assert (found.number, found.raw) == (7, "the raw row")
    assert found.observable.value == "198.51.100.1"
    assert found.valid_from == timestamps.parse("2025-05-01T12:00:00Z")
    assert found.labels == ("32-bit", "elf", "mozi", "own")
    assert found.confidence == 75
    assert found.description == "bad host"
    assert found.references == ("https://feed.example/1",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"value": "evil[.example"}, "syntax"),
        ({"value": ""}, "syntax"),
        ({"value": "x" * 9000}, "too_long"),
        ({"value": "10.0.0.1"}, "non_global"),
        ({"type": "spaceship"}, "unknown_type"),
        ({"type": "hostname"}, "syntax"),
        ({"first_seen": "yesterday"}, "bad_date"),
        ({"first_seen": "2025-02-30"}, "bad_date"),
        ({"first_seen": "0000-00-00 00:00:00"}, "bad_date"),
        ({"first_seen": "2025-06-02 00:00:01"}, "future_date"),
    ],
)
def test_refusals_carry_the_row(fields, reason):
    """A refusal names its row and keeps the whole of it, for whoever releases or dismisses it."""
    assert offered(**fields) == Refusal(reason, "the raw row", 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-05-01", "2025-05-01T00:00:00Z"),
        ("2025-05-01 12:34", "2025-05-01T12:34:00Z"),
        ("2025-05-01 12:34:56", "2025-05-01T12:34:56Z"),
        ("2025-05-01 12:34:56 UTC", "2025-05-01T12:34:56Z"),
        ("2025-05-01T12:34:56Z", "2025-05-01T12:34:56Z"),
        ("2025-05-01T12:34:56.123456789Z", "2025-05-01T12:34:56.123456Z"),
        ("2025-05-01T12:34:56+02:00", "2025-05-01T10:34:56Z"),
        ("2025-05-01T00:34:56-0130", "2025-05-01T02:04:56Z"),
        ("20250501", None),
        ("2025-W18-1", None),
        ("01/05/2025", None),
        ("2025-05-01T25:00:00Z", None),
        ("1969-12-31", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
    ],
)
def test_dates(text, expected):
    """The usual spellings of an instant, UTC where none is named; anything ambiguous is no date."""
    assert dates.parse(text) == (None if expected is None else timestamps.parse(expected))


def test_no_date_is_no_fault():
    """A feed without a first sighting leaves it to the time of ingest; a day ahead of our clock is still believed."""
    assert offered().valid_from is None
    assert offered(first_seen="None").valid_from is None
    assert offered(first_seen="2025-06-02 00:00:00").valid_from == NOW + DAY


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("40", 50, 40),
        ("0", 50, 0),
        ("12.9", 50, 12),
        ("100", 50, 75),
        ("101", 50, 50),
        ("high", 50, 50),
        ("", 90, 75),
        ("", None, None),
    ],
)
def test_confidence(text, default, expected):
    """The lesser of the row's number (or the feed's default) and the feed's cap; left out where neither says."""
    assert offered(replace(FEED, confidence=default), confidence=text).confidence == expected


def test_labels_have_a_limit():
    """At most 50 labels, the feed's own among them."""
    found = offered(labels=",".join(f"a{number}" for number in range(90)))
    assert len(found.labels) == 50
    assert "own" in found.labels


def test_notes_that_are_labels():
    """A wildcard and an onion service are labelled as such."""
    assert "wildcard" in offered(value="*.evil.example").labels
    assert "tor" in offered(value="hiddenservice.onion").labels


@pytest.mark.parametrize("text", ["javascript:alert(1)", "12345", "http://", "see above"])
def test_references_are_web_addresses(text):
    """Anything that is no web address is not published as one."""
    assert offered(reference=text).references == ()


def test_the_indicator():
    """The indicator is in the feed's scope, named by the defanged value, valid from the first sighting or else from now."""
    found = offered(value="hxxp://evil[.]example/it's", reference="https://feed.example/1")
    made = to_object(
        found.observable,
        said(found, FEED),
        stix_id="indicator--x",
        created_by_ref="identity--x",
        created=NOW,
        modified=NOW,
        marking_ids=["m"],
        valid_from=NOW,
        valid_until=NOW + DAY,
    )
    assert made["name"] == "hxxp://evil[.]example/it's"
    assert made["pattern"] == r"[url:value = 'http://evil.example/it\'s']"
    assert made["valid_from"] == "2025-06-01T00:00:00.000Z"
    assert made["indicator_types"] == ["malicious-activity"]
    assert made["external_references"] == [{"source_name": "Demo feed", "url": "https://feed.example/1"}]
    try:
        grammar.check(made["pattern"])
    except Invalid as refused:
        pytest.fail(refused.detail)


def test_what_is_said_changes_with_the_meaning():
    """Whatever a reader would see beside value, marks and times makes another text; the row's number, text and time of reading do not."""
    found = offered()
    same = said(found, FEED).text()
    assert said(replace(found, number=9, raw="other"), FEED).text() == same
    changed = [
        offered(labels="x"),
        offered(confidence="1"),
        offered(description="x"),
        offered(reference="https://feed.example/"),
    ]
    changed += [offered(category="spam"), offered(pap="RED")]
    feeds = [replace(FEED, collection="x"), replace(FEED, indicator_types=("benign",))]
    texts = {
        same,
        *(said(each, FEED).text() for each in changed),
        *(said(offered(declared), declared).text() for declared in feeds),
    }
    assert len(texts) == 9
    # The title is written beside a reference, and nowhere else.
    titled, cited = replace(FEED, title="x"), offered(reference="https://feed.example/")
    assert said(found, titled).text() == same
    assert said(cited, titled).text() != said(cited, FEED).text()
    assert read(said(cited, FEED).text()) == said(cited, FEED)


@pytest.mark.parametrize(
    ("fields", "kind", "value"),
    [
        ({"value": "198.51.100.1", "port": "443"}, "ipv4-port", "198.51.100.1:443"),
        ({"value": "2001:db8::1", "port": " 443 "}, "ipv6-port", "[2001:db8::1]:443"),
        ({"value": "evil.example", "port": "8080"}, "domain-port", "evil.example:8080"),
        ({"value": "evil.example", "port": ""}, "domain-name", "evil.example"),
        ({"value": "", "md5": "0a" * 16, "sha256": "0c" * 32}, "sha256", "0c" * 32),
        ({"value": "0b" * 20, "md5": "0a" * 16}, "sha1", "0b" * 20),
        ({"value": "[2001:db8::1]", "port": "443"}, "ipv6-port", "[2001:db8::1]:443"),
        ({"value": "evil.example", "port": "n/a"}, "domain-name", "evil.example"),
        ({"value": "198.51.100.1", "port": " - "}, "ipv4-addr", "198.51.100.1"),
        ({"value": "0c" * 32, "sha256": "0C" * 32, "sha1": "n/a", "md5": "-"}, "sha256", "0c" * 32),
        ({"value": "0c" * 32, "sha1": "None", "md5": "NULL"}, "sha256", "0c" * 32),
        ({"value": "N/A", "sha1": "0b" * 20, "md5": "null"}, "sha1", "0b" * 20),
        ({"value": "evil.example", "sha256": "", "md5": "n/a"}, "domain-name", "evil.example"),
    ],
)
def test_a_value_in_several_columns(fields, kind, value):
    """A port beside its address, the hashes of one file beside each other; a column that says it has none is as if it were not there."""
    found = candidate(Row(1, "raw", fields), Feed("f", "Feed", "o", "g", "c", "s", "csv", documentation=True), now=DAY)
    assert isinstance(found, Candidate)
    assert (found.observable.type, found.observable.value) == (kind, value)


def test_a_vulnerability_is_no_indicator():
    """A CVE becomes a vulnerability with its name as external reference, under an id of its scope; the same again has the same id."""
    declared = Feed("kev", "KEV", "o", "g", "c", "s", "csv", expect="cve", labels=("known-exploited",))
    found = candidate(Row(1, "raw", {"value": "cve-2026-0001", "description": "A hole"}), declared, now=DAY)
    assert isinstance(found, Candidate)
    times = {"created": DAY, "modified": DAY, "valid_from": DAY, "valid_until": None}
    named = stix_id(found, declared, ["m"])
    made = to_object(
        found.observable, said(found, declared), stix_id=named, created_by_ref="identity--1", marking_ids=["m"], **times
    )
    assert (made["type"], made["name"], made["labels"]) == ("vulnerability", "CVE-2026-0001", ["known-exploited"])
    assert made["external_references"] == [{"source_name": "cve", "external_id": "CVE-2026-0001"}]
    assert made["id"] == named != stix_id(found, declared, ["n"])
    assert not {"pattern", "valid_from"} & made.keys()


UNDECLARED = replace(FEED, labels=(), indicator_types=("unknown",))


@pytest.mark.parametrize(
    ("declared", "fields", "types", "labels"),
    [
        (FEED, {}, "malicious-activity", "own"),
        (FEED, {"labels": "Mozi"}, "malicious-activity", "mozi own"),
        (FEED, {"labels": "Scanner"}, "anomalous-activity", 'own rsit:information-gathering="scanner" scanner'),
        (FEED, {"category": "botnet_cc"}, "malicious-activity", 'botnet_cc own rsit:malicious-code="c2-server"'),
        (FEED, {"labels": "tor", "category": "spam"}, "anomalous-activity anonymization", 'own rsit:abusive-content="spam" spam tor'),
        (FEED, {"labels": "#Phishing #kit"}, "malicious-activity", 'kit own phishing rsit:fraud="phishing"'),
        (FEED, {"labels": "unknown"}, "malicious-activity", 'own rsit:other="undetermined" unknown'),
        (UNDECLARED, {}, "unknown", ""),
        (UNDECLARED, {"labels": "Mozi"}, "unknown", "mozi"),
        (UNDECLARED, {"labels": "n/a", "category": "-"}, "unknown", ""),
        (replace(UNDECLARED, labels=("C2-Server",)), {}, "malicious-activity", 'c2-server rsit:malicious-code="c2-server"'),
        (replace(FEED, labels=("tor",)), {}, "malicious-activity", "tor"),
        (replace(FEED, taxonomy={"Böse Seite": "phishing", "tor": "spam"}), {"labels": "böse_seite"}, "malicious-activity", 'böse_seite own rsit:fraud="phishing"'),
        (replace(FEED, taxonomy={"tor": "spam"}), {"labels": "Tor"}, "anomalous-activity", 'own rsit:abusive-content="spam" tor'),
    ],
)  # fmt: skip
def test_what_kind_of_thing_it_is(declared, fields, types, labels):
    """Section 4: the row's words decide, else the feed's declaration, else the labels it declares; the feed's own word stays beside the harmonised one."""
    found = offered(declared, **fields)
    assert (found.indicator_types, found.labels) == (tuple(types.split()), tuple(labels.split()))
    times = {"created": NOW, "modified": NOW, "valid_from": NOW, "valid_until": None}
    words = said(found, declared)
    made = to_object(
        found.observable, words, stix_id="indicator--x", created_by_ref="identity--x", marking_ids=["m"], **times
    )
    assert made["indicator_types"] == types.split()


def test_harmonised_labels_come_first_in_the_count():
    """Of more than 50 words those that mean the same everywhere are kept."""
    found = offered(labels=",".join(["zz", "spam", *(f"a{number}" for number in range(90))]))
    assert len(found.labels) == 50
    assert 'rsit:abusive-content="spam"' in found.labels


@pytest.mark.parametrize(
    ("scale", "text", "expected"),
    [
        ("ten", "6", 60),
        ("ten", "9", 75),
        ("low-med-high", "low", 15),
        ("low-med-high", "some", 50),
        ("admiralty", "C2", 60),
        ("admiralty", "6", None),
        ("estimative", "unlikely", 30),
        ("misp", "usually-confident", 75),
        ("count", "2", 40),
        ("count", "", 50),
    ],
)
def test_confidence_on_the_feeds_scale(scale, text, expected):
    """Section 5: the scale that is declared, the feed's default for what is none of it, the cap over both; nothing where it cannot be judged."""
    assert offered(replace(FEED, confidence_scale=scale), confidence=text).confidence == expected


@pytest.mark.parametrize(
    ("level", "fields", "expected"),
    [
        (None, {}, None),
        (GREEN, {}, GREEN),
        (None, {"tlp": "TLP:AMBER+STRICT"}, STRICT),
        (None, {"tlp": "White"}, CLEAR),
        (GREEN, {"tlp": "tlp:clear"}, GREEN),
        (GREEN, {"tlp": "amber"}, AMBER),
        (GREEN, {"tlp": "TLP:GREEN,tlp:amber-strict"}, STRICT),
        (GREEN, {"tlp": " n/a "}, GREEN),
        (GREEN, {"labels": "x,TLP:RED"}, RED),
        (AMBER, {"labels": "tlp:red", "tlp": "green"}, RED),
        (GREEN, {"labels": "a;TLP-Red"}, RED),
        (GREEN, {"category": "TLP = amber"}, AMBER),
        (GREEN, {"labels": "#tlp:amber+strict #x"}, STRICT),
        (GREEN, {"labels": "TLPagent"}, GREEN),
    ],
)
def test_a_row_has_a_level_of_its_own(level, fields, expected):
    """Section 6: the stricter of the feed's level and what the row says, never laxer than the source; a mark is no label."""
    found = offered(replace(FEED, level=level), **fields)
    assert found.level == expected
    assert [label for label in found.labels if label.startswith("tlp")] in ([], ["tlpagent"])


@pytest.mark.parametrize(
    "fields",
    [{"tlp": "TLP:ORANGE"}, {"tlp": "green,secret"}, {"labels": "tlp:ex:chr"}, {"labels": "a,tlp:unclear"}, {"tlp": "TLP:"}, {"pap": "PAP:BLUE"}],
)  # fmt: skip
def test_a_mark_that_cannot_be_read(fields):
    """It may be stricter than any we know: nobody is given the row, whatever else a person has let through about it."""
    row = Row(7, "the raw row", {"value": "198.51.100.1"} | fields)
    for let_through in (False, True):
        assert candidate(row, FEED, now=NOW, let_through=let_through) == Refusal("bad_marking", "the raw row", 7)


def test_what_may_be_done_with_it():
    """The strictest PAP word is kept, as a label too: there is no mark of the hub's own for it."""
    found = offered(pap="PAP:GREEN,pap:amber", labels="PAP:WHITE,x")
    assert (found.pap, found.labels) == ("amber", ("own", "pap:amber", "x"))
    assert offered(pap="white").pap == "clear"
    assert offered().pap is None


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("rolling", {}, NOW + 30 * DAY),
        ("rolling", {"first_seen": "2025-01-01"}, NOW + 30 * DAY),
        ("rolling", {"last_seen": "2025-05-01"}, LAST + 30 * DAY),
        ("event", {"first_seen": "2025-05-01"}, LAST + 30 * DAY),
        ("event", {}, NOW + 30 * DAY),
        ("rolling", {"valid_until": "2025-05-01"}, LAST),
        ("rolling", {"valid_until": "2099-01-01"}, NOW + 30 * DAY),
        ("rolling", {"labels": "scanner"}, NOW + 7 * DAY),
    ],
)
def test_until_when(kind, fields, expected):
    """So many days after it was last seen: now, where the feed lists it without a date; by a report, then. An earlier end of the feed's own counts."""
    declared = replace(FEED, kind=kind, indicator_types=("unknown",), labels=())
    found = candidate(Row(1, "raw", {"value": "198.51.100.1", **fields}), declared, now=NOW)
    assert isinstance(found, Candidate)
    assert until(found, declared, now=NOW) == expected
    assert until(found, replace(declared, valid_days=1), now=NOW) in {expected, expected - 29 * DAY, expected - 6 * DAY}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"last_seen": "soon"}, "bad_date"),
        ({"last_seen": "2099-01-01"}, "future_date"),
        ({"valid_until": "never"}, "bad_date"),
    ],
)
def test_dates_that_are_none(fields, reason):
    """A date that cannot be read, or a sighting still to come, says that a column or a clock is wrong; an end may lie ahead."""
    found = candidate(Row(1, "raw", {"value": "198.51.100.1", **fields}), FEED, now=NOW)
    assert isinstance(found, Refusal)
    assert found.reason == reason
