"""The limits over HTTP: bytes made beforehand, from bare ASGI and from bare FastAPI. Served by uvicorn, as the hub is.

BENCH_BODIES names a folder with one file for each workload; the first part of the path says which is asked. FastAPI stands here twice: as
it comes, and with its telemetry off, as the hub has it.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response

from bench.client import TAXII

AUTHORIZATION = os.environ.get("BENCH_AUTHORIZATION", "")
_BODIES = {one.name: one.read_bytes() for one in sorted(Path(os.environ.get("BENCH_BODIES", "/nowhere")).glob("*"))}
_HEADERS = {
    "Content-Type": TAXII,
    "X-TAXII-Date-Added-First": "2026-11-23T12:00:00.000000Z",
    "X-TAXII-Date-Added-Last": "2026-11-23T12:00:01.000000Z",
}
_FIRST = ("empty_poll", "page")
_WIRE = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The credential compared, the bytes sent, and nothing else."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    sent = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    known = sent.decode() == AUTHORIZATION
    body = _BODIES[scope["path"].split("/", 2)[1]] if known else b"{}"
    headers = [*_WIRE, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200 if known else 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _account(authorization: Annotated[str, Header()] = "") -> str:
    if authorization != AUTHORIZATION:
        raise HTTPException(401)
    return "reader"


def _routes(app: FastAPI) -> FastAPI:
    """One route for each workload, all alike: first those whose figures are kept, so that nothing is looked through for them."""
    for workload in sorted(_BODIES, key=lambda name: (name not in _FIRST, name)):
        _route(app, workload, _BODIES[workload])
    return app


def _route(app: FastAPI, workload: str, body: bytes) -> None:
    @app.get(f"/{workload}/collections/{{collection}}/objects/")
    async def objects(
        collection: str,  # noqa: ARG001
        account: Annotated[str, Depends(_account)],  # noqa: ARG001
        added_after: str | None = None,  # noqa: ARG001
        limit: Annotated[int | None, Query(ge=1)] = None,  # noqa: ARG001
        next: str | None = None,  # noqa: A002, ARG001
    ) -> Response:
        return Response(body, headers=_HEADERS)


fastapi = _routes(FastAPI(openapi_url=None))
fastapi_quiet = _routes(FastAPI(openapi_url=None, telemetry={"tracing": False, "metrics": False, "logs": False}))
