"""Splunk's app `CTIS TAXII`: an analyst groups indicators in Splunk, and the app submits the grouping."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from taxii2client.v21 import ApiRoot

from support.world import TLP

TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"


class App:
    """The app.

    - It stands on taxii2-client, is set up with the URL of an API root, and looks the collection up by id among those of the root.
    - A submission is one bundle, sent as TAXII: the grouping, its author, its indicators, and the TLP 2.0 object of every mark they bear.
    - Every timestamp has six decimals, those of the TLP objects too.
    - It waits for completion, and keeps the status as it came.
    """

    def __init__(self, root: str, username: str, token: str) -> None:
        self._collections = {one.id: one for one in ApiRoot(root, user=username, password=token).collections}

    def submit(
        self, collection: str, patterns: Sequence[str], mark: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Submit one grouping. Returns what was sent, and the status."""
        sent = _grouping(patterns, mark)
        bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": sent}
        return sent, self._collections[collection].add_objects(json.dumps(bundle))._raw


def _grouping(patterns: Sequence[str], mark: str) -> list[dict[str, Any]]:
    author = f"identity--{uuid.uuid4()}"
    when = "2024-05-01T08:30:00.000000Z"
    common = {
        "spec_version": "2.1", "created_by_ref": author, "created": when, "modified": when, "confidence": 100,
        "object_marking_refs": [TLP[mark]],
    }  # fmt: skip
    indicators = [
        {
            "type": "indicator", "id": f"indicator--{uuid.uuid4()}", **common, "name": "Seen in Splunk", "pattern": pattern,
            "pattern_type": "stix", "pattern_version": "2.1", "valid_from": when,
        }
        for pattern in patterns
    ]  # fmt: skip
    grouping = {
        "type": "grouping", "id": f"grouping--{uuid.uuid4()}", **common, "name": "A case", "description": "Made up for this test.",
        "context": "suspicious-activity", "object_refs": [*(one["id"] for one in indicators), author],
    }  # fmt: skip
    identity = {
        "type": "identity", "id": author, **common, "name": "CERT Heron", "identity_class": "organization",
    }  # fmt: skip
    marking = {
        "type": "marking-definition", "spec_version": "2.1", "id": TLP[mark], "created": "2022-10-01T00:00:00.000000Z",
        "name": f"TLP:{mark}", "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": mark.lower()}},
    }  # fmt: skip
    return [grouping, identity, *indicators, marking]
