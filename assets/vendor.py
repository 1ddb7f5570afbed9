"""Copies what the pages need out of node_modules, with a manifest: name, version, licence and SHA-256 of each file.

    cd assets && npm ci --ignore-scripts && python vendor.py            writes
    cd assets && npm ci --ignore-scripts && python vendor.py --check    fails when what is committed is anything else

The files are committed, so that a wheel, an archive and a checkout work without node.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
STATIC = "src/indicator_hub/web/console/static/vendor"
FILES = (
    ("htmx.org", "dist/htmx.min.js", f"{STATIC}/htmx.min.js"),
    ("@fontsource/noto-sans-arabic", "files/noto-sans-arabic-arabic-400-normal.woff2", f"{STATIC}/noto-sans-arabic.woff2"),
    ("@fontsource/noto-sans-arabic", "LICENSE", f"{STATIC}/noto-sans-arabic.LICENSE"),
    ("htmx.org", "LICENSE", f"{STATIC}/htmx.LICENSE"),
    ("axe-core", "axe.min.js", "tests/browser/vendor/axe.min.js"),
    ("axe-core", "LICENSE", "tests/browser/vendor/axe.LICENSE"),
)  # fmt: skip
MANIFEST = HERE / "manifest.json"


def main() -> int:
    """Copy, or compare. Returns the exit code."""
    check = "--check" in sys.argv[1:]
    listed: list[dict[str, str]] = []
    wrong: list[str] = []
    for package, source, target in FILES:
        told = json.loads((HERE / "node_modules" / package / "package.json").read_text())
        content = (HERE / "node_modules" / package / source).read_bytes()
        listed.append(
            {
                "file": target,
                "package": package,
                "version": told["version"],
                "licence": told["license"],
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
        if check:
            if not (ROOT / target).is_file() or (ROOT / target).read_bytes() != content:
                wrong.append(target)
        else:
            (ROOT / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / "node_modules" / package / source, ROOT / target)
    text = json.dumps(listed, indent=2) + "\n"
    if not check:
        MANIFEST.write_text(text)
    elif MANIFEST.read_text() != text:
        wrong.append(str(MANIFEST.relative_to(ROOT)))
    for one in wrong:
        print(f"{one} is not what the packages hold.", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
