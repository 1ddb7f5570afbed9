"""A STIX bundle or envelope: the objects keep their ids and bytes, and are judged by `submit` like any partner's."""

import hashlib
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

from indicator_hub.ingest.batches import batches
from indicator_hub.ingest.tally import Tally
from indicator_hub.limits import LIMITS
from indicator_hub.normalise.row import cut
from indicator_hub.sharing.claim import Refused, Run
from indicator_hub.stix.reader import Received, read
from indicator_hub.taxii.status import Detail

_UNCOUNTED = replace(LIMITS, objects=sys.maxsize)
"""A feed is cut into batches here, however much it brings."""


def require_objects(content: bytes) -> None:
    """Nothing, where it can be read. Raises Invalid, Unprocessable."""
    read(content, _UNCOUNTED)


async def take_objects(run: Run, content: bytes, tally: Tally, *, rehearsed: bool = False) -> AsyncIterator[int]:
    """Take every object, or tell what would become of it (`rehearsed`); yields the number of candidates so far after each batch. Raises Invalid, Unprocessable before anything is stored."""
    seen: set[tuple[str | bytes, str]] = set()
    number = 0
    for objects in batches(read(content, _UNCOUNTED)):
        tally.candidates += len(objects)
        if rehearsed:
            for one, foreseen in zip(objects, await run.foresee(objects), strict=True):
                tally.settle(foreseen.outcome, again=(one.raw, "") in seen)
                seen.add((one.raw, ""))
            yield tally.candidates
            continue
        status = await run.submit(objects, claims=())
        refused: list[Refused] = []
        for one, detail in zip(objects, status.details, strict=True):
            number += 1
            if tally.settle(detail.outcome, again=(detail.id, detail.version) in seen):
                refused.append(_refused(one, detail, number))
            seen.add((detail.id, detail.version))
        await run.keep((), refused)
        yield tally.candidates


def _refused(one: Received, detail: Detail, number: int) -> Refused:
    raw = cut(one.raw.decode()).replace("\0", "\u2400")
    reason = "bad_pattern" if detail.message.startswith("pattern") else "bad_object"
    return Refused(reason, f"{detail.id}: {detail.message}", raw, number, hashlib.sha256(one.raw).digest())
