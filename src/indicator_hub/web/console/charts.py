"""Charts as SVG, drawn by the server: they follow the theme, print, and are read aloud. Pure. Time runs from left to right in every language.

Colours and ink are classes of the style sheet (`c1` to `c6`); each chart says in words what it shows, and the page has the same numbers as a table.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 112, 20


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
