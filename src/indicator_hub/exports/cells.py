"""Comma-separated values by RFC 4180, but for the line end, which is LF alone.

For programs a cell is exactly what it was. For people with a spreadsheet it is made harmless: one that a spreadsheet would take for a formula
begins with an apostrophe.
"""

import re
from collections.abc import Sequence

_QUOTED = re.compile(r'[",\r\n]')
_FORMULA = re.compile(r"[\s\0]*[=+\-@|%\t\r\uff1d\uff0b\uff0d\uff20\u2212]")
"""How a cell begins that one spreadsheet or another works out: also behind blanks, and in the wide letters of East Asia."""


def line(cells: Sequence[str]) -> str:
    """One record."""
    plain = ",".join(cells)
    if plain.count(",") == len(cells) - 1 and '"' not in plain and "\n" not in plain and "\r" not in plain:
        return f"{plain}\n"  # nearly all of them
    return f"{','.join(map(quoted, cells))}\n"


def quoted(cell: str) -> str:
    """A cell, between quotes where it needs them."""
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell
