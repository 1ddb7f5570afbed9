"""What never goes out, and what a query may say."""

from collections import Counter

import pytest

from exports.sample import BAD, GOOD, NOW, SECOND, row, written
from indicator_hub.errors import Invalid
from indicator_hub.exports import catalogue
from indicator_hub.exports.asked import filter_of, parse
from indicator_hub.exports.choose import Rules, handling_of_definition, pap_of_definition, reason, strictest_pap
from indicator_hub.stix.markings import HANDLING_EXTENSION, PAP_EXTENSION

DEVICE = Rules(
    NOW,
    lambda one: "a list" if one.value == "listed.example.com" else None,
    marked=False,
    machine=True,
    documentation=True,
)
FOR_PEOPLE = frozenset(("pap", "red", "handling", "bound"))
"""What a reader may be told of, though no device may act upon it."""


@pytest.mark.parametrize("why", BAD)
def test_each_reason(why: str) -> None:
    """One row for each, and each is left out for it."""
    assert reason(BAD[why], DEVICE) == SECOND.get(why, why)


@pytest.mark.parametrize("name", [*catalogue.FORMATS, catalogue.EVENT.name])
def test_no_format_lets_one_through(name: str) -> None:
    """Whatever is asked for."""
    whole, run = written(name)
    form = catalogue.FORMATS.get(name, catalogue.EVENT)
    shown = FOR_PEOPLE if form.marked else frozenset[str]()
    if form.whole:
        shown |= {
            "pattern",
            "special_address",
            "too_broad",
            "no_public_name",
            "public_suffix",
            "listed",
            "not_canonical",
        }
    for why, one in BAD.items():
        if why not in shown and (not form.kinds or one.kind in form.kinds):
            assert one.value.encode() not in whole or why == "public_suffix"
    expected = Counter(
        SECOND.get(why, why)
        for why, one in BAD.items()
        if why not in shown and (not form.kinds or one.kind in form.kinds)
    )
    assert run.skipped == expected + Counter(format=run.skipped["format"])


def test_documentation_is_asked_for() -> None:
    """Without it nothing of the sample is an address or a name of the Internet; with one that is, it goes out."""
    rules = Rules(NOW, lambda _: None, marked=False, machine=True)
    for one in GOOD:
        if one.kind.startswith(("ipv", "domain", "url", "email")):
            assert reason(one, rules) in ("special_address", "example_name"), one
    for kind, value in (("ipv4-addr", "198.51.101.1"), ("ipv6-cidr", "2001:dba::/32"), ("domain-name", "abc.b.co.uk")):
        assert reason(row(kind, value), rules) is None
    for kind, value in (("url", "http://co.uk/x"), ("email-addr", "a@b.co.uk")):
        assert reason(row(kind, value), rules) is None
    assert reason(row("url", "http://127.0.0.1/x"), rules) == "special_address"
    assert reason(row("url", "http://[::1]/x"), rules) == "special_address"
    assert reason(row("ipv4-port", "10.0.0.1:80"), rules) == "special_address"
    assert reason(row("ipv6-cidr", "2001::/18"), rules) == "too_broad"


@pytest.mark.parametrize(
    ("labels", "marks", "word"),
    [
        ((), (), None), (("pap:green",), (), "green"), (("pap:white",), (), "clear"), (("pap:green",), ("red",), "red"),
        (("pap:amber", "x"), ("clear",), "amber"), (("pap:purple",), (), "red"),
    ],
)  # fmt: skip
def test_the_strictest_pap(labels: tuple[str, ...], marks: tuple[str, ...], word: str | None) -> None:
    """Of labels and marks; what is not understood is the strictest."""
    assert strictest_pap(labels, marks) == word


def test_handling_of_a_definition() -> None:
    """One code or several, and nothing else."""
    said: list[object] = ["H1", ["H2", "H0"], [], "H9", {"H1": 1}, None, 3]
    of = [handling_of_definition({"extensions": {HANDLING_EXTENSION: {"handling": one}}}) for one in said]
    assert of == [{"H1"}, {"H0", "H2"}, set(), set(), set(), set(), set()]
    assert handling_of_definition({}) == handling_of_definition({"extensions": {HANDLING_EXTENSION: 1}}) == set()


def test_pap_of_a_definition() -> None:
    """By the extension, in whatever case."""
    of = {"extensions": {PAP_EXTENSION: {"extension_type": "property-extension", "pap": "RED"}}}
    assert [pap_of_definition(one) for one in (of, {}, {"extensions": {}}, {"extensions": {PAP_EXTENSION: 1}})] == [
        "red",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1", "level=PURPLE", "level=RED&level=RED", "confidence=101", "confidence=-1", "confidence=", "confidence=²", "age=30", "age=0d",
        "age=999999d", "kind=ipv9", "kind=", "label=a/b", "limit=0", "limit=1000001", "limit=x", "documentation=yes", "wildcard=true", "policy=drop",
        "collection=%00", "a", "kind=%ff", "%", "collection=" + "x" * 300,
    ],
)  # fmt: skip
def test_a_query_that_is_refused(query: str) -> None:
    """As a whole, before anything is looked up; options of other formats too."""
    with pytest.raises(Invalid):
        parse(query, frozenset(("ttl",)))


def test_a_query_and_its_record() -> None:
    """What was asked for is kept so that it can be read again."""
    asked = parse(
        "kind=url,md5&kind=sha1&level=tlp:amber%2Bstrict&confidence=70&age=30d&label=Botnet&collection=b,a&originator=x&limit=5&documentation=true"
        "&policy=sink.example.net.&zone=rpz&ttl=60",
        frozenset(("policy", "zone", "ttl")),
    ).filter
    assert (asked.kinds, asked.level, asked.labels, asked.collections) == (
        ("md5", "sha1", "url"),
        3,
        ("botnet",),
        ("a", "b"),
    )
    assert filter_of(asked.document()) == asked
    assert filter_of(parse("", frozenset()).filter.document()) == parse("", frozenset()).filter
    assert parse("level=AMBER+STRICT", frozenset()).filter.level == 3
