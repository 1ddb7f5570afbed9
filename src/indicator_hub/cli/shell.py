"""What all commands share: the application they belong to, their common options, and how they print."""

import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from indicator_hub.errors import Invalid
from indicator_hub.limits import OBEYED

app = typer.Typer(
    name="indicator-hub",
    help="A TAXII 2.1 hub on which partner nations share cyber-threat indicators.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="The database; else INDICATOR_HUB_DATABASE_URL.")
]
_OBEYED = re.compile(rf"{OBEYED.pattern}|[\t\r\n\u2028\u2029]")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show(told: object, lines: Callable[[], Sequence[str]], *, as_json: bool) -> None:
    """Print an answer: as JSON, or as lines to read."""
    print(json.dumps(told) if as_json else "\n".join(map(_plain, lines())))


def _plain(line: str) -> str:
    """Without what a terminal would obey: a partner's words could else rewrite the screen, or look like a line of ours."""
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", line)


def contents(file: Path) -> BinaryIO:
    """A file, to be read and closed; `-` is standard input. Raises Invalid."""
    if str(file) == "-":
        return io.BytesIO(sys.stdin.buffer.read())
    try:
        return file.open("rb")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None
