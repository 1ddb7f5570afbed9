"""What a source gave."""

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole content, to be read and closed, and what the source said of its version, to ask with next time."""

    content: BinaryIO
    etag: str | None = None
    last_modified: str | None = None


MAX_BYTES = 256 * 1024 * 1024
"""The largest content a run takes."""
