"""The rows of the two standards and of the interoperability scenarios, what the hub does about each, and which tests show it.

A test carries a row's id by `@pytest.mark.row("T-036")`. `pytest --conformance=FILE` writes the table of rows, tests and results.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SHEETS = ("taxii", "stix", "interop")


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `level` is the standard's word, or HUB where the choice is ours; `untested` says why no test can show it."""

    id: str
    clause: str
    level: str
    does: str
    untested: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How we read a point on which the standard is silent or contradicts itself, and why."""

    id: str
    point: str
    reading: str
    reason: str


@dataclass(slots=True)
class Results:
    """What the tests of one run said: outcome by test, and tests by row."""

    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    tests: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def note(self, test: str, rows: Iterable[str], outcome: str) -> None:
        """One result. A test with parameters counts as one, and has failed when one of them has."""
        ranks = ("passed", "skipped", "failed")
        self.outcomes[test] = max(self.outcomes.get(test, "passed"), outcome, key=ranks.index)
        for row in rows:
            self.tests.setdefault(row, set()).add(test)


def sheet(name: str) -> list[Row]:
    """The rows of one sheet, in order."""
    return [Row(**row) for row in _read(name)]


def readings() -> list[Reading]:
    """The ambiguous points."""
    return [Reading(**row) for row in _read("readings")]


def _read(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


TITLES = {
    "taxii": "TAXII 2.1",
    "stix": "STIX 2.1",
    "interop": "Interoperability scenarios",
}


def render(results: Results) -> str:
    """docs/conformance.md."""
    sheets = {name: sheet(name) for name in SHEETS}
    parts = [_INTRODUCTION, _counts(sheets, results)]
    for name, rows in sheets.items():
        lines = [f"| {row.id} | {row.clause} | {row.level} | {row.does} | {_shown(row, results)} |" for row in rows]
        parts.append(
            f"## {TITLES[name]}\n\n| row | clause | level | what the hub does | shown by |\n|---|---|---|---|---|\n"
            + "\n".join(lines)
        )
    lines = [f"| {one.id} | {one.point} | {one.reading} | {one.reason} |" for one in readings()]
    parts.append(
        "## How we read what is ambiguous\n\n| | point | our reading | reason |\n|---|---|---|---|\n" + "\n".join(lines)
    )
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """# Conformance

What the hub does about each clause of TAXII 2.1 (OASIS Standard, 10 June 2021), of STIX 2.1 with Errata 01, and in each
interoperability scenario, and the tests that show it. Written by `make conformance`, which runs those tests; do not edit.

Levels are the standards' own words. TABLE is a rule that stands in an endpoint's table only (TAXII 2.1 section 3.1 makes these normative),
OVER one of the overview, IANA one of the media type's registration, RFC one of HTTP itself, REC advice beyond the text, BP the STIX best practices, HUB a choice of ours."""


def _counts(sheets: Mapping[str, list[Row]], results: Results) -> str:
    lines: list[str] = []
    for name, rows in sheets.items():
        for level in dict.fromkeys(row.level for row in rows):
            chosen = [row for row in rows if row.level == level]
            failed = sum(
                any(results.outcomes[test] == "failed" for test in results.tests.get(row.id, ())) for row in chosen
            )
            shown = sum(
                bool(outcomes := [results.outcomes[test] for test in results.tests.get(row.id, ())])
                and "failed" not in outcomes
                and "passed" in outcomes
                for row in chosen
            )
            lines.append(
                f"| {TITLES[name]} | {level} | {len(chosen)} | {shown} | {failed} | {len(chosen) - shown - failed} |"
            )
    return (
        "| | level | rows | shown by a passing test | failing | no test that ran, or a reason why there is none |\n|---|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def _shown(row: Row, results: Results) -> str:
    tests = sorted(results.tests.get(row.id, ()))
    if not tests:
        return f"no test: {row.untested}"
    marks = {"passed": "", "skipped": " (skipped)", "failed": " **fails**"}
    return "<br>".join(f"`{test}`{marks[results.outcomes[test]]}" for test in tests)
