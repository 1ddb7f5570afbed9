"""How the commands ask a hub: once, or once more under the same key; what they say where no hub answers as one; whence the token comes."""

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.cli import main

PROBLEM = {"Content-Type": "application/problem+json"}
WITHDRAW = ("withdraw", "alpha/main", "indicator--1")
DONE = {"failure_count": 0, "successes": [{"id": "indicator--1", "version": "v"}]}
Reply = tuple[int, Mapping[str, str], bytes] | None
"""None: the connection breaks."""
Run = Callable[..., tuple[int, str, str]]


class Stub(HTTPServer):
    """Answers with what it was given, one after the other, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, str | None, str | None]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def keys(self) -> list[str | None]:
        """The Idempotency-Key of each request."""
        return [key for _, _, key, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in the standard library
        """Nothing."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key, credential = self.headers.get("Idempotency-Key"), self.headers.get("Authorization")
        self.server.asked.append((self.command, self.path, key, credential))
        reply = self.server.replies.pop(0)
        if reply is not None:
            status, headers, body = reply
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names the standard library looks for


def says(status: int, told: Mapping[str, Any] | None = None, **headers: str) -> Reply:
    """A reply with JSON; a refusal is a problem."""
    if told is None:
        told = {"type": "urn:x", "title": "Refused.", "status": status}
    return (
        status,
        PROBLEM | {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps(told).encode(),
    )


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A hub of which every answer is set."""
    with Stub() as made:
        serving = threading.Thread(target=made.serve_forever, args=(0.01,))
        serving.start()
        yield made
        made.shutdown()
        serving.join()


@pytest.fixture
def run(stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command against these replies. Returns code, output, errors."""
    monkeypatch.setenv("INDICATOR_HUB_URL", stub.url)
    monkeypatch.setenv("INDICATOR_HUB_TOKEN", "ihub_one")

    def act(replies: list[Reply], *arguments: object) -> tuple[int, str, str]:
        stub.asked.clear()
        stub.replies[:] = replies
        monkeypatch.setattr(sys, "argv", ["indicator-hub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
            sys.exit(0)
        said = capsys.readouterr()
        assert not stub.replies, "it was asked less often"
        return int(done.value.code or 0), said.out, said.err

    return act


@pytest.mark.parametrize("first", [None, says(503, Retry_After="0")])
def test_a_deed_is_asked_for_once_more_under_the_same_key(stub: Stub, run: Run, first: Reply) -> None:
    """The connection breaks, or the hub names a wait: the same key again, and so it is done once. Another command has another key."""
    code, out, err = run([first, says(200, DONE)], *WITHDRAW)
    assert (code, out, err) == (0, "Withdrawn: indicator--1, version v.\n", "")
    assert (len(stub.keys), len(set(stub.keys)), stub.keys[0] is None) == (2, 1, False)
    before = stub.keys[0]
    run([says(200, DONE)], *WITHDRAW)
    assert before not in stub.keys


def test_it_is_not_asked_a_third_time(run: Run) -> None:
    """Once more, and no oftener; then what may have happened is said."""
    code, _, err = run([None, None], *WITHDRAW)
    assert (code, "may have done" in err, "ihub_one" in err) == (8, True, False)
    assert run([says(503, Retry_After="0"), says(503, Retry_After="0")], *WITHDRAW)[0] == 8
    assert run([None, None], "access")[0] == 8


@pytest.mark.parametrize("wait", ["600", "1" * 9, "Fri, 27 Nov 2026 00:00:00 GMT", "-1", "soon", ""])
def test_no_other_wait_is_kept(run: Run, wait: str) -> None:
    """Longer than somebody at a shell waits, a date, nonsense: it is said at once that it is to be asked again later."""
    code, _, err = run([says(503, Retry_After=wait)], *WITHDRAW)
    assert (code, err) == (8, "Refused. Ask again later.\n")


def test_an_end_that_may_have_come_is_not_asked_for_again(run: Run) -> None:
    """A DELETE has no key: asked again after it was done, it would be told that there is no such thing."""
    code, _, err = run([None], "name", "end", "alpha", "bea")
    assert (code, "look before you ask again" in err) == (8, True)


def test_a_list_is_walked_to_its_end(stub: Stub, run: Run) -> None:
    """Page after page by `next`; as JSON it is one page, with the `since` of the first, since when nothing can have been missed."""
    pages = [
        says(200, {"items": [1], "more": True, "next": "a b&c", "since": "first"}),
        says(200, {"items": [2], "more": True, "next": "d", "since": "second"}),
        says(200, {"items": [3], "more": False, "since": "third"}),
    ]
    _, out, _ = run(pages, "recalls", "--since", "2026-11-23T12:00:00Z", "--json")
    assert json.loads(out) == {"items": [1, 2, 3], "more": False, "since": "first"}
    since = "since=2026-11-23T12%3A00%3A00Z"
    assert [path.partition("?")[2].replace("+", "%20") for _, path, _, _ in stub.asked] == [
        since,
        f"{since}&next=a%20b%26c",
        f"{since}&next=d",
    ]


@pytest.mark.parametrize(
    ("reply", "code", "says_so"),
    [
        (says(401), 9, "INDICATOR_HUB_TOKEN"),
        (says(403), 10, "indicator-hub access"),
        (says(404), 5, "indicator-hub access"),
        (says(409, {"type": "x", "title": "T", "detail": "Ask for it."}), 6, "Ask for it."),
        (says(413), 4, "Refused."),
        (says(414, {"title": "T", "description": "Shorter.", "http_status": "414"}), 4, "Shorter."),
        (says(422), 4, "Refused."),
        (says(429), 8, "later"),
        (says(500, {"type": "x", "title": "Internal error.", "instance": "urn:uuid:1"}), 1, "urn:uuid:1"),
        ((502, {}, b"<html>"), 8, "answers 502"),
        ((200, {}, b"<html>"), 4, "is no indicator-hub"),
        ((301, {"Location": "https://elsewhere.example/"}, b""), 4, "is no indicator-hub"),
        (says(404, {"title": "There is no such resource.", "http_status": "404"}), 4, "without a path"),
        (says(404, {"detail": "Not Found"}), 4, "without a path"),
    ],
)  # fmt: skip
def test_what_a_refusal_says(run: Run, reply: Reply, code: int, says_so: str) -> None:
    """One paragraph with what to do next, and a code by the status; also where something else than a hub answers."""
    found, out, err = run([reply], *WITHDRAW)
    assert (found, out, says_so in err, len(err.splitlines())) == (code, "", True, 1), err


def test_whence_the_token_comes(stub: Stub, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file before the environment, and never from the command line, where whoever lists processes would read it."""
    (tmp_path / "token").write_text("ihub_two\n")
    run([says(401)], "access", "--token-file", tmp_path / "token")
    run([says(401)], "access")
    assert stub.asked[0][3] == "Bearer ihub_one"
    monkeypatch.setenv("INDICATOR_HUB_TOKEN", "")
    run([says(401)], "access", "--token-file", tmp_path / "token")
    assert stub.asked[0][3] == "Bearer ihub_two"
    code, _, err = run([], "access", "--token", "ihub_two")
    assert (code, "No such option" in err) == (2, True)
    code, _, err = run([], "access")
    assert (code, "INDICATOR_HUB_TOKEN" in err) == (3, True)


def test_a_token_file_that_cannot_be_read(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absent, a folder, another user's, no text, empty, not one token: what to do is said, and nothing is sent."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("ihub_one\nihub_two\n")
    (tmp_path / "ours").write_text("ihub_one\n")
    monkeypatch.delenv("INDICATOR_HUB_TOKEN")
    for name, says_so in (
        ("none", "indicator-hub enrol"), (".", "Name the file in it"), ("bytes", "no file of text"), ("empty", "--token-file"),
        ("two", "one line"),
    ):  # fmt: skip
        code, _, err = run([], "access", "--token-file", tmp_path / name)
        assert (code, says_so in err, len(err.splitlines())) == (3, True, 1), err

    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    code, _, err = run([], "access", "--token-file", tmp_path / "ours")
    assert (code, "this user may not read it" in err) == (3, True)


def test_no_hub_is_there(run: Run) -> None:
    """Nobody listens, or no address: it is said so."""
    for url, code, says_so in (
        ("http://127.0.0.1:9", 8, "Is it running there?"), ("hub.example", 3, "INDICATOR_HUB_URL"), ("", 3, "INDICATOR_HUB_URL"),
        ("http://[", 8, "Is it running there?"),
    ):  # fmt: skip
        for command in (("access",), WITHDRAW):
            found, _, err = run([], *command, "--hub", url)
            assert (found, says_so in err, len(err.splitlines())) == (code, True, 1), err


FOREIGN = ("--user", "us", "--level", "green", "--allow-documentation")
INDICATOR = "indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10"


def test_a_foreign_server_is_spoken_to_as_the_standard_says(stub: Stub, run: Run, tmp_path: Path) -> None:
    """Any TAXII 2.1 server: what is there of the value is asked, a status that is pending is followed, and its failures are ours."""
    secret = tmp_path / "token"
    secret.write_text("theirs\n")
    place = f"{stub.url.replace('127.0.0.1', 'localhost')}/api1/collections/c1/"
    status = {
        "id": "s1",
        "status": "pending",
        "total_count": 1,
        "success_count": 0,
        "failure_count": 0,
        "pending_count": 1,
    }
    nothing, pending = says(404, {"title": "nothing"}), says(202, status)
    ended = says(200, status | {"status": "complete", "failure_count": 1, "failures": [{"id": "x", "message": "no"}]})
    code, out, err = run(
        [nothing, pending, ended], "post", place, "198.51.100.7", *FOREIGN, "--token-file", secret, "--wait", "1"
    )
    assert (code, "failed" in out, "Refused: no." in err) == (1, True, True)
    paths = [path.partition("?")[0] for _, path, _, _ in stub.asked]
    assert paths == ["/api1/collections/c1/objects/", "/api1/collections/c1/objects/", "/api1/status/s1/"]
    basic = "Basic " + base64.b64encode(b"us:theirs").decode()
    assert {credential for _, _, _, credential in stub.asked} == {basic}
    # Lists of a status are optional: the counts tell.
    done = says(202, status | {"status": "complete", "success_count": 1, "pending_count": 0})
    assert "posted" in run([nothing, done], "post", place, "198.51.100.7", *FOREIGN, "--token-file", secret)[1]
    code, _, err = run([], "post", place, "198.51.100.7", *FOREIGN)
    assert (code, "--token-file" in err) == (3, True), "the token of one hub is not sent to another"
    assert run([], "post", place, "198.51.100.7", "--level", "green", "--token-file", secret)[0] == 4, "whose is it?"


def test_a_search_goes_to_the_end_and_a_list_is_looked_up(stub: Stub, run: Run) -> None:
    """Page after page, one line each, so many at most; several values are a list."""

    def hit(number: int) -> dict[str, Any]:
        return {"object": f"{INDICATOR}{number}", "group": "alpha", "collection": "main", "level": "TLP:GREEN"}

    pages = [
        says(200, {"items": [hit(1), hit(2)], "more": True, "next": "n"}),
        says(200, {"items": [hit(3)], "more": False}),
    ]
    code, out, _ = run(pages, "search", "night", "heron", "--valid", "valid", "--json")
    assert (code, [json.loads(line)["object"] for line in out.splitlines()]) == (
        0,
        [f"{INDICATOR}{number}" for number in (1, 2, 3)],
    )
    assert [path for _, path, _, _ in stub.asked] == [
        "/api/v1/search/?q=night+heron&valid=valid", "/api/v1/search/?q=night+heron&valid=valid&next=n",
    ]  # fmt: skip
    assert len(run(pages[:1], "search", "x", "--limit", "1")[1].splitlines()) == 1
    assert run([says(200, {"items": [], "more": False})], "search", "x")[1] == "Nothing.\n"
    found = {"raw": "a", "kind": "domain-name", "value": "a.example", "hits": [hit(1)]}
    items = [
        found,
        {"raw": "b", "kind": "domain-name", "value": "b.example", "hits": []},
        {"raw": "c", "refused": "syntax"},
    ]
    code, out, err = run([says(200, {"items": items})], "search", "a[.]example", "b.example")
    assert (code, err, out.splitlines()[0]) == (
        0,
        "1 known, 1 unknown, 1 refused.\n",
        "known     domain-name   a.example",
    )
    assert run([], "search", "a.example", "b.example", "--valid", "all")[0] == 4


def test_an_export_is_whole_or_not_there(stub: Stub, run: Run, tmp_path: Path) -> None:
    """Asked for once more only if something changed; what breaks off leaves the file before as it is."""
    file, tag = tmp_path / "ip.txt", tmp_path / "etag"
    asked = (
        "export",
        "alpha/main",
        "edl/ip.txt",
        "--kind",
        "ipv4-addr",
        "--set",
        "wildcard=true",
        "-o",
        file,
        "--etag",
        tag,
    )
    code, out, err = run([(200, {"ETag": '"one"'}, b"192.0.2.1\n")], *asked)
    assert (code, out, err, file.read_bytes(), tag.read_text()) == (0, "", "", b"192.0.2.1\n", '"one"\n')
    assert stub.asked[0][1] == "/exports/alpha/collections/main/edl/ip.txt?kind=ipv4-addr&wildcard=true"
    code, out, _ = run([(304, {"ETag": '"one"'}, b"")], *asked, "--json")
    assert (code, json.loads(out)["changed"], file.read_bytes()) == (0, False, b"192.0.2.1\n")
    assert run([None], *asked)[0] == 8
    code, _, err = run(
        [says(400, {"type": "urn:x", "title": "No.", "status": 400, "detail": "kind is not known."})], *asked
    )
    assert (code, err, sorted(one.name for one in tmp_path.iterdir())) == (
        4,
        "kind is not known.\n",
        ["etag", "ip.txt"],
    )
    assert (
        run([], "export", "alpha", "edl/ip.txt", "--json")[0]
        == run([], *asked[:-4], "-o", tmp_path / "no" / "x")[0]
        == 4
    )
