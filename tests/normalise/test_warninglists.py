"""Lists of what is no indicator: what is on them, and what only looks like it (normalisation section 10)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.warninglists import Hit, Matcher, Part, WarningList, kept, parse, read
from indicator_hub.stix import canonical
from indicator_hub.stix.pattern import Observable, file_of


def listed(kind, *entries, attributes=(), use="refuse", name="known"):
    """A matcher of one list in MISP's format."""
    text = json.dumps({"name": "A list", "type": kind, "list": entries, "matching_attributes": attributes})
    part, bad = parse(text)
    assert not bad
    assert read(kept([part])) == (part,)
    return Matcher([WarningList(name, use, (part,))])


ON, OFF = "known", None


@pytest.mark.parametrize(
    ("kind", "entries", "one", "expected"),
    [
        ("cidr", ["198.51.100.0/24"], ("ipv4-addr", "198.51.100.9"), ON),
        ("cidr", ["198.51.100.0/24"], ("ipv4-addr", "198.51.101.9"), OFF),
        ("cidr", ["198.51.100.7/24"], ("ipv4-cidr", "198.51.100.128/25"), ON),
        ("cidr", ["198.51.100.0/24"], ("ipv4-cidr", "198.51.0.0/16"), OFF),
        ("cidr", ["198.51.100.9"], ("ipv4-port", "198.51.100.9:53"), ON),
        ("cidr", ["2001:db8::/32"], ("ipv6-addr", "2001:db8::1"), ON),
        ("cidr", ["2001:db8::/32"], ("ipv6-port", "[2001:db8::1]:443"), ON),
        ("cidr", ["::ffff:198.51.100.9"], ("ipv4-addr", "198.51.100.9"), ON),
        ("cidr", ["198.51.100.9"], ("url", "http://198.51.100.9/"), ON),
        ("cidr", ["198.51.100.9"], ("url", "http://198.51.100.9/a"), OFF),
        ("cidr", ["0.0.0.0/0"], ("domain-name", "evil.example"), OFF),
        ("hostname", ["Top.Example"], ("domain-name", "top.example"), ON),
        ("hostname", ["top.example"], ("domain-name", "pages.top.example"), OFF),
        ("hostname", [".top.example"], ("domain-port", "top.example:443"), ON),
        ("hostname", ["top.example"], ("url", "https://top.example/"), ON),
        ("hostname", ["top.example"], ("url", "https://top.example/form?id=1"), OFF),
        ("hostname", ["top.example"], ("sha256", "top.example"), OFF),
        ("string", ["D41D8CD98F00B204E9800998ECF8427E"], ("md5", "d41d8cd98f00b204e9800998ecf8427e"), ON),
        ("string", ["https://top.example/form?id=1"], ("url", "https://top.example/form?id=1"), ON),
        ("substring", ["top.example"], ("domain-name", "very-top.example.org"), ON),
        ("substring", ["top.example"], ("domain-name", "top-example.org"), OFF),
        ("regex", ["/^(.*\\.)?local$/i"], ("domain-name", "host.LOCAL"), ON),
        ("regex", [r"\.internal$"], ("domain-name", "a.internal"), ON),
        ("regex", [r"\.internal$"], ("domain-name", "a.internal.example"), OFF),
    ],
)  # fmt: skip
def test_what_is_on_a_list(kind, entries, one, expected):
    """Networks by what lies in them, hosts by exact name, and no page for where it lies."""
    assert listed(kind, *entries).hit(Observable(*one)).refused_by == ((expected,) if expected else ())


def test_only_the_types_that_it_is_for():
    """A list says which attributes it is for; one that does not is for all."""
    matcher = listed("string", "a" * 32, attributes=["md5", "filename|md5"])
    assert matcher.hit(Observable("md5", "a" * 32)).refused_by == ("known",)
    assert matcher.hit(Observable("mutex", "a" * 32)) == Hit()
    addresses = listed("cidr", "198.51.100.0/24", attributes=["ip-dst"])
    assert addresses.hit(Observable("ipv4-port", "198.51.100.1:80")).refused_by == ("known",)


def test_any_hash_of_a_file():
    """Of a file of which several hashes are given, one on the list is enough."""
    one = file_of([Observable("md5", "b" * 32), Observable("sha256", "c" * 64)])
    assert listed("string", "b" * 32).hit(one).refused_by == ("known",)


def test_a_label_is_no_refusal():
    """That it lies in a cloud, or behind a shortener, is worth knowing, for a page too."""
    matcher = listed("hostname", "short.example", use="label", name="shorteners")
    assert matcher.hit(Observable("url", "https://short.example/abc")) == Hit((), ("shorteners",))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (("domain-name", "www.bank.example"), "known"), (("url", "https://www.bank.example/login"), "known"), (("domain-name", "mybank.example"), None), (("email-addr", "boss@mail.bank.example"), "known"), (("email-addr", "boss@mybank.example"), None),
        (("ipv4-addr", "198.51.100.9"), "known"), (("url", "http://198.51.100.9/x"), "known"), (("ipv4-cidr", "198.51.0.0/16"), "known"),
        (("ipv4-cidr", "203.0.113.0/24"), None),
    ],
)  # fmt: skip
def test_what_a_nation_keeps_for_itself(one, expected):
    """Its networks, and what holds some of them; every host under its names, with all their pages."""
    parts = (Part("cidr", frozenset(), ("198.51.100.0/24",)), Part("hostname", frozenset(), ("bank.example",)))
    assert Matcher([WarningList("known", "allow", parts)]).hit(Observable(*one)).refused_by == (
        (expected,) if expected else ()
    )


def test_an_expression_that_takes_too_long():
    """It counts no longer, and the others do."""
    matcher = listed("regex", r"(a+)+$", r"\.local$")
    assert matcher.hit(Observable("domain-name", "a" * 60 + ".example")) == Hit()
    assert matcher.hit(Observable("domain-name", "a.local")).refused_by == ("known",)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"list": {}}', '{"list": [], "type": "guess"}', '{"list": [], "type": "cidr", "matching_attributes": ["weather"]}', '{"list": ['],
)  # fmt: skip
def test_what_is_no_list(text):
    """It fails as a whole."""
    with pytest.raises(FeedFailed):
        parse(text)


def test_entries_that_are_none():
    """Each is told with its place; the others count."""
    part, bad = parse(
        json.dumps(
            {
                "type": "cidr",
                "list": ["198.51.100.1", "nonsense", 7, "198.51.100.0/33", " 198.51.100.2 ", "198.51.100.1"],
            }
        )
    )
    assert part.entries == ("198.51.100.1", "198.51.100.2")
    assert [(one.raw, one.number) for one in bad] == [("nonsense", 2), ("7", 3), ("198.51.100.0/33", 4)]
    assert parse('{"type": "regex", "list": ["("]}')[1][0].raw == "("


NETWORKS = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32))


@given(st.lists(NETWORKS, max_size=8), NETWORKS)
def test_networks_are_found_as_arithmetic_finds_them(networks, asked):
    """Whatever the lengths: a network is on the list when one that is lies around it."""
    texts = [canonical.render_network(4, *one) for one in networks]
    address, bits = asked
    start = address >> (32 - bits) << (32 - bits)
    value = canonical.render_network(4, start, bits)
    kind = "ipv4-cidr" if "/" in value else "ipv4-addr"
    around = any(length <= bits and base >> (32 - length) == start >> (32 - length) for base, length in networks)
    assert (listed("cidr", *texts).hit(Observable(kind, value)).refused_by == ("known",)) is around
