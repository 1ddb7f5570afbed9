"""What pages bring to the browser: read once, named by content, so that a browser keeps each for ever and never an old one."""

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

PREFIX = "/console/static"
_TYPES = {
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "woff2": "font/woff2", "svg": "image/svg+xml",
}  # fmt: skip
_NAMED = re.compile(rb'url\("([^"]+)"\)')
_PACKED = frozenset(("css", "js", "svg"))


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out; `packed` with gzip, where that makes it smaller."""

    url: str
    media_type: str
    content: bytes
    packed: bytes | None


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Every asset by its name below `static/`. A style sheet comes after what it names, and says it by its whole URL."""
    contents = dict(_contents(files("indicator_hub.web.console") / "static", ""))
    found: dict[str, Asset] = {}
    for name in sorted(contents, key=lambda one: one.endswith(".css")):
        ending, content = name.rpartition(".")[2], contents[name]
        if ending == "css":
            content = _NAMED.sub(lambda one: f'url("{found[one[1].decode()].url}")'.encode(), content)
        digest = hashlib.sha256(content).hexdigest()[:16]
        packed = gzip.compress(content, mtime=0) if ending in _PACKED else None
        found[name] = Asset(f"{PREFIX}/{digest}/{name}", _TYPES[ending], content, packed)
    return found


def _contents(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _contents(one, f"{path}{one.name}/")
        elif one.name.rpartition(".")[2] in _TYPES:
            yield f"{path}{one.name}", one.read_bytes()


def url_of(name: str) -> str:
    """Where an asset is. Raises KeyError for a name that is none: a fault of a template."""
    return assets()[name].url


@lru_cache(maxsize=1)
def by_url() -> dict[str, Asset]:
    """Every asset by its path."""
    return {one.url: one for one in assets().values()}
