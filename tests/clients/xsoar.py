"""Cortex XSOAR's feed `TAXII 2 Feed`, with the module for TAXII 2 that its feeds share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from requests.auth import HTTPBasicAuth
from requests.exceptions import HTTPError
from taxii2client import v20, v21
from taxii2client.common import TokenAuth, _HTTPConnection
from taxii2client.v21 import as_pages

from clients.writing import Version, versions


class Xsoar:
    """The feed.

    - It stands on taxii2-client. The user name says how the password is used: `_api_token_key` as a token, `_header:NAME` as that
      header, anything else with it as Basic.
    - It asks in TAXII 2.1, and in 2.0 when the answer is 406 or its error says `version=2.0`.
    - The API root is the default one or one by name, the collection one by title.
    - It asks in pages of 100, and stops at a page without objects.
    - The next fetch asks for what was added after the latest `modified` it has read, which is another clock than the collection's; so most
      comes again, and what it had in the fetch before it leaves out.
    """

    def __init__(self, url: str, username: str, password: str, *, title: str, root: str = "", limit: int = 100) -> None:
        self._url, self._limit = f"{url}/taxii2/", limit
        self._auth: Any = HTTPBasicAuth(username, password)
        self._headers: dict[str, str] = {}
        if username == "_api_token_key":
            self._auth = TokenAuth(password)
        elif username.startswith("_header:"):
            self._auth, self._headers = None, {username.removeprefix("_header:"): password}
        self.fell_back = False
        self._root = self._api_root(root)
        self._collection = next(one for one in self._root.collections if one.title == title)
        self._added_after = f"{datetime.now(UTC) - timedelta(days=365):%Y-%m-%dT%H:%M:%S.%fZ}"
        self._fetched: list[Version] = []
        self.seen: list[Version] = []

    def _server(self, version: str) -> Any:
        self._connection = _HTTPConnection(version=version, auth=self._auth)
        self._connection.session.headers.update(self._headers)
        return (v21 if version == "2.1" else v20).Server(self._url, conn=self._connection)

    def _api_root(self, name: str) -> Any:
        try:
            server = self._server("2.1")
            roots = {one.url.split("/")[-2]: one for one in server.api_roots}
        except HTTPError as refused:
            if refused.response.status_code != 406 and "version=2.0" not in str(refused):
                raise
            self.fell_back = True
            server = self._server("2.0")
            roots = {one.url.split("/")[-2]: one for one in server.api_roots}
        root = roots[name] if name else server.default
        root._conn = self._connection
        return root

    def poll(self) -> bool:
        """One fetch."""
        before, saved = len(set(self.seen)), dict(reversed(self._fetched))
        self._fetched = []
        for page in as_pages(self._collection.get_objects, per_request=self._limit, added_after=self._added_after):
            if not page.get("objects"):
                break
            self._fetched += versions(page["objects"])
        self.seen += [
            (identifier, modified) for identifier, modified in self._fetched if modified > saved.get(identifier, "")
        ]
        self._added_after = max((modified for _, modified in self._fetched), default=self._added_after)
        return len(set(self.seen)) > before
