"""Objects as two nations make them, and how one nation posts them and another polls."""

import json
import uuid
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from support.grounds import Grounds, Place
from support.live import PATIENCE, Answer, Client
from support.world import IDENTITY_A, TLP

Object = dict[str, Any]

FIRST, LAST = "x-taxii-date-added-first", "x-taxii-date-added-last"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
DAYS = tuple(f"2026-10-{day:02}T09:30:00.000Z" for day in range(5, 10))
UNKNOWN = "6f1d2c3b-0a59-4e87-9c6d-5b4a39281706"


def identifier(kind: str, number: int) -> str:
    """An id of this type: the same number gives the same one."""
    return f"{kind}--{uuid.UUID(int=0x5EED_0000 + number, version=4)}"


OURS, THEIRS = IDENTITY_A, identifier("identity", 2)


def made(kind: str, number: int = 1, /, **properties: Any) -> Object:
    """An object of nation A for the whole community, unless `properties` say otherwise. None removes one."""
    common = {
        "type": kind,
        "spec_version": "2.1",
        "id": identifier(kind, number),
        "created_by_ref": OURS,
        "created": DAYS[0],
        "modified": DAYS[0],
        "object_marking_refs": [TLP["GREEN"]],
    }
    return {name: value for name, value in (common | properties).items() if value is not None}


def indicator(number: int = 1, /, pattern: str = "", **properties: Any) -> Object:
    """An indicator; `number` makes its id and, where no pattern is given, its address."""
    plain = {
        "name": f"Relay {number}",
        "indicator_types": ["malicious-activity"],
        "pattern": pattern or f"[ipv4-addr:value = '198.51.100.{number % 256}']",
        "pattern_type": "stix",
        "valid_from": DAYS[0],
    }
    return made("indicator", number, **(plain | properties))


def observable(kind: str, number: int = 1, /, **properties: Any) -> Object:
    """An observable, which has neither times nor a creator."""
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.UUID(int=number, version=5)}", **properties}


def relationship(number: int, kind: str, source: Object, target: Object, /, **properties: Any) -> Object:
    """From one object to another."""
    ends = {"relationship_type": kind, "source_ref": source["id"], "target_ref": target["id"]}
    return made("relationship", number, **(ends | properties))


IDENTITY = made("identity", id=OURS, name="CERT of XA", identity_class="organization")
THEIR_IDENTITY = made("identity", 2, name="CERT of XB", identity_class="organization", created_by_ref=THEIRS)


def written(one: Mapping[str, Any]) -> bytes:
    """An object as it goes over the wire: UTF-8, nothing escaped that need not be."""
    return json.dumps(one, ensure_ascii=False).encode()


def post(client: Client, place: Place, *objects: Mapping[str, Any]) -> dict[str, Any]:
    """Post an envelope; the status that the hub answers with."""
    client.send("POST", place.objects, b'{"objects": [' + b", ".join(map(written, objects)) + b"]}")
    answer = client.receive()
    assert answer.status == 202, answer.body
    return answer.json


def share(client: Client, place: Place, *objects: Mapping[str, Any]) -> None:
    """Post what the hub must take whole."""
    status = post(client, place, *objects)
    counts = (status["total_count"], status["success_count"], status["failure_count"], status["pending_count"])
    assert counts == (len(objects), len(objects), 0, 0), status
    assert status["status"] == "complete"


def delete(client: Client, path: str) -> Answer:
    """Delete an object."""
    client.send("DELETE", path)
    return client.receive()


def listed(client: Client, path: str, **query: object) -> list[Any]:
    """What one page of a resource lists: objects, records or versions."""
    answer = client.get(path, **query)
    assert answer.status == 200, answer.body
    page = answer.json
    return page.get("objects", page.get("versions", []))


class Poller:
    """A consumer that keeps its place by the date of the last object it got."""

    def __init__(self, client: Client, place: Place) -> None:
        self._client, self._place = client, place
        self._after: str | None = None
        self.body = b""

    def poll(self, **query: object) -> list[Object]:
        """What is new since the last poll, on a single page."""
        answer = self._client.get(self._place.objects, added_after=self._after, **query)
        assert (answer.status, answer.json.get("more", False)) == (200, False)
        self._after = answer.headers.get(LAST, self._after)
        self.body = answer.body
        return answer.json.get("objects", [])


def ask(live: Grounds, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """A request with these headers only, on a connection of its own."""
    connection = HTTPConnection(urlsplit(live.hub.url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
