"""The ways in which feeds write an instant."""

import re
from datetime import UTC, datetime, timedelta

_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,]([0-9]{1,9}))? ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse(text: str) -> int | None:
    """Microseconds since 1970 of `YYYY-MM-DD[ HH:MM[:SS[.fff]]]`, with `T` or a blank between, and `Z`, `UTC`, an offset or nothing after.

    Without an offset it is UTC. None for any other text, for no real date and for one before 1970.
    """
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in {None, "Z", "UTC"} else zone
    try:
        instant = (datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset}") - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None
    instant += int((fraction or "")[:6].ljust(6, "0"))
    return instant if instant >= 0 else None
