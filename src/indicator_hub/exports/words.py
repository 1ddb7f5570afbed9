"""What several formats say in the same words: instants, levels, and how sure."""

from indicator_hub.exports.format import NO_NATION
from indicator_hub.exports.row import Row
from indicator_hub.stix import timestamps
from indicator_hub.trust.ladder import NAMES


def instant(at: int | None) -> str:
    """As STIX writes it, to the millisecond; nothing for none."""
    return "" if at is None else timestamps.render_milliseconds(at)


def tlp(level: int) -> str:
    """`TLP:AMBER`."""
    return f"TLP:{NAMES[level]}"


def sureness(confidence: int | None) -> str:
    """A confidence in words, by the None / Low / Medium / High scale of STIX 2.1, appendix A."""
    if confidence is None:
        return "Not Specified"
    bounds = ((0, "None"), (29, "Low"), (69, "Medium"))
    return next((word for most, word in bounds if confidence <= most), "High")


def labels_of(row: Row) -> list[str]:
    """The labels, and how one may act on it where only a mark says so."""
    said = [] if row.pap is None or f"pap:{row.pap}" in row.labels else [f"pap:{row.pap}"]
    return [*row.labels, *said]


def tags_of(row: Row) -> list[str]:
    """The same, and which nations it may go to: where a format has no field for that."""
    nations = () if row.nations is None else row.nations or (NO_NATION,)
    return [*labels_of(row), *(f"releasable-to:{nation}" for nation in nations)]


def address_of(origin: str, group: str, row: Row) -> str:
    """Where the whole object can be had."""
    return f"{origin}/taxii2/{group}/collections/{row.collection}/objects/{row.stix_id}/"
