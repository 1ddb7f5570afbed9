"""Which objects an object refers to, wherever in it the references stand."""

import json
from typing import Any

import pytest

from indicator_hub.stix.references import references
from support.world import IDENTITY_A, TLP, indicator

X, Y = "file--00000000-0000-4000-8000-000000000001", "identity--00000000-0000-4000-8000-000000000002"
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing": (indicator(1), set()),
    "its author and marks": (indicator(1, created_by_ref=IDENTITY_A, object_marking_refs=[TLP["RED"]]), set()),
    "the mark of a part": (indicator(1, granular_markings=[{"marking_ref": TLP["RED"], "selectors": ["pattern"]}]), set()),
    "one, beside its author": (indicator(1, created_by_ref=IDENTITY_A, x_seen_ref=X), {X}),
    "several": (indicator(1, object_refs=[X, Y], x_seen_ref=X), {X, Y}),
    "inside of extensions and lists": (indicator(1, extensions={"archive-ext": {"contains_refs": [X]}}, x_parts=[{"body_raw_ref": Y}]), {X, Y}),
    "itself": (indicator(1, object_refs=[indicator(1)["id"], X]), {X}),
    "what is no id": (indicator(1, x_n_ref=1, x_n_refs=[1, None]), set()),
    "a word in a text": (indicator(1, description='"source_ref": "x"'), set()),
    "in external references": (indicator(1, external_references=[{"source_name": "x", "x_own_ref": X}]), {X}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_references(name: str) -> None:
    """Every `_ref` and `_refs` that is content; no author, no mark."""
    value, expected = CASES[name]
    assert references(value, json.dumps(value).encode()) == expected


def test_a_name_written_in_escapes() -> None:
    """The spelling of a name hides nothing."""
    raw = json.dumps(indicator(1, x_seen_ref=X)).replace("x_seen_ref", "x_seen\\u005fref").encode()
    assert references(json.loads(raw), raw) == {X}
