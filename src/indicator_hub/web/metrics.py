"""/metrics, in the text format of Prometheus: how many requests, how they were answered, how long they took, what the process takes.

No name of an account, organisation, group, collection or object is in it. Given to whoever has the token of the setting `metrics_token`; without that
setting there is no such resource.
"""

import hmac
import resource
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request, Response

from indicator_hub import __version__

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


class Metrics:
    """What is counted in one process."""

    def __init__(self, refused: Callable[[], Mapping[str, int]] = dict) -> None:
        self._refused = refused
        self._answers = [0] * len(_CLASSES)
        self._took = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._begun = time.time()

    def count(self, status: int, seconds: float) -> None:
        """A request was answered."""
        self._answers[min(max(status // 100, 1), 5) - 1] += 1
        self._took[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def render(self) -> str:
        """Everything, as text."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        lines = [
            "# HELP indicator_hub_info The version that runs.",
            "# TYPE indicator_hub_info gauge",
            f'indicator_hub_info{{version="{__version__}"}} 1',
            "# HELP indicator_hub_requests_total Requests, by the class of their answer.",
            "# TYPE indicator_hub_requests_total counter",
            *(
                f'indicator_hub_requests_total{{answer="{name}"}} {number}'
                for name, number in zip(_CLASSES, self._answers, strict=True)
            ),
            "# HELP indicator_hub_request_seconds How long requests took.",
            "# TYPE indicator_hub_request_seconds histogram",
        ]
        so_far = 0
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), self._took, strict=True):
            so_far += number
            lines.append(f'indicator_hub_request_seconds_bucket{{le="{bound}"}} {so_far}')
        lines += [
            f"indicator_hub_request_seconds_sum {self._seconds:.6f}",
            f"indicator_hub_request_seconds_count {so_far}",
            "# HELP indicator_hub_refused_total Requests refused for their number: by the gate, before they were looked at, or by an account's or address's budget.",
            "# TYPE indicator_hub_refused_total counter",
            *(f'indicator_hub_refused_total{{reason="{name}"}} {number}' for name, number in self._refused().items()),
            "# HELP process_cpu_seconds_total CPU time of this process.",
            "# TYPE process_cpu_seconds_total counter",
            f"process_cpu_seconds_total {usage.ru_utime + usage.ru_stime:.3f}",
            "# HELP process_start_time_seconds When it began, since 1970.",
            "# TYPE process_start_time_seconds gauge",
            f"process_start_time_seconds {self._begun:.3f}",
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
