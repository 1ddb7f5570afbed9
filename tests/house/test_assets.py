"""What is brought along for browsers is what its packages hold: named, licensed, by its SHA-256; and the lock names no registry."""

import hashlib
import json

from support.paths import ROOT

ASSETS = ROOT / "assets"


def test_every_file_is_what_the_manifest_says() -> None:
    """Each has a package, an exact version and a licence, and its text beside it."""
    listed = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    for one in listed:
        assert hashlib.sha256((ROOT / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        assert one["licence"]
    named = {one["file"] for one in listed}
    for folder in (
        ROOT / "src" / "indicator_hub" / "web" / "console" / "static" / "vendor",
        ROOT / "tests" / "browser" / "vendor",
    ):
        assert {str(one.relative_to(ROOT)) for one in folder.iterdir()} <= named


def test_versions_are_pinned_and_no_registry_is_named() -> None:
    """Exact versions, in the lock as well, and nothing of where they came from."""
    package, lock = (
        json.loads((ASSETS / name).read_text(encoding="utf-8")) for name in ("package.json", "package-lock.json")
    )
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert "resolved" not in (ASSETS / "package-lock.json").read_text(encoding="utf-8")
    assert {
        one["package"]: one["version"] for one in json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    } == wanted
