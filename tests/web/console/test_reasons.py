"""Whatever the normaliser and the deeds say in a word has a sentence for people."""

import re
from pathlib import Path

import pytest

import indicator_hub
from indicator_hub.trust.admission import Outcome
from indicator_hub.trust.reach import Obstacle
from indicator_hub.web.console import reasons

_SOURCE = Path(indicator_hub.__file__).parent
_CODE = re.compile(r'(?:Refusal\(|return )"([a-z]+(?:_[a-z]+)+|syntax|scheme|truncated|checksum)"')


def _say(text: str, **values: object) -> str:
    return text % values if values else text


def _marked(text: str, **_: object) -> str:
    return f"<{text}>"


def test_every_code_of_the_normaliser_has_a_sentence() -> None:
    """A refusal that a person cannot read is no answer."""
    codes: set[str] = set()
    for path in (_SOURCE / "normalise").rglob("*.py"):
        codes |= set(_CODE.findall(path.read_text()))
    assert {"non_global", "syntax", "bad_marking", "short_row"} <= codes
    assert not codes - reasons.REFUSED.keys()


def test_every_outcome_has_a_sentence_before_and_after() -> None:
    """The same words that `submit` answers with."""
    words = {one.value for one in Outcome}
    assert words <= reasons.OUTCOMES.keys()
    assert words <= reasons.FORESEEN.keys()


@pytest.mark.parametrize("why", list(Obstacle), ids=lambda one: one.name)
def test_every_obstacle_is_known(why: Obstacle) -> None:
    """What keeps a reader from an object is said in the reader's own language."""
    said = f"it {why.value}"
    assert reasons.told(said, _marked).startswith("<")


def test_rules_and_lists_are_told_with_what_they_name() -> None:
    """Levels, roles and names of lists come in through the text, so that it can be translated."""
    assert reasons.told("TLP:RED is within what a member reads, and they are named", _say) == (
        "TLP:RED is within what their role reads, and they are named: member."
    )
    assert reasons.told("TLP:GREEN is within what an observer reads", _say).endswith("observer.")
    assert "TLP:AMBER" in reasons.told("this collection takes nothing above TLP:AMBER", _say)
    assert reasons.refused("warninglist:public-dns", _say).endswith("public-dns.")
    assert reasons.told("something new", _say) == "Something new"
    assert reasons.refused("something_new", _say) == "something_new"
