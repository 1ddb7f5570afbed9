"""Whether the hub lives, and whether it can work. No content, and no names of collections or organisations."""

from fastapi import FastAPI, Request, Response

from indicator_hub.errors import HubError
from indicator_hub.sharing.ready import require_ready


def mount(app: FastAPI) -> None:
    """The routes that need no account."""
    app.add_api_route("/healthz/", _alive, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/readyz/", _ready, methods=["GET", "HEAD"], include_in_schema=False)


async def _alive() -> Response:
    return Response("ok\n", media_type="text/plain")


async def _ready(request: Request) -> Response:
    try:
        await require_ready(request.app.state.hub.store)
    except HubError:
        return Response("not ready\n", 503, media_type="text/plain")
    return Response("ok\n", media_type="text/plain")
