"""Every row has a test that carries its id, or a reason why none can; and every id that a test carries is a row."""

import ast
from pathlib import Path

from conformance.rows import SHEETS, readings, sheet

TESTS = Path(__file__).parents[1]


def carried() -> dict[str, set[str]]:
    """Row: the tests that carry it, read from the source."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row":
                for argument in node.args:
                    found.setdefault(ast.literal_eval(argument), set()).add(path.name)
    return found


def test_rows_and_tests_match() -> None:
    """None is forgotten, none is made up, none is excused that is tested."""
    rows = {row.id: row for name in SHEETS for row in sheet(name)}
    tested = set(carried())
    assert tested - rows.keys() == set()
    assert {row.id for row in rows.values() if not row.untested} - tested == set()
    assert {row.id for row in rows.values() if row.untested} & tested == set()


def test_the_sheets_are_whole() -> None:
    """As many rows as the standards have requirements, each once."""
    ids = {name: [row.id for row in sheet(name)] for name in SHEETS}
    assert {name: len(rows) for name, rows in ids.items()} == {"taxii": 255, "stix": 106, "interop": 96}
    assert all(len(set(rows)) == len(rows) for rows in ids.values())
    assert len(readings()) == 32


def test_what_may_go_untested() -> None:
    """Nothing that a standard demands of a server, unless there is nothing here that it could apply to."""
    for name in SHEETS:
        for row in sheet(name):
            if row.untested:
                demanded = row.level in ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "TABLE", "RFC", "IANA")
                assert not demanded or row.untested.startswith(("binds the client", "does not apply: ")), row.id
