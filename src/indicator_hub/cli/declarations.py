"""Read declarations from disk: a folder of YAML files, or one."""

from dataclasses import replace
from pathlib import Path

from indicator_hub.errors import Misconfigured
from indicator_hub.trust.declaration import parse
from indicator_hub.trust.roster import Feed, Roster


def read(path: Path) -> Roster:
    """What the files declare together; the paths of feeds' files are taken from their folder.

    Raises Misconfigured when there is nothing to read, DeclarationError with every mistake at once.
    """
    names = sorted((*path.glob("*.yaml"), *path.glob("*.yml"))) if path.is_dir() else [path]
    if not names:
        raise Misconfigured(f"There is no .yaml file in {path}.")
    try:
        files = [(str(name), name.read_text(encoding="utf-8")) for name in names]
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The declarations cannot be read: {error}.") from None
    roster = parse(files)
    folder = path if path.is_dir() else path.parent
    return replace(roster, feeds={name: _located(feed, folder.absolute()) for name, feed in roster.feeds.items()})


def _located(feed: Feed, folder: Path) -> Feed:
    if feed.source.startswith(("http://", "https://")):
        return feed
    return replace(feed, source=str(folder / feed.source))
