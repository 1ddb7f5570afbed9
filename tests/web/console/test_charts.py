"""Charts: what is drawn is what is told, words keep their size at every width, and no name breaks out."""

import re
from xml.etree import ElementTree as ET

import pytest

from indicator_hub.web.console.charts import bars, sparkline, stacked

HOSTILE = "\"><script>alert(1)</script>'&"
_SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    """The chart as XML: it is well formed."""
    return ET.fromstring(str.replace(svg, "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def rectangles(svg: str, css: str) -> list[float]:
    """The heights of what is drawn in a colour."""
    return [float(one.get("height", "")) for one in drawn(svg).iter(f"{_SVG}rect") if one.get("class") == css]


def test_a_column_is_as_high_as_its_numbers() -> None:
    """Parts one above the other, in proportion; a day without anything keeps its place."""
    svg = stacked([("2026-11-01", [1, 3]), ("2026-11-02", [0, 0]), ("2026-11-03", [2, 0])], ["c1", "c2"], "Days")
    ones, (three,) = rectangles(svg, "c1"), rectangles(svg, "c2")
    assert ones == pytest.approx([three / 3, three * 2 / 3], abs=0.1)
    assert three + ones[0] == pytest.approx(180, abs=0.1), "the highest day fills the chart"
    places = [one.get("x") for one in drawn(svg).iter(f"{_SVG}rect")]
    assert places == ["0.00%", "0.00%", "66.67%"]
    assert "<title>2026-11-03: 2</title>" in svg
    assert "<desc>2026-11-01 – 2026-11-03: 6</desc>" in svg


@pytest.mark.parametrize(
    ("most", "scale"),
    [(1, ["1"]), (7, ["3", "7"]), (11, ["6", "12"]), (10_500, ["6 k", "12 k"]), (130_000, ["70 k", "140 k"]), (2_300_000, ["1.2 M", "2.4 M"])],
)  # fmt: skip
def test_the_scale_is_round(most: int, scale: list[str]) -> None:
    """A line or two of round numbers, the upper one little above the highest column."""
    found = drawn(stacked([("2026-11-01", [most])], ["c1"], "Days")).iter(f"{_SVG}text")
    assert [one.text for one in found if one.get("class") == "scale"] == scale


def test_nothing_at_all() -> None:
    """Charts of nothing are charts."""
    for svg in (
        stacked([], [], "Days"),
        stacked([("2026-11-01", [0])], ["c1"], "Days"),
        bars([], "Types"),
        sparkline([], [], "Runs"),
    ):
        assert drawn(svg).get("role") == "img"
        assert rectangles(svg, "c1") == []


def test_widths_are_parts_of_a_hundred() -> None:
    """So that a chart is as wide as its place and its words are not made smaller: no viewBox, no more than the whole."""
    svg = bars([("a" * 300, 90_000), ("b", 1)], "Types") + stacked([("2026-11-01", [4])] * 90, ["c1"], "Days")
    assert "viewBox" not in svg
    widths = [float(one) for one in re.findall(r'width="([\d.]+)%"', svg)]
    assert all(0 < one <= 100 for one in widths)
    assert ">90 k<" in svg
    assert f">{'a' * 25}…<" in svg


def test_a_week_of_failures_does_not_look_like_one_without_news() -> None:
    """Runs that failed are marked; the numbers are told too."""
    quiet, failing = sparkline([0, 4], [0, 0], "Runs"), sparkline([0, 4], [3, 0], "Runs")
    assert (len(rectangles(quiet, "red")), len(rectangles(failing, "red"))) == (0, 1)
    assert "<title>Runs: 0 4</title>" in quiet


def test_no_name_breaks_out() -> None:
    """Whatever an organisation is called."""
    for svg in (
        bars([(HOSTILE, 1)], HOSTILE),
        stacked([(HOSTILE, [1])], ["c1"], HOSTILE),
        sparkline([1], [0], HOSTILE),
    ):
        assert "<script" not in svg
        assert drawn(svg)[0].text
