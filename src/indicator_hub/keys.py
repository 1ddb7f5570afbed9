"""The signing keys in the secrets directory. Read by entry points only; made there on first use, never in the database.

Several nodes share the directory; while a key is changed two are valid: the newest signs, all verify.
"""

import hashlib
import os
import secrets
from pathlib import Path

from indicator_hub.errors import Misconfigured

_LENGTH = 32
_MODE = 0o700


def page_keys(directory: Path) -> tuple[bytes, ...]:
    """The keys that sign `next`, newest first (files `page-*.key`; the last by name is the newest). Makes the first one.

    Raises Misconfigured when the directory cannot be used.
    """
    try:
        directory.mkdir(mode=_MODE, parents=True, exist_ok=True)
        if not (found := kept_page_keys(directory)):
            _make(directory / "page-1.key")
            found = kept_page_keys(directory)
    except OSError as error:
        raise Misconfigured(f"The secrets directory {directory} cannot be used: {error.strerror}.") from None
    return found


def kept_page_keys(directory: Path) -> tuple[bytes, ...]:
    """Those that are there, in the same order; none is made. Raises Misconfigured as `page_keys` does."""
    try:
        names = sorted(directory.iterdir(), reverse=True)  # `glob` says nothing of a directory that may not be read
        if directory.stat().st_mode & 0o077:
            raise Misconfigured(f"Others may read the secrets in {directory}. Run `chmod 700 {directory}`.")
        found = tuple(name.read_bytes() for name in names if name.match("page-*.key"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Misconfigured(f"The secrets directory {directory} cannot be used: {error.strerror}.") from None
    if any(len(key) != _LENGTH for key in found):
        raise Misconfigured(f"A key in {directory} is not {_LENGTH} bytes long. Remove it, and another is made.")
    return found


def key_id(key: bytes) -> str:
    """What a key is called where several machines are compared. It tells nothing of the key."""
    return hashlib.sha256(b"indicator-hub key id\n" + key).hexdigest()[:12]


def _make(path: Path) -> None:
    """Written whole or not at all: two processes that start together end with one key."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_LENGTH))
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
