"""Answers compressed as the client asks, and the same bytes when unpacked."""

import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from indicator_hub.web import compress
from indicator_hub.web.compress import coding
from support.http import OBJECTS, site
from support.world import indicator

NAMES = ("gzip", "x-gzip", "zstd", "identity", "br", "*", "GZIP", "Zstd")
WEIGHTS = (None, "0", "0.0", "0.001", "0.5", "0.50", "1", "1.000")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (None, ""), ("", ""), ("identity", ""), ("br", ""), ("gzip", "gzip"), ("x-gzip", "gzip"), ("zstd", "zstd"), ("GZIP , br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0.5, gzip", "gzip"), ("zstd;q=0.5, gzip;q=0.5", "zstd"), ("gzip;q=0", ""),
        ("gzip;q=0.000", ""), ("gzip;q=0, zstd", "zstd"), ("zstd;q=0, *", "gzip"), ("*", "gzip"), ("*;q=0", ""), ("*;q=0, gzip", "gzip"),
        ("gzip;q=0, *", ""), ("identity;q=0", ""), ("identity;q=1, gzip;q=0.5", ""), ("identity;q=0.5, gzip;q=1", "gzip"),
        ("identity, gzip", "gzip"), ("gzip;q=2", ""), ("gzip;q=1.001", ""), ("gzip;q=0.1234", ""), ("gzip;q=-1", ""), ("gzip;q=nan", ""),
        ("gzip;q=٣", ""), ("gzip; q = 0.3", "gzip"), ("gzip;Q=0", ""), (",,gzip,", "gzip"), ("x" * 5_000 + ",gzip", "gzip"), ("gzipped", ""),
    ],
)  # fmt: skip
def test_what_is_asked_for(asked: str | None, answered: str) -> None:
    """RFC 9110 section 12.5.3, case by case."""
    assert coding(asked) == answered


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(WEIGHTS)),
        max_size=6,
        unique_by=lambda one: one[0].lower().removeprefix("x-"),
    )
)
def test_never_what_is_refused(asked: list[tuple[str, str | None]]) -> None:
    """What is answered is wanted, and nothing that the hub has is wanted more."""
    header = ", ".join(name if weight is None else f"{name};q={weight}" for name, weight in asked)
    wanted = {name.lower().removeprefix("x-"): 1.0 if weight is None else float(weight) for name, weight in asked}
    found = coding(header)
    have = {"gzip": wanted.get("gzip", wanted.get("*", 0)), "zstd": wanted.get("zstd", 0)}
    best = max(have.values())
    if found:
        assert have[found] == best > 0
        assert best >= wanted.get("identity", 0)
    else:
        assert best == 0 or best < wanted["identity"]


@given(st.text(max_size=300))
def test_nothing_makes_it_fail(asked: str) -> None:
    """Whatever is sent."""
    assert coding(asked) in ("", "gzip", "zstd")


UNPACKED = {
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "": bytes,
}


@pytest.mark.parametrize("by", [zlib, isal_zlib], ids=lambda one: one.__name__)
@given(content=st.lists(st.binary(max_size=5_000), max_size=8))
def test_the_same_bytes(by: object, content: list[bytes]) -> None:
    """Whole and in pieces, by each library."""
    compress.gzip_by, before = by, compress.gzip_by
    try:
        for name in ("gzip", "zstd"):
            packer = compress.stream(name)
            pieces = b"".join([*map(packer.compress, content), packer.flush()])
            assert UNPACKED[name](pieces) == UNPACKED[name](compress.pack(name, b"".join(content))) == b"".join(content)
    finally:
        compress.gzip_by = before


async def raw(s, path: str, method: str = "GET", **headers: str):
    """The answer before the client unpacks it."""
    async with s.client.stream(method, path, headers=s.headers("ana", **headers)) as answer:
        return answer, b"".join([chunk async for chunk in answer.aiter_raw()])


@pytest.mark.parametrize("count", [5, 600])
async def test_a_page(sqlite_url: str, count: int) -> None:
    """Short ones at once, long ones in a thread: the same bytes, with the head that belongs to them, to HEAD too."""
    async with site(sqlite_url) as s:
        await s.post(*(indicator(number) for number in range(1, count + 1)))
        plain, body = await raw(s, OBJECTS, accept_encoding="identity")
        assert "content-encoding" not in plain.headers
        assert (len(body) > compress._LONG) == (count == 600)
        for asked, name in (("gzip", "gzip"), ("gzip, zstd", "zstd")):
            answer, packed = await raw(s, OBJECTS, accept_encoding=asked)
            assert answer.headers["content-encoding"] == name
            assert int(answer.headers["content-length"]) == len(packed) < len(body)
            assert UNPACKED[name](packed) == body
            head, _ = await raw(s, OBJECTS, "HEAD", accept_encoding=asked)
            assert dict(head.headers) == dict(answer.headers)
        for one in (plain, answer):
            assert one.headers["vary"] == "Authorization, Accept, Accept-Encoding"
            assert one.headers.get_list("vary") == [one.headers["vary"]]
            assert one.headers["content-type"] == "application/taxii+json;version=2.1"


async def test_what_is_short_is_left_alone(sqlite_url: str) -> None:
    """An empty poll, a refusal."""
    async with site(sqlite_url) as s:
        for path in (OBJECTS, "/taxii2/nowhere/"):
            answer, body = await raw(s, path, accept_encoding="gzip, zstd")
            assert "content-encoding" not in answer.headers
            assert answer.headers["vary"] == "Authorization, Accept"
            assert body.startswith(b"{")


async def test_the_console_never_twice(sqlite_url: str) -> None:
    """Its pages are packed by themselves or not at all."""
    async with site(sqlite_url) as s:
        answer, body = await raw(s, "/console/sign-in/", accept_encoding="gzip, zstd")
        assert answer.headers["content-encoding"] == "gzip"
        assert b"<html" in gzip.decompress(body)
        answer, body = await raw(s, "/console/sign-in/", accept_encoding="zstd")
        assert "content-encoding" not in answer.headers
        assert b"<html" in body


async def test_an_etag_says_that_the_bytes_are_others() -> None:
    """A strong one becomes a weak one; nothing happens to what has a coding, comes in pieces, or does not shrink."""

    async def answered(headers: list[tuple[bytes, bytes]], *bodies: bytes) -> tuple[dict[bytes, bytes], bytes]:
        async def app(scope, receive, send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for number, body in enumerate(bodies, 1):
                await send({"type": "http.response.body", "body": body, "more_body": number < len(bodies)})

        sent: list = []

        async def send(message) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/", "headers": [(b"accept-encoding", b"br"), (b"accept-encoding", b"gzip")]}
        await compress.Compressed(app)(scope, None, send)
        assert [one["type"] for one in sent] == ["http.response.start", *["http.response.body"] * len(bodies)]
        return dict(sent[0]["headers"]), b"".join(one["body"] for one in sent[1:])

    body, text = b"a" * 5_000, (b"content-type", b"text/plain")
    head, packed = await answered([text, (b"etag", b'"x"')], body)
    assert (head[b"etag"], head[b"vary"], gzip.decompress(packed)) == (b'W/"x"', b"Accept-Encoding", body)
    for kept, bodies in (
        ([text, (b"content-encoding", b"br")], [body]),
        ([text], [body, body]),
        ([(b"content-type", b"application/octet-stream")], [body]),
        ([(b"content-type", b"font/woff2")], [body]),
        ([text], [b""]),
    ):
        assert await answered(kept, *bodies) == (dict(kept), b"".join(bodies))


@pytest.mark.parametrize("asked", ["gzip", "zstd"])
async def test_a_list(sqlite_url: str, asked: str) -> None:
    """Packed as it is sent; whatever the coding, what the client has is not sent again."""
    async with site(sqlite_url) as s:
        await s.post(*(indicator(number) for number in range(1, 300)))
        path = "/exports/alpha/plain/ip.txt?documentation=true"
        plain, body = await raw(s, path, accept_encoding="identity")
        answer, packed = await raw(s, path, accept_encoding=asked)
        assert answer.headers["content-encoding"] == asked
        assert UNPACKED[asked](packed) == body
        assert len(body) > len(packed) > 0
        assert answer.headers["etag"] == plain.headers["etag"][:-1] + f'-{asked}"'
        for tag in (answer.headers["etag"], plain.headers["etag"], f"W/{answer.headers['etag']}"):
            again, nothing = await raw(s, path, accept_encoding=asked, if_none_match=tag)
            assert (again.status_code, nothing, again.headers["etag"]) == (304, b"", answer.headers["etag"])
