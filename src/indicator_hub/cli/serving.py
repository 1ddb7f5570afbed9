"""Serve: bind first, open the store, then answer."""

import asyncio
import encodings.idna  # noqa: F401  # pyright: ignore[reportUnusedImport] - `getaddrinfo` asks for it, and who has given up rights may be unable to load it then
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType
from typing import cast

import uvicorn

from indicator_hub.cli import workers
from indicator_hub.cli.memory import keep_some
from indicator_hub.errors import Conflict, Misconfigured, NotFound
from indicator_hub.ingest.run import rehearse, run
from indicator_hub.ingest.schedule import scheduled
from indicator_hub.settings import Settings
from indicator_hub.sharing.claim import declared
from indicator_hub.store.engine import database_url, is_sqlite
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Feed
from indicator_hub.web.app import create_app, open_hub
from indicator_hub.web.call import Feeds
from indicator_hub.web.metrics import Metrics, Shared
from indicator_hub.web.wire import Protocol

_BACKLOG = 2_048
_SWITCH = 0.0005
"""Seconds after which a thread that works (objects are judged in one) lets the loop have the interpreter, if it asks. Python's own five milliseconds are
twenty polls, and a poll lets go of it several times."""
_PATIENCE = 60
"""Seconds that whoever asks for a dry run is kept waiting."""
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, only what RFC 7540 appendix A does not list (TAXII 2.1 section 8.2.2); below 1.2 Python's context takes nothing by itself."""


def serve(settings: Settings, ready: Callable[[str], None], prepare: "Callable[[], None] | None" = None) -> None:
    """Serve until told to stop. `ready` is told the URL once requests are answered. Raises Misconfigured with what to do next."""
    several = settings.workers > 1
    if several and is_sqlite(database_url(settings.database())):
        raise Misconfigured(
            "Several workers need PostgreSQL: with SQLite one process serves. Leave out --workers (INDICATOR_HUB_WORKERS), "
            "or name a PostgreSQL database with --database (INDICATOR_HUB_DATABASE_URL)."
        )
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format=f"%(asctime)s {'[%(process)d] ' if several else ''}%(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    listener = _bind(settings.host, settings.port)
    with listener:
        if prepare is not None:
            prepare()
        port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            "",
            log_config=None,
            ws="none",  # an Upgrade is ignored, as RFC 9110 allows: there is nothing to upgrade to
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=10,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            ssl_ciphers=_SUITES,
        )
        shared = Shared(settings.workers)
        keep_some()
        sys.setswitchinterval(_SWITCH)

        def work(number: int, ready: Callable[[str], None], above: Connection | None = None) -> None:
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(_serve(settings, config, listener, port, ready, Metrics(shared, number), above))

        if several:
            workers.run(settings.workers, work, ready)
        else:
            work(0, ready)


async def _serve(
    settings: Settings,
    config: uvicorn.Config,
    listener: socket.socket,
    port: int,
    ready: Callable[[str], None],
    metrics: Metrics,
    above: Connection | None,
) -> None:
    hub = await open_hub(settings, port=port, workers=settings.workers)
    hub = replace(hub, feeds=feeds_here(hub.store))
    config.app = create_app(hub, metrics)
    config.http = cast("type[asyncio.Protocol]", partial(Protocol, hub.gate))
    # What is there now stays: the collector need not walk over it again, nor start anew at every page of a thousand entries.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    async with AsyncExitStack() as beside:
        if settings.feeds:
            await beside.enter_async_context(scheduled(hub.store))
        await _Server(config, lambda: ready(hub.origin), beside, above).serve(sockets=[listener])


def feeds_here(store: Store) -> Feeds:
    """What pages and the API may have done with feeds, in this process. Dry runs go one after the other, and do not go on for ever: whoever asks waits for it."""
    rehearsing = asyncio.Lock()

    async def find(name: str) -> Feed:
        for one in await declared(store):
            if one.name == name:
                return one
        raise NotFound

    async def rehearsed(name: str) -> Mapping[str, int]:
        if rehearsing.locked():
            raise Conflict("Another dry run goes on: ask again when it is over.")
        try:
            async with rehearsing, asyncio.timeout(_PATIENCE):
                return (await rehearse(store, await find(name))).as_dict()
        except TimeoutError:
            raise Conflict(
                f"It takes longer than {_PATIENCE} seconds: use `indicator-hub ingest {name} --dry-run` on the hub's host."
            ) from None

    async def accepted(name: str) -> tuple[str, Mapping[str, int]]:
        outcome, tally = await run(store, await find(name), again=True, accept=True)
        return outcome, tally.as_dict()

    return Feeds(rehearsed, accepted)


class _Server(uvicorn.Server):
    """Says when it is ready; ends what runs beside it before the store is closed."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], beside: AsyncExitStack, above: Connection | None
    ) -> None:
        super().__init__(config)
        self._ready, self._beside, self._above = ready, beside, above

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C reaches all processes of a terminal: where there is one above, that says when to end."""
        if self._above is None or sig != signal.SIGINT:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._beside.aclose()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._above is not None:
                asyncio.get_running_loop().add_reader(self._above.fileno(), self._left_alone)
            self._ready()

    def _left_alone(self) -> None:
        """The one above is gone: nobody would end this process."""
        assert self._above is not None
        asyncio.get_running_loop().remove_reader(self._above.fileno())
        self.should_exit = True


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise Misconfigured(
            f"The address {host} is unknown. Give one of this machine, like 127.0.0.1 or 0.0.0.0."
        ) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        why = {
            errno.EADDRINUSE: f"The port {port} on {host} is in use. Stop what listens there, or give another with --port (0: any free one).",
            errno.EACCES: f"This user may not listen on port {port}. Give one above 1023 with --port.",
            errno.EADDRNOTAVAIL: f"The address {host} is not one of this machine.",
        }.get(error.errno or 0, f"The hub cannot listen on {host}, port {port}: {error.strerror}.")
        raise Misconfigured(why) from None
    return listener
