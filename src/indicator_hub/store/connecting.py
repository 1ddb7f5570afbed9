"""How a connection to PostgreSQL is made, for both pools: to whichever of several hosts is the primary now.

The driver tries hosts one after the other within one time-out for them all, so that one which has lost its power (nothing answers, nothing
refuses) would use it up. Here each host has a time-out of its own, and the one that was the primary last is asked first.
"""

import socket
from collections.abc import Mapping
from inspect import signature
from typing import Any

import asyncpg
from asyncpg.exceptions import TargetServerAttributeNotMatched
from sqlalchemy.dialects.postgresql import asyncpg as sqlalchemy_asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from indicator_hub.errors import Misconfigured

_ALONE, _EACH = 10.0, 2.0
"""Seconds until a host must have answered: the only one, and each of several."""
_WRITES = ("primary", "read-write")
_TAKEN = frozenset(signature(asyncpg.connect).parameters)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
_PROBES = {"SO_KEEPALIVE": 1, "TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
"""Seconds, but for the last, which is milliseconds. A system that knows one of these not goes without it."""


class Connector:
    """Makes connections, and remembers which host was the primary."""

    def __init__(self, url: URL) -> None:
        """Raises Misconfigured for a URL that the driver cannot take, or that asks for a server that cannot write."""
        try:
            arguments, options = sqlalchemy_asyncpg.dialect().create_connect_args(url)
        except (ArgumentError, ValueError) as error:
            raise Misconfigured(f"The database URL cannot be used: {error}.") from None
        options.pop("prepared_statement_cache_size", None)
        options.pop("prepared_statement_name_func", None)
        if "sslmode" in options:  # as PostgreSQL's own programs have it, which read the same URL
            options["ssl"] = options.pop("sslmode")
        if unknown := options.keys() - _TAKEN:
            raise Misconfigured(
                f"The database URL holds {', '.join(sorted(unknown))}, which the driver does not take. "
                "For TLS give sslmode, and files by PGSSLROOTCERT, PGSSLCERT and PGSSLKEY."
            )
        self._places = _places(options.pop("host", None), options.pop("port", None))
        self.several = several = len(self._places) > 1
        asked = options.setdefault("target_session_attrs", "read-write" if several else "any")
        if arguments or (several and asked not in _WRITES):
            raise Misconfigured("Of several hosts the hub needs the one that writes: target_session_attrs=read-write.")
        self._options = options
        self._each = _EACH if several else _ALONE

    async def __call__(self, *_: object, **more: Any) -> Any:
        """A connection. Raises ConnectionError when no host can be reached or none is the primary, else what the server says.

        `more` is what a pool wants of it; where it lies is known.
        """
        options = {**self._options, **{name: value for name, value in more.items() if name not in _OURS}}
        failed: list[Exception] = []
        for place in list(self._places):
            host, port = place
            try:
                connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
                connection = await connect(**options, host=host, port=port, timeout=self._each)
            except (OSError, TargetServerAttributeNotMatched, asyncpg.PostgresError) as error:
                failed.append(error)
                continue
            if place is not self._places[0]:
                self._places.sort(key=place.__ne__)
            _probe(connection)
            return connection
        said = [error for error in failed if isinstance(error, asyncpg.PostgresError)]
        if said:
            raise said[0]
        raise ConnectionError("; ".join(str(error) or type(error).__name__ for error in failed)) from failed[-1]


def _places(host: Any, port: Any) -> list[tuple[Any, Any]]:
    return [(host, port)] if host is None or isinstance(host, str) else list(zip(host, port, strict=True))


_OURS = frozenset(
    ("host", "port", "user", "password", "database", "dsn", "timeout", "target_session_attrs", "prepared_statement_cache_size", "sslmode")
)  # fmt: skip


def _probe(connection: Any) -> None:
    """A host that is gone says nothing: without this a statement would be waited for until its own time-out, a minute later."""
    found = connection._transport.get_extra_info("socket")  # noqa: SLF001 - the driver shows it nowhere else
    if found is None or found.family == socket.AF_UNIX:
        return
    for name, value in _PROBES.items():
        level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
        if (option := getattr(socket, name, None)) is not None:
            found.setsockopt(level, option, value)


def through_pgbouncer(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same options, for a PgBouncer that gives each transaction another connection: no statement outlives its transaction.

    Nor does a setting: it passes none on that it does not know.
    """
    return {**{name: value for name, value in options.items() if name != "server_settings"}, "statement_cache_size": 0}
