"""Real feeds, read where they lie; none of their values is in this project."""

from collections import Counter
from pathlib import Path

import pytest

from indicator_hub.normalise.formats import rows
from indicator_hub.normalise.indicator import Candidate, candidate
from indicator_hub.normalise.row import Row
from indicator_hub.trust.roster import Feed

SAMPLES = Path(__file__).parents[2].parent / "shared" / "feeds"
NOW = 1_800_000_000_000_000
MOST = 20_000


def sample(path):
    """The bytes of a sample."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no feed samples in {SAMPLES}")
    return (SAMPLES / path).read_bytes()


def feed(form, **options):
    """A feed of this format."""
    return Feed(name="f", title="Feed", organisation="o", group="g", collection="c", source="s", format=form, **options)


CASES = [
    ("ipsum/ipsum.txt", feed("list", expect="ip"), 7),
    (
        "abusech/urlhaus-2025-04-21.csv",
        feed(
            "csv",
            expect="url",
            columns={"value": "url", "first_seen": "dateadded", "labels": "tags", "reference": "urlhaus_link"},
        ),
        1,
    ),
]


@pytest.mark.parametrize(("path", "declared", "others"), CASES)
def test_rows_add_up(path, declared, others):
    """Every line of a real feed is a comment, a header, an observation or a refusal: candidates = accepted + refused."""
    body = sample(path)
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    cut = b"".join(body.splitlines(keepends=True)[:MOST])
    counted: Counter[bool] = Counter()
    for row in rows(cut, declared):
        found = candidate(row, declared, now=NOW) if isinstance(row, Row) else row
        counted[isinstance(found, Candidate)] += 1
    assert counted.total() == min(lines, MOST) - others
    assert counted[True] > 0.95 * counted.total()
