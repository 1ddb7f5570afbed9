"""Which texts are STIX patterns, held against the reference library wherever the two should agree."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.validator import run_validator

from indicator_hub.errors import Invalid
from indicator_hub.stix import grammar

MD5 = "cead3f77f6cda6ec00f57d76c9a6879f"
T1, T2 = "2016-06-01T00:00:00Z", "2016-07-01T00:00:00.5Z"

AGREED_VALID = [
    "[ipv4-addr:value = '198.51.100.1']",
    "[ ipv4-addr:value = '198.51.100.1' ]",
    "[ipv4-addr:value='198.51.100.1']",
    f"[file:hashes.MD5 = '{MD5}' OR file:hashes.'SHA-256' = '{MD5}{MD5}']",
    "[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]",
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']",
    "[a:b[0][1].c[*] = 1]",
    "[a : b . c = 1]",
    "[a:b\n=\t1]",
    "[a:b != 1]",
    "[a:b < 1 AND a:b > -1 AND a:b <= +1 AND a:b >= .5]",
    "[a:b NOT = 1 OR a:b NOT > 1]",
    "[a:b IN (1, 'x', true, 2.5)]",
    "[a:b NOT IN(1)]",
    "[a:b IN ()]",
    "[a:b LIKE 'x%' OR a:b NOT LIKE'y_']",
    r"[a:b MATCHES '^x\\.y\'s$']",
    "[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv4-addr:value ISSUPERSET '198.51.100.1']",
    "[EXISTS a:b.c]",
    "[NOT EXISTS a:b]",
    "[a:b = true OR a:b = false]",
    "[a:b = h'ffd8' OR a:b = h'' OR a:b = b'dGVzdA==' OR a:b = b'dGVzdHM=']",
    f"[a:b = t'{T1}']",
    "[(a:b = 1 OR a:c = 2) AND a:d = 3]",
    "[a:b = 1 OR c:d = 2]",
    "[a:b = 1]AND[c:d = 2]",
    "[a:b = 1] AND [c:d = 2] OR [e:f = 3] FOLLOWEDBY [g:h = 4]",
    "([a:b = 1] FOLLOWEDBY [c:d = 2]) WITHIN 300 SECONDS",
    "[a:b = 1] WITHIN 1.5 SECONDS REPEATS 5 TIMES",
    f"[a:b = 1] START t'{T1}' STOP t'{T2}'",
    f"([a:b = 1] WITHIN 5 SECONDS) WITHIN 6 SECONDS REPEATS 2 TIMES START t'{T1}' STOP t'{T2}'",
    "[x_y:_z = 'ü\u2028\n']",
    "[a:b = '']",
    "[a:'' = 1]",
    "[A:B = 1]",
]
AGREED_INVALID = [
    " ",
    "a:b = 1",
    "[]",
    "[a:b]",
    "[a:b = ]",
    "[a:b = x]",
    "[a = 1]",
    "[a.b = 1]",
    "[a:b = 1",
    "a:b = 1]",
    "([a:b = 1]",
    "[a:b = 1])",
    "[(a:b = 1]",
    "[a:b = 1] AND",
    "[a:b = 1] and [c:d = 2]",
    "[a:b = 1 AND]",
    "[a:b = 1][a:b = 2]",
    "[a:b = 1] junk",
    "[a:b =? 1]",
    "[a:b = 'x]",
    r"[a:b = '\n']",
    "[a:b = 'it's']",
    "[a:b > true]",
    "[a:b = TRUE]",
    "[a:b LIKE 1]",
    "[a:b ISSUBSET h'ff']",
    "[a:b IN (1,)]",
    "[a:b IN 1]",
    "[a:b NOTIN (1)]",
    "[EXISTS a:b = 1]",
    "[a:b = h'f']",
    "[a:b = b'x']",
    "[a:b = t'2016-13-01T00:00:00Z']",
    "[a:b = t'2016-01-01T00:00:00']",
    "[a:b = 0.]",
    "[a:b = 1e5]",
    "[a:b = 007]",
    "[a:b-c = 1]",
    f"[file:hashes.SHA-256 = '{MD5}{MD5}']",
    "['a':b = 1]",
    "[a:b[] = 1]",
    "[a:b[x] = 1]",
    "[a:IN = 1]",
    "[true:b = 1]",
    "[a:true = 1]",
    "[a:b = 1] WITHIN 5",
    "[a:b = 1] WITHIN -5 SECONDS",
    "[a:b = 1] WITHIN 5 HOURS",
    "[a:b = 1] REPEATS 1.5 TIMES",
    "[a:b = 1] START t'2016-06-01T00:00:00Z'",
    "[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS",
    "[a:b = 1] REPEATS 2 TIMES WITHIN 1 SECONDS REPEATS 3 TIMES",
    "\ufeff[a:b = 1]",
    '[a:"b" = 1]',
]
STRICTER = [
    "[a:b == 1]",  # 9.6.1 has no such operator
    "[a:b <> 1]",
    "[a:b = 1 /* remark */]",  # 9 has no comments
    "[a:b = 1] // remark",
    "[a:b = 1 AND c:d = 2]",  # 9.5: one object
    "[a:b = 1 AND (c:d = 2 OR e:f = 3)]",
    "([a:b = 1]) WITHIN 5 SECONDS WITHIN 6 SECONDS",  # 9.5.1, on a group too
    "[a:b = 1] WITHIN 0 SECONDS",
    "[a:b = 1] WITHIN 0.0 SECONDS",
    "[a:b = 1] REPEATS 0 TIMES",
    "[a:b[+1] = 1]",
    "[a:b = t'2016-02-30T00:00:00Z']",  # no real date
]
LAXER = [
    "[file:hashes.MD5 = 'f00']",  # a value, not syntax
    f"[a:b = 1] START '{T1}' STOP '{T2}'",  # STIX 2.0
]


def refusal(pattern):
    """The sentence with which our check refuses the pattern, empty where it does not."""
    try:
        grammar.check(pattern)
    except Invalid as refused:
        return refused.detail
    return ""


def ours(pattern):
    """Whether our check takes the pattern."""
    return not refusal(pattern)


def theirs(pattern):
    """Whether the reference library takes the pattern."""
    return not run_validator(pattern, "2.1")


@pytest.mark.parametrize("pattern", AGREED_VALID)
def test_valid_patterns(pattern):
    """What STIX 2.1 section 9 allows is accepted, and the reference library agrees."""
    grammar.check(pattern)
    assert theirs(pattern)


@pytest.mark.parametrize("pattern", AGREED_INVALID)
def test_invalid_patterns(pattern):
    """What section 9 does not allow is refused, and the reference library agrees."""
    assert (ours(pattern), theirs(pattern)) == (False, False)


@pytest.mark.parametrize("pattern", STRICTER)
def test_where_we_are_stricter(pattern):
    """Rules of section 9 that the reference library does not hold patterns to."""
    assert (ours(pattern), theirs(pattern)) == (False, True)


@pytest.mark.parametrize("pattern", LAXER)
def test_where_we_are_laxer(pattern):
    """STIX 2.0 forms and questions of value are not the grammar's to refuse."""
    assert (ours(pattern), theirs(pattern)) == (True, False)


def test_types_joined_by_or_may_meet_in_and():
    """AND needs one type common to both sides, as an object of that type can match."""
    grammar.check("[a:b = 1 AND (a:c = 2 OR d:e = 3)]")


def test_an_empty_text_is_no_pattern():
    """An empty pattern is refused."""
    assert not ours("")


def test_limits():
    """A pattern has at most 64 kB, 64 parentheses inside one another and 1,000 comparisons."""
    grammar.check("(" * 64 + "[a:b = 1]" + ")" * 64)
    grammar.check("[" + " OR ".join(["a:b = 1"] * 1000) + "]")
    grammar.check("[a:b = '" + "x" * 65_000 + "']")
    for pattern in (
        "(" * 65 + "[a:b = 1]" + ")" * 65,
        "[" + "(" * 65 + "a:b = 1" + ")" * 65 + "]",
        "[" + " OR ".join(["a:b = 1"] * 1001) + "]",
        " OR ".join(["[a:b = 1]"] * 1001),
        "[a:b = '" + "x" * 65_536 + "']",
        "[a:b = '" + "ü" * 33_000 + "']",
        "[a:b = '\ud800']",
    ):
        assert not ours(pattern)


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("[a:b = ]", "The pattern is not valid at character 8 (`]`): a constant was expected."),
        ("[a:b = 1", "The pattern is not valid at its end (character 9): ']' is missing."),
        ("[a:b  == 1]", "The pattern is not valid at character 8 (`= 1]`): a constant was expected."),
        (
            "[a:b = 1 AND  c:d = 2]",
            "The pattern is not valid at character 15 (`c:d = 2]`): AND inside '[ ]' joins comparisons of different object types.",
        ),
    ],
)
def test_the_sentence_names_the_place(pattern, sentence):
    """A refusal says where the pattern stops being one, counted from 1, and what was expected there."""
    with pytest.raises(Invalid) as refused:
        grammar.check(pattern)
    assert sentence == refused.value.detail


def test_the_sentence_quotes_little():
    """A refusal quotes at most 40 characters of the pattern, none of them a control character or outside ASCII."""
    with pytest.raises(Invalid) as refused:
        grammar.check("[a:b = " + "\x07ü" * 5000)
    assert len(refused.value.detail) < 150
    assert refused.value.detail.isascii()
    assert refused.value.detail.isprintable()


CONSTANT = st.sampled_from(["1", "-0.5", "'x'", r"'it\'s \\'", "true", "h'ff'", "b'dGVzdA=='", f"t'{T1}'"])
OPERATOR = st.sampled_from(
    ["=", "!=", "<", ">=", "NOT =", "IN", "NOT IN", "LIKE", "MATCHES", "ISSUBSET", "NOT ISSUPERSET"]
)
PATH = st.sampled_from(["a:b", "a:b.c", "a:b[0].'x-y'", "a:b[*]", "x-y:z"])


@st.composite
def comparison(draw):
    """One comparison, mostly valid."""
    operator = draw(OPERATOR)
    constants = draw(st.lists(CONSTANT, min_size=1, max_size=3))
    right = f"({', '.join(constants)})" if "IN" in operator.split() else constants[0]
    return f"{draw(PATH)} {operator} {right}"


INSIDE = st.recursive(
    comparison() | st.just("EXISTS a:b"),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(" ".join) | inner.map(lambda text: f"({text})")
    ),
    max_leaves=3,
)
QUALIFIER = st.sampled_from(["", " WITHIN 5 SECONDS", " REPEATS 2 TIMES", f" START t'{T1}' STOP t'{T2}'"])
PATTERN = st.recursive(
    st.tuples(INSIDE, QUALIFIER, QUALIFIER).map(lambda parts: f"[{parts[0]}]{parts[1]}{parts[2]}"),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR", "FOLLOWEDBY"]), inner).map(" ".join)
        | inner.map(lambda text: f"({text})")
    ),
    max_leaves=2,
)


@given(PATTERN)
def test_generated_patterns_agree(pattern):
    """Whatever is put together from the grammar's parts, both checks say the same, AND across object types left aside."""
    if "x-y:z" in pattern:
        pattern = pattern.replace("x-y:z", "a:z")
    assert ours(pattern) == theirs(pattern)


@given(PATTERN, st.randoms(use_true_random=False))
def test_damaged_patterns_agree(pattern, source: random.Random):
    """With one character lost, doubled or replaced both checks still say the same."""
    pattern = pattern.replace("x-y:z", "a:z")
    at = source.randrange(len(pattern))
    damage = source.choice(["", pattern[at] * 2, source.choice("[]()' =\\a1.:")])
    damaged = pattern[:at] + damage + pattern[at + 1 :]
    if any(known in damaged for known in ("==", "START '", "STOP '")) or "different object types" in refusal(damaged):
        return
    assert ours(damaged) == theirs(damaged)


@given(st.text(max_size=60) | st.text(alphabet="[]()'ab:=.* \\ANDOR1", max_size=60))
def test_any_text_is_judged(text):
    """No text makes the check fail in another way than by refusing."""
    ours(text)
