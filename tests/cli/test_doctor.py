"""What `doctor` finds: each fault of a setup by itself, and nothing where all is well. It changes nothing."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from indicator_hub.cli import main
from indicator_hub.keys import key_id, page_keys
from support.paths import COLLECTIONS

Run = Callable[..., tuple[int, dict[str, tuple[str, str]]]]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, fast_path: Path) -> Path:
    """The data directory, which is not there yet."""
    monkeypatch.setenv("INDICATOR_HUB_DATA_DIR", str(fast_path / "data"))
    monkeypatch.delenv("INDICATOR_HUB_DATABASE_URL", raising=False)
    return fast_path / "data"


@pytest.fixture
def doctor(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Ask it, in this process. Returns the code, and what was found: level and sentence by what it is about."""
    assert not folder.exists()

    def run(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
        code, out = command(monkeypatch, capsys, "doctor", "--json", *arguments)
        told = json.loads(out)
        found = {one["about"]: (one["level"], one["sentence"]) for one in told["findings"]}
        assert told["sound"] == (code == 0) == ("fault" not in {level for level, _ in found.values()})
        return code, found

    return run


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run any command. Returns its code and what it printed."""
    monkeypatch.setattr(sys, "argv", ["indicator-hub", *arguments])
    capsys.readouterr()
    with pytest.raises(SystemExit) as done:
        main()
        sys.exit(0)
    return int(done.value.code or 0), capsys.readouterr().out


def test_from_nothing_to_sound(
    doctor: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is to be done next is said, until nothing is; no file is made meanwhile."""
    code, found = doctor()
    assert (code, found["database"][0], "Run `indicator-hub migrate`" in found["database"][1]) == (3, "fault", True)
    assert not folder.exists()
    assert command(monkeypatch, capsys, "migrate")[0] == 0
    code, found = doctor()
    assert (code, found["declared"][0], "`indicator-hub apply FOLDER`" in found["declared"][1]) == (0, "advice", True)
    assert command(monkeypatch, capsys, "apply", str(COLLECTIONS))[0] == 0
    code, found = doctor()
    assert (code, {level for level, _ in found.values()}) == (0, {"ok"})
    assert found["declared"][1] == "Groups: 3; feeds: 3."
    assert "`serve` makes the first" in found["secrets"][1]
    assert not (folder / "secrets").exists()
    code, out = command(monkeypatch, capsys, "doctor")
    assert (code, [line.split()[1] for line in out.splitlines()]) == (0, list(found))


@pytest.mark.parametrize(
    ("settings", "about", "said"),
    [
        ({"PAGE_LIMIT": "0"}, "settings", "INDICATOR_HUB_PAGE_LIMIT"),
        ({"LOG_LEVEL": "loud"}, "settings", "INDICATOR_HUB_LOG_LEVEL"),
        ({"TLS_KEY": "/nowhere/key.pem"}, "settings", "INDICATOR_HUB_TLS_KEY"),
        ({"PUBLIC_URL": "https://a..b"}, "settings", "INDICATOR_HUB_PUBLIC_URL"),
        ({"PUBLIC_URL": "https://:443"}, "settings", "INDICATOR_HUB_PUBLIC_URL"),
        ({"PUBLIC_URL": "HTTP://hub.example"}, "address", "in the clear"),
        ({"SECRETS_DIR": "/etc/passwd"}, "secrets", "cannot be used"),
        ({"DATA_DIR": "/dev/null"}, "secrets", "cannot be used"),
        ({"DATABASE_URL": "postgresql://hub:p@ss:geheim@db.example/hub"}, "database", "cannot be read"),
        ({"DATABASE_URL": "postgresql://hub@127.0.0.1:1/hub?sslmode=require"}, "database", "cannot be opened"),
        ({"DATABASE_URL": "postgresql://hub@127.0.0.1:1/hub?sslrootcert=ca.pem"}, "database", "PGSSLROOTCERT"),
        ({"HOST": "0.0.0.0"}, "address", "set INDICATOR_HUB_PUBLIC_URL"),
        ({"PUBLIC_URL": "http://hub.example"}, "address", "in the clear"),
        ({"HOST": "127.0.0.2", "CLOCK_FILE": "/nowhere"}, "address", "INDICATOR_HUB_CLOCK_FILE is for tests"),
        ({"CLOCK_FILE": "/nowhere"}, "address", "INDICATOR_HUB_CLOCK_FILE is for tests"),
        ({"WORKERS": "2"}, "workers", "2 workers need PostgreSQL"),
        ({"DATABASE_URL": "mysql://hub@db.example/hub"}, "database", "SQLite or PostgreSQL"),
        ({"DATABASE_URL": "postgresql://hub:geheim@127.0.0.1:1/hub"}, "database", "cannot be opened"),
        ({"DATABASE_URL": "postgresql://hub@127.0.0.1:1/hub?password=geheim"}, "database", "cannot be opened"),
        ({"TLS_CERT": "/nowhere/chain.pem"}, "certificate", "/nowhere/chain.pem cannot be served"),
    ],
)
def test_a_setting_that_cannot_be(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], about: str, said: str
) -> None:
    """Is a fault, told as `serve` would tell it; no password is told."""
    for name, value in settings.items():
        monkeypatch.setenv(f"INDICATOR_HUB_{name}", value)
    code, found = doctor()
    assert (code, found[about][0]) == (3, "fault")
    assert said in found[about][1]
    assert "geheim" not in str(found)


def test_events_that_are_off(doctor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """May be meant so, and is said."""
    monkeypatch.setenv("INDICATOR_HUB_SERVE_EVENTS", "0")
    assert doctor()[1]["events"][0] == "advice"


def test_keys(doctor: Run, folder: Path) -> None:
    """Are named by what tells nothing of them, the one that signs first; others may not read them."""
    secrets = folder / "secrets"
    (old,) = page_keys(secrets)
    (secrets / "page-2.key").write_bytes(bytes(32))
    _, found = doctor()
    assert f"key {key_id(bytes(32))}; {key_id(old)} still valid" in found["secrets"][1]
    assert old.hex()[:8] not in key_id(old)
    secrets.chmod(0o755)
    assert doctor()[1]["secrets"] == ("fault", f"Others may read the secrets in {secrets}. Run `chmod 700 {secrets}`.")


def test_a_database_that_others_read(
    doctor: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is a fault where they may search every directory above, and read it; any less is none."""
    assert command(monkeypatch, capsys, "migrate")[0] == 0
    for file, directory, above, level in (
        (0o644, 0o700, 0o755, None),
        (0o600, 0o755, 0o755, None),
        (0o644, 0o750, 0o755, None),
        (0o644, 0o755, 0o700, None),
        (0o644, 0o755, 0o755, "fault"),
    ):
        folder.parent.chmod(above)
        (folder / "hub.db").chmod(file)
        folder.chmod(directory)
        assert doctor()[1].get("file", (None,))[0] == level


def test_certificates(doctor: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For how long one holds; one that has ended, is another host's, or has another key, is a fault."""
    now = datetime.now(UTC)
    authority = trustme.CA()
    monkeypatch.setenv("INDICATOR_HUB_PUBLIC_URL", "https://hub.example")
    monkeypatch.setenv("INDICATOR_HUB_TLS_CERT", str(tmp_path / "chain.pem"))
    monkeypatch.setenv("INDICATOR_HUB_TLS_KEY", str(tmp_path / "key.pem"))

    def serve(host: str, begins: int, ends: int) -> tuple[str, str]:
        days = [now + timedelta(days=one, hours=1) for one in (begins, ends)]
        made = authority.issue_cert(host, not_before=days[0], not_after=days[1])
        made.private_key_pem.write_to_path(tmp_path / "key.pem")
        (tmp_path / "chain.pem").write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        return doctor()[1]["certificate"]

    level, sentence = serve("hub.example", -1, 90)
    assert (level, sentence.endswith("ends in 90 days.")) == ("ok", True)
    level, sentence = serve("hub.example", -1, 29)
    assert (level, sentence.endswith("ends in 29 days.")) == ("advice", True)
    for host, begins, ends, said in (
        ("hub.example", -20, -2, "expired"),
        ("hub.example", 2, 20, "not yet valid"),
        ("other.example", -1, 90, "'hub.example'"),
    ):
        level, sentence = serve(host, begins, ends)
        assert (level, said in sentence, sentence.endswith("..")) == ("fault", True, False), sentence
    made = authority.issue_cert("hub.example")
    (tmp_path / "chain.pem").write_bytes(made.cert_chain_pems[0].bytes())
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    for other in (authority.issue_cert("hub.example").private_key_pem.bytes(), locked):
        (tmp_path / "key.pem").write_bytes(other)
        level, sentence = doctor()[1]["certificate"]
        assert (level, "cannot be served" in sentence) == ("fault", True)
    assert "asks for a passphrase" in sentence
