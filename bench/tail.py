"""A poller that follows X-TAXII-Date-Added-Last while others write: it must miss nothing."""

import re
import threading
import time
import uuid
from dataclasses import dataclass, field

from bench import objects
from bench.client import fetch
from bench.stage import BASE, Hub
from bench.world import WRITERS

_WRITERS, _POSTED = 4, 20
_LONG_AGO = "2020-01-01T00:00:00Z"
_ID = re.compile(rb'"id":"(indicator--[0-9a-f-]{36})"')


@dataclass(slots=True)
class _Poller:
    """A client with a cursor."""

    port: int
    authorization: str
    cursor: str = _LONG_AGO
    seen: set[str] = field(default_factory=set)

    def poll(self, resource: str, limit: int) -> bool:
        """One page; False when there was nothing."""
        path = f"{BASE}/{resource}/?added_after={self.cursor}&limit={limit}"
        status, headers, body = fetch(self.port, path, self.authorization)
        if status != 200:
            raise RuntimeError(f"The poller was answered {status}: {body[:300]!r}")
        self.seen.update(found.decode() for found in _ID.findall(body))
        self.cursor = headers.get("x-taxii-date-added-last", self.cursor)
        return body != b"{}"


def missed(hub: Hub, envelopes: int) -> int:
    """How many of the objects that four writers post meanwhile the poller never saw."""
    series = [uuid.uuid4().hex for _ in range(_WRITERS)]
    refused: list[bytes] = []

    def write(number: int) -> None:
        authorization = hub.database.authorization(WRITERS[number % len(WRITERS)])
        for start in range(0, envelopes * _POSTED, _POSTED):
            body = objects.envelope(
                objects.indicator(line, 0, series[number]) for line in range(start, start + _POSTED)
            )
            status, _, answer = fetch(hub.server.port, f"{BASE}/objects/", authorization, method="POST", body=body)
            if status != 202 or b'"failure_count":0' not in answer:
                refused.append(answer[:300])

    poller = _Poller(hub.server.port, hub.database.authorization())
    while poller.poll("manifest", 1_000):
        pass
    writers = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        if not poller.poll("objects", 50):
            time.sleep(0.002)
    while poller.poll("objects", 50):
        pass
    if refused:
        raise RuntimeError(f"{len(refused)} envelopes of the writers were refused: {refused[0]!r}")
    return len({objects.identifier(line, one) for one in series for line in range(envelopes * _POSTED)} - poller.seen)
