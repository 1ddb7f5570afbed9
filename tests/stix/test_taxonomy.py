"""The words of feeds and nations, in STIX's vocabulary and in RSIT's (normalisation section 4, the table at its end)."""

from collections import Counter

import pytest

from indicator_hub.stix import taxonomy
from indicator_hub.stix.taxonomy import Harmonised, harmonise
from indicator_hub.stix.vocabulary import INDICATOR_TYPES


def test_the_table_holds_to_both_vocabularies() -> None:
    """Every label is a type of RSIT, every indicator type one of STIX 2.1 section 10.12, and no word stands twice."""
    table = taxonomy.table()
    for one in table["meanings"]:
        assert set(one) <= {"label", "types", "words"}
        assert set(one["types"]) <= INDICATOR_TYPES - {"unknown"}
        assert one.get("label") is not None or one["types"], "each says something"
        if "label" in one:
            assert set(harmonise([one["words"][0]]).labels) <= taxonomy.rsit_labels()
    words = Counter(taxonomy.key(str(word)) for one in table["meanings"] for word in one["words"])
    assert [word for word, times in words.items() if times > 1] == []
    labels = Counter(one["label"] for one in table["meanings"] if "label" in one)
    assert max(labels.values()) == 1
    assert len(taxonomy.rsit_labels()) == 39


SEED = [
    ("c2", "malicious-activity", "malicious-code", "c2-server"),
    ("C&C", "malicious-activity", "malicious-code", "c2-server"),
    ("botnet_cc", "malicious-activity", "malicious-code", "c2-server"),
    ("malware", "malicious-activity", "malicious-code", "malware-distribution"),
    ("payload", "malicious-activity", "malicious-code", "malware-distribution"),
    ("sample", "malicious-activity", "malicious-code", "malware-distribution"),
    ("payload_delivery", "malicious-activity", "malicious-code", "malware-distribution"),
    ("malware_download", "malicious-activity", "malicious-code", "malware-distribution"),
    ("phishing", "malicious-activity", "fraud", "phishing"),
    ("#phishing", "malicious-activity", "fraud", "phishing"),
    ('circl:incident-classification="phishing"', "malicious-activity", "fraud", "phishing"),
    ('rsit:fraud="phishing"', "malicious-activity", "fraud", "phishing"),
    ("cc_skimming", "malicious-activity", "fraud", "unauthorized-use-of-resources"),
    ("exploit", "malicious-activity", "intrusion-attempts", "exploit"),
    (" Exploit  Kit ", "malicious-activity", "intrusion-attempts", "exploit"),
    ("Brute Force", "anomalous-activity", "intrusion-attempts", "brute-force"),
    ("login_attempts", "anomalous-activity", "intrusion-attempts", "brute-force"),
    ("Scanner", "anomalous-activity", "information-gathering", "scanner"),
    ("spam", "anomalous-activity", "abusive-content", "spam"),
    ("hacked", "compromised", "intrusions", "system-compromise"),
    ("defaced site", "compromised", "intrusions", "system-compromise"),
]


@pytest.mark.parametrize(("word", "indicator_type", "part", "one"), SEED)
def test_the_words_of_the_specification(word: str, indicator_type: str, part: str, one: str) -> None:
    """Section 4's rows, in the spellings of real feeds: case, blanks, hyphens and underscores make no difference."""
    assert harmonise([word]) == Harmonised((indicator_type,), (f'rsit:{part}="{one}"',))


@pytest.mark.parametrize("word", ["Tor exit", "vpn", "PROXY"])
def test_words_that_rsit_has_none_for(word: str) -> None:
    """They decide the indicator type alone."""
    assert harmonise([word]) == Harmonised(("anonymization",))


def test_several_words_are_joined() -> None:
    """The union, sorted; a word that is not known adds nothing, and a part of a word is none."""
    assert harmonise(["spam", "C2", "mozi", "tor"]) == Harmonised(
        ("anomalous-activity", "anonymization", "malicious-activity"),
        ('rsit:abusive-content="spam"', 'rsit:malicious-code="c2-server"'),
    )
    assert harmonise(["mozi", "", "c2x", "phishing kit seller"]) == harmonise([]) == Harmonised()


def test_what_the_source_does_not_know_decides_nothing() -> None:
    """A feed that says `unknown` is taken at its word in a label, and its declaration decides the type."""
    assert harmonise(["unknown"]) == Harmonised((), ('rsit:other="undetermined"',))
