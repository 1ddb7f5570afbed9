"""A STIX 2.1 bundle, joined from the bytes that came: nothing in it is parsed and written anew."""

import json
from uuid import uuid5

from indicator_hub.exports.format import Outcome, Scope
from indicator_hub.exports.row import Row
from indicator_hub.stix.ids import NAMESPACE


class Bundle:
    """The same list is always the same bundle, by its id."""

    def __init__(self, scope: Scope) -> None:
        self._id = f"bundle--{uuid5(NAMESPACE, f'{scope.group} {scope.name}')}"
        self._begun = False

    def line(self, row: Row, /) -> bytes:
        """One object."""
        parted, self._begun = (b",\n" if self._begun else b""), True
        return parted + row.body

    def head(self, outcome: Outcome, /) -> str:
        """Type and id; a bundle without objects has no list of them (STIX 2.1 section 8)."""
        return f'{{"type":"bundle","id":{json.dumps(self._id)}' + (',"objects":[\n' if outcome.lines else "")

    def foot(self, outcome: Outcome, /) -> str:
        """Its end."""
        return "\n]}\n" if outcome.lines else "}\n"
