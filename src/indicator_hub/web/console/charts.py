"""Charts as SVG, drawn by the server: they follow the theme, print, and are read aloud. Pure. Time runs from left to right in every language.

Colours and ink are classes of the style sheet (`c1` to `c6`); each chart says in words what it shows, and the page has the same numbers as a table.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 112, 20
_BARS_WIDTH, _BARS_HEIGHT, _LEFT, _BELOW, _ABOVE = 1100, 180, 44, 20, 8
_WIDE, _ROW, _LABEL, _NUMBER = 520, 22, 160, 60
_STEPS = (1, 2, 5)


def sparkline(values: Sequence[int], title: str) -> Markup:
    """One bar for each value, the last at the end; the highest fills the height. Of many the last 28."""
    shown = list(values)[-28:]
    most = max(shown, default=0)
    step = _WIDTH / max(len(shown), 7)
    bars: list[str] = []
    for place, value in enumerate(shown):
        height = max(1.0, value / most * _HEIGHT) if most else 1.0
        bars.append(
            f'<rect class="{"c1" if value else "c6"}" x="{place * step:.1f}" y="{_HEIGHT - height:.1f}"'
            f' width="{max(1.0, step - 1):.1f}" height="{height:.1f}"/>'
        )
    said = f"{escape(title)}: {' '.join(map(str, shown)) or '–'}"
    return Markup(  # noqa: S704 - numbers of ours, and a title that is escaped
        f'<svg class="chart spark" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        f"<title>{said}</title>{''.join(bars)}</svg>"
    )


def stacked(columns: Sequence[tuple[str, Sequence[int]]], classes: Sequence[str], title: str) -> Markup:
    """One column for each name (a day), its parts one above the other in these classes; a scale of round numbers at the start."""
    totals = [sum(parts) for _, parts in columns]
    top = _round_up(max(totals, default=0))
    step = (_BARS_WIDTH - _LEFT) / max(1, len(columns))
    drawn: list[str] = []
    for mark in (0, top // 2, top) if top > 1 else (0, top):
        y = _ABOVE + _BARS_HEIGHT - (mark / top * _BARS_HEIGHT if top else 0)
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{_BARS_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(mark)}</text>')
    every = max(1, -(-len(columns) // 6))
    for place, (name, parts) in enumerate(columns):
        x, y = _LEFT + place * step, float(_ABOVE + _BARS_HEIGHT)
        bars: list[str] = []
        for part, css in zip(parts, classes, strict=True):
            height = part / top * _BARS_HEIGHT if top else 0
            y -= height
            if part:
                bars.append(
                    f'<rect class="{css}" x="{x + 1:.1f}" y="{y:.1f}" width="{max(1.0, step - 2):.1f}" height="{height:.1f}"/>'
                )
        if bars:
            drawn.append(f"<g><title>{escape(name)}: {totals[place]}</title>{''.join(bars)}</g>")
        if place % every == 0:
            drawn.append(f'<text x="{x:.1f}" y="{_ABOVE + _BARS_HEIGHT + 15}">{escape(name[5:])}</text>')
    return _svg(drawn, title, _BARS_WIDTH, _ABOVE + _BARS_HEIGHT + _BELOW)


def bars(rows: Sequence[tuple[str, int]], title: str, css: str = "c1") -> Markup:
    """One bar for each name, the longest fills the width; the number stands at its end."""
    most = max((number for _, number in rows), default=0)
    room = _WIDE - _LABEL - _NUMBER
    drawn: list[str] = []
    for place, (name, number) in enumerate(rows):
        y, length = place * _ROW, number / most * room if most else 0
        drawn.append(
            f'<text class="name" x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(_cut(name))}</text>'
            f'<rect class="{css}" x="{_LABEL}" y="{y + 4}" width="{max(1.0, length):.1f}" height="{_ROW - 8}"/>'
            f'<text class="name" x="{_LABEL + length + 6:.1f}" y="{y + 15}">{_short(number)}</text>'
        )
    return _svg(drawn, title, _WIDE, max(1, len(rows)) * _ROW)


def _svg(drawn: Sequence[str], title: str, width: float, height: float) -> Markup:
    return Markup(  # noqa: S704 - numbers of ours, and texts that are escaped
        f'<svg class="chart" role="img" viewBox="0 0 {width} {height}"><title>{escape(title)}</title>{"".join(drawn)}</svg>'
    )


def _round_up(most: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    size = 1
    while True:
        for step in _STEPS:
            if most <= step * size:
                return step * size if most else 0
        size *= 10


def _short(number: int) -> str:
    """1 200 000 as 1.2 M: what fits beside a line."""
    for size, unit in ((1_000_000, " M"), (1_000, " k")):
        if number >= 10 * size or (number >= size and number % size == 0):
            return f"{number / size:.3g}{unit}"
    return str(number)


def _cut(text: str) -> str:
    longest = 26
    return text if len(text) <= longest else text[: longest - 1] + "…"
