"""Settings -> store -> application. The only place where routes are mounted."""

import logging
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Router

from indicator_hub import __version__
from indicator_hub.keys import page_keys
from indicator_hub.settings import Settings
from indicator_hub.sharing.remark import remark
from indicator_hub.store.opened import Store, clock, open_store
from indicator_hub.web import exports, health, metrics, openapi, problems, taxii
from indicator_hub.web.api import description, operations
from indicator_hub.web.api.paths import OPERATIONS
from indicator_hub.web.call import Hub
from indicator_hub.web.compress import Compressed, Receive, Scope, Send
from indicator_hub.web.console import everything
from indicator_hub.web.gate import Gate
from indicator_hub.web.limiter import Limiter

_log = logging.getLogger("indicator_hub.web")
_HOUR = 3_600_000_000


async def open_hub(settings: Settings, *, port: int, workers: int = 1) -> Hub:
    """Open the store and the keys; `workers`: how many processes like this one share what partners ask. Raises Misconfigured with what to do next."""
    origin = settings.origin(port)
    if not settings.serve_events:
        _log.warning("INDICATOR_HUB_SERVE_EVENTS is off: nobody will be able to tell who was given what")
    keys = page_keys(settings.secrets())
    now = clock(settings.testing_clock())
    store: Store = await open_store(
        settings.database(),
        now=now,
        serve_events=settings.serve_events,
        pgbouncer=settings.database_pgbouncer,
        patience=settings.database_patience,
    )
    return Hub(
        store=store,
        origin=origin,
        title=settings.title,
        page_keys=keys,
        page_limit=settings.page_limit,
        limits=settings.limits(),
        status_kept=settings.status_hours * _HOUR,
        metrics_token=settings.metrics_token,
        gate=Gate(inline=store.inline),
        limiter=Limiter(
            rate=settings.rate_account, burst=settings.rate_burst, guesses=settings.rate_guesses, workers=workers
        ),
    )


def create_app(hub: Hub, counted: metrics.Metrics | None = None) -> "SlashedPaths":
    """The application around an open hub, which is closed with it. `counted` is where it counts, where others of the hub count beside it."""
    counted = counted or metrics.Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        try:
            await remark(hub.store)  # what an earlier process did not finish
            yield
        finally:
            await hub.store.close()

    app = FastAPI(
        title="indicator-hub",
        version=__version__,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        # Costs 17 % of the CPU of an idle poll when on.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.hub = hub
    app.add_exception_handler(HTTPException, problems.unknown)
    resources = taxii.routes(hub)
    app.router.routes.extend(resources)
    description.mount(app)
    operations.mount(app, OPERATIONS)
    exports.mount(app)
    everything.mount(app)
    health.mount(app)
    openapi.mount(app)
    counted.watch(partial(refused, hub))
    metrics.mount(app, counted, hub.metrics_token)
    return SlashedPaths(app, Router(resources, redirect_slashes=False, default=app), counted)


def refused(hub: Hub) -> dict[str, int]:
    """How many requests this process refused for their number, by why."""
    lanes = {f"busy_{lane.name}": lane.refused for lane in hub.gate.lanes}
    return lanes | {
        "connections": hub.gate.connections,
        "account": hub.limiter.accounts.refused,
        "guesses": hub.limiter.guesses.refused,
    }


class SlashedPaths:
    """`/x` answers as `/x/` does, without a redirect. What is polled all day goes straight to its routes.

    A redirect built from the Host header can leak http:// behind a proxy, and clients drop credentials or the body on the way.
    """

    def __init__(self, app: FastAPI, polled: Router, counted: metrics.Metrics) -> None:
        self.app, self._counted = app, counted
        self._compressed, self._polled = Compressed(app), Compressed(polled)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Every request is counted, once, when its answer goes out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"] + "/"}
        status, counted, begun = 0, False, perf_counter()

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal status, counted
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                counted = True  # before its last bytes go: whoever has the answer finds it counted
                self._counted.count(status, perf_counter() - begun)
            await send(message)

        try:
            await (self._polled if scope["path"].startswith(taxii.PREFIX) else self._compressed)(scope, receive, sent)
        finally:
            if status and not counted:  # without a status the client had gone before there was an answer
                self._counted.count(status, perf_counter() - begun)
