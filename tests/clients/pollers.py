"""Clients that cannot run here, each as small as its paging rules. Written after their public descriptions; `poll` is one run."""

from typing import Any

from support.live import TAXII, Client


class OpenCtiConnector:
    """OpenCTI's TAXII2 connector: walks its collections one after the other, and keeps the last `next` across collections and runs."""

    def __init__(self, client: Client, paths: list[str]) -> None:
        self._client, self._paths = client, paths
        self._after: dict[str, str] = {}
        self._next: str | None = None
        self.seen: dict[str, list[str]] = {path: [] for path in paths}

    def poll(self) -> int:
        """Every collection once, page by page while `more` is true."""
        found = 0
        for path in self._paths:
            more = True
            while more:
                answer = self._client.get(path, added_after=self._after.get(path), next=self._next, limit=7)
                assert answer.status == 200, answer.body
                page = answer.json
                self.seen[path] += [one["id"] for one in page.get("objects", ())]
                found += len(page.get("objects", ()))
                more = page.get("more", False)
                self._next = page.get("next", self._next)
                self._after[path] = answer.headers.get(
                    "x-taxii-date-added-last", self._after.get(path, "1970-01-01T00:00:00Z")
                )
        return found


class OpenCtiFeed:
    """OpenCTI's own TAXII ingestion: `next` and `added_after` together while there is more, then on from X-TAXII-Date-Added-Last."""

    def __init__(self, client: Client, path: str) -> None:
        self._client, self._path = client, path
        self._after: str | None = None
        self._next: str | None = None
        self.seen: list[str] = []

    def poll(self) -> int:
        """One page, as one run of its scheduler takes."""
        answer = self._client.get(self._path, added_after=self._after, next=self._next, limit=7)
        assert answer.status == 200, answer.body
        page = answer.json
        found = page.get("objects", [])
        self.seen += [one["id"] for one in found]
        if page.get("more"):
            self._next = page["next"]
        else:
            self._next = None
            self._after = answer.headers.get("x-taxii-date-added-last", self._after)
        return len(found)


class Elastic:
    """Elastic's integration: follows `next` only, and sends nothing beside it; `more` it does not read."""

    def __init__(self, client: Client, path: str) -> None:
        self._client, self._path = client, path
        self._after = "1970-01-01T00:00:00.000Z"
        self.seen: list[str] = []

    def poll(self) -> int:
        """From the date of the last run on; pages as long as there is a `next`."""
        answer = self._client.get(self._path, added_after=self._after)
        found = 0
        while True:
            assert answer.status == 200, answer.body
            page = answer.json
            self.seen += [one["id"] for one in page.get("objects", ())]
            found += len(page.get("objects", ()))
            self._after = answer.headers.get("x-taxii-date-added-last", self._after)
            if "next" not in page:
                return found
            answer = self._client.get(self._path, next=page["next"])


class Xsoar:
    """Cortex XSOAR: TAXII 2.1 unless the refusal speaks of 2.0; pages of `limit`, and the end is an empty page."""

    def __init__(self, client: Client, path: str, limit: int = 100) -> None:
        self._client, self._path, self._limit = client, path, limit
        self._after: str | None = None
        self.seen: list[str] = []

    @staticmethod
    def falls_back(status: int, text: str) -> bool:
        """Whether it takes this refusal for that of a TAXII 2.0 server."""
        return status == 406 and "version=2.0" in text

    def poll(self) -> int:
        """On from the last date, page after page, until one is empty."""
        found, following = 0, None
        while True:
            answer = self._client.get(self._path, added_after=self._after, limit=self._limit, next=following)
            assert answer.status == 200, answer.body
            page: dict[str, Any] = answer.json
            given = page.get("objects", [])
            if not given:
                return found
            self.seen += [one["id"] for one in given]
            found += len(given)
            following = page.get("next")
            if following is None:
                self._after = answer.headers["x-taxii-date-added-last"]


class Sentinel:
    """Microsoft Sentinel: takes an API root only if `versions` names the media type in full, and polls by `added_after`."""

    def __init__(self, client: Client, root: str, path: str) -> None:
        self._client, self._path = client, path
        self._after: str | None = None
        self.seen: list[str] = []
        assert TAXII in client.get(root).json["versions"]

    def poll(self) -> int:
        """Pages by `next`; the next run starts behind the last date it was given."""
        found, following = 0, None
        while True:
            answer = self._client.get(self._path, added_after=self._after, next=following)
            assert (answer.status, answer.headers["content-type"]) == (200, TAXII)
            page = answer.json
            self.seen += [one["id"] for one in page.get("objects", ())]
            found += len(page.get("objects", ()))
            last = answer.headers.get("x-taxii-date-added-last")
            following = page.get("next") if page.get("more") else None
            if following is None:
                self._after = last or self._after
                return found
