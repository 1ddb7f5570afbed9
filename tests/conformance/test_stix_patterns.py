"""Patterns as indicators carry them (STIX 2.1 section 9); tests/stix/test_grammar.py has the grammar at length."""

from typing import Any

import pytest

from indicator_hub.stix.objects import ObjectVersion, Unacceptable, accept
from indicator_hub.stix.reader import read
from support.world import envelope, indicator

GOOD: dict[str, list[str]] = {
    "X-110": ["[a:b = 1]", "[file:size > 10 AND file:size <= 20]", "[a:b = 'x' OR (a:b = 'y' AND a:c = 'z')]"],
    "X-111": ["[file:hashes.'SHA-256' = 'x']", "[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]", "[network-traffic:src_ref.value = '198.51.100.1']",
              "[a:b[0] = 1]", "[a:b[*].c = 1]", "[x-own-type:x_own.'a.b' = 1]"],
    "X-112": [f"[a:b {operator} 1]" for operator in ("=", "!=", ">", "<", ">=", "<=")] + ["[a:b NOT = 1]", "[a:b IN (1, 2, 3)]", "[a:b NOT IN ('x')]", "[a:b LIKE 'x%_']",
              "[a:b MATCHES '^x(']", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "[ipv6-addr:value ISSUPERSET '2001:db8::/32']", "[EXISTS a:b]", "[NOT EXISTS a:b.c]"],
    "X-113": ["[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'example.com']", "[a:b = 1 AND a:c = 2]"],
    "X-114": ["[a:b = 1] WITHIN 5 SECONDS REPEATS 3 TIMES START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'"],
    "X-115": ["[a:b = 1] AND [c:d = 2] OR [e:f = 3] FOLLOWEDBY [g:h = 4]", "([a:b = 1] FOLLOWEDBY [c:d = 2]) WITHIN 5 SECONDS"],
    "X-116": [f"[a:b = {constant}]" for constant in ("'x'", r"'a\'b\\c'", "1", "-1", "0", "1.5", "-.5", "true", "false", "b'aGk='", "h'0aff'", "h''", "t'2026-01-01T00:00:00.123Z'", "'\u6f22'")],
    "X-117": ["[\n\ta:b\u00a0=\r\n1 ]", "[a:b=1]AND[c:d=2]", "  [a:b = 1]  "],
    "X-119": ["[a:b = '\u00e9']", "[a:b = 'e\u0301']"],
    "X-120": ["[a:b MATCHES '(a+)+$']", "[a:b MATCHES '[']"],
    "X-121": ["[a:b = 1] START '2026-01-01T00:00:00Z' STOP '2026-01-02T00:00:00Z'", "[a:b = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'"],
    "X-097": ["[a:b = 1 AND (a:c = 2 OR a:d IN (1, 2))] FOLLOWEDBY ([e:f LIKE 'x'] OR [g:h = 1]) REPEATS 2 TIMES"],
}  # fmt: skip
BAD: dict[str, list[str]] = {
    "X-110": ["a:b = 1", "[a:b]", "[1 = a:b]", "[a:b = c:d]", "[]", "[a:b = 1", "a:b = 1]", "[a:b = 1] [c:d = 2]"],
    "X-111": ["[file:hashes.SHA-256 = 'x']", "[a = 1]", "[a:b. = 1]", "[a:b[x] = 1]", "[a:b[-1] = 1]", "[:b = 1]", "[a: = 1]"],
    "X-112": ["[a:b LIKE 1]", "[a:b ISSUBSET 1]", "[a:b IN 1]", "[a:b > true]", "[a:b ~ 1]", "[a:b EXISTS]"],
    "X-113": ["[ipv4-addr:value = '198.51.100.1' AND domain-name:value = 'example.com']"],
    "X-114": ["[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "[a:b = 1] REPEATS 2 TIMES REPEATS 2 TIMES", "[a:b = 1] WITHIN 0 SECONDS", "[a:b = 1] REPEATS 1.5 TIMES"],
    "X-115": ["[a:b = 1] AND", "AND [a:b = 1]", "([a:b = 1]", "[a:b = 1] NOT [c:d = 1]", "[a:b = 1] FOLLOWED BY [c:d = 1]"],
    "X-116": [r"[a:b = 'a\n']", '[a:b = "x"]', "[a:b = h'abc']", "[a:b = b'a']", "[a:b = t'yesterday']", "[a:b = 01]", "[a:b = null]", "[a:b = 'x]"],
    "X-118": ["", " ", "[a:b = 1] # x", "garbage", "[" * 100],
    "X-121": ["[a:b == 1]", "[a:b <> 1]"],
}  # fmt: skip


@pytest.mark.row(
    "X-092", "X-097", "X-110", "X-111", "X-112", "X-113", "X-114", "X-115", "X-116", "X-117", "X-119", "X-120", "X-121"
)
@pytest.mark.parametrize("row", GOOD)
def test_patterns(row: str) -> None:
    """Taken, and kept to the letter."""
    for pattern in GOOD[row]:
        found = accept(read(envelope(indicator(1, pattern=pattern)))[0])
        assert isinstance(found, ObjectVersion), (found, pattern)
        assert found.value["pattern"] == pattern


@pytest.mark.row("X-092", "X-110", "X-111", "X-112", "X-113", "X-114", "X-115", "X-116", "X-118", "X-121")
@pytest.mark.parametrize("row", BAD)
def test_no_patterns(row: str) -> None:
    """Refused, with the place; in another language than STIX nobody asks."""
    for pattern in BAD[row]:
        found = accept(read(envelope(indicator(1, pattern=pattern)))[0])
        assert isinstance(found, Unacceptable), pattern
        assert "pattern" in found.reason
        if pattern:
            assert isinstance(
                accept(read(envelope(indicator(1, pattern=pattern, pattern_type="sigma")))[0]), ObjectVersion
            )


@pytest.mark.parametrize(("test", "cases"), [(test_patterns, GOOD), (test_no_patterns, BAD)])
def test_each_row_has_its_patterns(test: Any, cases: dict[str, list[str]]) -> None:
    """A test's rows are those of its patterns, and the one on patterns as such."""
    marked = {row for mark in test.pytestmark if mark.name == "row" for row in mark.args}
    assert marked == {"X-092", *cases}
