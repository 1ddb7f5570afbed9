"""Files of which only the format is known, or not even that: what is found in them, and what fails as a whole."""

import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise import loose, unpack
from indicator_hub.normalise.loose import Found, candidates
from indicator_hub.normalise.refang import defang, refang
from indicator_hub.normalise.sniff import KINDS, sniff
from indicator_hub.normalise.text import Stream
from indicator_hub.normalise.unpack import unpacked

MD5, SHA1, SHA256 = "0a" * 16, "0b" * 20, "0c" * 32


def found(body, kind=None):
    """`type:value` of what is found, `?reason` of what is refused, each with its row."""
    if isinstance(body, str):
        body = body.encode()
    return [
        (one.row, f"{one.type}:{one.value}") if isinstance(one, Found) else (one.number, f"?{one.reason}")
        for one in candidates(body, kind, documentation=True)
    ]


LIST = """# a banner
198.51.100.1
198.51.100.0/24 ; SBL1
hxxp://evil[.]example/a?b=1

evil.example\t7
nothing at all
198.51.100.1
"""


def test_a_list():
    """A value in each line, doubles too; a line that holds none is refused with its number."""
    assert found(LIST) == found(LIST, "list") == [
        (2, "ipv4-addr:198.51.100.1"), (3, "ipv4-cidr:198.51.100.0/24"), (4, "url:http://evil.example/a?b=1"), (6, "domain-name:evil.example"),
        (7, "?syntax"), (8, "ipv4-addr:198.51.100.1"),
    ]  # fmt: skip


def test_a_table():
    """Every cell that has the shape of a value, and no other; several hashes in one cell are one file; a line with an open quote is refused."""
    table = (
        "first seen,host,sum,note\n"
        f'2026-11-01 10:00:00,evil.example,"{SHA256},{SHA1},{MD5}",win.vidar\n'
        '2026-11-01,198.51.100.1:443,443,"see, https://evil.example/x"\n'
        '2026-11-01,"never closed,1\n'
        "2026-11-01,10.0.0.1,7,US\n"
    )
    expected = [
        (2, "domain-name:evil.example"), (2, f"sha256:{SHA256}"), (3, "ipv4-port:198.51.100.1:443"), (4, "?syntax"), (5, "?non_global"),
    ]  # fmt: skip
    assert found(table) == found(table, "csv") == expected
    assert found(table.replace(",", "\t"), "tsv")[:1] == expected[:1]
    (file,) = (one for one in candidates(table.encode()) if isinstance(one, Found) and one.type == "sha256")
    assert (
        file.pattern
        == f"[file:hashes.'SHA-256' = '{SHA256}' OR file:hashes.'SHA-1' = '{SHA1}' OR file:hashes.MD5 = '{MD5}']"
    )


def test_json():
    """Every text in it that has the shape of a value; numbered by the items of the document, or by line."""
    items = [{"ioc": "evil.example", "n": 443, "tags": ["c2", "198[.]51.100.2"]}, {"ioc": "x", "seen": "2026-11-01"}]
    expected = [(1, "domain-name:evil.example"), (1, "ipv4-addr:198.51.100.2")]
    for body in (json.dumps(items), json.dumps({"a": items[0], "b": items[1]}), json.dumps(items, indent=1)):
        assert found(body) == found(body, "json") == expected
    lines = "\n".join(json.dumps(one) for one in items)
    assert sniff(lines) == "jsonl"
    assert found(lines) == found(lines, "jsonl") == expected
    assert found(f'{lines}\n{{"a": \n{{"a": "evil.example"}}', "jsonl")[-2:] == [
        (3, "?syntax"),
        (4, "domain-name:evil.example"),
    ]


KEYED = [
    ({"198.51.100.7": {"port": 443}, "evil.example": 1}, ["ipv4-addr:198.51.100.7", "domain-name:evil.example"]),
    ({"data": {MD5: {"198.51.100.7:443": None}}}, [f"md5:{MD5}", "ipv4-port:198.51.100.7:443"]),
    ({"data": [{"http://evil.example/": ["a@evil.example"]}]}, ["url:http://evil.example/", "email-addr:a@evil.example"]),
    ({"10.0.0.1": "198.51.100.7"}, ["?non_global", "ipv4-addr:198.51.100.7"]),
    ({"event.id": "x", "user.name": "y", "source.ip": "198.51.100.7"}, ["ipv4-addr:198.51.100.7"]),
    ({"user.name": "x", "198.51.100.7": {"event.id": 1}}, ["ipv4-addr:198.51.100.7"]),
    ({"sha256": 1, "first.seen": "2026-11-01", "n": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "expected"), KEYED)
def test_values_that_are_names_in_an_object(tree, expected):
    """A value may stand where an object has a field's name; what only ends like a host (`user.name`) is a field's name."""
    assert [value for _, value in found(json.dumps(tree))] == expected
    assert [value for _, value in found(json.dumps(tree), "jsonl")] == expected


def test_names_that_an_object_has_twice():
    """All of their values are read, where only the last would be."""
    body = '{"a": "198.51.100.1", "b": {"c": "evil.example", "c": "bad.example"}, "a": ["198.51.100.2"]}'
    expected = ["198.51.100.1", "198.51.100.2", "evil.example", "bad.example"]
    for kind in ("json", "jsonl"):
        assert [one.value for one in candidates(body.encode(), kind, documentation=True)] == expected
    many = ", ".join(f'"{number}": 1, "{number}": 2' for number in range(50_000))
    assert found(f"{{{many}}}") == []


def test_several_values_in_a_cell():
    """A cell of nothing but values has all of them; with a word between it is a sentence, and none."""
    table = 'ip,n\n"198.51.100.1, 198.51.100.2",x\nevil.example;10.0.0.1,y\n"evil.example or bad.example",z\n'
    expected = [
        (2, "ipv4-addr:198.51.100.1"),
        (2, "ipv4-addr:198.51.100.2"),
        (3, "domain-name:evil.example"),
        (3, "?non_global"),
    ]
    assert found(table, "csv") == expected
    assert found('{"ip": "198.51.100.1\\n198.51.100.2"}') == [(1, value) for _, value in expected[:2]]


def test_patterns_in_json():
    """An indicator without a bundle around it, or several in lines: its pattern is no text like any other."""
    one = {
        "type": "indicator",
        "id": "indicator--1",
        "pattern_type": "stix",
        "pattern": "[ipv4-addr:value='198.51.100.1/32']",
    }
    foreign = one | {"pattern": "[a:b = 'c'] AND [d:e = 'f']"}
    expected = ["ipv4-addr:198.51.100.1", "stix-pattern:[a:b = 'c'] AND [d:e = 'f']"]
    assert [value for _, value in found(json.dumps([one, foreign]))] == expected
    assert [value for _, value in found(f"{json.dumps(one)}\n{json.dumps(foreign)}")] == expected
    assert found('["[not, a pattern]"]') == []


def test_a_table_with_one_bad_row():
    """A quote that is never closed, and a row that is too long, make no other format of it; each is refused."""
    for bad, reason in (
        ('"http://evil.example/a,x', "syntax"),
        ("a" * 70_000 + ",x", "too_long"),
        ("b" * 70_000, "too_long"),
    ):
        body = f"url,n\n{bad}\n198.51.100.1,y\n198.51.100.2,z\n"
        assert sniff(body) == "csv"
        assert found(body) == [(2, f"?{reason}"), (3, "ipv4-addr:198.51.100.1"), (4, "ipv4-addr:198.51.100.2")]


def test_a_text_in_one_line():
    """However long it is, its words are read."""
    assert found("we saw evil.example, and so on; " * 10_000)[-1] == (1, "domain-name:evil.example")


def test_a_sentence_is_no_table():
    """Though it has commas, and values between them; a row without blanks is one."""
    values = ["url:http://evil.example/x", "url:http://bad.example/y", "domain-name:evil.example"]
    assert [
        value for _, value in found("http://evil.example/x. http://bad.example/y, evil.example, and so on.")
    ] == values
    assert sniff("198.51.100.7,443") == "csv"


def test_entities_in_markup():
    """In a feed of news an ampersand is written as an entity, twice where markup stands within markup; in a text it stays."""
    news = (
        "<?xml version='1.0'?><rss><link>http://evil.example/?a=1&amp;b=2</link>"
        "<description>&lt;a href=&quot;http://bad.example/?a=1&amp;amp;copy=2&quot;&gt;198.51.100.1&lt;/a&gt;</description></rss>"
    )
    expected = ["url:http://evil.example/?a=1&b=2", "url:http://bad.example/?a=1&copy=2", "ipv4-addr:198.51.100.1"]
    assert [value for _, value in found(news)] == expected
    assert found("see http://evil.example/?a=1&amp;b=2 there", "text") == [(1, "url:http://evil.example/?a=1&amp;b=2")]


def test_hosts():
    """The names, not the addresses; a machine's own names are none."""
    body = "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n0.0.0.0 evil.example www.evil.example # both\n0.0.0.0 x.test\nalone.example\n"
    expected = [
        (3, "domain-name:evil.example"),
        (3, "domain-name:www.evil.example"),
        (4, "?reserved_name"),
        (5, "?syntax"),
    ]
    assert found(body, "hosts") == found(body) == expected


def test_stix():
    """Indicators and vulnerabilities, by their place in the bundle: one observable in canonical form, everything else verbatim."""
    one = {"type": "indicator", "spec_version": "2.1", "id": "indicator--1"}
    foreign = "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [domain-name:value = 'evil.example']"
    objects = [
        {"type": "identity", "id": "identity--1"}, one | {"pattern": "[ipv4-addr:value='198.51.100.1/32']", "pattern_type": "stix"},
        one | {"pattern": foreign, "pattern_type": "stix"}, one | {"pattern": "[what", "pattern_type": "stix"},
        one | {"pattern": "rule x {}", "pattern_type": "yara"},
        {"type": "vulnerability", "id": "vulnerability--1", "name": "A hole", "external_references": [{"external_id": "cve-2026-0001"}]},
        one | {"pattern": "[url:value = 'http://evil.example']"}, 7,
    ]  # fmt: skip
    expected = [
        (2, "ipv4-addr:198.51.100.1"), (3, f"stix-pattern:{foreign}"), (4, "?bad_pattern"), (5, "yara:rule x {}"), (6, "cve:CVE-2026-0001"),
        (7, "url:http://evil.example/"), (8, "?bad_object"),
    ]  # fmt: skip
    for body in ({"type": "bundle", "id": "bundle--1", "objects": objects}, {"more": False, "objects": objects}):
        assert found(json.dumps(body)) == found(json.dumps(body), "stix") == expected


def test_misp():
    """Attributes marked `to_ids`, in objects too, by their types; composites taken apart; what is only context is no candidate."""

    def attribute(kind, value, *, to_ids=True):
        return {"type": kind, "value": value, "to_ids": to_ids}

    event = {
        "Attribute": [
            attribute("ip-dst|port", "198.51.100.1|443"), attribute("domain|ip", "evil.example|198.51.100.2"), attribute("link", "https://a.example/", to_ids=False),
            attribute("filename|sha256", f"a.exe|{SHA256}"), attribute("regkey|value", "HKCU\\x|1"), attribute("spaceship", "x"),
            attribute("mutex", " a b"), attribute("AS", "AS64500"),
        ],
        "Object": [{"Attribute": [attribute("md5", MD5.upper()), attribute("vulnerability", "CVE-2026-0001")]}],
    }  # fmt: skip
    expected = [
        (1, "ipv4-port:198.51.100.1:443"), (2, "domain-name:evil.example"), (2, "ipv4-addr:198.51.100.2"), (4, f"sha256:{SHA256}"),
        (5, "windows-registry-key:HKEY_CURRENT_USER\\x"), (6, "?unknown_type"), (7, "mutex: a b"), (8, "autonomous-system:64500"), (9, f"md5:{MD5}"),
        (10, "cve:CVE-2026-0001"),
    ]  # fmt: skip
    for body in ({"Event": event}, {"response": [{"Event": event}]}, [{"Event": event}]):
        assert found(json.dumps(body)) == found(json.dumps(body), "misp") == expected


TEXT = f"""Dear colleague, we saw traffic to hxxps://evil[.]example/a?b=1, then to 198[.]51[.]100[.]7:8080 (the second stage).
Please block evil.example; see [our page](https://www.evil.example/page). Sent by a(at)evil.example at 10:30.
It drops setup.py and README.md, version 1.2.3, with SHA-256 {SHA256} and exploits CVE-2026-0001.
"""


def test_free_text():
    """The values in a report, masked or not; files, versions and times are none."""
    assert found(TEXT) == found(TEXT, "text") == [
        (1, "url:https://evil.example/a?b=1"), (1, "ipv4-port:198.51.100.7:8080"), (2, "domain-name:evil.example"),
        (2, "url:https://www.evil.example/page"), (2, "email-addr:a@evil.example"), (3, f"sha256:{SHA256}"), (3, "cve:CVE-2026-0001"),
    ]  # fmt: skip


def test_a_mail():
    """Its sender and its words, decoded; where the links of its page lead, too."""
    mail = (
        "From: Bad <bad@evil.example>\r\nTo: desk@cert.example\r\nSubject: =?utf-8?q?http=3A//one.example/?=\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        '<p>Click <a href=3D"http://two.example/=\r\nlong">here</a></p>\r\n'
    )
    values = [value for _, value in found(mail)]
    assert values == ["email-addr:bad@evil.example", "url:http://one.example/", "url:http://two.example/long"]


NASTY = [
    (b"\xef\xbb\xbf198.51.100.1\n", ["ipv4-addr:198.51.100.1"]),
    ("\ufeff198.51.100.1\r\n198.51.100.2\n".encode("utf-16-le"), ["ipv4-addr:198.51.100.1", "ipv4-addr:198.51.100.2"]),
    ("\ufeff198.51.100.1\r198.51.100.2".encode("utf-16-be"), ["ipv4-addr:198.51.100.1", "ipv4-addr:198.51.100.2"]),
    (b"198.51.100.1\r\n198.51.100.2\r198.51.100.3\n", [f"ipv4-addr:198.51.100.{n}" for n in (1, 2, 3)]),
    (
        b"198.51.100.1\n" + b"a" * 500_000 + b"\n198.51.100.2",
        ["ipv4-addr:198.51.100.1", "?too_long", "ipv4-addr:198.51.100.2"],
    ),
    (b"198.51.100.1\n198.51\0.100.2\n", ["ipv4-addr:198.51.100.1", "?control_chars"]),
    (b"198.51.100.1\nb\xfccher.example\n", ["ipv4-addr:198.51.100.1", "domain-name:xn--bcher-kva.example"]),
    (b"198.51.100.1\x0c\n198.51.100.2\xc2\x85\n", ["ipv4-addr:198.51.100.1", "ipv4-addr:198.51.100.2"]),
]


@pytest.mark.parametrize(("body", "expected"), NASTY)
def test_nasty_files(body, expected):
    """Marks of byte order, mixed ends of lines, lines without end, NULs, other encodings: what can be read is, and what cannot is told."""
    assert [value for _, value in found(body, "list")] == expected
    assert [value for _, value in found(gzip.compress(body), "list")] == expected


def zipped(**files):
    """A zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


BROKEN = [
    (b"", None), (b"<!DOCTYPE html><p>404", None), (b"  <html>", None), (b'{"query_status": "unknown_auth_key"}', None),
    (b'{"objects": [{"type": "indicator"', None), (b'[{"a": "evil.example"}, {"b"', None), (b'{"a": "evil.example"}\n{"b": "evil', "jsonl"),
    (b"{}", "stix"), (b'{"objects": []}', "stix"), (b'{"a": 1}', "misp"), (b"[" * 100_000, "json"), (b"%PDF-1.7\n", None),
    (gzip.compress(b"198.51.100.1\n" * 1_000, mtime=0)[:-9], None), (gzip.compress(b"198.51.100.1\n" * 1_000, mtime=0)[:30], None), (b"\x1f\x8b", None),
    (b"PK\x03\x04 no zip", None), (zipped(a="198.51.100.1", b="198.51.100.2"), None), (zipped(a="198.51.100.1")[:-10], None),
    (b"\xff\xfe198", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), BROKEN)
def test_a_file_that_must_fail_gives_nothing(body, kind):
    """Empty, a page, an error, cut off, broken, or something else than it was said to be: not one value, and the reason."""
    with pytest.raises(FeedFailed):
        candidates(body, kind)


def plain(body):
    """What is in a packed file."""
    with unpacked(io.BytesIO(body)) as file:
        return file.read()


def test_what_unpacks_to_too_much():
    """A few bytes that hold gigabytes are refused before they are unpacked."""
    bomb = gzip.compress(b"0" * 30_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(FeedFailed, match="unpacks to more"):
        plain(bomb)
    with pytest.raises(FeedFailed, match="unpacks to more"):
        plain(zipped(a=b"0" * 30_000_000))
    assert plain(zipped(a="198.51.100.1")) == b"198.51.100.1"


def test_one_gzip_behind_another(monkeypatch):
    """All of them count, with zeros between too; so many that each holds next to nothing are refused."""
    assert plain(gzip.compress(b"a") + b"\0" * 40_000 + gzip.compress(b"b")) == b"ab"
    many = gzip.compress(b"a") * 30_000
    assert plain(many) == b"a" * 30_000
    monkeypatch.setattr(unpack, "_MEMBERS", 29_999)
    with pytest.raises(FeedFailed, match="more than 29999 members"):
        plain(many)


def test_a_large_file_gives_the_same_as_a_small_one(monkeypatch):
    """What is read as it is gone through is found in the same way: in a list, in a table, in JSON lines, in a document."""
    listed = b"198.51.100.7\nevil.top # seen\nnothing at all\n"
    table = b'ip,note\r\n198.51.100.7,"a\r\nb"\r\n"198.51.100.8,x\r\n198.51.100.9,y\r\n'
    bodies = (
        listed,
        table,
        b'{"a": "198.51.100.7"}\n{"a": "evil.top"}\n',
        b'{"a": ["198.51.100.7"],\n "b": 1}',
        b"198.51.100.7 was seen, and evil[.]top too\n",
    )
    small = [found(body) for body in bodies]
    monkeypatch.setattr(loose, "_AT_ONCE", -1)
    assert [found(body) for body in bodies] == small
    assert all(small)


@given(st.text(max_size=400), st.sampled_from(KINDS))
def test_whatever_a_file_holds(text, kind):
    """It fails as a whole, or each candidate is a value that stands on its own; nothing else is raised."""
    try:
        all_of = list(candidates(text.encode("utf-8", "surrogatepass"), kind, documentation=True))
    except FeedFailed:
        return
    for one in all_of:
        if isinstance(one, Found) and one.pattern and one.type not in ("stix-pattern", "yara"):
            assert refang(defang(one.value)) == one.value or one.type in (
                "mutex",
                "file-name",
                "user-agent",
                "process",
                "directory",
            )


@given(st.binary(max_size=300))
def test_whatever_bytes(body):
    """Sniffed or failed, never a fault."""
    try:
        list(candidates(body))
        sniff(Stream(io.BytesIO(body)))
    except FeedFailed:
        return


def test_markup_and_headers_that_are_none():
    """Cells and lines are not glued together, the last word counts, and what the library cannot read is a text like any other."""
    head = "From: a@evil.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n"
    cells = "<table><tr><td>evil.example</td><td>bad.example</td></tr></table><p>203.0.113.4</p><p>203.0.113.5</p>http://one.example/?a=1&b=2"
    values = [value for _, value in found(head + cells)]
    for value in (
        "domain-name:evil.example",
        "domain-name:bad.example",
        "ipv4-addr:203.0.113.4",
        "ipv4-addr:203.0.113.5",
    ):
        assert value in values
    assert "url:http://one.example/?a=1&b=2" in values
    for broken in ("Message-ID: <", 'From: "', "Message-ID: <a@[", "From: a@[1"):
        mail = f"Subject: x\r\nTo: y\r\n{broken}\r\n\r\nhttp://one.example/\r\n"
        assert "url:http://one.example/" in [value for _, value in found(mail)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("HKCU\\Software\\My Evil Key\n", [(1, "windows-registry-key:HKEY_CURRENT_USER\\Software\\My Evil Key")]),
        ("198.51.100.1\u2028198.51.100.2\n", [(1, "?syntax")]),
        ("; a comment\n// another\n198.51.100.1\n", [(3, "ipv4-addr:198.51.100.1")]),
        (
            "\ufeff\ufeff198.51.100.1\n\ufeff198.51.100.2\n",
            [(1, "ipv4-addr:198.51.100.1"), (2, "ipv4-addr:198.51.100.2")],
        ),
    ],
)
def test_lines_of_a_list(body, expected):
    """Blanks of a key, ends of lines that are none, comments of every kind, marks in the middle of a file."""
    assert found(body, "list") == expected


def test_a_number_of_many_digits():
    """JSON has no bound for them."""
    assert found('[{"a": "evil.example", "n": ' + "1" * 5_000 + "}]") == [(1, "domain-name:evil.example")]


def values(text, kind=None):
    """The values only, in order; text is UTF-8."""
    return [
        one.value
        for one in candidates(text if isinstance(text, bytes) else text.encode(), kind)
        if isinstance(one, Found)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "date;url;tag\n2024-01-01;http://a1b.com/x?a=1;mirai\n2024-01-02;http://b1c.com/;x\n",
        "url;tag\nhttp://a1b.com/x?a=1;mirai\nhttp://b1c.com/;x\n",
        "date|url|tag\n2024-01-01|http://a1b.com/x?a=1|mirai\n2024-01-02|http://b1c.com/|x\n",
        '"date";"url"\n"2024-01-01";"http://a1b.com/x?a=1"\n"2024-01-02";"http://b1c.com/"\n',
        "date,url,tags\n2024-01-01,http://a1b.com/x?a=1,a;b\n2024-01-02,http://b1c.com/,c;d\n",
    ],
)
@pytest.mark.parametrize("kind", [None, "csv"])
def test_what_parts_the_cells_of_a_table(text, kind):
    """Programs write a semicolon where a comma is the decimal sign; a URL must not swallow the next cell, nor the table be passed over."""
    assert values(text, kind) == ["http://a1b.com/x?a=1", "http://b1c.com/"]


@pytest.mark.parametrize("kind", [None, "csv"])
def test_a_sign_in_every_url_parts_nothing(kind):
    """URLs that have it each."""
    urls = ["http://a1b.com/x;jsessionid=1", "http://b1c.com/y;jsessionid=2"]
    assert values("\n".join(urls), kind) == urls


def test_several_urls_in_a_cell():
    """As several names or addresses: the catalogue of known exploited vulnerabilities has them."""
    assert values("id,notes\n1,http://a1b.com/ ; http://b1c.com/x\n", "csv") == ["http://a1b.com/", "http://b1c.com/x"]
    assert values('{"a": "http://a1b.com/, http://b1c.com/x"}') == ["http://a1b.com/", "http://b1c.com/x"]


def test_names_that_are_masked_are_no_files():
    """Nobody masks a file; and a rule of a filter speaks of hosts only."""
    assert values("It asks evil[.]pl, bad[.]zip and update[.]sh; it drops setup.py, foo.zip and README.md.") == [
        "evil.pl",
        "bad.zip",
        "update.sh",
    ]
    assert values("! a filter\n||evil.zip^\n||bad.rs^\n") == ["evil.zip", "bad.rs"]
    assert values("spyone.pl was asked by 45.9.1.2 every day, for a long time.") == ["spyone.pl", "45.9.1.2"]


@pytest.mark.parametrize(
    "text",
    [
        "45.9.1.2\n\ufeff45.9.1.3\n",
        "\ufeff\ufeff45.9.1.2\n45.9.1.3\n",
        "a,b\n45.9.1.2,x\n\ufeff45.9.1.3,y\n",
        '{"a":"45.9.1.2"}\n\ufeff{"a":"45.9.1.3"}\n',
    ],
)
def test_a_byte_order_mark_in_the_middle(text):
    """Files that were put behind one another."""
    assert values(text) == ["45.9.1.2", "45.9.1.3"]


@pytest.mark.parametrize(
    "text",
    [
        "[",
        '[["45.9.1.2", "x"], ["45.9.1.3"',
        '[1, 2, "45.9.1.3"',
        '[null, "45.9.1.3"',
        "\ufeff",
        "\x1f",
        '{"Error": "Forbidden", "ip": "45.9.1.2"}',
        '{"success": false, "message": "no key for 45.9.1.2"}',
    ],
)
def test_more_that_must_fail(text):
    """Cut off wherever it is; an error however it is spelt."""
    with pytest.raises(FeedFailed):
        values(text)


def test_what_begins_as_json_does():
    """And is none."""
    assert values("[2a00:1450::1]:443\n[2a00:1450::2]:443\n") == ["[2a00:1450::1]:443", "[2a00:1450::2]:443"]
    assert values("[1] http://a1b.com/x was named first, then others.\n") == ["http://a1b.com/x"]


def test_attributes_of_misp_without_an_event():
    """What a search for attributes answers."""
    tree = {
        "response": {
            "Attribute": [
                {"type": "ip-dst|port", "value": "45.9.1.2|443", "to_ids": True},
                {"type": "ip-dst", "value": "45.9.1.9", "to_ids": False},
            ]
        }
    }
    assert values(json.dumps(tree)) == ["45.9.1.2:443"]


def test_tables_of_one_column_in_a_report():
    """Most of its lines are hashes between bars: it is no list."""
    hashes = [f"{at:064x}" for at in range(1, 40)]
    text = (
        "## Servers\n"
        + "\n".join(f"45.9.1.{at}" for at in range(1, 30))
        + "\n\n| SHA256 |\n| :--- |\n"
        + "\n".join(f"| {one} |" for one in hashes)
    )
    assert set(hashes) <= set(values(text))


def test_a_mail_with_lone_cr():
    """Whose parts are encoded."""
    mail = "From: a@b1c.com\rTo: x@y1z.com\rSubject: s\rMIME-Version: 1.0\rContent-Type: text/plain; charset=utf-8\rContent-Transfer-Encoding: quoted-printable\r\rsee http://q1w.com/a=\rb and more\r"
    assert "http://q1w.com/ab" in values(mail)
