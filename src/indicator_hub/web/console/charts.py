"""Charts as SVG, drawn by the server: they follow the theme, print, and are read aloud. Pure. Time runs from left to right in every language.

Colours and ink are classes of the style sheet (`c1` to `c6`); each chart says in words what it shows, and the page has the same numbers as a table.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _MARK = 112, 24, 4
_ABOVE, _HIGH, _BELOW = 16, 180, 20
_FILLED, _NAMES = 0.86, 6
"""Of a column what is filled; so many of them are named."""
_ROW, _LONGEST = 36, 80
_STEPS = (12, 14, 16, 20, 24, 30, 40, 50, 60, 80, 100)


def sparkline(values: Sequence[int], failed: Sequence[int], title: str) -> Markup:
    """One bar for each value, the last at the end; the highest fills the height. Below it a mark where something failed.

    So a day without anything new and a day of failures do not look alike.
    """
    most = max(values, default=0)
    step, room = _WIDTH / max(len(values), 1), _HEIGHT - _MARK
    bars: list[str] = []
    for place, (value, wrong) in enumerate(zip(values, failed, strict=True)):
        height = max(2.0, value / most * room) if value else 1.0
        at = f'x="{place * step:.1f}" width="{step - 1:.1f}"'
        bars.append(f'<rect class="{"c1" if value else "c6"}" {at} y="{room - height:.1f}" height="{height:.1f}"/>')
        if wrong:
            bars.append(f'<rect class="red" {at} y="{room + 1}" height="{_MARK - 1}"/>')
    said = f"{escape(title)}: {' '.join(map(str, values)) or '–'}"
    return Markup(  # noqa: S704 - numbers of ours, and a title that is escaped
        f'<svg class="chart spark" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        f"<title>{said}</title>{''.join(bars)}</svg>"
    )


def stacked(columns: Sequence[tuple[str, Sequence[int]]], classes: Sequence[str], title: str) -> Markup:
    """One column for each name (a day), its parts one above the other in these classes; lines of round numbers behind them."""
    totals = [sum(parts) for _, parts in columns]
    top, floor = _round_up(max(totals, default=0)), _ABOVE + _HIGH
    step, every = 100 / max(1, len(columns)), max(1, -(-len(columns) // _NAMES))
    marks = sorted({0, top // 2, top})
    heights = {mark: floor - (mark / top * _HIGH if top else 0) for mark in marks}
    drawn = [f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>' for y in heights.values()]
    for place, (name, parts) in enumerate(columns):
        x, y = place * step, float(floor)
        bars: list[str] = []
        for part, css in zip(parts, classes, strict=True):
            height = part / top * _HIGH if top else 0
            y -= height
            if part:
                bars.append(
                    f'<rect class="{css}" x="{x:.2f}%" y="{y:.1f}" width="{step * _FILLED:.2f}%" height="{height:.1f}"/>'
                )
        if bars:
            drawn.append(f"<g><title>{escape(name)}: {totals[place]}</title>{''.join(bars)}</g>")
        if place % every == 0:
            drawn.append(f'<text x="{x:.2f}%" y="{floor + 15}">{escape(name[5:])}</text>')
    drawn += [f'<text class="scale" x="0" y="{y - 3:.1f}">{_short(mark)}</text>' for mark, y in heights.items() if mark]
    told = f"{columns[0][0]} – {columns[-1][0]}: {sum(totals)}" if columns else "–"
    return _svg(drawn, title, told, floor + _BELOW)


def bars(rows: Sequence[tuple[str, int]], title: str, css: str = "c1") -> Markup:
    """One bar for each name, which stands above it; the longest nearly fills the width, and the number stands at its end."""
    most = max((number for _, number in rows), default=0)
    drawn: list[str] = []
    for place, (name, number) in enumerate(rows):
        y, length = place * _ROW, number / most * _LONGEST if most else 0
        drawn.append(
            f'<text class="name" x="0" y="{y + 12}">{escape(_cut(name))}</text>'
            f'<rect class="{css}" x="0" y="{y + 18}" width="{max(0.3, length):.2f}%" height="10"/>'
            f'<text class="name" x="{length:.2f}%" dx="6" y="{y + 27}">{_short(number)}</text>'
        )
    told = ", ".join(f"{_cut(name)} {number}" for name, number in rows) or "–"
    return _svg(drawn, title, told, max(1, len(rows)) * _ROW)


def _svg(drawn: Sequence[str], title: str, told: str, height: float) -> Markup:
    """As wide as there is room, and so high: widths are parts of a hundred, so that words are as large on a telephone as on a wall."""
    return Markup(  # noqa: S704 - numbers of ours, and texts that are escaped
        f'<svg class="chart" role="img" width="100%" height="{height}"><title>{escape(title)}</title><desc>{escape(told)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _round_up(most: int) -> int:
    """The next round number: each up to 10, then 12, 14, 16, 20, 24, 30, 40, 50, 60, 80, 100, 120 and so on: half of it is round too."""
    size = 1
    while most > 10 * size:
        for step in _STEPS:
            if most <= step * size:
                return step * size
        size *= 10
    return most if size == 1 else 10 * size


def _short(number: int) -> str:
    """1 200 000 as 1.2 M: what fits beside a line."""
    for size, unit in ((1_000_000, " M"), (1_000, " k")):
        if number >= 10 * size or (number >= size and number % (size // 10) == 0):
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(number)


def _cut(text: str) -> str:
    longest = 26
    return text if len(text) <= longest else text[: longest - 1] + "…"
