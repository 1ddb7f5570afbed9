"""Our own table: a record for each value of each indicator, as CSV for programs and for spreadsheets, and as lines of JSON."""

import json

from indicator_hub.exports import cells
from indicator_hub.exports.format import NO_NATION, Outcome, Plain, Scope
from indicator_hub.exports.row import Row
from indicator_hub.exports.words import address_of, instant, labels_of, tlp

COLUMNS = (
    "id", "type", "value", "valid_from", "valid_until", "confidence", "tlp", "source", "name", "labels", "created", "modified", "url",
    "handling", "releasable_to",
)  # fmt: skip


def record(row: Row, scope: Scope) -> tuple[str, ...]:
    """The cells of a row, in the order of COLUMNS; labels, codes and nations with a semicolon between them."""
    nations = "" if row.nations is None else ";".join(row.nations) or NO_NATION
    return (
        row.stix_id, row.kind, row.value, instant(row.valid_from), instant(row.valid_until),
        "" if row.confidence is None else str(row.confidence), tlp(row.level), row.source, row.name, ";".join(labels_of(row)),
        row.created, row.modified, address_of(scope.origin, scope.group, row),
        ";".join(row.handling), nations,
    )  # fmt: skip


class Csv(Plain):
    """For programs: every cell as it is."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def line(self, row: Row, /) -> str:
        """One record."""
        return cells.line(record(row, self._scope))

    def head(self, _: Outcome, /) -> str:
        """The names of the columns, also where no record follows."""
        return cells.line(COLUMNS)


class Spreadsheet(Csv):
    """For people: no cell is a formula."""

    def line(self, row: Row, /) -> str:
        """One record."""
        return cells.line([cells.harmless(cell) for cell in record(row, self._scope)])


class Json(Plain):
    """One JSON object a line, with the names of the columns; what is not said is left out."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def line(self, row: Row, /) -> str:
        """One object."""
        told: dict[str, object] = {
            name: cell for name, cell in zip(COLUMNS, record(row, self._scope), strict=True) if cell
        }
        if row.confidence is not None:
            told["confidence"] = row.confidence
        if labels := labels_of(row):
            told["labels"] = labels
        if row.handling:
            told["handling"] = row.handling
        if row.nations is not None:
            told["releasable_to"] = row.nations
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"
