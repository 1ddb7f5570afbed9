"""Timestamps: to the digit, in order, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.stix import timestamps

INSTANTS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


@given(INSTANTS)
def test_render_and_parse(instant: int) -> None:
    """What is rendered parses to the same, and always has six digits and Z."""
    text = timestamps.render(instant)
    assert (len(text), timestamps.parse(text), timestamps.is_timestamp(text)) == (27, instant, True)


@given(INSTANTS, INSTANTS, st.integers(0, 3))
def test_keys_sort_as_the_instants(one: int, other: int, zeros: int) -> None:
    """Sort keys compare as the instants do, whatever zeros end the fraction."""
    left, right = timestamps.render(one), timestamps.render(other)[:-1] + "0" * zeros + "Z"
    assert (timestamps.sort_key(left) < timestamps.sort_key(right)) == (one < other)
    assert (timestamps.sort_key(left) == timestamps.sort_key(right)) == (one == other)


def test_keys_go_beyond_microseconds() -> None:
    """X-190: two versions that differ in the seventh digit are two."""
    assert timestamps.sort_key("2026-01-01T00:00:00.1234567Z") < timestamps.sort_key("2026-01-01T00:00:00.1234568Z")
    assert timestamps.sort_key("2026-01-01T00:00:00Z") == timestamps.sort_key("2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T24:00:00Z", "2026-02-29T00:00:00Z",
                                  "2026-01-01t00:00:00z", "2026-01-01T00:00:00+00:00", "٢026-01-01T00:00:00Z", "", None, 1])  # fmt: skip
def test_what_is_none(text: object) -> None:
    """STIX 2.1 section 2.16: only UTC with Z, a real date and time."""
    assert not timestamps.is_timestamp(text)
