"""Statements that were compiled for one store are taken over by the next: each test opens stores of its own, and compiled them all anew.

SQLAlchemy keeps what it compiled by the dialect of each engine. These engines all speak to the same server or library, in the same way.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event

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


def _take_over(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_shared)
