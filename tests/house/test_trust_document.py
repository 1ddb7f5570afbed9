"""The table of decisions in docs/trust.md names tests that exist."""

import ast
import re

from support.paths import ROOT


def test_every_decision_names_a_test_that_is_there() -> None:
    """Each `tests/...::name` is a function of that file."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "trust.md").read_text(encoding="utf-8"))
    assert len(named) > 25
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        found = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in found, f"{path}::{name}"
