"""A hosts file: each name leads to an address where nothing answers."""

from indicator_hub.exports.format import Commented, Scope
from indicator_hub.exports.row import Row


class Hosts(Commented):
    """An address, a blank and a name."""

    def __init__(self, scope: Scope) -> None:
        self._address = scope.options.get("address", "0.0.0.0")  # noqa: S104 - nowhere, not everywhere

    def line(self, row: Row, /) -> str:
        """One name."""
        return f"{self._address} {row.value}\n"
