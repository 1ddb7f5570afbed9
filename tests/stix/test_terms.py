"""What objects are found by: a table of cases, and that nothing acceptable makes it fail."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import Received
from indicator_hub.stix.terms import (
    SOME,
    WHOLE,
    WITHIN,
    Summary,
    digest,
    label_part,
    label_text,
    labels_of,
    summary,
    terms,
)
from support.specimens import specimens

MD5, SHA = "d41d8cd98f00b204e9800998ecf8427e", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PATTERNS: list[tuple[str, list[tuple[str, str, int]]]] = [
    ("[ipv4-addr:value = '198.51.100.1']", [("ipv4-addr", "198.51.100.1", WHOLE)]),
    ("[ipv4-addr:value = '198.51.100.0/24']", [("ipv4-cidr", "198.51.100.0/24", WHOLE)]),
    ("[url:value = 'HTTP://Evil.example/A']", [("url", "http://evil.example/A", WHOLE), ("domain-name", "evil.example", WITHIN)]),
    ("[url:value = 'http://[2001:db8::1]:81/']", [("url", "http://[2001:db8::1]:81/", WHOLE), ("ipv6-addr", "2001:db8::1", WITHIN)]),
    ("[domain-name:value = 'A.example' OR domain-name:value = 'b.example']", [("domain-name", "a.example", WHOLE), ("domain-name", "b.example", WHOLE)]),
    ("[domain-name:value = 'a.example'] OR ([ipv4-addr:value = '192.0.2.1'])", [("domain-name", "a.example", WHOLE), ("ipv4-addr", "192.0.2.1", WHOLE)]),
    ("[domain-name:value = 'a.example' AND domain-name:value != 'b.example']", [("domain-name", "a.example", SOME)]),
    ("[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']", [("ipv4-addr", "192.0.2.1", SOME), ("ipv4-addr", "192.0.2.2", SOME)]),
    ("[ipv4-addr:value = '192.0.2.1'] REPEATS 3 TIMES", [("ipv4-addr", "192.0.2.1", SOME)]),
    ("[ipv4-addr:value = '192.0.2.1'] WITHIN 30 SECONDS", [("ipv4-addr", "192.0.2.1", SOME)]),
    ("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", [("ipv4-addr", "192.0.2.1", WHOLE), ("ipv4-addr", "192.0.2.2", WHOLE)]),
    ("[ipv4-addr:value NOT = '192.0.2.1']", []),
    ("[ipv4-addr:value NOT IN ('192.0.2.1')]", []),
    ("[ipv4-addr:value LIKE '192.0.2.%']", []),
    ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", []),
    ("[x-other:thing = '1' OR ipv4-addr:value = '192.0.2.1']", [("ipv4-addr", "192.0.2.1", SOME)]),
    ("[ipv4-addr:value = 'not one' OR ipv4-addr:value = '192.0.2.1']", [("ipv4-addr", "192.0.2.1", SOME)]),
    ("[file:name = 'OR [ipv4-addr:value = \\'192.0.2.9\\']' OR file:name = 'b']", [("file-name", "OR [ipv4-addr:value = '192.0.2.9']", WHOLE), ("file-name", "b", WHOLE)]),
    ("[file:size = 3]", []),
    (f"[file:hashes.MD5 = '{MD5}' OR file:hashes.'SHA-256' = '{SHA.upper()}']", [("sha256", SHA, WHOLE), ("md5", MD5, WHOLE)]),
    (f"[file:hashes.MD5 = '{MD5}' AND file:name = 'x']", [("md5", MD5, SOME), ("file-name", "x", SOME)]),
    (
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]",
        [("ipv4-port", "192.0.2.1:443", WHOLE), ("ipv4-addr", "192.0.2.1", WITHIN)],
    ),
    ("[network-traffic:src_ref.value = '192.0.2.1' AND network-traffic:src_port = 25]", [("ipv4-addr", "192.0.2.1", SOME)]),
    ("[url:value = 'http://[2001:db8::a]/']", [("url", "http://[2001:db8::a]/", WHOLE), ("ipv6-addr", "2001:db8::a", WITHIN)]),
    ("[url:value = 'http://192.0.2.1/']", [("url", "http://192.0.2.1/", WHOLE), ("ipv4-addr", "192.0.2.1", WITHIN)]),
    ("[url:value = 'http://evil.xn--p1ai/']", [("url", "http://evil.xn--p1ai/", WHOLE), ("domain-name", "evil.xn--p1ai", WITHIN)]),
    ("[url:value = 'http://evil.example/' AND domain-name:value = 'evil.example']", [("url", "http://evil.example/", SOME), ("domain-name", "evil.example", SOME)]),
]  # fmt: skip


def values_in(value: dict[str, Any]) -> list[tuple[str, str, int]]:
    """The values, each of which is found by its own key."""
    found = terms(value)
    assert [one.digest for one in found] == [digest(one.kind, one.value) for one in found]
    return [(one.kind, one.value, one.part) for one in found]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_the_values_of_a_pattern(pattern: str, expected: list[tuple[str, str, int]]) -> None:
    """Only a value, or values joined by OR, is the whole of what it says."""
    assert values_in({"type": "indicator", "pattern": pattern, "pattern_type": "stix"}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "ipv4-addr", "value": "192.0.2.1"}, [("ipv4-addr", "192.0.2.1", WHOLE)]),
        ({"type": "autonomous-system", "number": 64496}, [("autonomous-system", "64496", WHOLE)]),
        ({"type": "file", "name": "a", "hashes": {"MD5": MD5, "SHA-256": SHA}}, [("md5", MD5, WHOLE), ("sha256", SHA, WHOLE), ("file-name", "a", WHOLE)]),
        ({"type": "vulnerability", "name": "cve-2026-12345"}, [("cve", "CVE-2026-12345", WHOLE)]),
        (
            {"type": "vulnerability", "name": "A bug", "external_references": [{"source_name": "cve", "external_id": "CVE-2026-1234"}]},
            [("cve", "CVE-2026-1234", WHOLE)],
        ),
        ({"type": "indicator", "pattern": "alert tcp any", "pattern_type": "snort"}, []),
        ({"type": "report", "name": "192.0.2.1"}, []),
    ],
)  # fmt: skip
def test_the_values_of_other_objects(value: dict[str, Any], expected: list[tuple[str, str, int]]) -> None:
    """Observables by what names them, vulnerabilities by their number."""
    assert values_in(value) == expected


def test_what_an_object_says_of_itself() -> None:
    """Name, confidence, window and labels; nothing where there is nothing, or nothing that can be used."""
    said = summary(
        {
            "name": "n" * 300, "confidence": 0, "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2026-11-01T00:00:00.000001Z",
            "labels": ["B", "a/b", "100%"], "indicator_types": ["b", "malicious-activity"],
        }
    )  # fmt: skip
    start = 1_793_491_200_000_000
    assert said == Summary("n" * 200, 0, start, start + 1, "/100%25/a%2fb/b/malicious-activity/")
    assert labels_of(said.labels) == ["100%", "a/b", "b", "malicious-activity"]
    assert label_part("A/B") in (said.labels or "")
    assert summary({"name": 3, "confidence": True, "valid_from": "soon", "labels": "x"}) == Summary(
        None, None, None, None, None
    )


@given(st.lists(st.text(min_size=1)))
def test_labels_come_back(labels: list[str]) -> None:
    """Whatever is in them, in small letters."""
    assert labels_of(label_text(labels)) == sorted(
        {one.lower() for one in labels}, key=lambda one: one.replace("%", "%25").replace("/", "%2f")
    )


@given(st.text(max_size=60))
def test_no_pattern_makes_it_fail(text: str) -> None:
    """Whatever stands between the brackets."""
    for pattern in (text, f"[ipv4-addr:value = '{text}']", f"[url:value IN ({text})] OR [{text}]"):
        for one in terms({"type": "indicator", "pattern": pattern}):
            assert digest(one.kind, one.value)


def test_every_specimen_is_read() -> None:
    """Objects of every type there is."""
    read = 0
    for value in specimens().values():
        raw = json.dumps(value).encode()
        made = accept(Received(value, raw, None))
        assert isinstance(made, ObjectVersion)
        terms(made.value)
        summary(made.value)
        read += 1
    assert read > 20
