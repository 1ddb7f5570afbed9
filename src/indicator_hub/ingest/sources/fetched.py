"""What a source gave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole content, and what the source said of its version, to ask with next time."""

    body: bytes
    etag: str | None = None
    last_modified: str | None = None


MAX_BYTES = 256 * 1024 * 1024
"""The largest content a run takes."""
