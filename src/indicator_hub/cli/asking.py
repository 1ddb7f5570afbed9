"""What the commands that ask a running hub share: their options, and how a hub and a place are named."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indicator_hub.errors import Invalid

if TYPE_CHECKING:
    from indicator_hub.cli.remote import Hub

HubUrl = Annotated[str, typer.Option("--hub", metavar="URL", envvar="INDICATOR_HUB_URL", help="The hub.")]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="A file with the account's token; else INDICATOR_HUB_TOKEN."),
]
"""The token itself is no option: whoever lists processes would read it."""
Place = Annotated[str, typer.Argument(metavar="GROUP/COLLECTION", help="A collection, by id or alias, of a group.")]
Object = Annotated[str, typer.Argument(metavar="OBJECT", help="The STIX id.")]
Versions = Annotated[
    list[str] | None, typer.Option("--version", metavar="TIME", help="Only this version; may be repeated.")
]
Version = Annotated[
    str | None, typer.Option("--version", metavar="TIME", help="This version; else the one that is shown.")
]
Purpose = Annotated[str, typer.Option(help="What it is for: it is recorded.")]


def words(*listed: str) -> Callable[[str], list[str]]:
    """Completion of one of a few words, in whichever case it is begun."""

    def offered(incomplete: str) -> list[str]:
        spelt = (one.lower() if incomplete.islower() else one for one in listed)
        return [one for one in spelt if one.startswith(incomplete)]

    return offered


LEVELS = words("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
FORMATS = words("list", "csv", "tsv", "json", "jsonl", "hosts", "stix", "misp", "text")


def hub_at(url: str, token_file: Path | None) -> "Hub":
    """The hub that is asked. Raises Misconfigured without a URL or a token."""
    from indicator_hub.cli.remote import Hub

    return Hub.at(url, token_file, os.environ.get("INDICATOR_HUB_TOKEN", ""))


def path_of(place: str, one: str | None = None) -> str:
    """The path of a collection, or of an object in it. Raises Invalid."""
    from urllib.parse import quote

    group, slash, collection = place.partition("/")
    if not slash or not group or not collection or "/" in collection:
        raise Invalid("A place is written GROUP/COLLECTION, like sentinel/indicators.")
    path = f"/groups/{quote(group, safe='')}/collections/{quote(collection, safe='')}/"
    return path if one is None else f"{path}objects/{quoted(one)}/"


def quoted(text: str) -> str:
    """As one part of a path. Raises Invalid for nothing: the path would be another."""
    from urllib.parse import quote

    if not text:
        raise Invalid("A name is empty: nothing was asked for.")
    return quote(text, safe="")
