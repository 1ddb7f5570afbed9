"""What a marking-definition means: a statement and PAP nothing, handling codes and nation lists something, anything else is not understood."""

from typing import Any

import pytest

from indicator_hub.stix.markings import HANDLING_EXTENSION, PAP_EXTENSION, TLP_EXTENSION
from indicator_hub.trust.audience import EVERYONE, NOBODY, Audience, audience_of
from indicator_hub.trust.ladder import AMBER, GREEN, STRICT
from indicator_hub.trust.marks import Meaning, meaning_of
from support.marks import handling, marking
from support.world import TLP

UNREGISTERED = {
    "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce": {"extension_type": "property-extension", "x": 1}
}


def pap(level: str) -> dict[str, Any]:
    """The extension of PAP, at this level."""
    return {PAP_EXTENSION: {"extension_type": "property-extension", "pap": level}}


PAP = pap("red")
STATEMENT = {"definition_type": "statement", "definition": {"statement": "Copyright of the desk"}}
PERSONS = Audience(STRICT, persons_only=True)
MEANINGS: dict[str, tuple[dict[str, Any], Meaning]] = {
    "a statement": (STATEMENT, Meaning()),
    "a statement with letters of TLP in its words": (STATEMENT | {"definition": {"statement": "Call the help desk promptly"}}, Meaning()),
    **{f"PAP, {level}": ({"extensions": pap(level), "name": "PAP"}, Meaning()) for level in ("white", "clear", "green", "amber", "red", "AMBER", "Red")},
    "H0": (handling(handling="H0"), Meaning()),
    "H1": (handling(handling="H1"), Meaning(EVERYONE, frozenset(("H1",)))),
    "H2": (handling(handling="H2"), Meaning(Audience(STRICT), frozenset(("H2",)))),
    "H3 with its words": (handling(handling="H3", handling_text="Call first."), Meaning(PERSONS, frozenset(("H3",)))),
    "several codes": (handling(handling=["H1", "H2"]), Meaning(Audience(STRICT), frozenset(("H1", "H2")))),
    "nations": (handling(releasable_to=["XA", "XB"]), Meaning(Audience(0, nations=frozenset(("XA", "XB"))))),
    "no nation": (handling(releasable_to=[]), Meaning(Audience(0, nations=frozenset()))),
    "code and nations": (
        handling(handling="H2", releasable_to=["XA"]),
        Meaning(Audience(STRICT, nations=frozenset(("XA",))), frozenset(("H2",))),
    ),
    "all that can be said": (
        handling(handling=["H3", "H1"], handling_text="Call first.", releasable_to=["XA"]),
        Meaning(Audience(STRICT, persons_only=True, nations=frozenset(("XA",))), frozenset(("H1", "H3"))),
    ),
    "both extensions": ({"extensions": handling(handling="H2")["extensions"] | PAP}, Meaning(Audience(STRICT), frozenset(("H2",)))),
    "a statement with a code": (STATEMENT | handling(handling="H1"), Meaning(EVERYONE, frozenset(("H1",)))),
}  # fmt: skip
NOT_UNDERSTOOD: dict[str, dict[str, Any]] = {
    "TLP in a statement": STATEMENT | {"definition": {"statement": "tlp amber"}},
    "TLP in full-width letters": STATEMENT | {"definition": {"statement": "\uff34\uff2c\uff30 amber"}},
    "TLP with what is not seen between": STATEMENT | {"definition": {"statement": "T\u200bL\u00adP:RED"}},
    "TLP in the name": STATEMENT | {"name": "TLP:RED"},
    "TLP in a property of one's own": STATEMENT | {"x_tlp": "red"},
    "the TLP extension under another id": {"extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": "red"}}},
    "a type of one's own": {"definition_type": "house", "definition": {"rule": "x"}},
    "an extension that nobody has registered": {"extensions": UNREGISTERED},
    "one registered, one not": {"extensions": PAP | UNREGISTERED},
    "one not registered, one that is": {"extensions": UNREGISTERED | PAP},
    "no PAP level": {"extensions": pap("blue")},
    "no nation of that name": handling(releasable_to=["XA", "Atlantis"]),
    "a nation in small letters": handling(releasable_to=["xa"]),
    "nations that are no list": handling(releasable_to="XA"),
    "nations as keys": handling(releasable_to={"XA": 1}),
    "a nation that is a list": handling(releasable_to=[["XA"]]),
    "no code of that name": handling(handling="H4"),
    "codes that are no list": handling(handling={"H1": 1}),
    "a code that is a list": handling(handling=[["H1"]]),
    "H3 without words": handling(handling="H3"),
    "H3 with empty words": handling(handling="H3", handling_text=" "),
    "words that are none": handling(handling="H3", handling_text=["x"]),
    "nothing said": handling(handling_text="x"),
    "more than is known": handling(handling="H1", handling_until="2027"),
    "another kind of extension": {"extensions": {HANDLING_EXTENSION: {"extension_type": "new-sdo", "handling": "H1"}}},
    "nothing at all": {},
}  # fmt: skip


@pytest.mark.parametrize("name", MEANINGS)
def test_what_is_understood(name: str) -> None:
    """Each kind narrows as the table of marks says, and no more."""
    said, meaning = MEANINGS[name]
    assert meaning_of(marking(1, **said)) == meaning


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_is_not_understood(name: str) -> None:
    """Nothing is guessed: what cannot be obeyed to the letter holds what bears it."""
    assert meaning_of(marking(1, **NOT_UNDERSTOOD[name])) is None


A, B = marking(1)["id"], marking(2)["id"]


def test_marks_combine() -> None:
    """Levels by the strictest, lists by what is on each; a mark that is no TLP does not spare an object the default."""
    lists = {A: Audience(0, nations=frozenset(("XA", "XB"))), B: Audience(0, nations=frozenset(("XA", "XC")))}
    both = audience_of([TLP["GREEN"], A], [B], AMBER, lists)
    assert both.audience == Audience(GREEN, nations=frozenset(("XA",)))
    assert audience_of([A], (), AMBER, {A: EVERYONE}).audience == Audience(AMBER)
    assert audience_of([A], [TLP["CLEAR"]], AMBER, {A: EVERYONE}).audience == Audience(AMBER)


def test_what_holds_says_so() -> None:
    """One unknown mark holds the whole, of a part too; the reason tells what is missing, and which marks it waits for."""
    for own, parts in (([TLP["CLEAR"], A], ()), ([TLP["CLEAR"]], [A])):
        unknown = audience_of(own, parts, AMBER, {B: EVERYONE})
        assert (unknown.audience, unknown.unresolved) == (NOBODY, {A})
        assert unknown.held is not None
        assert "send its marking-definition" in unknown.held
        unclear = audience_of(own, parts, AMBER, {A: None})
        assert (unclear.audience, unclear.unresolved) == (NOBODY, {A})
        assert unclear.held is not None
        assert "does not understand" in unclear.held
