"""A feed's body to its rows, one module per format. STIX bodies are not rows: `stix/objects.py` reads them."""

from collections.abc import Iterator

from indicator_hub.normalise.formats import lists, tables
from indicator_hub.normalise.row import Refusal, Row
from indicator_hub.normalise.text import decode, require_feed
from indicator_hub.trust.roster import Feed


def rows(body: bytes, feed: Feed) -> Iterator[Row | Refusal]:
    """Every candidate of the body in order: a row, or a refusal with its reason. Blank lines, comments and the header are none.

     Raises FeedFailed at once, before any row, where the body is no feed or its header lacks a column that the feed maps
    ; ValueError for a format that has no rows.
    """
    if feed.format not in {"list", "csv"}:
        raise ValueError(f"no rows in a feed of format {feed.format}")
    require_feed(body)
    text, _ = decode(body)
    return lists.rows(text, feed) if feed.format == "list" else tables.rows(text, feed)
