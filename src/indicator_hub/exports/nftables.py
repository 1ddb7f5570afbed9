"""Two sets for `nft -f`: addresses and networks of each version, in a table of their own that is replaced as a whole each time."""

from indicator_hub.exports.format import Outcome, Scope
from indicator_hub.exports.row import Row

TABLE = "indicator_hub"


class Nftables:
    """The table is declared, emptied and filled in one transaction, so that no packet meets a half of it."""

    def __init__(self, _: Scope) -> None:
        self._open: str | None = None

    def line(self, row: Row, /) -> str:
        """One element. The rows come by version, so that each set is filled by one statement."""
        name = row.kind[:4]
        if name == self._open:
            return f"{row.value},\n"
        closed, self._open = ("" if self._open is None else "}\n"), name
        return f"{closed}add element inet {TABLE} {name} {{\n{row.value},\n"

    def head(self, outcome: Outcome, /) -> str:
        """The table and its sets, empty."""
        sets = "".join(
            f"\tset {name} {{ type {name}_addr; flags interval; auto-merge; }}\n" for name in ("ipv4", "ipv6")
        )
        flushed = "".join(f"flush set inet {TABLE} {name}\n" for name in ("ipv4", "ipv6"))
        return f"# {outcome.banner}\ntable inet {TABLE} {{\n{sets}}}\n{flushed}"

    def foot(self, _: Outcome, /) -> str:
        """What closes the last statement."""
        return "" if self._open is None else "}\n"
