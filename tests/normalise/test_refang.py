"""Defanged spellings and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.normalise.observe import Observation, observe
from indicator_hub.normalise.refang import defang, refang

CANONICAL = [
    "198.51.100.1",
    "198.51.100.0/24",
    "2001:db8::1",
    "2001:db8::/32",
    "evil.example",
    "http://evil.example/a.b?c=d",
    "https://evil.example:8443/",
    "ftp://evil.example/",
    "http://[2001:db8::1]/x",
    "http://evil.example/[::]",
    "a.b@evil.example",
    "0123456789abcdef" * 2,
]


@pytest.mark.parametrize(
    ("masked", "plain"),
    [
        ("evil[.]example", "evil.example"),
        ("evil(.)example", "evil.example"),
        ("evil{.}example", "evil.example"),
        ("evil[dot]example", "evil.example"),
        ("evil (DOT) example", "evil.example"),
        ("evil [ . ] example", "evil.example"),
        ("evil[[.]]example", "evil.example"),
        ("a[@]evil.example", "a@evil.example"),
        ("a(at)evil[.]example", "a@evil.example"),
        ("hxxp://evil.example", "http://evil.example"),
        ("hXXps://evil.example", "https://evil.example"),
        ("h**p://evil.example", "http://evil.example"),
        ("htxp://evil.example", "http://evil.example"),
        ("fxp://evil.example", "ftp://evil.example"),
        ("hxxp[:]//evil[.]example", "http://evil.example"),
        ("hxxp[://]evil[.]example", "http://evil.example"),
        ("hxxps[:][/][/]evil.example[/]a", "https://evil.example/a"),
        ("2001[:]db8[:][:]1", "2001:db8::1"),
    ],
)
def test_masks_are_taken_off(masked, plain):
    """Each mask of the table stands for its sign, blanks in and around the brackets included."""
    assert refang(masked) == plain


@pytest.mark.parametrize(
    "text",
    [
        "evil[.example",
        "evil.]example",
        "evil[.)example",
        "evil[[.]example",
        "evil dot example",
        "meet me at noon",
        "http://[2001:db8::1]/",
        "http://[::]/",
        "http://evil.example/a[0].b",
        "hxxp evil",
        "[" * 4000 + "." + "]" * 3999,
        "",
    ],
)
def test_what_is_no_mask_stays(text):
    """Half brackets, bare words and the brackets of URLs are not guessed at."""
    assert refang(text) == text


MASKED = st.lists(
    st.sampled_from([*"[](){}.:/@ a", "dot", "at", "://", "hxxp", "[.]", "(dot)", "[:]//"]), max_size=14
).map("".join)


@given(st.text(max_size=60) | MASKED)
def test_refanging_twice_changes_nothing(text):
    """Refanging is idempotent, whatever the text."""
    assert refang(refang(text)) == refang(text)


@pytest.mark.parametrize("value", CANONICAL)
def test_defanging_is_undone(value):
    """A canonical value survives being defanged, and its defanged spelling is the name that is shown."""
    assert refang(defang(value)) == value


@given(MASKED | st.sampled_from(CANONICAL) | st.text(max_size=40))
def test_whatever_is_observed_survives_defanging(text):
    """For every canonical value that an observation gives, refang(defang(x)) is x, and x is refanged already."""
    found = observe(f"http://evil.example/{text}", documentation=True)
    if isinstance(found, Observation):
        value = found.observable.value
        assert refang(value) == value
        assert refang(defang(value)) == value


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("http://evil.example/a.b", "hxxp://evil[.]example/a.b"),
        ("https://198.51.100.1/", "hxxps://198[.]51[.]100[.]1/"),
        ("2001:db8::/32", "2001[:]db8[:][:]/32"),
        ("a@evil.example", "a[@]evil[.]example"),
    ],
)
def test_names_are_no_links(value, name):
    """A defanged value is nothing that a mail program or a browser would make a link of."""
    assert defang(value) == name
