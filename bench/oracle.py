"""Whether the time of an answer tells what is hidden: 404 for what is hidden and for what never was, 401 for a known name and an unknown.

Both are asked in turns by chance, on one connection. Kept are the difference of the medians, as a share of the answer's own time, with what
chance alone would make of it (95 % of resamplings), and the share of pairs in which the one took longer (Mann and Whitney): 0.5 where
nothing can be told. Looking a hidden row up and passing over it costs a microsecond or two, which no work elsewhere can hide.
"""

import base64
import random
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from statistics import median

from bench.client import Connection, request
from bench.objects import identifier
from bench.stage import BASE, Hub
from bench.world import CLOSED

BOUND = 0.03
"""How much of an answer's time the difference may be, beyond what chance makes of it."""
_NUMBER = 2_000
_STRICT = 20
"""A line whose objects are AMBER+STRICT."""
_NEVER = "indicator--00000000-0000-4000-8000-00000000dead"


@dataclass(frozen=True, slots=True)
class Told:
    """How much longer one of a pair takes, as a share of the answer's time; how much chance makes of it; and the share of longer answers."""

    difference: float
    chance: float
    longer: float

    @property
    def tells(self) -> bool:
        """Whether it is more than it may be."""
        return abs(self.difference) - self.chance > BOUND


def listen(hub: Hub) -> dict[str, Told]:
    """What each pair tells. An observer asks; the object is for members only."""
    hidden, database = identifier(_STRICT), hub.database
    reader = database.authorization("xd-cert-1")
    wrong = {
        name: f"Basic {base64.b64encode(f'{name}:ihub_wrong'.encode()).decode()}" for name in ("xa-cert-1", "no-such-1")
    }
    pairs = {
        "404 group": (404, (_get("/taxii2/closed/", reader), _get("/taxii2/never0/", reader))),
        "404 collection": (
            404,
            (
                _get(f"/taxii2/closed/collections/{CLOSED}/objects/", reader),
                _get(f"/taxii2/never0/collections/{CLOSED}/objects/", reader),
            ),
        ),
        "404 object": (404, (_get(f"{BASE}/objects/{hidden}/", reader), _get(f"{BASE}/objects/{_NEVER}/", reader))),
        "404 versions": (
            404,
            (_get(f"{BASE}/objects/{hidden}/versions/", reader), _get(f"{BASE}/objects/{_NEVER}/versions/", reader)),
        ),
        "404 own record": (
            404,
            (_get(f"/api/v1/own/{hidden}/", reader), _get(f"/api/v1/own/{_NEVER}/", reader)),
        ),
        "401": (401, (_get("/taxii2/", wrong["xa-cert-1"]), _get("/taxii2/", wrong["no-such-1"]))),
    }
    return {name: _told(hub.server.port, expected, *both) for name, (expected, both) in pairs.items()}


def _get(path: str, authorization: str) -> bytes:
    return request("GET", path, authorization)


def _told(port: int, expected: int, one: bytes, other: bytes) -> Told:
    took: tuple[list[float], list[float]] = ([], [])
    order = [0, 1] * _NUMBER
    random.Random(1).shuffle(order)
    with Connection(port, expected) as connection:
        for turn, which in enumerate([0, 1] * 50 + order):
            begun = time.perf_counter()
            connection.exchange((one, other)[which])
            if turn >= 100:  # the first are not counted: everything is new to them
                took[which].append(time.perf_counter() - begun)
    first = sorted(took[0])
    longer = sum((bisect_left(first, value) + bisect_right(first, value)) / 2 for value in took[1])
    whole, chance = median(took[0] + took[1]), random.Random(2)
    between = sorted(
        median(chance.choices(took[0], k=_NUMBER)) - median(chance.choices(took[1], k=_NUMBER)) for _ in range(200)
    )
    width = (between[194] - between[5]) / 2
    return Told((median(took[0]) - median(took[1])) / whole, width / whole, longer / len(took[0]) / len(took[1]))
