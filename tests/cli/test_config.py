"""Where a setting is said, what goes before what, and what is not shown."""

import json
from pathlib import Path

import pytest

from indicator_hub.errors import Misconfigured
from indicator_hub.settings import load, told


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TOML file that is named by the environment."""
    path = tmp_path / "hub.toml"
    path.write_text(
        'page_limit = 500\ntitle = "From TOML"\nport = 8001\nhost = "127.0.0.2"\ndatabase_url = "sqlite:///toml.db"\n'
    )
    monkeypatch.setenv("INDICATOR_HUB_CONFIG", str(path))
    return path


def test_what_is_said_first_counts(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, the environment, the file of variables, a secret's file, TOML, the default; each is told."""
    lines, secret = tmp_path / "env", tmp_path / "secret"
    lines.write_text("INDICATOR_HUB_HOST=127.0.0.3\nINDICATOR_HUB_TITLE=From lines\n")
    secret.write_text("postgresql://hub:a%40b@db.example/hub?password=other\n")
    monkeypatch.setenv("INDICATOR_HUB_ENV_FILE", str(lines))
    monkeypatch.setenv("INDICATOR_HUB_TITLE", "From the environment")
    monkeypatch.setenv("INDICATOR_HUB_DATABASE_URL_FILE", str(secret))
    found = {one.name: (one.value, one.origin) for one in told(port=8002)}
    assert found["port"] == ("8002", "command line")
    assert found["title"] == ("From the environment", "environment: INDICATOR_HUB_TITLE")
    assert found["host"] == ("127.0.0.3", f"file: {lines}")
    assert found["database_url"] == ("postgresql://hub:***@db.example/hub?password=***", f"file: {secret}")
    assert found["page_limit"] == ("500", f"file: {config}")
    assert found["feeds"] == ("true", "default")
    assert load(port=8002).database_url == "postgresql://hub:a%40b@db.example/hub?password=other"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("page_limt = 3", "there is no setting page_limt. Is it page_limit?"),
        ("zebra = 3", "there is no setting zebra. `indicator-hub config show` lists them."),
        ("page_limit = 0", "INDICATOR_HUB_PAGE_LIMIT"),
        ("page_limit =", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_used(config: Path, content: str, said: str) -> None:
    """Says which setting, and what it might be."""
    config.write_text(content)
    with pytest.raises(Misconfigured) as refused:
        load()
    assert said in refused.value.detail


def test_files_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are no empty ones."""
    monkeypatch.setenv("INDICATOR_HUB_CONFIG", "/nowhere/hub.toml")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load()
    monkeypatch.delenv("INDICATOR_HUB_CONFIG")
    monkeypatch.setenv("INDICATOR_HUB_DATABASE_URL_FILE", "/nowhere/secret")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load()


def test_it_is_shown(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON for each setting."""
    from indicator_hub.cli import main

    monkeypatch.setattr("sys.argv", ["indicator-hub", "config", "show", "--json"])
    with pytest.raises(SystemExit):
        main()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {
        "setting": "page_limit",
        "value": "500",
        "origin": f"file: {config}",
        "sentence": "Objects on a page without `limit`, and at most.",
    } in lines


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://hub:a&b-tail@db/hub", "postgresql://hub:***@db/hub"),
        ("postgresql://hub:p@ss-tail@db/hub", "postgresql://hub:***@db/hub"),
        ("postgresql://db:5433/hub?sslpassword=tail&ssl=on", "postgresql://db:5433/hub?sslpassword=***&ssl=on"),
        ("sqlite:///hub.db", "sqlite:///hub.db"),
    ],
)
def test_of_a_secret_only_what_is_none(monkeypatch: pytest.MonkeyPatch, url: str, shown: str) -> None:
    """No part of a password; what is none is shown, also in a URL that is no secret."""
    monkeypatch.setenv("INDICATOR_HUB_DATABASE_URL", url)
    monkeypatch.setenv("INDICATOR_HUB_PUBLIC_URL", "http://hub.example:8443")
    monkeypatch.setenv("INDICATOR_HUB_METRICS_TOKEN", "sixteen and more of it")
    found = {one.name: one.value for one in told()}
    assert (found["database_url"], found["public_url"], found["metrics_token"]) == (
        shown,
        "http://hub.example:8443",
        "***",
    )
