"""/metrics, in the text format of Prometheus: how many requests, how they were answered, how long they took, what the hub takes.

With several workers it is the sum over all of them, whichever answers, those that ended included: each counts in a row of its own of memory that they share.

No name of an account, organisation, group, collection or object is in it. Given to whoever has the token of the setting `metrics_token`; without that
setting there is no such resource.
"""

import hmac
import mmap
import resource
import time
from bisect import bisect_left

from fastapi import FastAPI, Request, Response

from indicator_hub import __version__

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


_TOOK = len(_CLASSES)
_SECONDS = _TOOK + len(BOUNDS) + 1
_CPU = _SECONDS + 1
_COLUMNS = _CPU + 1


class Shared:
    """Memory for the counts of so many workers, made before they are. Each writes into its own row only, so that none waits for another."""

    def __init__(self, workers: int = 1) -> None:
        self.workers, self.begun = workers, time.time()
        self._numbers = memoryview(mmap.mmap(-1, workers * _COLUMNS * 8)).cast("d")

    def row(self, number: int) -> "memoryview[float]":
        """The counts of one worker."""
        return self._numbers[number * _COLUMNS : (number + 1) * _COLUMNS]

    def total(self) -> list[float]:
        """The counts of all."""
        return [sum(self._numbers[column::_COLUMNS]) for column in range(_COLUMNS)]


class Metrics:
    """What is counted in one process, beside the others of its hub."""

    def __init__(self, shared: Shared | None = None, number: int = 0) -> None:
        self._shared = shared or Shared()
        self._row = self._shared.row(number)
        # Of whoever had this row before.
        self._cpu_before, self._looked = self._row[_CPU], 0.0

    def count(self, status: int, seconds: float) -> None:
        """A request was answered."""
        self._row[min(max(status // 100, 1), 5) - 1] += 1
        self._row[_TOOK + bisect_left(BOUNDS, seconds)] += 1
        self._row[_SECONDS] += seconds
        if (now := time.monotonic()) - self._looked > 1:
            self._looked = now
            self._look()

    def _look(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._row[_CPU] = self._cpu_before + usage.ru_utime + usage.ru_stime

    def render(self) -> str:
        """Everything, as text."""
        self._look()
        total = self._shared.total()
        lines = [
            "# HELP indicator_hub_info The version that runs.",
            "# TYPE indicator_hub_info gauge",
            f'indicator_hub_info{{version="{__version__}"}} 1',
            "# HELP indicator_hub_requests_total Requests, by the class of their answer.",
            "# TYPE indicator_hub_requests_total counter",
            *(
                f'indicator_hub_requests_total{{answer="{name}"}} {int(number)}'
                for name, number in zip(_CLASSES, total[:_TOOK], strict=True)
            ),
            "# HELP indicator_hub_request_seconds How long requests took.",
            "# TYPE indicator_hub_request_seconds histogram",
        ]
        so_far = 0
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), total[_TOOK:_SECONDS], strict=True):
            so_far += int(number)
            lines.append(f'indicator_hub_request_seconds_bucket{{le="{bound}"}} {so_far}')
        lines += [
            f"indicator_hub_request_seconds_sum {total[_SECONDS]:.6f}",
            f"indicator_hub_request_seconds_count {so_far}",
            "# HELP indicator_hub_workers Processes that serve.",
            "# TYPE indicator_hub_workers gauge",
            f"indicator_hub_workers {self._shared.workers}",
            "# HELP process_cpu_seconds_total CPU time of the processes that serve.",
            "# TYPE process_cpu_seconds_total counter",
            f"process_cpu_seconds_total {total[_CPU]:.3f}",
            "# HELP process_start_time_seconds When it began, since 1970.",
            "# TYPE process_start_time_seconds gauge",
            f"process_start_time_seconds {self._shared.begun:.3f}",
        ]
        return "\n".join(lines) + "\n"


def mount(app: FastAPI, metrics: Metrics, token: str) -> None:
    """The route, where there is a token."""
    if not token:
        return

    async def endpoint(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            return Response("A token is needed.\n", 401, {"WWW-Authenticate": "Bearer"}, media_type="text/plain")
        return Response(metrics.render(), 200, {"Cache-Control": "no-store"}, media_type="text/plain; version=0.0.4")

    app.add_api_route("/metrics/", endpoint, methods=["GET"], include_in_schema=False)
