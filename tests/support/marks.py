"""Marking-definitions."""

import uuid
from typing import Any

from indicator_hub.stix.markings import HANDLING_EXTENSION


def marking(number: int = 1, **said: Any) -> dict[str, Any]:
    """A marking-definition that says this."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.UUID(int=0x3A000 + number, version=4)}",
        "created": "2026-11-01T00:00:00.000Z",
        **said,
    }


def handling(**said: Any) -> dict[str, Any]:
    """What the hub's own extension says, as a property of a marking-definition."""
    return {"extensions": {HANDLING_EXTENSION: {"extension_type": "property-extension", **said}}}
