"""Only one visibility predicate: entries are read in four modules of the store, and nowhere else."""

import ast
from itertools import pairwise

from support.paths import ROOT

SOURCES = ROOT / "src" / "indicator_hub"
READERS = {"store/entries.py", "store/pages.py", "store/references.py", "store/visible.py"}


def test_entries_are_read_in_one_place() -> None:
    """No module but these takes the table of entries from the schema, under whatever name, nor the schema as a whole."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "indicator_hub.store.schema":
                names = {alias.name for alias in node.names}
                if names & {"entry", "metadata", "*"}:
                    found.add(str(path.relative_to(SOURCES)))
            if isinstance(node, ast.ImportFrom) and node.module == "indicator_hub.store":
                assert "schema" not in {alias.name for alias in node.names}, path
            assert not (
                isinstance(node, ast.Import) and any(one.name.endswith("store.schema") for one in node.names)
            ), path
    assert found == READERS


def test_no_statement_is_written_as_text_about_entries() -> None:
    """Nor does any string of the source name the table in SQL."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.lower().split()
                pairs = set(pairwise(words))
                assert not pairs & {("from", "entry"), ("join", "entry"), ("update", "entry"), ("into", "entry")}, (
                    path,
                    node.value,
                )
