"""An object and what is around it, drawn as a star: it in the middle, its neighbours on a circle, each a link. Pure.

The same is on the page as a table, which is what a screen reader and a narrow screen are given.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

MOST = 24
_WIDTH = 720
_FEW = 3
_ACROSS, _DOWN, _DOWN_OF_FEW = 200, 150, 60
"""How far neighbours stand from the middle; few need less room."""
_WORD = 0.62
"""How far from the middle an edge says what it is: nearer the words would lie on each other."""
_LONGEST = 22
_COLOURS = {
    "indicator": "c1", "malware": "c2", "tool": "c2", "course-of-action": "c3", "report": "c4", "sighting": "c5", "threat-actor": "c2", "campaign": "c4",
    "intrusion-set": "c4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A neighbour: where it leads, what it is, and how it stands to the middle (`out`: the middle refers to it)."""

    href: str
    kind: str
    name: str
    edge: str
    out: bool


def neighbours(
    identifier: str,
    related: Mapping[str, Mapping[str, Any]],
    refers: Mapping[str, frozenset[str]],
    names: Mapping[str, str],
    base: str,
) -> list[Node]:
    """What stands around an object: over a relationship what is at its other end, else what refers to it or is referred to."""
    found: dict[tuple[str, str], Node] = {}
    for name, value in related.items():
        kind = value["type"]
        if kind == "relationship":
            source, target, word = (
                value.get("source_ref"),
                value.get("target_ref"),
                str(value.get("relationship_type", "")),
            )
            other = target if source == identifier else source if target == identifier else None
            if isinstance(other, str) and other in names:
                found[other, word] = Node(
                    f"{base}{other}/", other.partition("--")[0], names[other], word, source == identifier
                )
        elif name in refers[identifier]:
            found[name, ""] = Node(f"{base}{name}/", kind, names[name], "", out=True)
        elif kind not in ("note", "opinion") and identifier in refers[name]:
            found[name, ""] = Node(f"{base}{name}/", kind, names[name], "", out=False)
    return list(found.values())


def draw(middle: str, nodes: Sequence[Node], title: str) -> Markup:
    """The picture; of more than MOST neighbours the first."""
    shown = nodes[:MOST]
    down = _DOWN_OF_FEW if len(shown) <= _FEW else _DOWN
    height = 2 * down + 80
    centre = _WIDTH / 2, height / 2
    parts: list[str] = []
    for place, node in enumerate(shown):
        angle = 2 * math.pi * place / len(shown)
        x, y = centre[0] + _ACROSS * math.cos(angle), centre[1] + down * math.sin(angle)
        edge = escape(node.edge + (" →" if node.out else " ←") if node.edge else "")
        mx, my = centre[0] + _WORD * (x - centre[0]), centre[1] + _WORD * (y - centre[1])
        anchor = "middle" if abs(math.cos(angle)) < 0.3 else "start" if math.cos(angle) > 0 else "end"  # noqa: PLR2004 - nearly above or below
        dx = 0 if anchor == "middle" else 12 if anchor == "start" else -12
        dy = (-12 if math.sin(angle) < 0 else 20) if anchor == "middle" else 4
        parts.append(
            f'<line class="edge" x1="{centre[0]:.0f}" y1="{centre[1]:.0f}" x2="{x:.0f}" y2="{y:.0f}"/>'
            f'<text class="word" x="{mx:.0f}" y="{my - 3:.0f}" text-anchor="middle">{edge}</text>'
            f'<a href="{escape(node.href)}"><title>{escape(node.kind)}: {escape(node.name)}</title>'
            f'<circle class="{_COLOURS.get(node.kind, "c6")}" cx="{x:.0f}" cy="{y:.0f}" r="8"/>'
            f'<text class="name" x="{x + dx:.0f}" y="{y + dy:.0f}" text-anchor="{anchor}">{escape(_short(node.name))}</text></a>'
        )
    return Markup(  # noqa: S704 - every text is escaped
        f'<svg class="chart graph" role="group" aria-label="{escape(title)}" viewBox="0 0 {_WIDTH} {height}">{"".join(parts)}'
        f'<circle class="middle" cx="{centre[0]:.0f}" cy="{centre[1]:.0f}" r="11"/>'
        f'<text class="name" x="{centre[0]:.0f}" y="{centre[1] + 28:.0f}" text-anchor="middle">{escape(_short(middle))}</text></svg>'
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
