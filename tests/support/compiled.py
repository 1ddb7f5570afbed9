"""Statements that were compiled for one store are taken over by the next: each test opens stores of its own, and compiled them all anew.

SQLAlchemy keeps what it compiled by the dialect of each engine. These engines all speak to the same server or library, in the same way.
The hot path keeps texts in each store: they are handed over as long as nothing in the rooms that they are made in has been put in the place of
something else, as tests do that plant faults.
"""

import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event

from indicator_hub.store.hot_postgresql import PostgresHot
from indicator_hub.store.hot_sqlite import SqliteHot

_compiled: dict[Any, Any] = {}


class _OfEachKind(MutableMapping[Any, Any]):
    """What SQLAlchemy takes for one engine's cache; the key's first part, the dialect, is told by its kind alone."""

    def __getitem__(self, key: Any) -> Any:
        return _compiled[type(key[0]), *key[1:]]

    def __setitem__(self, key: Any, value: Any) -> None:
        _compiled[type(key[0]), *key[1:]] = value

    def __delitem__(self, key: Any) -> None:
        del _compiled[type(key[0]), *key[1:]]

    def __iter__(self) -> Iterator[Any]:
        return iter(_compiled)

    def __len__(self) -> int:
        return len(_compiled)

    def get(self, key: Any, default: Any = None) -> Any:
        """Without raising: most often asked for."""
        return _compiled.get((type(key[0]), *key[1:]), default)


_shared = _OfEachKind()


def share() -> None:
    """From now on, for every engine of this process."""
    event.listen(Engine, "engine_connect", _take_over)
    _hand_over(SqliteHot, "_texts", "_of_shape", "_pages")
    _hand_over(PostgresHot, "_texts", "_of_shape")


def _take_over(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_shared)


_texts: dict[tuple[int, ...], tuple[list[object], dict[type, dict[str, dict[Any, Any]]]]] = {}
"""By what stands in the rooms; which is kept, so that nothing else is ever at its place in memory."""


def _hand_over(hot: type, *kept: str) -> None:
    begin = hot.__init__

    def begin_with_texts(self: object, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        there = [
            one for name in sorted(sys.modules) if name.startswith(_ROOMS) for one in vars(sys.modules[name]).values()
        ]
        _, of_kinds = _texts.setdefault(tuple(map(id, there)), (there, {}))
        known = of_kinds.setdefault(hot, {})
        for name in kept:
            setattr(self, name, known.setdefault(name, getattr(self, name)))

    hot.__init__ = begin_with_texts  # type: ignore[misc]


_ROOMS = "indicator_hub.store."
