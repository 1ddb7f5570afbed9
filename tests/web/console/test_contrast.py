"""Ink on its ground, worked out from the style sheet: axe does not see into a chart, nor a theme that is not on (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from support.paths import ROOT

SHEET = (ROOT / "src" / "indicator_hub" / "web" / "console" / "static" / "console.css").read_text(encoding="utf-8")
THEMES = {"light": r":root \{(.*?)\}", "dark": r':root\[data-theme="dark"\] \{(.*?)\}'}
TEXT = {
    "ink": ("ground", "surface", "raised", "marked", "bad-ground", "warn-ground", "good-ground"), "soft": ("ground", "surface", "raised", "marked"),
    "accent": ("ground", "surface", "raised"), "good": ("surface",), "warn": ("surface",), "bad": ("surface",), "on-accent": ("accent",),
}  # fmt: skip
LINES = ("edge", "accent", "bad", *(f"chart-{number}" for number in range(1, 7)))
"""What is no text: borders of controls, the ring of the focus, what is drawn in charts."""


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme."""
    found = re.search(THEMES[theme], SHEET, re.DOTALL)
    assert found is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", found[1]))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme: str) -> None:
    """4.5:1 on every ground that it stands on."""
    colours = tokens(theme)
    low = {
        (ink, ground): contrast(colours[ink], colours[ground]) for ink, grounds in TEXT.items() for ground in grounds
    }
    assert {pair: round(found, 2) for pair, found in low.items() if found < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_charts_and_controls_can_be_seen(theme: str) -> None:
    """3:1 on the surface."""
    colours = tokens(theme)
    low = {name: contrast(colours[name], colours["surface"]) for name in LINES}
    assert {name: round(found, 2) for name, found in low.items() if found < 3} == {}


def test_both_dark_themes_are_one() -> None:
    """The one that is chosen, and the one that the system asks for."""
    by_system = re.search(
        r"prefers-color-scheme: dark\) \{\s*:root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}", SHEET, re.DOTALL
    )
    assert by_system is not None
    assert dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", by_system[1])) == tokens("dark")


def test_tlp_is_as_first_gives_it() -> None:
    """TLP 2.0: the colours of the levels, on black, in both themes."""
    colours = dict(re.findall(r"\.tlp\.(\w+) \{ color: (#[0-9a-f]{6}); \}", SHEET))
    assert colours == {"red": "#ff2b2b", "amber": "#ffc000", "green": "#33ff00", "clear": "#ffffff"}
    assert all(contrast(one, "#000000") > 4.5 for one in colours.values())
    assert re.search(r"\.tlp \{[^}]*background: #000000", SHEET)
