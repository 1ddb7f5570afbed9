"""An object is as strict as the strictest that it refers to: its audience is its own, narrowed by those of all that can be reached from it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indicator_hub.trust.audience import NOBODY, Audience

Line = tuple[str, int]
"""The versions of one STIX id from one organisation, in one collection: id, and the organisation's row."""


@dataclass(frozen=True, slots=True)
class Node:
    """A version, the audience that its own marks give it, and the lines it refers to that count for it."""

    entry: int
    line: Line
    own: Audience
    recalled: bool
    targets: frozenset[Line] = frozenset()


def effective(node: Node, lines: Mapping[Line, Sequence[Node]]) -> Audience:
    """Whom it may reach with all that it leads to. A line that has not come is passed over; one that was recalled whole is nobody's."""
    audience = node.own
    seen: set[Line] = set()
    ahead = list(node.targets)
    while ahead and audience != NOBODY:
        line = ahead.pop()
        if line in seen or line not in lines:
            continue
        seen.add(line)
        live = [version for version in lines[line] if not version.recalled]
        if not live:
            return NOBODY
        for version in live:
            audience = audience.narrowed(version.own)
            ahead += version.targets
    return audience
