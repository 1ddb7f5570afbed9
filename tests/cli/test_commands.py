"""The shell: what an operator types, and what is said when it cannot be done: one paragraph, a code, nothing half-done."""

import io
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indicator_hub.cli import main
from support.paths import COLLECTIONS
from support.world import envelope, indicator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fast_path: Path) -> Run:
    """Run a command in this process, in a data directory of its own. Returns code, output, errors."""
    monkeypatch.setenv("INDICATOR_HUB_DATA_DIR", str(fast_path / "data"))
    monkeypatch.delenv("INDICATOR_HUB_DATABASE_URL", raising=False)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["indicator-hub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
            sys.exit(0)
        said = capsys.readouterr()
        return int(done.value.code or 0), said.out, said.err

    return run


def test_an_administrators_day(hub: Run) -> None:
    """migrate, plan, apply, enrol, ingest, suspend, revoke: each says what it did; a second apply has nothing to do."""
    assert hub("migrate")[0] == 0
    code, out, _ = hub("apply", "--plan", COLLECTIONS)
    assert (code, "joins group sentinel" in out, "Applied" in out) == (0, True, False)
    assert "Applied." in hub("apply", COLLECTIONS)[1]
    assert "Nothing to do" in hub("apply", COLLECTIONS)[1]
    code, out, _ = hub("enrol", "xa-analyst", "--organisation", "xa-cert", "--json")
    assert (code, json.loads(out)["token"].startswith("ihub_"), len(json.loads(out)["token"])) == (0, True, 48)
    code, out, _ = hub("ingest", "--json")
    tallies = {one["feed"]: one for one in map(json.loads, out.splitlines())}
    assert (code, {name: one["new"] for name, one in tallies.items()}) == (
        0, {"edge-scanners": 26, "phishing-kits": 26, "open-indicators": 17}
    )  # fmt: skip
    for one in tallies.values():
        parts = ("new", "updated", "unchanged", "duplicate", "recalled", "quarantined")
        assert one["candidates"] == sum(one[part] for part in parts)
    assert (
        hub("suspend", "xa-analyst")[0]
        == hub("reinstate", "xa-analyst")[0]
        == hub("suspend", "--organisation", "xb-cert")[0]
        == 0
    )
    assert "1 tokens" in hub("revoke", "xa-analyst")[1]


def test_what_is_ruled_again_is_told(hub: Run, tmp_path: Path) -> None:
    """Another level for a feed of unmarked objects: standard error says how many count by it from then on, and nothing where there are none."""
    shutil.copytree(COLLECTIONS, tmp_path / "collections")
    file = tmp_path / "collections" / "regional-cyber-2025.yaml"
    feed = (
        "      unmarked: {title: Unmarked, organisation: xa-cert, collection: feeds, source: samples/unmarked.json,\n"
        "        format: stix, level: GREEN, documentation: allow}\n"
    )
    (file.parent / "samples" / "unmarked.json").write_bytes(
        envelope(indicator(1), indicator(2), indicator(3, tlp="GREEN"))
    )
    text = file.read_text().replace("      edge-scanners:\n", f"{feed}      edge-scanners:\n")
    file.write_text(text)
    hub("migrate")
    assert hub("apply", tmp_path / "collections")[::2] == (0, "")
    assert "3 new" in hub("ingest", "unmarked")[1]
    file.write_text(text.replace("level: GREEN, documentation", "level: AMBER, documentation"))
    code, out, said = hub("apply", tmp_path / "collections")
    assert (code, out.endswith("Applied.\n"), said) == (0, True, "Ruled again: 2 entries.\n")


def test_mistakes_are_told_all_at_once_with_file_and_line(hub: Run, tmp_path: Path) -> None:
    """Unreadable YAML, an unknown nation: every mistake with file and line, and nothing is written."""
    hub("migrate")
    (tmp_path / "a.yaml").write_text(
        "organisations:\n  xa-cert:\n    title: CERT\n    nation: UK\n    contact: {email: duty}\n"
    )
    (tmp_path / "b.yaml").write_text("organisations: [\n")
    code, _, said = hub("apply", tmp_path)
    assert code == 4
    assert f"{tmp_path}/a.yaml:4: " in said
    assert "write GB" in said
    assert f"{tmp_path}/a.yaml:5: " in said
    assert f"{tmp_path}/b.yaml:" in said
    assert hub("apply", tmp_path / "nowhere")[0] == 3
    assert "29 to add" in hub("apply", "--plan", COLLECTIONS)[1]


def test_what_may_not_be_left_out(hub: Run, tmp_path: Path) -> None:
    """A declaration that leaves out an organisation is refused: it is ended by its window, never removed."""
    hub("migrate")
    hub("apply", COLLECTIONS)
    code, out, said = hub("apply", COLLECTIONS / "organisations.yaml")
    assert (code, out) == (6, "")
    assert "no longer declared" in said


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("serve", "--port", "0"), 3, "indicator-hub migrate"),
        (("enrol", "x", "-o", "xa-cert"), 3, "indicator-hub migrate"),
        (("migrate", "--database", "mysql://x/y"), 3, "not in mysql"),
        (("migrate", "--database", "nonsense"), 3, "cannot be read"),
        (("migrate", "--database", "postgresql://nobody@127.0.0.1:1/x"), 3, "cannot be opened"),
        (("migrate", "--database", "sqlite:////proc/nowhere/x.db"), 3, "cannot be written"),
        (("serve", "--port", "99999"), 3, "INDICATOR_HUB_PORT"),
        (("serve", "--host", "nowhere.invalid"), 3, "is unknown"),
    ],
)
def test_what_cannot_be(hub: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    """No schema, a wrong database, a bad setting: one paragraph that says what to do, and a code."""
    found, out, said = hub(*arguments)
    assert (found, out, says in said, len(said.strip().splitlines())) == (code, "", True, 1), said


def test_a_database_that_is_none(hub: Run, tmp_path: Path) -> None:
    """A file that is no database is refused, and left as it is."""
    path = tmp_path / "hub.db"
    path.write_bytes(b"not a database" * 100)
    for command in ("migrate", "serve"):
        code, _, said = hub(command, "--database", f"sqlite:///{path}")
        assert (code, "cannot be" in said, len(said.strip().splitlines())) == (3, True, 1), said
    assert path.read_bytes() == b"not a database" * 100


def test_a_port_in_use(hub: Run) -> None:
    """The port is taken before anything else is touched: no data directory is made for a hub that cannot listen."""
    hub("migrate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in (("serve",), ("demo", "--data", Path(os.environ["INDICATOR_HUB_DATA_DIR"]) / "demo")):
            code, _, said = hub(*command, "--port", port)
            assert (code, "is in use" in said, "--port" in said) == (3, True, True)
    assert not (Path(os.environ["INDICATOR_HUB_DATA_DIR"]) / "demo").exists()


def test_a_public_address_needs_a_public_url(hub: Run) -> None:
    """On an address that partners reach, the hub does not guess its own URL."""
    hub("migrate")
    code, _, said = hub("serve", "--host", "0.0.0.0", "--port", "0")
    assert (code, "INDICATOR_HUB_PUBLIC_URL" in said) == (3, True)


def test_bad_accounts(hub: Run) -> None:
    """Unknown organisations, odd names, other kinds: refused in words."""
    hub("migrate")
    hub("apply", COLLECTIONS)
    hub("enrol", "xa-analyst", "-o", "xa-cert")
    for arguments, code, says in (
        (("enrol", "x", "-o", "nobody"), 5, "no organisation nobody"),
        (("enrol", "Bad Name", "-o", "xa-cert"), 4, "small letters"),
        (("enrol", "x", "-o", "xa-cert", "--scopes", "everything"), 4, "read, submit, manage"),
        (("enrol", "x", "-o", "xa-cert", "--until", "soon"), 4, "2027-01-31"),
        (("enrol", "xa-analyst", "-o", "xb-cert"), 6, "exists already"),
        (("suspend", "nobody"), 5, "no account nobody"),
        (("revoke", "nobody"), 5, "no account nobody"),
        (("ingest", "nothing"), 5, "Declared are: edge-scanners"),
    ):
        found, _, said = hub(*arguments)
        assert (arguments, found, says in said) == (arguments, code, True), said


def test_an_identity_may_move(hub: Run, tmp_path: Path) -> None:
    """A STIX identity declared for another organisation moves there, whichever is declared first."""
    text = (COLLECTIONS / "organisations.yaml").read_text()
    identity = next(line.split()[-1].strip("[]") for line in text.splitlines() if "identity--" in line)
    owner, other = (
        ("xa-cert", "xb-cert") if text.index("xa-cert:") < text.index(identity) < text.index("xb-cert:") else ("", "")
    )
    assert owner
    for name in COLLECTIONS.rglob("*"):
        if name.is_file():
            target = tmp_path / name.relative_to(COLLECTIONS)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(name.read_bytes())
    hub("migrate")
    hub("apply", tmp_path)
    theirs = next(
        line.split()[-1].strip("[]") for line in text[text.index(f"  {other}:") :].splitlines() if "identity--" in line
    )
    swapped = text.replace(identity, "here").replace(theirs, identity).replace("here", theirs)
    (tmp_path / "organisations.yaml").write_text(swapped)
    code, out, said = hub("apply", tmp_path)
    assert (code, "Applied." in out) == (0, True), said


def test_scopes_are_not_widened_in_silence(hub: Run) -> None:
    """A token for an account that exists is asked for with its own scopes or none; other ones are refused."""
    hub("migrate")
    hub("apply", COLLECTIONS)
    assert hub("enrol", "reader", "-o", "xa-cert", "--scopes", "read")[0] == 0
    assert (
        hub("enrol", "reader", "-o", "xa-cert", "--scopes", "read")[0]
        == hub("enrol", "reader", "-o", "xa-cert")[0]
        == 0
    )
    code, _, said = hub("enrol", "reader", "-o", "xa-cert", "--scopes", "read,submit")
    assert (code, "with the scopes read" in said) == (6, True)
    assert hub("enrol", "reader", "-o", "xa-cert", "--empty-lists")[0] == 0


def test_one_bad_feed_does_not_keep_the_next_from_running(hub: Run, tmp_path: Path) -> None:
    """An error page and an empty file as feeds: each is told, the code is not 0, and the good feed still ran."""
    for name in COLLECTIONS.rglob("*"):
        if name.is_file():
            target = tmp_path / name.relative_to(COLLECTIONS)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(name.read_bytes())
    (tmp_path / "samples/edge-scanners.txt").write_text("<html>Service unavailable</html>")
    (tmp_path / "samples/open-indicators.json").write_text("")
    hub("migrate")
    hub("apply", tmp_path)
    code, out, said = hub("ingest")
    assert code == 7
    assert "phishing-kits: 33 candidates: 26 new" in out
    assert "edge-scanners: " in said
    assert "open-indicators: " in said


@pytest.mark.skipif(os.geteuid() != 0, reason="tries another user than root, and this is not root")
def test_no_right_on_the_data_directory(fast_path: Path) -> None:
    """Another user without the right to write there: one sentence with the way out, and nothing is left behind."""
    fast_path.chmod(0o755)
    home = fast_path / "data"
    home.mkdir(mode=0o755)
    nobody = pwd.getpwnam("nobody")
    # Everything is imported before the user changes: the interpreter may lie where only root may read.
    program = f"""if True:
        import os, sys
        import indicator_hub.cli.demo, indicator_hub.cli.commands, sqlalchemy.dialects.sqlite.aiosqlite
        os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})
        indicator_hub.cli.main()
    """
    for arguments in (["migrate"], ["demo", "--port", "0", "--data", str(home / "demo")]):
        environment = os.environ | {"INDICATOR_HUB_DATA_DIR": str(home)}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, "cannot be written to" in done.stderr) == (3, "", True), done.stderr
    assert list(home.iterdir()) == []


def test_how_feeds_stand_and_what_they_refused(hub: Run, tmp_path: Path) -> None:
    """`feeds` and `quarantine`, in lines and in JSON; let through by number, dismissed by reason; what is not said is asked for."""
    shutil.copytree(COLLECTIONS, tmp_path / "collections")
    file = tmp_path / "collections" / "regional-cyber-2025.yaml"
    feed = "      mine: {title: Mine, organisation: xa-cert, collection: feeds, source: samples/mine.txt, format: list, every: 6h}\n"
    (file.parent / "samples" / "mine.txt").write_text("185.0.0.1\n10.0.0.1\nno\n", encoding="ascii")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("\n    feeds:\n", f"\n    feeds:\n{feed}", 1), encoding="utf-8")
    hub("migrate")
    assert hub("apply", file.parent)[0] == 0
    assert "mine (new) into sentinel/feeds, every 21600 s" in hub("feeds")[1]
    hub("ingest", "mine")
    assert "done: 3 candidates, 1 new, 2 quarantined" in hub("feeds")[1]
    (one,) = (each for each in json.loads(hub("feeds", "--json")[1])["items"] if each["feed"] == "mine")
    assert (one["state"], one["waiting"]) == ("well", 2)
    assert "10[.]0[.]0[.]1" in hub("quarantine", "mine")[1]
    (row, _) = json.loads(hub("quarantine", "mine", "--json")[1])["items"]
    assert hub("quarantine", "mine", "--release")[0] == hub("quarantine", "mine", "--release", "--dismiss")[0] == 4
    assert hub("quarantine", "none")[0] == 5
    assert hub("quarantine", "mine", "--release", "--reason", "syntax")[0] == 6
    assert hub("quarantine", "mine", "--release", "--row", str(row["id"]))[1] == "1 rows released.\n"
    assert hub("quarantine", "mine", "--dismiss", "--reason", "syntax")[1] == "1 rows dismissed.\n"
    assert hub("quarantine", "mine")[1] == "Nothing waits.\n"
    assert "1 new" in hub("ingest", "mine", "--again")[1]


def test_a_file_without_a_hub(hub: Run, tmp_path: Path) -> None:
    """`normalise` needs no database: lines or JSON lines, one for each candidate; a file that must fail prints no value and is exit code 7."""
    file = tmp_path / "list.txt"
    file.write_text("hxxp://evil[.]example/it's\n198.51.100.1\n198.51.100.1\n10.0.0.1\n", encoding="ascii")
    code, out, _ = hub("normalise", file, "--allow-documentation", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, found[0]) == (
        0,
        {
            "type": "url",
            "value": "http://evil.example/it's",
            "pattern": r"[url:value = 'http://evil.example/it\'s']",
            "row": 1,
        },
    )
    assert [one.get("value", one.get("refused")) for one in found[1:]] == ["198.51.100.1", "198.51.100.1", "non_global"]
    assert found[3] == {"refused": "non_global", "raw": "10.0.0.1", "row": 4}
    code, out, told = hub("normalise", file, "--allow-documentation")
    assert (code, len(out.splitlines()), "4 candidates: 2 ipv4-addr, 1 url, 1 refused." in told) == (0, 4, True)
    assert hub("normalise", file, "--as", "xls")[0] == hub("normalise", tmp_path / "none")[0] == 4
    file.write_text('{"objects": [', encoding="ascii")
    assert hub("normalise", file)[:2] == (7, "")


def test_normalise_as_a_feed_reads_it(hub: Run, tmp_path: Path) -> None:
    """One that is known, or is declared in a folder; one that is neither is told, and so is a list."""
    file = tmp_path / "feed.txt"
    file.write_text("# ip\tlists\n1.2.3.4\t3\n10.0.0.1\t1\n")
    code, out, _ = hub("normalise", file, "--feed", "ipsum", "--json")
    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, [
        {"type": "ipv4-addr", "value": "1.2.3.4", "pattern": "[ipv4-addr:value = '1.2.3.4']", "row": 2},
        {"refused": "non_global", "raw": "10.0.0.1\t1", "row": 3},
    ])  # fmt: skip
    assert hub("normalise", file, "--feed", "edge-scanners", "--declarations", COLLECTIONS)[0] == 0
    code, out, told = hub("normalise", file, "--feed", "nobody")
    assert (code, out, "ipsum" in told) == (5, "", True)
    assert (
        hub("normalise", file, "--feed", "misp-aws")[0]
        == hub("normalise", file, "--feed", "ipsum", "--as", "csv")[0]
        == 4
    )
    file.write_text("<html>")
    assert hub("normalise", file, "--feed", "ipsum", "--json")[:2] == (7, "")


def test_ingest_from_a_file(hub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, or standard input, is taken for one feed this once; what its source holds is taken by the next run."""
    assert hub("migrate")[0] == hub("apply", COLLECTIONS)[0] == 0
    file = tmp_path / "by-hand.txt"
    file.write_text("198.51.100.77\n198.51.100.78\n")
    assert json.loads(hub("ingest", "edge-scanners", "--from", file, "--json")[1])["new"] == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"198.51.100.77\n198.51.100.79\n")))
    told = json.loads(hub("ingest", "edge-scanners", "--from", "-", "--json")[1])
    assert (told["new"], told["unchanged"]) == (1, 1)
    assert json.loads(hub("ingest", "edge-scanners", "--json")[1])["new"] > 9
    assert hub("ingest", "--from", file)[0] == hub("ingest", "edge-scanners", "--from", tmp_path / "none")[0] == 4
