"""What became of each object offered (TAXII 2.1 section 4.3)."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from indicator_hub.stix import timestamps


class Detail(NamedTuple):
    """One object's fate. `outcome` is the hub's own word for it; TAXII knows only success and failure."""

    id: str
    version: str
    outcome: str
    message: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Status:
    """The status of one request. Complete when it is made: an envelope is judged and stored before the answer goes out."""

    id: str
    requested: int
    details: tuple[Detail, ...]

    @cached_property
    def resource(self) -> bytes:
        """As it is kept and answered. The counts equal the lengths of the lists, which are never cut short."""
        failures = [_detail(detail) for detail in self.details if detail.failed]
        successes = [_detail(detail) for detail in self.details if not detail.failed]
        resource: dict[str, object] = {
            "id": self.id,
            "status": "complete",
            "request_timestamp": timestamps.render(self.requested),
            "total_count": len(self.details),
            "success_count": len(successes),
            "failure_count": len(failures),
            "pending_count": 0,
        }
        if successes:
            resource["successes"] = successes
        if failures:
            resource["failures"] = failures
        return json.dumps(resource, separators=(",", ":"), ensure_ascii=False).encode()


def _detail(detail: Detail) -> dict[str, str]:
    said = {"id": detail.id, "version": detail.version}
    return said | {"message": detail.message} if detail.message else said
