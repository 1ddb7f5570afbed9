"""A feed's body to its rows: nothing vanishes, nothing is made up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.formats import rows, tables
from indicator_hub.normalise.indicator import candidate
from indicator_hub.normalise.row import Refusal, Row
from indicator_hub.trust.ladder import GREEN, STRICT
from indicator_hub.trust.roster import Feed


def feed(form, **options):
    """A feed of this format."""
    return Feed(name="f", title="Feed", organisation="o", group="g", collection="c", source="s", format=form, **options)


def read(body, declared):
    """(number, fields or reason) of each candidate."""
    body = body.encode() if isinstance(body, str) else body
    return [
        (found.number, dict(found.fields) if isinstance(found, Row) else found.reason) for found in rows(body, declared)
    ]


def test_a_list_has_one_value_a_line():
    """Blank lines and comments are no candidates, and line numbers count from 1."""
    body = "# banner\n\n198.51.100.1\r\n  198.51.100.2  \r# 198.51.100.3\n\tevil.example"
    assert read(body, feed("list")) == [
        (3, {"value": "198.51.100.1"}),
        (4, {"value": "198.51.100.2"}),
        (6, {"value": "evil.example"}),
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("198.51.100.1\t7", {"value": "198.51.100.1", "2": "7"}),
        ("198.51.100.1   7 x", {"value": "198.51.100.1", "2": "7", "3": "x"}),
        ("198.51.100.0/24 ; SBL1", {"value": "198.51.100.0/24", "2": "SBL1"}),
        ("198.51.100.0/24;SBL1;x", {"value": "198.51.100.0/24", "2": "SBL1", "3": "x"}),
        ("198.51.100.0/24 ", {"value": "198.51.100.0/24"}),
        ("http://evil.example/a;b=1", {"value": "http://evil.example/a;b=1"}),
        ("http://evil.example/a;b=1 ; note", {"value": "http://evil.example/a;b=1", "2": "note"}),
    ],
)
def test_trailing_columns_of_a_list(line, fields):
    """Tabs, blanks and semicolons part columns, but a semicolon inside a URL is the URL's."""
    assert read(line, feed("list")) == [(1, fields)]


def test_columns_of_a_list_by_number():
    """A list's columns can be mapped by number; a line without the value's column is short, the others may lack."""
    hosts = feed("list", columns={"value": 2, "description": 3})
    assert read("0.0.0.0 evil.example note\n0.0.0.0 bad.example\nlonely\n", hosts) == [
        (1, {"value": "evil.example", "description": "note", "1": "0.0.0.0"}),
        (2, {"value": "bad.example", "1": "0.0.0.0"}),
        (3, "short_row"),
    ]


def test_a_table_with_a_header():
    """Columns are found by name, in any order, quoted or not; a short row is refused and the next one is not."""
    declared = feed("csv", columns={"value": "url", "labels": "tags"})
    body = 'id,tags,"url"\n1,"a,b",http://a.example/\n2,c\n"3", d , http://b.example/ \n'
    assert read(body, declared) == [
        (2, {"value": "http://a.example/", "labels": "a,b"}),
        (3, "short_row"),
        (4, {"value": "http://b.example/", "labels": "d"}),
    ]


@pytest.mark.parametrize("columns", [{"value": "url"}, {"value": 3}, {"value": "3"}])
def test_a_header_that_is_a_comment(columns):
    """URLhaus puts its header behind the comment sign, below a banner: it is the header, and the first row is a row."""
    body = '# banner, with a comma\n#\n# id,dateadded,url\n"1","2025-01-01","http://a.example/"\n# END 1 entries'
    assert read(body, feed("csv", columns=columns)) == [(4, {"value": "http://a.example/"})]


def test_a_header_below_a_banner():
    """Feodo Tracker has a banner of comments, then a plain header, then a trailer without line end."""
    body = '####\n# banner #\n#\n"first_seen","dst_ip"\n"2025-01-01","198.51.100.1"\n# END 1 entries'
    assert read(body, feed("csv", columns={"value": "dst_ip"})) == [(5, {"value": "198.51.100.1"})]


def test_a_table_without_header():
    """Without header columns go by number, and the first row is a row."""
    declared = feed("csv", header=False, columns={"value": 2, "type": 1}, delimiter=";")
    assert read("ip;198.51.100.1;x\nip\n", declared) == [(1, {"value": "198.51.100.1", "type": "ip"}), (2, "short_row")]
    assert read("198.51.100.1,x\n", feed("csv", header=False)) == [(1, {"value": "198.51.100.1"})]


def test_a_missing_column_fails_the_run():
    """A header that lacks a mapped column fails the run before any row, and the sentence names what is there."""
    with pytest.raises(FeedFailed) as failed:
        rows(b"id,link\n1,http://a.example/\n", feed("csv", columns={"value": "url"}))
    assert failed.value.detail == "The feed's header has no column url; it has id, link."
    with pytest.raises(FeedFailed, match="by number"):
        rows(b"1,2\n", feed("csv", header=False, columns={"value": "url"}))
    with pytest.raises(FeedFailed, match="no column 3"):
        rows(b"id,link\n", feed("csv", columns={"value": 3}))


def test_quoted_line_ends():
    """A quoted field may hold line ends, delimiters, quotes and comment signs; the row's number is its first line."""
    declared = feed("csv", columns={"value": "value", "description": "note"})
    body = 'value,note\na.example,"one\r\n# two, ""three"""\nb.example,x\n'
    found = list(rows(body.encode(), declared))
    assert [row.fields["description"] for row in found] == ['one\n# two, "three"', "x"]
    assert [row.number for row in found] == [2, 4]
    assert found[0].raw == 'a.example,"one\n# two, ""three"""'


def test_a_stray_quote_costs_one_row():
    """A quote that is never closed refuses its own line and no other."""
    declared = feed("csv", columns={"value": "value"})
    assert read('value,note\na.example,"oops\nb.example,x\nc.example,5" disk\n', declared) == [
        (2, "syntax"),
        (3, {"value": "b.example"}),
        (4, {"value": "c.example"}),
    ]
    assert read('value,note\na.example,"oops', declared) == [(2, "syntax")]


@pytest.mark.parametrize("declared", [feed("list"), feed("csv", header=False)])
def test_rows_too_long(declared):
    """A row over 64 kB is refused, its raw text cut; the next one is read."""
    found = list(rows(b"a" * 70_000 + b'\n"' + b"b" * 70_000 + b'"\nevil.example\n', declared))
    assert [row.reason if isinstance(row, Refusal) else row.number for row in found] == ["too_long", "too_long", 3]
    assert all(len(row.raw) <= 8192 for row in found)


def test_an_open_quote_before_a_huge_line():
    """A quote never closed does not make the reader swallow a line beyond the limit."""
    found = list(rows(b'"a\n' + b"b" * 300_000 + b"\nc\n", feed("csv", header=False)))
    assert [row.reason if isinstance(row, Refusal) else row.number for row in found] == ["syntax", "too_long", 3]


@pytest.mark.parametrize("body", [b"value\n", b"# nothing today\n", b"\n \n", b"value"])
def test_a_quiet_day_is_no_failure(body):
    """A header without rows, and comments alone, are a feed with no candidates."""
    assert read(body, feed("csv", columns={"value": "value"})) == []


def test_stix_has_no_rows():
    """STIX bodies are read object by object elsewhere."""
    with pytest.raises(ValueError, match="stix"):
        rows(b"{}", feed("stix"))


TEXT = st.text(alphabet='ab,;"\n\r# \t', min_size=1, max_size=60)


@given(TEXT, st.sampled_from([feed("list"), feed("csv", header=False)]))
def test_no_line_vanishes(text, declared):
    """Every line that is neither blank nor a comment is part of exactly one candidate, whatever the quotes."""
    found = list(rows(text.encode(), declared))
    kept = [line for row in found for line in row.raw.split("\n")]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            assert line in kept
    assert len({row.number for row in found}) == len(found)


def test_tab_separated():
    """As a table, with tabs."""
    assert read("ip\tcount\n198.51.100.1\t7\n", feed("tsv", columns={"value": "ip", "confidence": "count"})) == [
        (2, {"value": "198.51.100.1", "confidence": "7"})
    ]


THREATFOX = {
    "7": [{"ioc_value": "198.51.100.1:443", "ioc_type": "ip:port", "tags": ["c2", "x"], "confidence_level": 75, "reference": None}],
    "8": [{"ioc_value": "evil.example", "ioc_type": "domain", "tags": None, "confidence_level": 100}],
}  # fmt: skip


def test_json_by_path():
    """Items by a path, with `*` for every element and value; fields by paths inside an item; null and what is not there are nothing."""
    columns = {
        "value": "ioc_value",
        "type": "ioc_type",
        "labels": "tags",
        "confidence": "confidence_level",
        "reference": "reference",
    }
    declared = feed("json", items="*.*", columns=columns)
    assert read(json.dumps(THREATFOX), declared) == [
        (1, {"value": "198.51.100.1:443", "type": "ip:port", "labels": "c2,x", "confidence": "75"}),
        (2, {"value": "evil.example", "type": "domain", "confidence": "100"}),
    ]
    nested = {"data": {"list": [{"a": {"b": "evil.example"}}, {"a": {}}]}}
    assert read(json.dumps(nested), feed("json", items="data.list.*", columns={"value": "a.b"})) == [
        (1, {"value": "evil.example"}),
        (2, "short_row"),
    ]
    assert read("[]", feed("json", columns={"value": "a"})) == []
    assert read('{"data": []}', feed("json", items="data.*", columns={"value": "a"})) == []


@pytest.mark.parametrize("body", ['{"other": 1}', '{"data": {"list": [', "no json", "[" * 100_000])
def test_json_that_is_another_fails(body):
    """Cut off, or with nothing where the items were: the run fails as a whole, and nothing is taken away because of it."""
    with pytest.raises(FeedFailed):
        rows(body.encode(), feed("json", items="data.list.*", columns={"value": "a"}))


def test_json_lines():
    """One item in each line; a broken one is refused; one that a column marks as metadata is no row; cut off at the end the run fails."""
    declared = feed("jsonl", columns={"value": "asn"}, ignore={"type": "metadata"})
    body = '{"asn": 64500}\n\n{"asn": \n{"asn": 64501}\n{"type": "metadata", "records": 2}\n'
    assert read(body, declared) == [(1, {"value": "64500"}), (3, "syntax"), (4, {"value": "64501"})]
    with pytest.raises(FeedFailed, match="cut off"):
        rows(b'{"asn": 64500}\n{"asn": 6450', declared)


def test_cells_with_several_values():
    """Parted where the feed says so, a row for each; the others of its fields go with each."""
    declared = feed("csv", columns={"value": "host", "labels": "tags"}, split=";")
    assert read("host,tags\na.example; b.example ;,x\n;,y\n", declared) == [
        (2, {"value": "a.example", "labels": "x"}),
        (2, {"value": "b.example", "labels": "x"}),
        (3, "short_row"),
    ]


def test_rows_that_a_feed_has_taken_back_itself():
    """A column says so; the row is no candidate."""
    declared = feed("csv", columns={"value": "url"}, ignore={"url_status": "removed"})
    assert [
        number for number, _ in read("url,url_status\nhttp://a.example/,online\nhttp://b.example/,removed\n", declared)
    ] == [2]


def test_hosts_and_misp():
    """Their own formats, that need no columns."""
    assert read("0.0.0.0 evil.example\n", feed("hosts")) == [(1, {"value": "evil.example", "type": "domain"})]
    event = {
        "Event": {
            "Attribute": [
                {
                    "type": "md5",
                    "value": "0a" * 16,
                    "to_ids": True,
                    "comment": "a loader",
                    "Tag": [{"name": "Loader"}],
                }
            ]
        }
    }
    assert read(json.dumps(event), feed("misp")) == [
        (1, {"value": "0a" * 16, "type": "md5", "labels": "Loader", "description": "a loader"})
    ]


def test_no_quote_is_looked_for_without_end(monkeypatch):
    """However many quotes are opened and never closed: each spoils its own line, and the rows behind them are there."""
    table = feed("csv", header=False)
    body = b"".join(b'"stray%d,x\n198.51.100.%d,y\n' % (number, number) for number in range(200))
    monkeypatch.setattr(tables, "_MOST_WASTED", 20_000)
    found = list(rows(body, table))
    assert [one.reason for one in found if isinstance(one, Refusal)] == ["syntax"] * 200
    assert [one.fields["value"] for one in found if isinstance(one, Row)] == [f"198.51.100.{n}" for n in range(200)]


def misp(event=None, **attribute):
    """The fields of one MISP attribute, inside this event."""
    body = {
        "Event": {"Attribute": [{"type": "domain", "value": "evil.example", "to_ids": True} | attribute]}
        | (event or {})
    }
    [(_, fields)] = read(json.dumps(body), feed("misp"))
    return fields


def tags(*names):
    """Tags as MISP writes them."""
    return [{"name": name} for name in names]


def test_the_tags_of_misp():
    """Those of the event count for each of its attributes; marks, the confidence and what steers MISP itself are no labels (section 6)."""
    fields = misp(
        {
            "Tag": tags(
                "tlp:amber", "PAP:GREEN", "OSINT", 'misp-galaxy:mitre-attack-pattern="A, B - T1"', 'workflow:todo="x"'
            )
        },
        Tag=tags(
            'misp:confidence-level="fairly-confident"',
            "TLP:GREEN",
            'circl:incident-classification="phishing"',
            "a,b|c",
            "OSINT",
        ),
    )
    assert fields["labels"] == 'circl:incident-classification="phishing",a b c,OSINT'
    assert fields["confidence"] == 'misp:confidence-level="fairly-confident"'
    assert (fields["tlp"], fields["pap"]) == ("TLP:GREEN,tlp:amber", "PAP:GREEN")
    assert misp({"Tag": tags('misp:confidence-level="rarely-confident"')})["confidence"].endswith('"rarely-confident"')
    assert misp({"Tag": None}, Tag="x") == {"value": "evil.example", "type": "domain", "description": ""}


def test_a_misp_attribute_is_made_as_its_tags_say():
    """The stricter level, the confidence on MISP's scale whatever is declared, the kind of thing by the tag of a national taxonomy."""
    declared = feed("misp", level=GREEN, confidence=60, confidence_scale="count", documentation=True)
    body = {
        "Event": {
            "Tag": tags("tlp:amber+strict"),
            "Attribute": [
                {
                    "type": "domain",
                    "value": "a.evil.example",
                    "to_ids": True,
                    "Tag": tags("tlp:clear", 'misp:confidence-level="rarely-confident"'),
                },
                {
                    "type": "domain",
                    "value": "b.evil.example",
                    "to_ids": True,
                    "Tag": tags('rsit:fraud="phishing"', "PAP:RED"),
                },
                {"type": "domain", "value": "c.evil.example", "to_ids": True, "Tag": tags("tlp:unclear")},
            ],
        }
    }
    first, second, third = (candidate(row, declared, now=0) for row in rows(json.dumps(body).encode(), declared))
    assert (first.level, first.confidence, first.labels, first.indicator_types) == (STRICT, 25, (), ("unknown",))
    assert (second.level, second.confidence, second.labels) == (STRICT, 60, ("pap:red", 'rsit:fraud="phishing"'))
    assert second.indicator_types == ("malicious-activity",)
    assert third.reason == "bad_marking"


def test_what_a_misp_event_says_of_its_attributes():
    """Its info where an attribute has no comment, cut short; its day where an attribute has no first sighting, else when it was written."""
    event = {"info": "Report " + "x" * 300, "date": "2020-06-18"}
    assert misp(event)["description"] == ("Report " + "x" * 300)[:250]
    assert misp(event, comment="own")["description"] == "own"
    assert misp(event, type="filename|md5", value=f"a.exe|{'0a' * 16}")["description"] == "a.exe"
    assert misp(event, first_seen="2020-01-02T03:04:05.000000+00:00", timestamp="1")["first_seen"].startswith(
        "2020-01-02T03"
    )
    assert misp(event, timestamp="1592504863")["first_seen"] == "2020-06-18"
    assert misp({"date": "some day"}, timestamp="1592504863")["first_seen"] == "2020-06-18T18:27:43Z"
    for none in ("", "0", "soon", None, "1" * 30, -1):
        assert "first_seen" not in misp(timestamp=none)


def test_an_empty_column_of_a_list():
    """Columns that tabs part keep their places."""
    declared = feed("list", columns={"value": 1, "port": 3})
    assert read("198.51.100.1\t\t443\n", declared)[0][1]["port"] == "443"
