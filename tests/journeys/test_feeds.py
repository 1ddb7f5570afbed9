"""docs/feeds.md, as its reader would follow it."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from indicator_hub.cli import main
from support.paths import COLLECTIONS

PAGE = Path(__file__).parents[2] / "docs" / "feeds.md"


def test_ten_lines_of_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The feed of the page, pasted into a group: looked at, planned, applied, run; what it refused, and how it stands."""
    (lines,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(lines.splitlines()) == 10
    folder = tmp_path / "collections"
    shutil.copytree(COLLECTIONS, folder)
    file = folder / "regional-cyber-2025.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("\n    feeds:\n", f"\n    feeds:\n{lines}", 1), encoding="utf-8")
    table = "address,seen,tags\n185.0.0.1,2026-11-01 10:00:00,ssh\n10.0.0.1,2026-11-01,\nnone,2026-11-01,\n"
    (folder / "scanners.csv").write_text(table, encoding="ascii")
    monkeypatch.setenv("INDICATOR_HUB_DATABASE_URL", f"sqlite:///{tmp_path}/hub.db")

    def shell(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["indicator-hub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
            sys.exit(0)
        assert not done.value.code, capsys.readouterr().err
        return capsys.readouterr().out

    found = [json.loads(line) for line in shell("normalise", folder / "scanners.csv", "--json").splitlines()]
    assert [one.get("value", one.get("refused")) for one in found] == ["185.0.0.1", "non_global"]
    shell("migrate")
    assert "Feed scanners" in shell("apply", folder, "--plan")
    shell("apply", folder)
    assert "3 candidates: 1 new, 0 updated, 0 unchanged, 0 duplicate, 0 recalled, 2 quarantined" in shell(
        "ingest", "scanners"
    )
    assert "scanners (well) into sentinel/feeds, every 21600 s" in shell("feeds")
    assert "non_global" in shell("quarantine", "scanners")
