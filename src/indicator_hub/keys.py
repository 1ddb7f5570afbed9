"""The signing keys in the secrets directory. Read by entry points only; made there on first use, never in the database.

Several nodes share the directory; while a key is changed two are valid: the newest signs, all verify.
"""

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
        if directory.stat().st_mode & 0o077:
            raise Misconfigured(f"Others may read the secrets in {directory}. Run `chmod 700 {directory}`.")
        names = sorted(directory.glob("page-*.key"), reverse=True)
        if not names:
            _make(directory / "page-1.key")
            names = sorted(directory.glob("page-*.key"), reverse=True)
        found = tuple(name.read_bytes() for name in names)
    except OSError as error:
        raise Misconfigured(f"The secrets directory {directory} cannot be used: {error.strerror}.") from None
    if any(len(key) != _LENGTH for key in found):
        raise Misconfigured(f"A key in {directory} is not {_LENGTH} bytes long. Remove it, and another is made.")
    return found


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
