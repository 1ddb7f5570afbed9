"""A page says how the same is done in a shell: with commands and options that there are."""

import re
from pathlib import Path

from typer.testing import CliRunner

import indicator_hub.web.console
from indicator_hub.cli.commands import app

_FOLDER = Path(indicator_hub.web.console.__file__).parent
_GROUPS = frozenset(("account", "config", "consent", "name"))
_LINE = re.compile(r"indicator-hub ([a-z-]+)(?: ([a-z-]+))?([^}`]*)")


def _lines() -> dict[tuple[str, ...], set[str]]:
    """The commands on pages, each with the options that are shown with it."""
    found: dict[tuple[str, ...], set[str]] = {}
    for path in sorted((*_FOLDER.glob("templates/*.html"), *_FOLDER.glob("*.py"))):
        for line in path.read_text(encoding="utf-8").splitlines():
            for part in re.split(r"(?=indicator-hub [a-z])", line)[1:]:
                if said := _LINE.match(part):
                    command = (said[1], said[2]) if said[1] in _GROUPS and said[2] else (said[1],)
                    found.setdefault(command, set()).update(re.findall(r"(?<![\w-])--[a-z-]+", said[3]))
    return found


def test_every_command_on_a_page_is_one() -> None:
    """`--help` answers, and knows the options."""
    lines = _lines()
    assert len(lines) > 15
    for command, options in lines.items():
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
        assert told.exit_code == 0, (command, told.output)
        assert [one for one in sorted(options) if one not in told.output] == [], command
