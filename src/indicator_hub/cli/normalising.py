"""Normalise a file: what is in it, value by value, and what is refused and why. No hub is needed, and nothing is stored."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indicator_hub.cli.shell import Json, app, contents, show
from indicator_hub.errors import Invalid, NotFound

if TYPE_CHECKING:
    from indicator_hub.trust.roster import Feed


@app.command()
def normalise(
    file: Annotated[Path, typer.Argument(help="A file, gzip or zip too; - for standard input.")],
    kind: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="list, csv, tsv, json, jsonl, hosts, stix, misp or text; else by a look at it.")
    ] = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="NAME", help="As this feed reads it: one that is known, or is declared in --declarations.")
    ] = None,
    declarations: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the feed is declared.")] = None,
    documentation: Annotated[
        bool, typer.Option("--allow-documentation", help="Take documentation addresses and example names for ordinary values.")
    ] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """What a file holds in canonical form, and what is refused and why. With --json one line for each candidate."""
    from indicator_hub.normalise.loose import Found, candidates, of_feed
    from indicator_hub.normalise.sniff import KINDS
    from indicator_hub.store.opened import wall_clock

    if kind is not None and kind not in KINDS:
        raise Invalid(f"--as is one of: {', '.join(KINDS)}.")
    if kind is not None and feed is not None:
        raise Invalid("A feed says its format itself: leave out --as or --feed.")
    counted: Counter[str] = Counter()
    with contents(file) as body:
        if feed is not None:
            found = of_feed(body, _declared(feed, declarations, documentation=documentation), now=wall_clock())
        else:
            found = candidates(body, kind, documentation=documentation)
        for one in found:
            if isinstance(one, Found):
                counted[one.type] += 1
                told: dict[str, object] = {"type": one.type, "value": one.value, "pattern": one.pattern, "row": one.row}
                line = f"{one.row:>8}  {one.type:<20}  {one.value}"
            else:
                counted["refused"] += 1
                told = {"refused": one.reason, "raw": one.raw, "row": one.number}
                line = f"{one.number or 0:>8}  {'refused: ' + one.reason:<20}  {one.raw[:200]}"
            _say(told, line, as_json=as_json)
    if not as_json:
        parts = ", ".join(f"{number} {what}" for what, number in counted.most_common())
        print(f"{counted.total()} candidates: {parts or 'none'}.", file=sys.stderr)


def _declared(name: str, folder: Path | None, *, documentation: bool) -> "Feed":
    """The feed as it is declared in a folder, or known. Raises NotFound, Misconfigured, DeclarationError."""
    from indicator_hub.cli.declarations import read
    from indicator_hub.trust.declaration import preset
    from indicator_hub.trust.declaration.presets import known

    feeds: dict[str, Feed] = dict(read(folder).feeds) if folder is not None else {}
    if (found := feeds.get(name) or preset(name)) is None:
        raise NotFound(f"There is no feed {name}. Known are: {', '.join(sorted({*feeds, *known()}))}.")
    if found.use != "publish":
        raise Invalid(f"{name} is a list that feeds are held to: nothing of it is an indicator.")
    return replace(found, documentation=found.documentation or documentation)


def _say(told: dict[str, object], line: str, *, as_json: bool) -> None:
    show(told, lambda: [line], as_json=as_json)
