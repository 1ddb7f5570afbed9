"""RFC 3339 timestamps as STIX 2.1 (2.16) and TAXII 2.1 (2) write them.

Instants inside the hub are whole microseconds since 1970-01-01T00:00:00Z, as `int`. STIX timestamps stay the text they came as;
where two must be compared, `sort_key` compares them to the last digit given.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", re.ASCII)
MILLISECONDS, _MICROSECONDS = 3, 6
LAST = 253_402_300_799_999_999
"""The last instant that can be written: the end of the year 9999."""
MAX_DIGITS = 100
"""Sub-second digits of a timestamp: STIX sets no end, but versions are keys of an index."""
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what it is compared with is UTC too
_LONGEST = len("2026-01-31T12:00:00.Z") + MAX_DIGITS


def is_timestamp(text: object) -> bool:
    """Whether this is a timestamp that STIX 2.1 section 2.16 allows: UTC, a literal Z, a real date and time."""
    return digits(text) is not None


def digits(text: object) -> int | None:
    """How many sub-second digits a timestamp has; None for what is none."""
    found = _read(text) if type(text) is str and len(text) <= _LONGEST else None
    return found and found[0]


def instant(text: object) -> int | None:
    """A timestamp as microseconds; digits beyond are cut off. None for what is none."""
    found = _read(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    return None if found is None else found[2]


def sort_key(text: str) -> str:
    """Text that sorts as the instants do, however many sub-second digits each has: `...59Z`, `...59.0Z` are equal.

    Compare it by code point (COLLATE "C"). The text must be a timestamp (`is_timestamp`).
    """
    found = _read(text)
    if found is None:
        raise ValueError(text)
    return found[1]


def parse(text: str) -> int:
    """A timestamp as microseconds; digits beyond are cut off. Raises ValueError."""
    found = _read(text)
    if found is None:
        raise ValueError(f"not a UTC timestamp: {text}")
    return found[2]


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[int, str, int] | None:
    """Its sub-second digits, its key and its instant. Remembered: one object says the same time again and again, and each is asked for."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    whole, fraction = found.groups("")
    try:
        since = datetime.fromisoformat(whole) - _NAIVE_EPOCH
    except ValueError:
        return None
    said = fraction.rstrip("0")
    micro = int(f"{fraction[:_MICROSECONDS]:0<6}")
    return (
        len(fraction),
        f"{whole}.{said}" if said else whole,
        (since.days * 86_400 + since.seconds) * 1_000_000 + micro,
    )


def render(instant: int) -> str:
    """Microseconds as a TAXII timestamp: exactly six sub-second digits and Z (TAXII 2.1 section 2)."""
    seconds, micro = divmod(instant, 1_000_000)
    return f"{_second(seconds)}.{micro:06}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    """Remembered: what came together has one second, and lists tell a thousand instants."""
    return (_NAIVE_EPOCH + timedelta(seconds=seconds)).isoformat()


def render_milliseconds(instant: int) -> str:
    """Microseconds as a STIX timestamp with three sub-second digits, as `created` and `modified` are written."""
    return f"{render(instant)[:23]}Z"
