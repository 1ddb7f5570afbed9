"""What the documents say is true: the README's commands run as they stand, and nothing that they name is missing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import typer.main

from indicator_hub.cli import EXIT
from indicator_hub.cli.commands import app
from indicator_hub.settings import Settings
from support.paths import COLLECTIONS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "collections/README.md",
    "src/indicator_hub/taxii/README.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
)


def section(heading: str) -> str:
    """The text under one of the README's headings."""
    return re.split(r"^## ", README.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def free_port() -> int:
    """A port that nobody listens on, for a script that has to know it beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(script: str, folder: Path) -> tuple[int, str, str]:
    """One POSIX shell for the whole script, with this environment's commands before all others; what it started ends with it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INDICATOR_HUB_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment |= {"PATH": path, "PORT": str(free_port()), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        with subprocess.Popen(
            ["sh", "-eu", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        ) as shell:
            try:
                code = shell.wait(timeout=240)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGKILL)
        return code, (folder / "out").read_text(), (folder / "err").read_text()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there: the README's journeys were not run")
def test_the_four_journeys_run_as_the_readme_has_them(tmp_path: Path) -> None:
    """A feed is ingested, partners poll, an analyst posts, a nation joins: in one shell, in order."""
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", section("Four journeys"), flags=re.MULTILINE | re.DOTALL))
    shutil.copytree(COLLECTIONS, tmp_path / "collections")
    code, out, err = run(script, tmp_path)
    assert code == 0, out + err
    for line in (
        '{"feed": "edge-scanners", "outcome": "done", "candidates": 35, "new": 26,',
        "XB, CERT: 52 objects\n",
        "XB, operations centre: 26 objects\n",
        "taxii2-client: Sentinel / Imported feeds 52\n",
        "status: complete - 1 stored\n",
        "XB sees of XA: 1 objects\n",
        "National CERT of XE (xe-cert) joins group sentinel as observer",
        "XE, observer: 1 objects\n",
    ):
        assert line in out, out + err
    assert "Traceback" not in err


def test_every_setting_is_in_the_readme_with_its_default_and_sentence() -> None:
    """The table of settings is the one in the code."""
    table = section("Settings")
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`".replace("True", "true")
        assert f"| `INDICATOR_HUB_{name.upper()}` | {default} | {field.description} |\n" in table


def test_every_command_is_in_the_readme() -> None:
    """The table of commands names each."""
    table = section("Commands")
    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert f"| `indicator-hub {name}" in table


def test_every_exit_code_is_in_the_readme() -> None:
    """The table of exit codes has each that the commands can end with."""
    table = section("Commands")
    for code in {*EXIT.values(), 0, 1, 2, 70}:
        assert f"| {code} |" in table


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_somewhere(document: str) -> None:
    """A link to a file of this repository finds it."""
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def test_the_architecture_names_modules_that_exist() -> None:
    """Every module or package between backticks in ARCHITECTURE.md is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "indicator_hub"
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", text))
    assert named
    for name in named:
        assert (ROOT / name).exists() or any(package.rglob(name)), name


def test_the_architecture_maps_every_module() -> None:
    """No module of the hub is missing from the map."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "indicator_hub"
    for path in package.rglob("*.py"):
        if path.name not in ("__init__.py", "__main__.py"):
            assert re.search(rf"\b{path.stem}\b", text), path.relative_to(package)
