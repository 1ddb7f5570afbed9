"""A feed that brings a list which others are held to: nothing of it is published. Taken whole, or not at all."""

import asyncio
import hashlib
from typing import BinaryIO

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise import formats
from indicator_hub.normalise.observe import Observation, observe
from indicator_hub.normalise.row import Refusal, storable
from indicator_hub.normalise.text import Stream
from indicator_hub.normalise.warninglists import Bad, Part, Way, kept, parse, read
from indicator_hub.sharing.claim import Refused, Run, to_accept
from indicator_hub.trust.roster import Feed

_NETWORKS = frozenset(("ipv4-addr", "ipv6-addr", "ipv4-cidr", "ipv6-cidr"))


async def take_list(run: Run, content: BinaryIO, tally: Tally, *, accept: bool) -> None:
    """Keep the list instead of the one before. Raises FeedFailed where it is none, or holds less than half of that one and no person accepts it."""
    parts, bad = await asyncio.to_thread(_read, content, run.feed)
    before = await run.list_before()
    were, are = _entries(read(before)) if before is not None else set[tuple[str, str]](), _entries(parts)
    if 2 * len(are) < len(were) and not accept:
        raise FeedFailed(
            f"It holds {len(are)} entries where the last one held {len(were)}: held for a person. "
            f"{to_accept(run.feed.name)}"
        )
    refused = [
        Refused(
            "syntax",
            "",
            storable(one.raw),
            one.number,
            hashlib.sha256(one.raw.encode("utf-8", "surrogatepass")).digest(),
        )
        for one in bad
    ]
    await run.keep_list(kept(parts), refused)
    tally.new, tally.unchanged, tally.ended = len(are - were), len(are & were), len(were - are)
    tally.quarantined = len(bad)
    tally.candidates = tally.accounted()


def _entries(parts: tuple[Part, ...]) -> set[tuple[str, str]]:
    return {(part.way, entry) for part in parts for entry in part.entries}


def _read(content: BinaryIO, feed: Feed) -> tuple[tuple[Part, ...], list[Bad]]:
    if feed.format == "warninglist":
        part, bad = parse(Stream(content).whole())
        return (part,), bad
    found: dict[Way, dict[str, None]] = {"cidr": {}, "hostname": {}, "string": {}}
    bad: list[Bad] = []
    for row in formats.rows(content, feed):
        # What is refused of a feed, such as a private address, is what one's own list is made of.
        seen = row if isinstance(row, Refusal) else observe(row.fields["value"], expect=feed.expect, let_through=True)
        if isinstance(seen, Observation):
            one = seen.observable
            way: Way = "cidr" if one.type in _NETWORKS else "hostname" if one.type == "domain-name" else "string"
            found[way][one.value if way != "string" else one.value.lower()] = None
        else:
            bad.append(Bad(row.raw, row.number or 0))
    return tuple(Part(way, frozenset(), tuple(entries)) for way, entries in found.items() if entries), bad
