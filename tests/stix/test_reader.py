"""One pass over a body: each object as a value and as its own bytes; what I-JSON forbids is refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import HubError, Invalid, Unprocessable
from indicator_hub.stix.reader import read

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(VALUES, min_size=1, max_size=4),
    st.dictionaries(TEXTS.filter(lambda k: k != "objects"), VALUES, max_size=2),
    st.booleans(),
)
def test_each_object_with_its_own_bytes(objects: list[Any], more: dict[str, Any], spaced: bool) -> None:
    """Whatever surrounds it, each object's slice is exactly its own text, and its value what the standard library reads."""
    indent = 2 if spaced else None
    body = json.dumps({**more, "objects": objects}, indent=indent, ensure_ascii=spaced).encode()
    found = read(body)
    assert [one.value for one in found] == objects
    assert [json.loads(one.raw) for one in found] == objects
    assert all(one.raw in body and one.fault is None for one in found)


@given(
    st.binary(max_size=60)
    | TEXTS.map(str.encode)
    | st.sampled_from(['{"objects":[', '{"objects":[1]', '{"objects":[1,]}']).map(str.encode)
)
def test_nothing_but_a_refusal(body: bytes) -> None:
    """Any bytes at all end in objects or in a refusal of ours."""
    with suppress(HubError):
        assert read(body)


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ('{"a":1,"a":1}', "twice"),
        ('{"a":{"b":1,"b":2}}', "twice"),
        ('{"a":NaN}', "NaN"),
        ('{"a":-Infinity}', "Infinity"),
        ('{"a":9007199254740992}', "2^53"),
        ('{"a":' + "9" * 400 + "}", "digits"),
        ('{"a":0.' + "9" * 400 + "}", "digits"),
        ('{"a":1e999}', "too large"),
    ],
)
def test_a_fault_spoils_one_object(element: str, fault: str) -> None:
    """What I-JSON forbids inside an object is noted for that object alone; its neighbours are whole."""
    found = read(f'{{"objects":[{{"x":1}},{element},{{"y":2}}]}}'.encode())
    assert [one.fault is None for one in found] == [True, False, True]
    assert fault in str(found[1].fault)
    assert found[1].raw.decode() == element


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Invalid), (b"null x", Invalid), (b"null", Unprocessable), (b'"text"', Unprocessable), (b"[1]", Unprocessable),
        (b'{"objects":[1],}', Invalid), (b'{"objects":[1] "a":1}', Invalid), (b"{'objects':[1]}", Invalid), (b'{"objects"[1]}', Invalid),
        (b'{"objects":[1,2', Invalid), (b'{"objects":null}', Unprocessable), (b'{"x":NaN,"objects":[1]}', Invalid),
        (b'{"x":1,"x":1,"objects":[1]}', Invalid), (b'{"objects":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", Invalid),
        (b'\xef\xbb\xbf{"objects":[\xff]}', Invalid),
    ],
)  # fmt: skip
def test_an_envelope_that_is_none(body: bytes, error: type[Exception]) -> None:
    """Not I-JSON is Invalid; JSON without a list of objects is Unprocessable."""
    with pytest.raises(error):
        read(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some editors write one; the object's bytes are the same."""
    assert read(b'\xef\xbb\xbf{"objects":[ {"a":1} ]}')[0].raw == b'{"a":1}'
