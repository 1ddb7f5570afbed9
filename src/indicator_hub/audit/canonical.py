"""The canonical form of an object (RFC 8785), for whoever compares it with a copy that was written otherwise."""

import hashlib
import json

import rfc8785


def canonical_sha256(body: bytes) -> str | None:
    """SHA-256 in hexadecimal over the canonical form; None where there is none: RFC 8785 knows no integers beyond 2**53."""
    try:
        return hashlib.sha256(rfc8785.dumps(json.loads(body))).hexdigest()
    except rfc8785.CanonicalizationError:
        return None
