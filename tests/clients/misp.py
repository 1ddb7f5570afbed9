"""MISP: pushing events to a TAXII server, and browsing one. Both are set up with a key: user name and password, in Base64."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import taxii2client
from requests.auth import HTTPBasicAuth

from clients.session import Session
from clients.writing import Version, versions
from support.live import TAXII

HEAD, COMMA, TAIL = b'{"objects":[', b",", b"]}"


def key(username: str, token: str) -> str:
    """What an administrator of MISP enters as the key of a server."""
    return base64.b64encode(f"{username}:{token}".encode()).decode()


class Push:
    """The script that pushes.

    - It stands on taxii2-client.
    - It fills an envelope up to `max_content_length`, the last byte included; an object that is too large alone it leaves out.
    - It does not wait for completion, and logs what the first status says of failures.
    """

    def __init__(self, url: str, root: str, collection: str, access_key: str) -> None:
        auth = HTTPBasicAuth(*base64.b64decode(access_key).split(b":"))
        self.most: int = taxii2client.ApiRoot(f"{url}/taxii2/{root}", auth=auth).max_content_length
        self._collection = taxii2client.Collection(f"{url}/taxii2/{root}/collections/{collection}", auth=auth)
        self.too_large = 0

    def push(self, objects: Iterable[Any]) -> list[taxii2client.Status]:
        """Push objects of the stix2 library. Returns the status of each envelope."""
        texts = (one.serialize().encode() for one in objects)
        return [self._collection.add_objects(one, wait_for_completion=False) for one in self._envelopes(texts)]

    def _envelopes(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        batch: list[bytes] = []
        room = self.most - len(HEAD) - len(TAIL)
        for text in texts:
            if batch and len(COMMA.join([*batch, text])) > room:
                yield HEAD + COMMA.join(batch) + TAIL
                batch = []
            if len(text) > room:
                self.too_large += 1
            else:
                batch.append(text)
        if batch:
            yield HEAD + COMMA.join(batch) + TAIL


class Browse(Session):
    """The pages on which an analyst looks at a server.

    - The scheme is written in small letters, and every GET says what content it sends.
    - Objects come in pages of 50; the analyst turns them by `next`.
    - An answer without objects is shown as a mistake, so the last page must have some.
    """

    def __init__(self, url: str, root: str, collection: str, access_key: str, *, limit: int = 50) -> None:
        super().__init__(url, Accept=TAXII, Content_type=TAXII, Authorization=f"basic {access_key}")
        self._root, self._limit = f"/taxii2/{root}", limit
        self._path = f"{self._root}/collections/{collection}/objects/"
        self.seen: list[Version] = []

    def collections(self) -> list[dict[str, Any]]:
        """The collections to choose from."""
        return self._shown(f"{self._root}/collections/")["collections"]

    def object(self, identifier: str) -> dict[str, Any]:
        """One object, as it is clicked on."""
        return self._shown(f"{self._path}{identifier}/")["objects"][0]

    def poll(self) -> bool:
        """Look at all pages, from the first."""
        before, following = len(set(self.seen)), None
        while True:
            page = self._shown(self._path, limit=self._limit, next=following)
            self.seen += versions(page["objects"])
            following = page.get("next")
            if following is None:
                return len(set(self.seen)) > before

    def _shown(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.get(path, **query)
        assert answer.status == 200, answer.body
        return answer.json
