"""The tour, as `make tour` runs it: every step is a command, and what it says is what came of it."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT

SAID = (
    "XA: National CERT of XA (xa-cert) joins operation heron as member and steward, may write.",
    "heron: reads up to TLP:AMBER+STRICT, as member, until 2029-12-31T00:00:00.000000Z",
    '"candidates": 4, "new": 2, "updated": 0, "unchanged": 0, "duplicate": 1, "recalled": 0, "quarantined": 1',
    "does not xc-soc (XC, observer), persons (1): it is above what this role reads",
    '"success_count": 2,',
    "- Command and control of the loader",
    '{"title":"There is no such resource.","http_status":"404"}',
    "- Page that spread the lure (withdrawn)",
    "in heron, by its originator: shared_in_error",
    "xb-cert: not acknowledged",
    "Acknowledged: indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10.",
    "~ Operation heron now ends on",
    "Heron (closed): Find and take down the servers behind the Heron loader.",
    "xa-cert: 4 given, 0 received, 1 withdrawn, 1 recalled",
    "xb-cert: 0 given, 3 received",
    "2026-11-20T08:00:00.000Z recalled by its originator in heron",
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there: the tour was not made")
def test_the_tour(tmp_path: Path) -> None:
    """From the agreement to the closing report, in a directory of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("INDICATOR_HUB_")}
    environment = settings | {
        "PORT": str(port), "TOUR": str(tmp_path / "tour"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb",
    }  # fmt: skip
    script = ROOT / "docs" / "tour.sh"
    done = subprocess.run(
        ["sh", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in SAID:
        assert line in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    seen_by_observer = done.stdout.split("xc-analyst:$XC")[1].split("$ ")[0]
    assert "Command and control" not in seen_by_observer
