"""Bytes to text, text to lines, and whether a body is a feed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.text import decode, lines, require_feed


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
    assert decode(body) == expected


def test_a_broken_promise_fails_the_run():
    """A body that is not what its byte order mark says is not guessed at."""
    with pytest.raises(FeedFailed, match="UTF-16-LE"):
        decode(b"\xff\xfea")


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_fail_the_run(body):
    """No bytes raise anything but FeedFailed."""
    try:
        decode(body)
        require_feed(body)
    except FeedFailed:
        pass


def test_only_three_line_ends():
    """CRLF, LF and a lone CR end a line; form feed, U+0085 and U+2028 are part of one."""
    assert list(lines("a\r\nb\nc\rd\x0ce\x85f\u2028g\n\nh")) == ["a", "b", "c", "d\x0ce\x85f\u2028g", "", "h"]
    assert list(lines("")) == []
    assert list(lines("a\n")) == ["a"]


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
        (b"\x1f\x8b\x08", "The feed is still compressed."),
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
    ],
)
def test_what_may_be_a_feed_passes(body):
    """A quiet day, data beside a status, and broken JSON are not this check's to refuse."""
    require_feed(body)
