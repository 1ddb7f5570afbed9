"""Scales of confidence to STIX's 0 to 100 (normalisation section 5)."""

from typing import get_args

import pytest
from stix2.confidence import scales as stix2

from indicator_hub.normalise.scales import UNJUDGED, value
from indicator_hub.trust.roster import ConfidenceScale

ROWS: list[tuple[ConfidenceScale, str, int | None]] = [
    ("percent", "40", 40), ("percent", "0", 0), ("percent", " 12.9 ", 12), ("percent", "100", 100), ("percent", "101", None), ("percent", "high", None),
    ("percent", "-1", None), ("percent", "", None),
    ("ten", "0", 0), ("ten", "7", 70), ("ten", "7.5", 75), ("ten", "10", 100), ("ten", "11", None), ("ten", "10.1", None), ("ten", "x", None),
    ("low-med-high", "None", 0), ("low-med-high", "LOW", 15), ("low-med-high", "med", 50), ("low-med-high", "Medium", 50), ("low-med-high", "high", 85),
    ("low-med-high", "50", None), ("low-med-high", "highest", None),
    ("admiralty", "1", 90), ("admiralty", "2", 70), ("admiralty", "3", 50), ("admiralty", "4", 30), ("admiralty", "5", 10), ("admiralty", "6", UNJUDGED),
    ("admiralty", "A1", 90), ("admiralty", "b1", 85), ("admiralty", "B2", 70), ("admiralty", "C-1", 60), ("admiralty", "D/2", 35), ("admiralty", "E 1", 15),
    ("admiralty", "F1", 50), ("admiralty", "F5", 10), ("admiralty", "A6", UNJUDGED), ("admiralty", "0", None), ("admiralty", "7", None),
    ("admiralty", "G1", None), ("admiralty", "A", None), ("admiralty", "11", None),
    ("misp", "completely-confident", 100), ("misp", "usually", 75), ("misp", 'misp:confidence-level="fairly-confident"', 50), ("misp", "Rarely", 25),
    ("misp", "unconfident", 0), ("misp", 'misp:confidence-level="confidence-cannot-be-evalued"', UNJUDGED), ("misp", "75", None),
    ("estimative", "almost-no-chance", 5), ("estimative", "Very unlikely", 15), ("estimative", "unlikely", 30), ("estimative", "roughly_even_odds", 50),
    ("estimative", 'estimative-language:likelihood-probability="likely"', 70), ("estimative", "highly probable", 85),
    ("estimative", "Almost Certain / Nearly Certain", 95), ("estimative", "Likely / Remote", None), ("estimative", "perhaps", None),
    ("count", "1", 30), ("count", "3", 50), ("count", "7", 90), ("count", "8", 95), ("count", "400", 95), ("count", "1.5", None), ("count", "-", None),
]  # fmt: skip


@pytest.mark.parametrize(("scale", "text", "expected"), ROWS)
def test_each_scale(scale: ConfidenceScale, text: str, expected: int | None) -> None:
    """Every step of every scale, and what is none."""
    assert value(scale, text) == expected


def test_every_scale_has_its_rows() -> None:
    """What may be declared can be read, and is shown above."""
    assert {scale for scale, _, _ in ROWS} == set(get_args(ConfidenceScale))


def test_the_numbers_of_the_stix_library() -> None:
    """Where STIX 2.1 appendix A has a scale, ours says the same."""
    for word in ("None", "Low", "Med", "High"):
        assert value("low-med-high", word) == stix2.none_low_med_high_to_value(word)
    for number in range(11):
        assert value("ten", str(number)) == stix2.zero_ten_to_value(str(number))
    truths = (
        "1 - Confirmed by other sources",
        "2 - Probably True",
        "3 - Possibly True",
        "4 - Doubtful",
        "5 - Improbable",
    )
    for truth in truths:
        assert value("admiralty", truth[0]) == stix2.admiralty_credibility_to_value(truth)
    for percent in (0, 10, 20, 40, 60, 80, 90):
        words = stix2.value_to_dni(percent)
        assert value("estimative", words) == stix2.dni_to_value(words)
