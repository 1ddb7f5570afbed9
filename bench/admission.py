"""From the bytes of an envelope to admitted objects, without a database: read, checked, ruled, judged."""

import gc
import json
import time
from statistics import median

from bench.objects import indicator
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.trust.admission import Outcome, Versions, admit
from indicator_hub.trust.audience import audience_of
from indicator_hub.trust.reach import Reach, Ties, reach_of
from indicator_hub.trust.roster import Account, Collection, Group, Membership

OBJECTS = 1_000


def rates(repeats: int) -> tuple[float, float]:
    """Indicators admitted a second of CPU, and what json.loads alone reads of the same bytes; medians, taken in turns."""
    body = json.dumps({"objects": [indicator(line) for line in range(OBJECTS)]}).encode()
    reach = _reach()
    gc.set_threshold(20_000, 20, 20)  # as `serve` sets it
    admitted: list[float] = []
    loaded: list[float] = []
    for _ in range(repeats):
        begun = time.process_time()
        _admit(body, reach)
        admitted.append(OBJECTS / (time.process_time() - begun))
        begun = time.process_time()
        json.loads(body)
        loaded.append(OBJECTS / (time.process_time() - begun))
    return median(admitted), median(loaded)


def _admit(body: bytes, reach: Reach) -> None:
    for received in read(body):
        found = accept(received)
        assert isinstance(found, ObjectVersion), found
        ruling = audience_of(found.marks, found.part_marks, 2)
        verdict = admit(found, ruling, reach, Versions((), reach.organisation_id), is_creator=False)
        assert verdict.outcome is Outcome.NEW, verdict


def _reach() -> Reach:
    account = Account(1, "bench", "organisation", 1, "XA", "person", frozenset(("read", "submit")), lists_empty=False)
    group = Group("bench", "Bench", "", "standing", None)
    collection = Collection("0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11", "bench", "main", "Main", "", 4, 2)
    member = Membership("organisation", "bench", "member", can_write=True)
    reach = reach_of(account, Ties(group, 1, membership=member, collection=collection, key=1), 0)
    assert reach is not None
    return reach
