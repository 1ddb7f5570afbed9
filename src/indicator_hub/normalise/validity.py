"""How long what a feed says is true (normalisation section 7): so many days after it was last seen, by what it is."""

from collections.abc import Collection

from indicator_hub.trust.roster import Feed

DAY = 86_400_000_000
_ADDRESS = frozenset(("ipv4-addr", "ipv6-addr", "ipv4-port", "ipv6-port"))
_DOMAIN = frozenset(("domain-name", "domain-port"))
_DAYS = {
    **dict.fromkeys(_ADDRESS, 30), **dict.fromkeys(_DOMAIN, 180), "url": 30, "email-addr": 90, "ipv4-cidr": 14, "ipv6-cidr": 14,
    "autonomous-system": 14, "x509-certificate": 180, "x509-serial": 180,
}  # fmt: skip
_OTHERS = 365
"""Hashes, mutexes, registry keys, wallets and what else does not change hands."""
_SHORT = 7
_PASSING = frozenset(("anonymization", "anomalous-activity"))
"""Exits, scanners and block lists: an address is that for a few days."""
_PHISHING = 'rsit:fraud="phishing"'


def days(kind: str, labels: Collection[str], indicator_types: Collection[str]) -> int:
    """Days after it was last seen, by the type of the observable, and what is said of it."""
    if kind in _ADDRESS and _PASSING.intersection(indicator_types):
        return _SHORT
    if kind == "url" and (_PHISHING in labels or "phishing" in labels):
        return _SHORT
    if kind in _DOMAIN and (_PHISHING in labels or "phishing" in labels or "dga" in labels):
        return _DAYS["url"]
    return _DAYS.get(kind, _OTHERS)


def window(feed: Feed, kind: str, labels: Collection[str], indicator_types: Collection[str]) -> int:
    """The same in microseconds; the feed's own number of days where it declares one."""
    return (feed.valid_days or days(kind, labels, indicator_types)) * DAY


def is_due(until: int | None, wanted: int, *, window: int, now: int, place: float, every: int = 0) -> bool:
    """Whether an end is to be put off, which makes a new version that every client pulls.

    Only when less than half of the window is left, or when it would else lapse before the next look.
    All in microseconds. `place`, from 0 to 1, spreads what came on one day over a day. `every` is how long it takes until it is looked at again: before that
    it does not end, and content that has not changed is read once a day.
    """
    if until is None:
        return True
    near = window / 2 - place * DAY
    if (next_look := DAY + 1.25 * every) <= near:
        return wanted > until and until - now < near
    # A short window, or rare runs: put off at each run, as long as that gains enough to be worth a version.
    return wanted - until > 0.8 * min(DAY, window / 2) and until - now < next_look
