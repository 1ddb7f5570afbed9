"""How much the hub takes: every bound on what comes in, in one table. Each is a setting INDICATOR_HUB_MAX_...; docs/limits.md says what is answered."""

import re
from dataclasses import dataclass

LONGEST_URL = 65_535
"""Bytes: more the HTTP parser cannot hold."""
LARGEST_HEAD = 65_536
"""Bytes of all header fields of a request, names and values."""

OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys instead of showing: no text that one party writes for another holds them. Tabs and ends of lines may be there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes where it says bytes, else counts; of texts, characters."""

    body: int = 10 * 1024 * 1024
    """Bytes of a request body: `max_content_length` of the API root."""
    objects: int = 20_000
    """Objects in one body: each is judged, and answered for, one by one."""
    depth: int = 64
    """Lists and dictionaries inside each other, the object itself included."""
    digits: int = 100
    """Characters of one number."""
    text: int = 4 * 1024 * 1024
    """Characters of one string."""
    pattern: int = 65_536
    """Bytes of a STIX pattern."""
    terms: int = 1_000
    """Comparisons in a STIX pattern."""
    url: int = LONGEST_URL
    """Bytes of a path and its query."""
    values: int = 200
    """Values of one `match[...]` parameter."""
    filters: int = 16_384
    """Characters of all `match[...]` values together, as sent: `next` carries them, and must still fit into a URL beside them."""


LIMITS = Limits()
"""The defaults."""
