"""What a snapshot does not hold any longer: it has ended, once two runs in a row, an interval apart, have not found it.

An indicator is valid until then, and stays; a vulnerability that its source took off its list is revoked. What another feed still says goes on.
"""

import json
from collections.abc import Collection
from typing import Any

from indicator_hub.ingest.batches import BATCH, made
from indicator_hub.ingest.made import ways
from indicator_hub.ingest.tally import Tally
from indicator_hub.sharing.claim import Moved, Refused, Run
from indicator_hub.stix import timestamps, vulnerability

_MILLISECOND = 1_000
_ALL = 100_000_000
_NEARLY = 0.8
"""Of an interval: a schedule is not exact."""


async def end_dropped(run: Run, tally: Tally, seen: Collection[str] | None = None) -> None:
    """End what this run and the last whole one have not found; with `seen`, what a rehearsal has found, only count it."""
    last = await run.last_whole()
    if last is None or run.started - last.started < _NEARLY * (run.feed.every or 0):
        return
    if seen is not None:
        tally.ended = len(set(await run.dropped(before=last.number, limit=_ALL)).difference(seen))
        return
    while names := await run.dropped(before=last.number, limit=BATCH):
        still = await run.said_by_others(names)
        alone = [name for name in names if name not in still]
        values = [json.loads(raw) for raw in await run.latest(alone)]
        otherwise = await _said_otherwise(run, values)
        ended = [made(_ended(one, run.started)) for one in values if one["id"] not in otherwise]
        if ended:
            latest = max(timestamps.parse(str(one.value["modified"])) for one in ended)
            try:
                status = await run.submit(ended, claims=(), ended=names, modified=latest)
            except Moved:
                continue
            failed = [
                Refused("bad_object", one.message, one.id, 0, one.id.encode()) for one in status.details if one.failed
            ]
            await run.keep((), failed)
            tally.ended -= len(failed)
        else:
            await run.end(names)
        tally.ended += len(names)


async def _said_otherwise(run: Run, values: list[dict[str, Any]]) -> set[str]:
    """The vulnerabilities that this very run has said under other marks: nobody has taken those off a list, and what is revoked is so for ever."""
    scope = run.feed.group, run.feed.organisation
    ids = {
        one["id"]: [vulnerability.id_of(*scope, marks, one["name"]) for marks in ways(run)]
        for one in values
        if one["type"] == "vulnerability"
    }
    known, _ = await run.known([name for each in ids.values() for name in each])
    now = {name for name, claim in known.items() if claim.run == run.number}
    return {name for name, each in ids.items() if now.intersection(each)}


def _ended(value: dict[str, Any], now: int) -> dict[str, Any]:
    """The version that says so: later than the one before, whatever the clock says."""
    modified = max(now - now % _MILLISECOND, timestamps.parse(value["modified"]) + _MILLISECOND)
    changed = {"modified": timestamps.render_milliseconds(modified)}
    if value["type"] != "indicator":
        return value | changed | {"revoked": True}
    until = max(modified, timestamps.parse(value["valid_from"]) + _MILLISECOND)
    return value | changed | {"valid_until": timestamps.render_milliseconds(until)}
