"""Clients that post and cannot run here, each as small as its rules."""

import base64
import json
import uuid
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from support.live import TAXII, Answer


class Sender:
    """One account, with whatever headers the product sends."""

    def __init__(self, url: str, username: str, token: str, *, scheme: str = "Basic") -> None:
        self._address = urlsplit(url).netloc
        self._authorization = f"{scheme} {base64.b64encode(f'{username}:{token}'.encode()).decode()}"

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection(self._address, timeout=60)) as connection:
            connection.request(method, path, body, {"Authorization": self._authorization, **sent})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def misp_push(sender: Sender, root: str, path: str, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """MISP: as many objects in a body as `max_content_length` of the API root allows. Returns the statuses."""
    most = sender.send("GET", root, Accept=TAXII).json["max_content_length"]
    statuses: list[dict[str, Any]] = []
    batch: list[str] = []
    for text in [*map(json.dumps, objects), ""]:
        if batch and (not text or len('{"objects": []}') + sum(len(one) + 2 for one in batch) + len(text) >= most):
            body = f'{{"objects": [{", ".join(batch)}]}}'.encode()
            answer = sender.send("POST", path, body, Accept=TAXII, Content_Type=TAXII)
            assert (len(body) < most, answer.status) == (True, 202), answer.body
            statuses.append(answer.json)
            batch = []
        batch.append(text)
    return statuses


def bundle(objects: list[dict[str, Any]]) -> bytes:
    """A STIX bundle."""
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}", "objects": objects}).encode()
