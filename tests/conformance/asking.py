"""Every resource of one group, to ask the same of each."""

from typing import Any

from support.http import MANIFEST, OBJECTS, Site
from support.world import MAIN, TLP, indicator

ONE = indicator(1)["id"]
RESOURCES = {
    "discovery": "/taxii2/",
    "api root": "/taxii2/alpha/",
    "collections": "/taxii2/alpha/collections/",
    "collection": f"/taxii2/alpha/collections/{MAIN}/",
    "objects": OBJECTS,
    "manifest": MANIFEST,
    "object": f"{OBJECTS}{ONE}/",
    "versions": f"{OBJECTS}{ONE}/versions/",
    "status": "/taxii2/alpha/status/{status}/",
}
PAGES = ("objects", "manifest", "object", "versions")
ALLOWED = dict.fromkeys(RESOURCES, "GET, HEAD") | {"objects": "GET, POST, HEAD", "object": "GET, DELETE, HEAD"}


async def filled(s: Site) -> dict[str, str]:
    """Put one indicator there; the path of each resource."""
    status = (await s.post(indicator(1, tlp="GREEN"))).json()
    assert status["success_count"] == 1
    return {name: path.format(status=status["id"]) for name, path in RESOURCES.items()}


def version(number: int, day: int, **changes: Any) -> dict[str, Any]:
    """A version of an indicator, of a day in November."""
    return indicator(number, modified=f"2026-11-{day:02}T00:00:00.000Z", tlp="GREEN", **changes)


async def listed(s: Site, query: str = "", account: str = "ana", path: str = OBJECTS) -> list[tuple[str, str]]:
    """Ids and versions of a page of objects."""
    answer = await s.get(f"{path}?{query}", account)
    assert answer.status_code == 200, answer.content
    return [(one["id"], one.get("modified") or one.get("created") or "") for one in answer.json().get("objects", [])]


STATEMENT: dict[str, Any] = {
    "type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--00000000-0000-4000-8000-000000000077",
    "created": "2026-11-01T00:00:00.000Z", "definition_type": "statement", "definition": {"statement": "(c)"},
    "object_marking_refs": [TLP["GREEN"]],
}  # fmt: skip
ADDRESS: dict[str, Any] = {
    "type": "ipv4-addr",
    "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
    "value": "198.51.100.3",
}
