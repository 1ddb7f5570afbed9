"""Imports run one way: the contracts in pyproject.toml, all kept."""

import tomllib

import pytest
from importlinter import cli

from support.paths import ROOT


def test_every_import_contract_is_kept(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers, no cycles, a pure core, and each library in one package only."""
    monkeypatch.chdir(ROOT)
    configuration = ROOT / "pyproject.toml"
    contracts = tomllib.loads(configuration.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    code = cli.lint_imports(config_filename=str(configuration), no_cache=True)
    said = capsys.readouterr().out
    assert code == 0, said
    assert f"{len(contracts)} kept, 0 broken" in said
