"""Each preset on a file of the real feed. What is expected was counted by shell tools before our parser read it."""

from collections import Counter
from dataclasses import replace

import pytest

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise import warninglists
from indicator_hub.normalise.formats import rows
from indicator_hub.normalise.indicator import Candidate, candidate
from indicator_hub.normalise.row import Row
from indicator_hub.normalise.warninglists import Matcher, WarningList
from indicator_hub.stix.pattern import Observable
from indicator_hub.trust.declaration import DeclarationError, parse
from indicator_hub.trust.declaration.presets import known
from indicator_hub.trust.roster import Feed
from normalise.test_samples import NOW, sample

TEXT = """
organisations:
  xa-cert: {title: CERT of XA, nation: XA, contact: {email: duty@cert.xa.example}}
agreement: {name: pact, title: Pact, legal_basis: A treaty, purposes: [defence], from: 2025-01-01}
groups:
  alpha:
    title: Alpha
    kind: standing
    members: {xa-cert: {role: member, can_write: true}}
    collections:
      fed: {id: 0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11, title: Fed, ceiling: AMBER, default: AMBER, writable: feeds}
    feeds:
      one: {preset: %s, organisation: xa-cert, collection: fed%s}
"""

CASES = {
    "urlhaus": ("abusech/urlhaus-2025-04-21.csv", 11_125, {}, 11_125),
    "threatfox": ("abusech/threatfox-recent.json", 4_488, {"non_global": 1}, 4_478),
    "feodo": ("abusech/feodo-ipblocklist.json", 5, {}, 5),
    "feodo-csv": ("abusech/feodo-ipblocklist-2024-04-04.csv", 28, {}, 28),
    "sslbl-ip": ("abusech/sslbl-ip-2015-10-15.csv", 83, {}, 83),
    "kev": ("cisa-kev/known_exploited_vulnerabilities.json", 1_404, {}, 1_404),
    "tweetfeed": ("tweetfeed/week.csv", 1_574, {"non_global": 1}, 1_534),
    "ipsum": ("ipsum/ipsum.txt", 120_430, {}, 120_430),
    "maltrail-remcos": ("maltrail/remcos.txt", 17_668, {"no_scheme": 72}, 17_478),
    "drop": ("spamhaus/drop.txt", 989, {}, 989),
    "asn-drop": ("spamhaus/asn_drop.json", 201, {}, 201),
    "tor-exits": ("tor/tor-exit-nodes.lst", 1_746, {}, 1_746),
    "cps-threatfox": ("cps/threatfox.txt", 3_483, {"non_global": 1}, 2_337),
    "stalkerware": ("echap/network.csv", 1_034, {"syntax": 3}, 1_022),
    "tweetfeed-hosts": ("tweetfeed/blocklists/hosts.txt", 4_875, {"syntax": 2}, 4_873),
    "volexity-report": ("volexity/disgomoji-iocs.csv", 153, {}, 153),
}
"""The file, its candidates, those refused and why, and how many different values there are."""


LISTS = {
    "misp-public-dns": ("public-dns-v4", 62_745, "8.8.8.8"),
    "misp-rfc1918": ("rfc1918", 3, "10.1.2.3"),
    "misp-rfc5735": ("rfc5735", 15, "127.0.0.2"),
    "misp-rfc6761": ("rfc6761", 21, "example.com"),
    "misp-empty-hashes": ("empty-hashes", 6, "d41d8cd98f00b204e9800998ecf8427e"),
    "misp-false-positives": ("ti-falsepositives", 24_645, "00014cb6ebc0e2fb3f83dec061fc8ac1"),
    "misp-top-sites": ("tranco10k", 10_000, "google.com"),
    "misp-suffixes": ("second-level-tlds", 10_231, "co.uk"),
    "misp-aws": ("amazon-aws", 3_847, "1.178.1.77"),
}
"""The list, its entries (`jq '.list | unique | length'`), and a value that is on it."""


@pytest.mark.parametrize("name", LISTS)
def test_what_a_preset_makes_of_the_real_list(name: str) -> None:
    """So many entries, none that cannot be read, and a value that is on it."""
    path, entries, value = LISTS[name]
    part, bad = warninglists.parse(sample(f"misp-warninglists/{path}.json").decode())
    assert (len(part.entries), bad) == (entries, [])
    use = turned_on(name).use
    assert use != "publish"
    kind = {"cidr": "ipv4-addr", "hostname": "domain-name"}.get(part.way) or (
        "md5" if len(value) == 32 else "domain-name"
    )
    hit = Matcher([WarningList(name, use, (part,))]).hit(Observable(kind, value))
    assert (hit.refused_by, hit.labels) == (((name,), ()) if use == "refuse" else ((), (name,)))


def turned_on(name: str, more: str = "") -> Feed:
    """The feed that one line of YAML makes of a preset."""
    return parse([("a.yaml", TEXT % (name, more))]).feeds["one"]


@pytest.mark.parametrize("name", sorted(known()))
def test_one_line_turns_it_on(name: str) -> None:
    """Every preset is a whole feed: with its terms, a level and a confidence; untested ones say so."""
    feed = turned_on(name)
    published = feed.use == "publish"
    assert (bool(feed.terms), feed.level is not None, feed.confidence is not None) == (True, published, published)
    assert ("(untested)" in feed.title) is (name not in CASES | LISTS)
    assert turned_on(name, ", level: AMBER, title: Ours") == replace(feed, level=2, title="Ours"), "what is said counts"


@pytest.mark.parametrize("name", CASES)
def test_what_a_preset_makes_of_the_real_feed(name: str) -> None:
    """So many candidates, so many refused for each reason, and so many different values."""
    path, candidates, refused, different = CASES[name]
    feed, values, reasons, number = turned_on(name), set[tuple[str, str]](), Counter[str](), 0
    for row in rows(sample(path), feed):
        number += 1
        found = candidate(row, feed, now=NOW) if isinstance(row, Row) else row
        if isinstance(found, Candidate):
            values.add((found.observable.type, found.observable.value))
        else:
            reasons[found.reason] += 1
    assert (number, dict(reasons), len(values)) == (candidates, refused, different)


def test_confidence_of_a_count() -> None:
    """IPsum's second column says on how many lists an address stands: each more is worth ten, up to the cap (section 5)."""
    feed = turned_on("ipsum")
    found = (candidate(row, feed, now=NOW) for row in rows(sample("ipsum/ipsum.txt"), feed) if isinstance(row, Row))
    counted = Counter(one.confidence for one in found if isinstance(one, Candidate))
    assert counted == {30: 89_657, 40: 16_556, 50: 8_863, 60: 3_941, 70: 1_095, 80: 318}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("threatfox", {"botnet_cc": 3_351, 'rsit:malicious-code="c2-server"': 3_351, "cc_skimming": 10}),
        ("urlhaus", {'rsit:malicious-code="malware-distribution"': 11_125, "malware_download": 11_125}),
        ("tweetfeed", {'rsit:fraud="phishing"': 864, "phishing": 864, 'rsit:malicious-code="c2-server"': 25}),
    ],
)
def test_harmonised_labels_of_real_feeds(name: str, labels: dict[str, int]) -> None:
    """What real feeds call a thing is called alike in all (section 4). Counted by shell tools: threat types, tags of posts.

    Of ThreatFox's 3,352 `botnet_cc` one is an address of a private network, and refused.
    """
    feed = turned_on(name)
    found = (candidate(row, feed, now=NOW) for row in rows(sample(CASES[name][0]), feed) if isinstance(row, Row))
    counted = Counter(label for one in found if isinstance(one, Candidate) for label in one.labels)
    assert {label: counted[label] for label in labels} == labels


def test_an_empty_download_fails() -> None:
    """At midnight the real feed is a file of 0 bytes: the run fails, and nothing is taken away."""
    with pytest.raises(FeedFailed):
        rows(sample("tweetfeed/today.midnight-empty.csv"), turned_on("tweetfeed"))


def test_a_preset_that_is_not_known() -> None:
    """Said with its line, and the nearest that is."""
    with pytest.raises(DeclarationError, match=r'a\.yaml:13: .*there is no preset "urlhouse": did you mean "urlhaus"'):
        turned_on("urlhouse")
