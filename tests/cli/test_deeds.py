"""The commands that act as an account on a running hub: what they say, what they print as JSON, and with which code they end."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.cli import main
from indicator_hub.cli.shell import show
from indicator_hub.sharing.enrol import enrol
from indicator_hub.sharing.submit import submit
from indicator_hub.store.migrate import migrate
from support.live import Hub
from support.marks import handling, marking
from support.paths import MIGRATIONS
from support.world import envelope, indicator, world

H1 = marking(1, **handling(handling="H1"))
GREEN, AMBER, RED, EXTRA, COURT, COPY = (indicator(number)["id"] for number in range(1, 7))
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A live hub with the usual world, in which `ana` has posted; and the tokens."""
    folder = tmp_path_factory.mktemp("hub")
    url = f"sqlite:///{folder / 'hub.db'}"

    async def furnish() -> dict[str, str]:
        await migrate(url, MIGRATIONS)
        async with world(url) as w:
            objects = [
                indicator(1, tlp="GREEN"), indicator(2, tlp="AMBER"), indicator(3, tlp="RED"), indicator(4, tlp="GREEN"), H1,
                indicator(5, object_marking_refs=[*indicator(5, tlp="GREEN")["object_marking_refs"], H1["id"]]),
                indicator(6, tlp="GREEN"),
            ]  # fmt: skip
            status = await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*objects))
            assert not any(detail.failed for detail in status.details)
            _, reader = await enrol(w.store, "reader", organisation="xb-cert", kind="service", scopes=["read"])
            return w.tokens | {"reader": reader}

    tokens = asyncio.run(furnish())
    with Hub(url, folder / "data") as serving:
        yield serving.url, tokens


@pytest.fixture
def run(hub: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as an account. Returns code, output, errors: every refusal is one paragraph."""

    def act(account: str, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setenv("INDICATOR_HUB_URL", hub[0])
        monkeypatch.setenv("INDICATOR_HUB_TOKEN", hub[1].get(account, ""))
        monkeypatch.setattr(sys, "argv", ["indicator-hub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
            sys.exit(0)
        code, said = int(done.value.code or 0), capsys.readouterr()
        assert len(said.err.strip().splitlines()) == (code != 0), said.err
        return code, said.out, said.err

    return act


def told(run: Run, account: str, *arguments: object) -> Any:
    """What a command prints as JSON."""
    code, out, err = run(account, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_what_may_i_see(run: Run) -> None:
    """`access` tells groups, roles and rights in lines and in JSON."""
    code, out, _ = run("bea", "access")
    assert out.startswith("bea (person; manage, read, submit) of xb-cert, XB\n")
    assert (code, "alpha: reads up to TLP:AMBER+STRICT, as member" in out, "main (rw) to TLP:RED" in out) == (
        0,
        True,
        True,
    )
    assert [one["name"] for one in told(run, "bea", "access")["groups"]] == ["alpha", "night", "public"]


def test_who_sees(run: Run, tmp_path: Path) -> None:
    """Before an object is posted and after; one's own file that cannot be read is said so."""
    code, out, _ = run("ana", "who-sees", "alpha/main", AMBER)
    assert code == 0
    assert "sees    xb-cert (XB, member), persons (1): TLP:AMBER is within what a member reads" in out
    assert "does not xb-soc (XB, observer), persons (1): it is above what this role reads" in out
    file = tmp_path / "new.json"
    file.write_bytes(envelope(indicator(9, tlp="RED")))
    (foreseen,) = told(run, "ana", "who-sees", "alpha/main", "--file", file)["items"]
    assert (foreseen["outcome"], foreseen["level"]) == ("new", "TLP:RED")
    assert run("ana", "own", indicator(9)["id"])[0] == 5, "nothing was stored"
    code, _, err = run("dan", "who-sees", "alpha/main", AMBER)
    assert (code, "indicator-hub access" in err) == (5, True), "it is above what dan reads"
    file.write_text('{"type": "indicator"}')
    assert run("ana", "who-sees", "alpha/main", "--file", file)[0] == 4, "JSON, but no envelope"
    assert run("ana", "who-sees", "alpha/main", "--file", tmp_path / "none")[0] == 4
    assert run("ana", "who-sees", "alpha", AMBER)[0] == 4
    assert run("ana", "who-sees", "alpha/main")[0] == 4


def test_withdraw_and_own_record(run: Run) -> None:
    """Withdrawn by its originator; nobody else may (10), and nobody does it twice (6)."""
    code, _, err = run("bea", "withdraw", "alpha/main", EXTRA)
    assert (code, "indicator-hub access" in err) == (10, True)
    assert "Withdrawn" in run("ana", "withdraw", "alpha/main", EXTRA)[1]
    assert run("ana", "withdraw", "alpha/main", EXTRA)[0] == 6
    assert [one["revoked"] for one in told(run, "ana", "own", EXTRA)["items"]] == [False, True]
    assert EXTRA in run("ana", "own")[1]
    assert run("bea", "own", EXTRA)[0] == 5
    assert run("ana", "own", "--state", "lost")[0] == run("ana", "own", EXTRA, "--state", "held")[0] == 4


def test_recall_and_its_list(run: Run) -> None:
    """Taken back by its originator; who had it is told and acknowledges; brought back by a person."""
    assert run("bea", "evidence", "alpha/main", GREEN, "--purpose", "Case 12")[0] == 0
    assert run("dan", "recall", GREEN, "--from", "alpha/main")[0] == 10
    assert run("ana", "recall", GREEN, "--reason", "because")[0] == 4
    (made,) = told(run, "ana", "recall", GREEN, "--from", "alpha/main", "--reason", "wrong_marking")["recalls"]
    assert made["id"] in run("bea", "recalls")[1]
    assert set(told(run, "bea", "recalls")) == {"items", "more", "since"}
    assert told(run, "bea", "recalls", "--since", "2099-01-01T00:00:00Z")["items"] == []
    assert run("bea", "recalls", "--since", "yesterday")[0] == 4
    assert run("dan", "recalls")[1].startswith("Nothing.\nThe next time: --since 20")
    assert "xb-cert: not acknowledged" in run("ana", "recalls", "--issued")[1]
    assert "Acknowledged" in run("bea", "acknowledge", made["id"])[1]
    assert run("dan", "acknowledge", made["id"])[0] == 5
    assert "xb-cert: 20" in run("ana", "recalls", "--issued")[1]
    assert told(run, "ana", "own", "--state", "recalled")["items"][0]["object"] == GREEN
    assert run("bea", "reissue", "alpha/main", GREEN)[0] == 5
    assert "Shared again" in run("ana", "reissue", "alpha/main", GREEN)[1]
    assert len(told(run, "ana", "recall", GREEN)["recalls"]) == 1, "from one's own record"


def test_release_and_evidence_wait_for_consent(run: Run, tmp_path: Path) -> None:
    """409 is a conflict (6), and what to do about it is said; asked, granted, done, withdrawn."""
    code, _, err = run("bea", "evidence", "alpha/main", COURT, "--purpose", "Case 12")
    assert (code, "ask for it" in err) == (6, True)
    asked = told(run, "bea", "consent", "ask", "alpha/main", COURT, "--purpose", "Case 12")
    assert asked["id"] in run("ana", "consent", "list", "--state", "asked")[1]
    assert "granted" in run("ana", "consent", "grant", asked["id"])[1]
    output = tmp_path / "object.json"
    code, out, _ = run("bea", "evidence", "alpha/main", COURT, "--purpose", "Case 12", "-o", output)
    assert (code, "sha256:" in out, json.loads(output.read_bytes())["id"]) == (0, True, COURT)
    assert run("bea", "consent", "withdraw", asked["id"])[0] == 10
    assert "withdrawn" in run("ana", "consent", "withdraw", asked["id"])[1]
    refused = told(run, "bea", "consent", "ask", "alpha/main", AMBER, "--purpose", "x", "--to", "night")
    assert run("bea", "consent", "ask", "alpha/main", AMBER, "--purpose", "x", "--to", "night")[0] == 6, "asked already"
    assert run("bea", "consent", "grant", refused["id"])[0] == 10
    assert run("dan", "consent", "refuse", refused["id"])[0] == 5
    assert "refused" in run("ana", "consent", "refuse", refused["id"])[1]
    assert run("ana", "consent", "list", "--state", "maybe")[0] == 4
    assert run("bea", "release", "alpha/main", AMBER, "night/case")[0] == 10, "it may not write there"


def test_a_copy_that_is_not_taken_is_refused(run: Run) -> None:
    """Released where it may go; above the ceiling there the status says why, which is a refusal also with --json."""
    assert run("ana", "release", "alpha/main", COPY, "alpha/other")[1].startswith(f"Released: {COPY}")
    code, out, err = run("ana", "release", "alpha/main", AMBER, "alpha/other")
    assert (code, out, err.startswith("Refused: this collection takes nothing above")) == (1, "", True)
    code, out, err = run("ana", "release", "alpha/main", AMBER, "alpha/other", "--json")
    assert (code, json.loads(out)["failure_count"], err.startswith("Refused: ")) == (1, 1, True)


def test_an_export_that_could_not_be_written_is_not_asked_for(run: Run, tmp_path: Path) -> None:
    """An export is recorded, and so the file is looked at first."""
    for output in (tmp_path, tmp_path / "none" / "object.json"):
        code, out, err = run("bea", "evidence", "alpha/main", COPY, "--purpose", "Case 12", "-o", output)
        assert (code, out, "--output" in err) == (4, "", True)
    (tmp_path / "kept").write_text("kept")
    assert run("dan", "evidence", "alpha/main", AMBER, "--purpose", "Case 12", "-o", tmp_path / "kept")[0] == 5
    assert (tmp_path / "kept").read_text() == "kept"


def test_a_partners_words_do_not_move_the_cursor(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What a partner wrote is shown on its line, without what a terminal would obey; the hub takes no such thing either."""
    ask = ("consent", "ask", "alpha/main", COPY, "--to", "night", "--purpose")
    assert run("bea", *ask, "Case\x1b[2J 12")[0] == 4
    asked = told(run, "bea", *ask, "Case\n 12")
    _, out, _ = run("ana", "consent", "list", "--json")
    assert (out.isascii(), json.loads(out)["items"][0]["purpose"]) == (True, asked["purpose"])
    (line,) = (line for line in run("ana", "consent", "list")[1].splitlines() if asked["id"] in line)
    assert line.endswith(": Case\N{REPLACEMENT CHARACTER} 12")
    show({}, lambda: ["a\x1b[2J\x9b2Jb"], as_json=False)
    assert capsys.readouterr().out == "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}2Jb\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("recall", COPY, "--from", ""), ("recall", COPY, "--version", ""), ("recall", ""), ("own", ""), ("who-sees", "alpha/main", ""),
        ("reissue", "alpha/main", COPY, "--version", ""), ("release", "alpha/main", COPY, "night/case", "--version", ""),
        ("evidence", "alpha/main", COPY, "--purpose", "Case 12", "--version", ""), ("recalls", "--since", ""), ("own", "--state", ""),
        ("consent", "ask", "alpha/main", COPY, "--purpose", "Case 12", "--to", ""), ("consent", "list", "--state", ""),
        ("name", "propose", "alpha", "ana", "--from", ""), ("name", "propose", "alpha", "ana", "--until", ""),
    ],
)  # fmt: skip
def test_an_empty_option_does_not_widen_what_is_asked(run: Run, arguments: tuple[str, ...]) -> None:
    """A variable of a script that is empty: refused, and nothing is done."""
    code, _, err = run("ana", *arguments)
    assert (code, bool(err)) == (4, True)
    assert run("ana", "own", COPY)[1].count(" shared ") >= 1


def test_names_and_accounts(run: Run) -> None:
    """Put forward, confirmed, listed, ended; an account of one's own suspended and back."""
    assert "is proposed" in run("bea", "name", "propose", "alpha", "bea")[1]
    assert run("bea", "name", "propose", "alpha", "ana")[0] == 5, "another organisation's person"
    assert run("bea", "name", "confirm", "alpha", "bea")[0] == 10
    assert "is named, from 20" in run("ana", "name", "confirm", "alpha", "bea")[1]
    assert told(run, "ana", "name", "list", "alpha")["items"][0]["account"] == "bea"
    assert "reads up to TLP:RED, as member, named for TLP:RED" in run("bea", "access")[1]
    assert run("dan", "name", "end", "alpha", "bea")[0] == run("eve", "name", "list", "alpha")[0] == 5
    assert run("bea", "name", "end", "alpha", "bea")[0] == 0
    assert "Nobody" in run("ana", "name", "list", "alpha")[1]
    assert "bbot (service; manage, read, submit)" in run("bea", "account", "list")[1]
    assert run("ana", "account", "suspend", "bbot")[0] == run("ana", "account", "reinstate", "bbot")[0] == 5
    assert run("reader", "account", "list")[0] == 10, "its scopes leave out manage"
    assert "suspended" in run("bea", "account", "suspend", "bbot")[1]
    code, _, err = run("bbot", "access")
    assert (code, "INDICATOR_HUB_TOKEN" in err) == (9, True)
    assert run("bea", "account", "reinstate", "bbot")[0] == run("bbot", "access")[0] == 0


def test_an_operations_report(run: Run) -> None:
    """For its steward, and nobody else."""
    assert run("eve", "report", "night")[1].startswith("Night (running): a case")
    assert run("bea", "report", "night")[0] == 5
