"""What an object leads to: it is as strict as the strictest of that, however far, and no stricter."""

import pytest

from indicator_hub.trust.audience import EVERYONE, NOBODY, Audience
from indicator_hub.trust.ladder import AMBER, GREEN, RED, STRICT
from indicator_hub.trust.references import Line, Node, effective

OURS, THEIRS = 7, 9


def line(name: str, organisation: int = OURS) -> Line:
    """A line by its name."""
    return (name, organisation)


def node(name: str, own: Audience, *targets: str, recalled: bool = False, organisation: int = OURS) -> Node:
    """A version of a line, and the lines of ours that it refers to."""
    return Node(0, line(name, organisation), own, recalled, frozenset(line(target) for target in targets))


class Lines(dict[Line, list[Node]]):
    """What is in a collection; it counts how often each line is asked for."""

    def __init__(self, *nodes: Node) -> None:
        super().__init__()
        self.asked: list[Line] = []
        for one in nodes:
            self.setdefault(one.line, []).append(one)

    def __getitem__(self, key: Line) -> list[Node]:
        assert key not in self.asked, f"{key} is asked for a second time"
        self.asked.append(key)
        return super().__getitem__(key)


XA_XB, XB_XC = (Audience(0, nations=frozenset(codes)) for codes in (("XA", "XB"), ("XB", "XC")))
# The rule; the object; what there is; whom it reaches.
CASES: dict[str, tuple[Node, Lines, Audience]] = {
    "what refers to nothing reaches whom its marks let through": (node("a", Audience(GREEN)), Lines(), Audience(GREEN)),
    "a stricter target narrows": (node("a", Audience(GREEN), "b"), Lines(node("b", Audience(STRICT))), Audience(STRICT)),
    "a laxer target frees nothing": (node("a", Audience(STRICT), "b"), Lines(node("b", Audience(GREEN))), Audience(STRICT)),
    "the strictest of several counts, of each kind of limit": (
        node("a", XA_XB, "b", "c", "d"),
        Lines(node("b", Audience(GREEN, persons_only=True)), node("c", XB_XC), node("d", Audience(AMBER))),
        Audience(AMBER, persons_only=True, nations=frozenset(("XB",))),
    ),
    "what is not there is passed over, and what is there still counts": (
        node("a", EVERYONE, "absent", "gone", "b"), Lines(node("b", Audience(RED))), Audience(RED),
    ),
    "the same id from another organisation is another line": (
        node("a", EVERYONE, "b"), Lines(node("b", Audience(RED), organisation=THEIRS)), EVERYONE,
    ),
    "it follows from one to the next": (
        node("a", EVERYONE, "b"), Lines(node("b", EVERYONE, "c"), node("c", EVERYONE, "d"), node("d", Audience(RED))), Audience(RED),
    ),
    "what refers in a circle ends": (
        node("a", EVERYONE, "b"), Lines(node("a", EVERYONE, "b"), node("b", Audience(GREEN), "c"), node("c", Audience(AMBER), "a", "b")), Audience(AMBER),
    ),
    "two ways to one line are one": (
        node("a", EVERYONE, "b", "c"), Lines(node("b", EVERYONE, "d"), node("c", EVERYONE, "d"), node("d", Audience(GREEN))), Audience(GREEN),
    ),
    "every version of a line counts, and what each refers to": (
        node("a", EVERYONE, "b"), Lines(node("b", Audience(GREEN), "c"), node("b", XA_XB), node("c", Audience(AMBER))),
        Audience(AMBER, nations=frozenset(("XA", "XB"))),
    ),
    "a version that was recalled counts no more, nor what it refers to": (
        node("a", EVERYONE, "b"), Lines(node("b", Audience(RED), "c", recalled=True), node("b", Audience(GREEN)), node("c", Audience(RED))), Audience(GREEN),
    ),
    "a line that was recalled whole takes it along": (
        node("a", EVERYONE, "b"), Lines(node("b", EVERYONE, recalled=True), node("b", EVERYONE, recalled=True)), NOBODY,
    ),
    "from afar too": (node("a", EVERYONE, "b"), Lines(node("b", EVERYONE, "c"), node("c", EVERYONE, recalled=True)), NOBODY),
    "it is held where what it refers to is": (node("a", EVERYONE, "b"), Lines(node("b", NOBODY)), NOBODY),
    "what is held is nobody's, and no other audience as high": (
        node("a", NOBODY, "b"), Lines(node("b", Audience(GREEN, persons_only=True))), NOBODY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_what_it_leads_to_counts(rule: str) -> None:
    """Each rule of what follows from references, on its own; no line is asked for twice."""
    one, lines, audience = CASES[rule]
    lines.asked.clear()
    assert effective(one, lines) == audience
