"""Whether the hub lives, and whether it can work. No content, and no names of collections or organisations."""

from fastapi import FastAPI, Request, Response

from indicator_hub.errors import HubError
from indicator_hub.sharing.ready import require_ready
from indicator_hub.web.identify import identified


def mount(app: FastAPI) -> None:
    """The routes that need no account."""
    app.add_api_route("/healthz/", _alive, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/readyz/", _ready, methods=["GET", "HEAD"], include_in_schema=False)


async def _alive() -> Response:
    return Response("ok\n", media_type="text/plain")


async def _ready(request: Request) -> Response:
    hub = request.app.state.hub
    try:
        await require_ready(hub.store, schedule=hub.feeds is not None)
    except HubError as error:
        why = f": {error.detail or error.sentence}" if await _is_known(request) else ""
        return Response(f"not ready{why}\n", 503, media_type="text/plain")
    return Response("ok\n", media_type="text/plain")


async def _is_known(request: Request) -> bool:
    """Whether an account asks: only such a one is told why. Where the database does not answer, nobody is known."""
    try:
        return (
            await identified(request.app.state.hub.store, request, request.app.state.hub.limiter)
        ).account is not None
    except Exception:  # noqa: BLE001 - whatever keeps the hub from knowing who asks, the answer is that it is not ready
        return False
