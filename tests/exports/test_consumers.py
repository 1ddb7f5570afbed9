"""Programs that read such lists take what the hub writes. One that is absent is a failure, unless INDICATOR_HUB_TEST_CONSUMERS=skip."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from pymisp import MISPEvent

from exports.sample import BAD, GOOD, written


def found(name: str) -> str:
    """The program, wherever Debian puts it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        absent(f"{name} is not installed")
    return path


def absent(why: str) -> NoReturn:
    """What cannot be tried is no success."""
    if os.environ.get("INDICATOR_HUB_TEST_CONSUMERS") == "skip":
        pytest.skip(f"{why}: not tried")
    pytest.fail(
        f"{why}. Install bind9-utils, unbound and nftables, or leave these tests out: INDICATOR_HUB_TEST_CONSUMERS=skip."
    )


def run(*command: str) -> str:
    """What it says; it must say yes."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "query", ["", "&policy=nodata&ttl=60&zone=block.example.net", "&policy=sink.example.net&ns=ns.example.net"]
)
def test_bind(tmp_path: Path, query: str) -> None:
    """named-checkzone loads the zone, with its serial."""
    (tmp_path / "zone").write_bytes(written("rpz/rpz.zone", f"documentation=true{query}")[0])
    said = run(found("named-checkzone"), "-i", "none", "rpz.hub", str(tmp_path / "zone"))
    assert "loaded serial 1795780800" in said


def test_unbound(tmp_path: Path) -> None:
    """unbound-checkconf takes a configuration with it."""
    (tmp_path / "zone").write_bytes(written("rpz/rpz.zone")[0])
    (tmp_path / "conf").write_text(
        f'server:\n  module-config: "respip iterator"\n  chroot: ""\n  directory: "{tmp_path}"\n  username: ""\n'
        f'rpz:\n  name: rpz.hub\n  zonefile: "{tmp_path / "zone"}"\n',
        encoding="utf-8",
    )
    run(found("unbound-checkconf"), str(tmp_path / "conf"))


def nftables_takes(path: Path) -> None:
    """`nft -c` takes the sets, where it may look at the kernel's: skips the test where it may not."""
    done = subprocess.run(
        [found("nft"), "-c", "-f", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    if "Operation not permitted" in done.stderr or "cache initialization failed" in done.stderr:
        pytest.skip("nft may not look at the kernel's tables here: not tried")
    assert done.returncode == 0, done.stderr


def test_nftables(tmp_path: Path) -> None:
    """The kernel's own reader takes the sets."""
    (tmp_path / "sets").write_bytes(written("nftables/sets.nft")[0])
    nftables_takes(tmp_path / "sets")


def test_pymisp(tmp_path: Path) -> None:
    """PyMISP loads every event, and finds in it what the manifest and the hashes say: MISP reads a feed by these three."""
    rows = tuple(one for one in (*GOOD, *BAD.values()) if one.source == "xa-cert")
    event = tmp_path / "event.json"
    event.write_bytes(written("misp/UUID.json", rows=rows)[0])
    loaded = MISPEvent()
    loaded.load_file(event)
    (named,) = [
        one for name, one in json.loads(written("misp/manifest.json", rows=rows)[0]).items() if name == loaded.uuid
    ]
    assert (named["info"], named["Orgc"]["name"]) == (loaded.info, "xa-cert")
    values = {one.value for one in loaded.attributes}
    assert {"198.51.100.7", "evil.example.com:8080".replace(":", "|"), "CVE-2026-0001", "court.example.com"} <= values
    assert {one.value for one in loaded.attributes if not one.to_ids} == {
        "198.51.100.23",
        "198.51.100.24",
        "red.example.com",
        "court.example.com",
    }
    assert [tag.name for one in loaded.attributes if one.value == "court.example.com" for tag in one.tags][:3] == [
        "tlp:amber+strict", 'indicator-hub:handling="H1"', 'indicator-hub:handling="H2"',
    ]  # fmt: skip
    looked_up = {line.split(",")[0] for line in written("misp/hashes.csv", rows=rows)[0].decode().split()}
    again = {digest for one in loaded.attributes for digest in one.hash_values("md5")}
    assert again == looked_up
