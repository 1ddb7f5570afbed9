"""The figures that are kept: build/bench.json, the metrics; build/figures.json, what the tables of the docs are printed from."""

import json
import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.servers import ROOT

Metrics = dict[str, dict[str, dict[str, float]]]
"""By database and metric: `events_on` and `events_off`."""
METRICS = ROOT / "build" / "bench.json"
FIGURES = ROOT / "build" / "figures.json"


def keep(metrics: Metrics, path: Path = METRICS) -> None:
    """Add metrics to those that are there; the same ones are replaced."""
    found = _read(path)
    for database, named in metrics.items():
        for name, values in named.items():
            found.setdefault(database, {}).setdefault(name, {}).update(values)
    _write(path, found)


def note(section: str, content: Any) -> None:
    """Keep what a section of the docs is made of, and on what it was measured."""
    _write(FIGURES, _read(FIGURES) | {section: {"measured": machine(), "content": content}})


def noted() -> dict[str, dict[str, Any]]:
    """All sections measured so far."""
    return _read(FIGURES)


def kept() -> Metrics:
    """The metrics measured so far."""
    return _read(METRICS)


def machine() -> str:
    """When, which commit and what it ran on."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "uvloop", "asyncpg", "sqlalchemy")
    )
    return (
        f"{time.strftime('%Y-%m-%d')}, commit {_COMMIT}; {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {packages}"
    )


def _commit() -> str:
    """The commit of this checkout, and whether the hub's own code was changed since; unknown outside of one."""
    try:
        told = [
            subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "src"])
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told[0] + (" with changes" if told[1] else "")


_COMMIT = _commit()
"""As it was when the measurement began."""


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
