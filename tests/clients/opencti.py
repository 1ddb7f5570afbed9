"""OpenCTI, which is neither small nor ours to start: its connector `taxii2`, its own TAXII feeds, its connector `taxii-post`."""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from requests.auth import HTTPBasicAuth
from taxii2client.v21 import Collection, Server

from clients.session import Session, basic
from clients.writing import Version, versions
from support.live import TAXII, Answer

SLOW = 60


class Connector:
    """The connector `external-import/taxii2`.

    - It stands on taxii2-client, and finds root and collections by name: `root.title`.
    - A run asks for what was added after the start of the run before, by its own clock, in whole seconds; the first, after the day before.
    - While there is `more` it drops `added_after` and sends `next`; both stay that way for the collections that follow.
    - `next` is never taken out again: the next run sends the last one, of whichever collection, beside the new `added_after`.

    Who goes by a clock is owed what was committed when that clock was read, and no more. So here the clock is a minute slow.
    """

    def __init__(self, url: str, username: str, token: str, names: list[str], *, limit: int) -> None:
        server = Server(f"{url}/taxii2/", auth=HTTPBasicAuth(username, token))
        roots = {root.url.split("/")[-2]: {one.title: one for one in root.collections} for root in server.api_roots}
        self._collections: list[Collection] = [roots[root][title] for root, title in (one.split(".") for one in names)]
        self._filters: dict[str, Any] = {"limit": limit}
        self._last_run: int | None = None
        self.seen: dict[str, list[Version]] = {one.id: [] for one in self._collections}

    def poll(self) -> bool:
        """One run: every collection."""
        began, before = int(time.time()) - SLOW, sum(len(set(seen)) for seen in self.seen.values())
        if self._last_run is None:
            self._filters["added_after"] = datetime.now() - timedelta(hours=24)  # noqa: DTZ005 - as it does
        else:
            self._filters["added_after"] = f"{datetime.fromtimestamp(self._last_run, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        for collection in self._collections:
            self._walk(collection)
        self._last_run = began
        return sum(len(set(seen)) for seen in self.seen.values()) > before

    def _walk(self, collection: Collection) -> None:
        page = collection.get_objects(**self._filters)
        self.seen[collection.id] += versions(page.get("objects", ()))
        while page.get("more") is True:
            self._filters.pop("added_after", None)
            self._filters["next"] = page["next"]
            page = collection.get_objects(**self._filters)
            self.seen[collection.id] += versions(page.get("objects", ()))


class Feed(Session):
    """OpenCTI's own TAXII feed, taken in by its ingestion manager.

    - Each run takes one page. It sends its cursor as `next` and its start as `added_after`, together.
    - With `more` and `next` the cursor is kept and the start left; otherwise the cursor is dropped, and the start becomes
      X-TAXII-Date-Added-Last, as a date of JavaScript: cut to milliseconds. So the last millisecond comes again.
    - A page without objects changes nothing.
    - It signs in as Bearer.
    """

    def __init__(self, url: str, root: str, collection: str, token: str, *, limit: int) -> None:
        super().__init__(url, Accept=TAXII, Authorization=f"Bearer {token}")
        self._path, self._limit = f"/taxii2/{root}/collections/{collection}/objects/", limit
        self._cursor: str | None = None
        self._start: str | None = None
        self.seen: list[Version] = []

    def poll(self) -> bool:
        """One run of its scheduler."""
        answer = self.get(self._path, next=self._cursor, added_after=self._start, limit=self._limit)
        assert answer.status == 200, answer.body
        page = answer.json
        if not page.get("objects"):
            return False
        new = set(versions(page["objects"])) - set(self.seen)
        self.seen += versions(page["objects"])
        if page.get("more") and page.get("next"):
            self._cursor = page["next"]
            return True
        self._cursor = None
        self._start = answer.headers["x-taxii-date-added-last"][: len("2026-01-31T12:00:00.000")] + "Z"
        return bool(new)


class Poster(Session):
    """The connector `stream/taxii-post`.

    - Each object goes alone, in a bundle that has a `spec_version` of its own.
    - The body is said to be STIX, in the version it is set to, with a blank after the semicolon; `Accept` is TAXII, with a blank too.
    - Set to STIX 2.0 it takes from the object what is new in 2.1, and names the older media type.
    - It signs in as Bearer when it has a token, else as Basic. An answer that is no success goes to its log, and the object is lost.
    """

    LATER = ("spec_version", "revoked", "confidence", "lang", "pattern_type", "pattern_version", "is_family")

    def __init__(
        self,
        url: str,
        root: str,
        collection: str,
        *,
        username: str = "",
        token: str,
        stix: str = "2.1",
        taxii: str = "2.1",
    ) -> None:
        self._stix, self._path = stix, f"/taxii2/{root}/collections/{collection}/objects/"
        super().__init__(
            url,
            Accept=f"application/{'taxii' if taxii == '2.1' else 'vnd.oasis.taxii'}+json; version={taxii}",
            Content_Type=f"application/{'stix' if stix == '2.1' else 'vnd.oasis.stix'}+json; version={stix}",
            Authorization=basic(username, token) if username else f"Bearer {token}",
        )

    def send(self, value: Mapping[str, Any]) -> Answer:
        """Post one object of the stream."""
        made = {**value, "spec_version": self._stix}
        if self._stix == "2.0":
            made = {name: part for name, part in value.items() if name not in (*self.LATER, "extensions")}
        bundle = {
            "type": "bundle", "spec_version": self._stix, "id": f"bundle--{uuid.uuid4()}", "objects": [made],
        }  # fmt: skip
        return self.post(self._path, json.dumps(bundle).encode())
