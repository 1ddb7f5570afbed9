"""How long what a feed says is true (normalisation section 7)."""

import pytest

from indicator_hub.normalise.validity import DAY, days, is_due

NOW = 2_000 * DAY


@pytest.mark.parametrize(
    ("kind", "labels", "types", "expected"),
    [
        ("ipv4-addr", (), ("malicious-activity",), 30),
        ("ipv6-port", (), ("malicious-activity",), 30),
        ("ipv4-addr", (), ("anonymization",), 7),
        ("ipv6-addr", (), ("anomalous-activity",), 7),
        ("url", ('rsit:fraud="phishing"',), (), 7),
        ("url", ("phishing",), (), 7),
        ("url", (), ("malicious-activity",), 30),
        ("domain-name", (), ("anonymization",), 180),
        ("domain-name", ("dga",), (), 30),
        ("domain-port", ("phishing",), (), 30),
        ("email-addr", (), (), 90),
        ("ipv4-cidr", (), ("anomalous-activity",), 14),
        ("autonomous-system", (), (), 14),
        ("x509-certificate", (), (), 180),
        ("sha256", (), (), 365),
        ("mutex", (), (), 365),
        ("windows-registry-key", (), (), 365),
        ("cryptocurrency-wallet", (), (), 365),
    ],
)
def test_days(kind, labels, types, expected):
    """The table of section 7."""
    assert days(kind, labels, types) == expected


@pytest.mark.parametrize(
    ("left", "place", "expected"),
    [(16, 0.0, False), (14.9, 0.0, True), (14.9, 0.5, False), (14.4, 0.5, True), (-3, 1.0, True), (30, 0.0, False)],
)
def test_an_end_is_put_off_when_it_has_come_near(left, place, expected):
    """From the half of the window on, each within a day of its own."""
    until = NOW + int(left * DAY)
    assert is_due(until, NOW + 30 * DAY, window=30 * DAY, now=NOW, place=place) is expected


def test_no_end_and_no_later_end():
    """What has none is given one; an end that is not later is not put off."""
    assert is_due(None, NOW, window=DAY, now=NOW, place=0)
    assert not is_due(NOW + 1, NOW + 1, window=30 * DAY, now=NOW, place=0)
    assert not is_due(NOW + 2, NOW + 1, window=30 * DAY, now=NOW, place=0)
