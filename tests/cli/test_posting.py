"""Post and sight on a live hub: what is told before, what is there afterwards, what is refused, and with which code it ends."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.cli import main
from indicator_hub.cli.door import LARGEST, envelopes
from indicator_hub.stix.markings import TLP_IDS
from indicator_hub.store.migrate import migrate
from support.live import Hub
from support.paths import MIGRATIONS
from support.world import MAIN, indicator, world

Run = Callable[..., tuple[int, str, str]]
ALLOW = "--allow-documentation"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A live hub with the usual world, and the tokens."""
    folder = tmp_path_factory.mktemp("hub")
    url = f"sqlite:///{folder / 'hub.db'}"

    async def furnish() -> dict[str, str]:
        await migrate(url, MIGRATIONS)
        async with world(url) as w:
            return w.tokens

    tokens = asyncio.run(furnish())
    with Hub(url, folder / "data") as serving:
        yield serving.url, tokens


@pytest.fixture
def run(hub: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as an account. Returns code, output, errors: nothing that a terminal obeys is among them."""

    def act(account: str, *arguments: object, env: bool = True) -> tuple[int, str, str]:
        monkeypatch.setenv("INDICATOR_HUB_URL", hub[0] if env else "")
        monkeypatch.setenv("INDICATOR_HUB_TOKEN", hub[1][account])
        monkeypatch.setattr(sys, "argv", ["indicator-hub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
            sys.exit(0)
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err
        return int(done.value.code or 0), said.out, said.err

    return act


def told(run: Run, account: str, *arguments: object, code: int = 0) -> list[Any]:
    """The lines of JSON that a command prints."""
    ended, out, err = run(account, *arguments, "--json")
    assert ended == code, err
    return [json.loads(line) for line in out.splitlines()]


def kept(run: Run, account: str, identifier: str) -> list[Any]:
    """An organisation's own versions of an object, read, in their order."""
    (page,) = told(run, account, "own", identifier)
    return [json.loads(base64.b64decode(one["bytes"])) for one in page["items"]]


def test_values_are_shown_posted_and_posted_again(run: Run) -> None:
    """A dry run tells who would see it and stores nothing; what is no value is told of; the second post is a version of the first."""
    values = ("198.51.100[.]7", "10.0.0.1")
    code, out, err = run("ana", "post", "alpha/main", *values, ALLOW, "--dry-run", "--level", "green")
    assert (code, "sees    xb-soc (XB, observer)" in out, "refused  non_global  10.0.0.1" in out) == (0, True, True)
    assert err == "1 would be posted, 1 refused. Nothing is posted: it was a dry run.\n"
    refused, posted = told(run, "ana", "post", "alpha/main", *values, ALLOW, "--level", "green", "--label", "c2")
    assert (refused["reason"], refused["row"]) == ("non_global", 2)
    assert {name: posted[name] for name in ("outcome", "level", "value", "again")} == {
        "outcome": "posted", "level": "TLP:GREEN", "value": "198.51.100.7", "again": False,
    }  # fmt: skip
    (again,) = told(run, "ana", "post", "alpha/main", "198.51.100.7", ALLOW, "--level", "green", "--confidence", 80)
    first, second = kept(run, "ana", posted["object"])
    assert (again["object"], again["again"]) == (posted["object"], True)
    assert (first["created"], second["confidence"]) == (second["created"], 80)
    assert first["indicator_types"] == ["malicious-activity"]


def test_the_collection_says_how_far_and_a_submitter_may_post_again(run: Run) -> None:
    """Without --level at the collection's own; who reads only its own still finds the version before."""
    (posted,) = told(run, "gus", "post", f"alpha/{MAIN}", "a.example", ALLOW)
    assert posted["level"] == "TLP:AMBER"
    (again,) = told(run, "gus", "post", "alpha/main", "a.example", ALLOW)
    assert (again["object"], again["again"]) == (posted["object"], True)


def test_after_a_withdrawal_the_value_begins_anew(run: Run) -> None:
    """It was wrong, and now it is right: another object."""
    (posted,) = told(run, "ana", "post", "alpha/main", "198.51.100.8", ALLOW)
    assert run("ana", "withdraw", "alpha/main", posted["object"])[0] == 0
    (anew,) = told(run, "ana", "post", "alpha/main", "198.51.100.8", ALLOW)
    assert (anew["outcome"], anew["again"], anew["object"] == posted["object"]) == ("posted", False, False)


def test_what_is_found_in_a_text_waits_for_a_yes(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail may name the innocent, and it says itself how far it may go."""
    mail = tmp_path / "mail.eml"
    mail.write_text("From: a@cert.example\nSubject: [TLP:RED] new\n\nWe saw 203.0.113[.]99 at b[.]example.\n")
    code, out, err = run("ana", "post", "alpha/main", "--file", mail, ALLOW)
    assert (code, out.count("would be posted  TLP:RED"), "--yes" in err) == (4, 3, True)
    assert run("ana", "post", "alpha/main", "--file", mail, ALLOW, "--level", "green")[0] == 4
    with mail.open() as body:
        monkeypatch.setattr("sys.stdin", body)
        posted = told(run, "ana", "post", "alpha/main", "-", ALLOW, "--yes")
    assert [(one["outcome"], one["level"], one["type"]) for one in posted] == [
        ("posted", "TLP:RED", kind) for kind in ("email-addr", "ipv4-addr", "domain-name")
    ]
    listed = tmp_path / "list.txt"
    listed.write_text("# a list\n203.0.113.1\nnonsense\n")
    assert run("ana", "post", "alpha/main", "--file", listed, ALLOW, "--strict")[0] == 4
    assert len(told(run, "ana", "post", "alpha/main", "--file", listed, ALLOW)) == 2, "a list means its values"


def test_stix_passes_as_it_is(run: Run, tmp_path: Path) -> None:
    """Byte for byte; what the hub refuses is told of each, and ends with a code; nothing is said of it by options."""
    spaced = json.dumps(indicator(71, tlp="GREEN"), indent=3).encode()
    file = tmp_path / "bundle.json"
    file.write_bytes(b'{"type":"bundle","id":"bundle--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10","objects":[' + spaced + b',{"type":"indicator"}]}')  # fmt: skip
    assert run("ana", "post", "alpha/main", "--file", file, "--level", "red")[0] == 4
    (good, bad) = told(run, "ana", "post", "alpha/main", "--file", file, code=1)
    assert (good["outcome"], bad["outcome"], bad["object"]) == ("posted", "failed", "number 2")
    (page,) = told(run, "ana", "own", good["object"])
    assert base64.b64decode(page["items"][0]["bytes"]) == spaced


def test_sightings_and_false_positives_go_as_far_as_the_object(run: Run) -> None:
    """A sighting, or an opinion, with the marks of what it speaks of; what is not there is not spoken of."""
    (posted,) = told(run, "ana", "post", "alpha/main", "203.0.113.50", ALLOW, "--level", "green")
    seen = ("sight", "alpha/main", posted["object"])
    (status,) = told(run, "bea", *seen, "--count", 3, "--last-seen", "2026-11-26", "--note", "At the gate.")
    (sighting,) = kept(run, "bea", status["successes"][0]["id"])
    assert (sighting["count"], sighting["last_seen"], sighting["description"]) == (3, "2026-11-26T00:00:00Z", "At the gate.")  # fmt: skip
    assert sighting["object_marking_refs"] == [TLP_IDS["GREEN"]]
    (status,) = told(run, "bea", *seen, "--false-positive", "--level", "red")
    (opinion,) = kept(run, "bea", status["successes"][0]["id"])
    assert (opinion["opinion"], opinion["object_marking_refs"]) == ("strongly-disagree", [TLP_IDS["RED"]])
    assert run("bea", *seen, "--false-positive", "--count", 2)[0] == 4
    assert run("bea", "sight", "alpha/main", indicator(72)["id"])[0] == 5
    assert run("dan", *seen)[0] == 10, "an observer writes nothing"


def test_what_was_posted_is_found(run: Run, tmp_path: Path) -> None:
    """By its value in any spelling, by whoever sees it; and among a list, with what is not known and what is no value."""
    (posted,) = told(run, "ana", "post", "alpha/main", "203.0.113.78", ALLOW, "--level", "green")
    (hit,) = told(run, "dan", "search", "203.0.113[.]78")
    assert (hit["object"], hit["level"], hit["originator"]) == (posted["object"], "TLP:GREEN", "xa-cert")
    assert run("eve", "search", "203.0.113.78")[:2] == (0, "Nothing.\n")
    file = tmp_path / "list.txt"
    file.write_text("203.0.113[.]78\nunknown.example\n10.0.0.1\n")
    code, out, err = run("dan", "search", "--list", file)
    assert (code, err, posted["object"] in out) == (0, "1 known, 1 unknown, 1 refused.\n", True)


def test_what_was_posted_is_exported(run: Run, tmp_path: Path) -> None:
    """What lists there are, by the names that are asked for; a list is fetched again only if something has changed."""
    (posted,) = told(run, "ana", "post", "alpha/main", "203.0.113.77", ALLOW, "--level", "green", "--confidence", 90)
    assert posted["outcome"] == "posted"
    assert "edl/ip.txt" in run("dan", "export", "alpha")[1].splitlines()
    file, tag = tmp_path / "ip.txt", tmp_path / "etag"
    asked = ("export", "alpha/main", "edl/ip.txt", "--set", "documentation=true", "-o", file, "--etag", tag)
    assert run("dan", *asked, "--confidence", 90) == (0, "", "")
    assert file.read_text() == "203.0.113.77\n"
    (again,) = told(run, "dan", *asked, "--confidence", 90)
    assert (again["changed"], file.read_text()) == (False, "203.0.113.77\n")
    assert run("dan", *asked, "--kind", "nonsense")[0] == 4
    assert run("dan", "export", "alpha", "edl/none.txt")[0] == run("eve", "export", "alpha", "edl/ip.txt")[0] == 5


def test_what_is_wrong_is_said_before_anybody_is_asked(run: Run) -> None:
    """One paragraph, and a code of its own."""
    post = ("post", "alpha/main")
    for arguments in ((), ("nonsense",), ("1.1.1.1", "--confidence", 101), ("1.1.1.1", "--level", "blue"), ("-", "--as", "pdf"), ("1.1.1.1", "--valid-until", "soon")):  # fmt: skip
        code, _, err = run("ana", *post, *arguments)
        assert (code, len(err.splitlines())) == (4, 1), (arguments, err)
    assert run("ana", "post", "alpha/none", "1.1.1.1")[0] == 5
    assert run("dan", *post, "1.1.1.1")[0] == 10
    assert run("ana", *post, "1.1.1.1", env=False)[0] == 3


def test_envelopes_are_of_bounded_size_and_lose_nothing() -> None:
    """In order, cut by number and by bytes; one that is too large goes alone."""
    small, large = b'{"a":1}', b'"' + b"x" * LARGEST + b'"'
    cut = list(envelopes([small] * 5 + [large, small], most=2))
    assert [len(part) for part, _ in cut] == [2, 2, 1, 1, 1]
    assert [one for part, _ in cut for one in part] == [small] * 5 + [large, small]
    assert json.loads(cut[0][1]) == {"objects": [{"a": 1}, {"a": 1}]}


@pytest.mark.parametrize(
    ("line", "offered"),
    [("indicator-hub s", {"search", "serve", "sight", "suspend"}), ("indicator-hub post a/b --level am", {"amber", "amber+strict"})],
)  # fmt: skip
def test_completion_knows_commands_and_words(line: str, offered: set[str]) -> None:
    """As the lines that --install-completion writes ask for it."""
    asked = {"_INDICATOR_HUB_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    program = Path(sys.executable).with_name("indicator-hub")
    done = subprocess.run([program], env=os.environ | asked, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered
