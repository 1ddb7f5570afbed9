"""The wheel is the program: built, installed where no checkout is, it runs the whole demo.

It goes into an environment of its own, beside the distributions that it declares and those that they declare, and nothing else of the
environment the tests run in: an import that no dependency stands for fails here. No network, and no pip, which that environment may lack.
"""

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from support.paths import ROOT


def declared(requires: list[str], extras: frozenset[str] = frozenset()) -> Iterator[Requirement]:
    """The requirements that hold here."""
    for one in map(Requirement, requires):
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield one


def closure(requires: list[str]) -> list[metadata.Distribution]:
    """What the requirements bring with them, as installed in this environment."""
    found: dict[tuple[str, frozenset[str]], metadata.Distribution] = {}
    waiting = list(declared(requires))
    while waiting:
        one = waiting.pop()
        key = (one.name.lower(), frozenset(one.extras))
        if key in found:
            continue
        found[key] = metadata.distribution(one.name)
        assert one.specifier.contains(found[key].version, prereleases=True), one
        waiting += declared(found[key].requires or [], key[1] | {""})
    return list(found.values())


def link(distributions: list[metadata.Distribution], place: Path) -> None:
    """A folder with what these distributions installed, and no more."""
    place.mkdir()
    for one in distributions:
        for top in {file.parts[0] for file in one.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            if not (place / top).exists():
                (place / top).symlink_to(Path(str(one.locate_file(top))).resolve())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", symlinks=True)
    packages = next((folder / "environment" / "lib").glob("python*")) / "site-packages"
    # A wheel without scripts or data of its own is installed by unpacking it (Binary distribution format, "Installing a wheel").
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if ".data/" in name]
        archive.extractall(packages)
    (information,) = packages.glob("*.dist-info")
    requires = Parser().parsestr((information / "METADATA").read_text(encoding="utf-8")).get_all("Requires-Dist")
    assert requires
    link(closure(requires), folder / "dependencies")
    (packages / "dependencies.pth").write_text(f"{folder / 'dependencies'}\n")
    (entry,) = metadata.Distribution.at(information).entry_points.select(group="console_scripts")
    script = folder / "environment" / "bin" / entry.name
    python = folder / "environment" / "bin" / "python"
    script.write_text(
        f"#!/bin/sh\nexec '{python}' -P -c 'from {entry.module} import {entry.attr}; {entry.attr}()' \"$@\"\n"
    )
    script.chmod(0o755)
    return script.parent


def get(url: str, username: str, password: str) -> dict[str, object]:
    """A TAXII resource, whatever proxy the environment names."""
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {basic}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_the_wheel_imports_itself_and_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    """What runs is what was built."""
    said = subprocess.run(
        [installed / "python", "-c", "import indicator_hub; print(indicator_hub.__file__)"],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.startswith(str(installed.parent))


def test_the_wheel_carries_its_tables(installed: Path, tmp_path: Path) -> None:
    """What is written as YAML beside the modules: the known feeds, and the words of feeds."""
    ask = (
        "from indicator_hub.stix import taxonomy; from indicator_hub.trust.declaration import presets; "
        "print(*taxonomy.harmonise(['C&C']).labels, 'urlhaus' in presets.known())"
    )
    said = subprocess.run(
        [installed / "python", "-c", ask],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout == 'rsit:malicious-code="c2-server" True\n'


def test_the_demo_runs_from_the_wheel_in_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    """With HOME unset, one line of JSON on standard output and nothing else; the discovery it names answers."""
    environment = {"PATH": f"{installed}{os.pathsep}{os.defpath}", "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        (tmp_path / "err").open("w+") as err,
        subprocess.Popen(
            [installed / "indicator-hub", "demo", "--json", "--port", "0"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        ) as hub,
    ):
        assert hub.stdout is not None
        try:
            line = hub.stdout.readline()
            assert line, (tmp_path / "err").read_text()
            told = json.loads(line)
            assert set(told) == {"url", "console", "discovery", "groups", "accounts"}
            with urllib.request.urlopen(
                urllib.request.Request(told["console"], headers={"Accept-Language": "ar"})
            ) as page:
                assert '<html lang="ar" dir="rtl">' in page.read().decode()
            account = told["accounts"][0]
            discovery = get(told["discovery"], account["username"], account["password"])
            known = {group["api_root"] for group in told["groups"]}
            roots = discovery["api_roots"]
            assert isinstance(roots, list)
            assert roots
            assert set(roots) <= known
            with pytest.raises(urllib.error.HTTPError, match="401") as refused:
                get(told["discovery"], account["username"], "ihub_wrong")
            refused.value.close()
        finally:
            hub.terminate()
            rest = hub.stdout.read()
        assert rest == ""
        assert hub.wait() in (0, -15)
