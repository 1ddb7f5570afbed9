"""Bytes to text, text to lines, and whether a body is a feed."""

import bz2
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise import text as module
from indicator_hub.normalise.text import MOST_WHOLE, Stream, lines, require_feed, whole


def stream(body: bytes) -> Stream:
    """The text of a file with these bytes."""
    return Stream(io.BytesIO(body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("evil ü".encode(), ("evil ü", False)),
        ("evil ü".encode("utf-8-sig"), ("evil ü", False)),
        ("evil ü".encode("utf-16"), ("evil ü", False)),
        ("evil ü".encode("utf-32"), ("evil ü", False)),
        (b"\xfe\xff" + "evil ü".encode("utf-16-be"), ("evil ü", False)),
        ("evil ü €".encode("cp1252"), ("evil ü €", True)),
        (b"\x81", ("\ufffd", True)),
        (b"", ("", False)),
    ],
)
def test_encodings(body, expected):
    """The byte order mark decides, else UTF-8, else cp1252 and the run is marked."""
    found = stream(body)
    assert (whole(found), found.guessed) == expected


def test_a_broken_promise_fails_the_run():
    """A body that is not what its byte order mark says is not guessed at."""
    with pytest.raises(FeedFailed, match="UTF-16-LE"):
        stream(b"\xff\xfea")


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_fail_the_run(body):
    """No bytes raise anything but FeedFailed."""
    try:
        whole(stream(body))
        require_feed(body)
    except FeedFailed:
        pass


def test_only_three_line_ends():
    """CRLF, LF and a lone CR end a line; form feed, U+0085 and U+2028 are part of one."""
    assert list(lines("a\r\nb\nc\rd\x0ce\x85f\u2028g\n\nh")) == ["a", "b", "c", "d\x0ce\x85f\u2028g", "", "h"]
    assert list(lines("")) == []
    assert list(lines("a\n")) == ["a"]


@given(st.text("ab\r\n\x85é", max_size=40), st.integers(1, 7), st.sampled_from(("utf-8", "utf-16", "utf-8-sig")))
def test_a_file_has_the_lines_of_its_text(text, part, encoding):
    """Wherever it is cut into parts, in the middle of a character or between CR and LF; and again for whoever asks next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PART", part)
        found = stream(text.encode(encoding))
        assert list(lines(found)) == list(lines(text)) == list(lines(found))
        assert whole(found) == text


def test_a_line_without_end_is_cut_and_the_next_is_there():
    """Of a line longer than any row the beginning is kept, and nothing of it is taken for another line."""
    body = b"before\n" + b"a\r" * 2 + b"x" * 5_000_000 + b"\r\nafter\n" + b"y" * 3_000_000
    found = list(lines(stream(body)))
    assert [one[:9] for one in found] == ["before", "a", "a", "xxxxxxxxx", "after", "yyyyyyyyy"]
    assert all(65_536 < len(found[at]) < 600_000 for at in (3, 5))


def test_a_document_that_is_too_large_to_be_read_whole_fails():
    """Its tree would take many times its size."""
    with pytest.raises(FeedFailed, match="one document"):
        whole(stream(b" " * (MOST_WHOLE + 1)))


def test_a_feed_without_end(monkeypatch):
    """More lines than anybody takes: nothing of it is."""
    monkeypatch.setattr(module, "MOST_LINES", 100)
    stream(b"a\r\n" * 50)
    with pytest.raises(FeedFailed, match="more than 50 lines"):
        stream(b"a\r\n" * 51)


@pytest.mark.parametrize(
    ("body", "end"),
    [(b'{"a": 1}\n\n', True), (b'{"a": 1', False), ('{"a": 1}\r\n'.encode("utf-16"), True), (b"", False)],
)
def test_how_a_file_ends(body, end):
    """Behind the last blanks, in any encoding."""
    assert stream(body).ends_with("}") is end


PAGE = "The source answered with a web page, not with a feed."
ERROR = "The source answered with an error, not with a feed."
PACKED = "The feed is still compressed."
PDF = "The feed is a PDF: give its text."


def tarred():
    """A tar archive with a list in it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        one = tarfile.TarInfo("list.txt")
        one.size = 13
        archive.addfile(one, io.BytesIO(b"198.51.100.1\n"))
    return made.getvalue()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The feed is empty: 0 bytes."),
        (b"<!DOCTYPE html><p>", "The source answered with a web page, not with a feed."),
        (b"\xef\xbb\xbf \r\n<HTML>", "The source answered with a web page, not with a feed."),
        ("<html>".encode("utf-16"), "The source answered with a web page, not with a feed."),
        (
            b'{"query_status": "unknown_auth_key"}',
            "The source answered with an error, not with a feed (query_status: unknown_auth_key).",
        ),
        (b'{"error": {"code": 1}}', "The source answered with an error, not with a feed."),
        (b'{"error": "<script>"}', "The source answered with an error, not with a feed."),
        (b"\x1f\x8b\x08", PACKED),
        (b"<!doctype html>", PAGE),
        (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html>',
            PAGE,
        ),
        (b'\xef\xbb\xbf\r\n<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', PAGE),
        (b"<!-- a mirror -->\n<!-- - -- > -->\n<html>", PAGE),
        (b"<!--" + b" licence" * 1000 + b"--><html>", PAGE),
        ("\ufeff <!-- a --><HTML lang=en>".encode("utf-16-le"), PAGE),
        (b"<head><title>404 Not Found</title></head>", PAGE),
        (b"<title>Sign in</title>", PAGE),
        (
            b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><HostId>evil.example</HostId></Error>',
            ERROR,
        ),
        (b"404: Not Found", ERROR),
        (b"error code: 1020\n", ERROR),
        (b"Forbidden\r\n", ERROR),
        (b'{"message": "Not Found", "documentation_url": "https://docs.evil.example/rest", "status": "404"}', ERROR),
        (b'{"detail": "Authentication credentials were not provided."}', ERROR),
        (b"%PDF-1.7\n%\xe2\xe3", PDF),
        (b"\xef\xbb\xbf\n%PDF-1.4", PDF),
        (bz2.compress(b"198.51.100.1"), PACKED),
        (bz2.compress(b""), PACKED),
        (lzma.compress(b"198.51.100.1"), PACKED),
        (b"Rar!\x1a\x07\x01\0", PACKED),
        (b"MSCF\0\0\0\0", PACKED),
        (tarred(), "The feed is a tar archive, not the file in it."),
        (b"\x89PNG\r\n\x1a\n", "The feed is a binary file, not text."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "The feed is a binary file, not text."),
    ],
)
def test_what_is_no_feed_fails_the_run(body, sentence):
    """Such a body read as a feed would look as if every indicator had been withdrawn."""
    with pytest.raises(FeedFailed) as failed:
        require_feed(body)
    assert failed.value.detail == sentence


@pytest.mark.parametrize(
    "body",
    [
        b"# nothing today\n",
        b"198.51.100.1",
        b'{"query_status": "ok", "data": [1]}',
        b'{"error',
        b"[" * 9000,
        b'{"a":' * 1500,
        b"BZhosting.example\nrar.example\n",
        b"PAR.example",
        b'<?xml version="1.0"?>\n<!-- made for <html> readers --><rss version="2.0"><channel/></rss>',
        b'<?xml version="1.0"?>\n<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x.example/rss.dtd"><rss>',
        b'<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1">',
        b"<errors.example>",
        b"<!-- never closed",
        b"<html.example>",
        b"404.example",
        b"404: Not Found\n198.51.100.1\n",
        b"forbidden.example\n",
        b'{"message": "today", "detail": {"198.51.100.1": 1}, "ioc": 1}',
        b'{"detail": ["evil.example"]}',
    ],
)
def test_what_may_be_a_feed_passes(body):
    """A quiet day, data beside a status, and broken JSON are not this check's to refuse."""
    require_feed(body)
