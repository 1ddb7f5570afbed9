"""Microsoft Sentinel's data connector `Threat Intelligence - TAXII`. Its source is closed: this follows its documentation and what owners of servers report."""

from clients.session import Session, basic
from clients.writing import Version, versions
from support.live import TAXII


class Sentinel(Session):
    """The connector.

    - It is set up with the URL of an API root, the id of a collection, user name and password.
    - It takes the root only if `versions` names the media type in full; a mere `2.1` there once made it fail.
    - It polls by `added_after`: the last date that it was given, or none when everything is to come.
    - How it gets on to the next page is not said; so both ways that TAXII has are tried, `next` and X-TAXII-Date-Added-Last.
    """

    def __init__(self, url: str, root: str, collection: str, account: tuple[str, str], *, follows_next: bool) -> None:
        super().__init__(url, Accept=TAXII, Authorization=basic(*account))
        assert TAXII in self.get(f"/taxii2/{root}/").json["versions"]
        self._path = f"/taxii2/{root}/collections/{collection}/"
        assert self.get(self._path).json["can_read"] is True
        self._follows_next = follows_next
        self._after: str | None = None
        self.seen: list[Version] = []

    def poll(self, limit: int = 5) -> bool:
        """One poll, to its last page."""
        before, start, following = len(self.seen), self._after, None
        while True:
            answer = self.get(f"{self._path}objects/", added_after=start, next=following, limit=limit)
            assert (answer.status, answer.headers["content-type"]) == (200, TAXII), answer.body
            page = answer.json
            self.seen += versions(page.get("objects", ()))
            self._after = answer.headers.get("x-taxii-date-added-last", self._after)
            if not page.get("more"):
                return len(self.seen) > before
            if self._follows_next:
                following = page["next"]
            else:
                start = self._after
