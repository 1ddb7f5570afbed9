"""Elastic's integration for custom threat intelligence, `ti_custom`: a program that its agent runs at each interval."""

from datetime import UTC, datetime, timedelta

from clients.session import Session, basic
from clients.writing import Version, versions
from support.live import TAXII


class Elastic(Session):
    """Its TAXII program.

    - It begins with `added_after`: the X-TAXII-Date-Added-Last it was given last, or five days ago, in whole seconds.
    - It goes on as long as there is a `next`, and never reads `more`.
    - Up to 1.8.1 a follow-up sends `next` and `limit` only; since 1.8.2 (`keeps_added_after`) the first `added_after` too.
    - Before mid-2026 an envelope without `objects` ended the run with an error in its log (`errors`), its cursor untouched; since then
      it is an envelope with none (`knows_empty`).
    """

    def __init__(
        self, url: str, path: str, account: tuple[str, str], *, limit: int, keeps_added_after: bool, knows_empty: bool
    ) -> None:
        super().__init__(url, Accept=TAXII, Content_Type=TAXII, Authorization=basic(*account))
        self._path, self._limit = path, limit
        self._keeps_added_after, self._knows_empty = keeps_added_after, knows_empty
        self._cursor: str | None = None
        self.seen: list[Version] = []
        self.errors = 0

    def poll(self) -> bool:
        """One interval."""
        before = len(self.seen)
        start = self._cursor or f"{datetime.now(UTC) - timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}"
        answer = self.get(self._path, added_after=start, limit=self._limit)
        while True:
            assert answer.status == 200, answer.body
            page = answer.json
            if "objects" not in page and not self._knows_empty:
                self.errors += 1
                break
            self.seen += versions(page.get("objects", ()))
            self._cursor = answer.headers.get("x-taxii-date-added-last", self._cursor)
            if not page.get("next"):
                break
            kept = start if self._keeps_added_after else None
            answer = self.get(self._path, added_after=kept, next=page["next"], limit=self._limit)
        return len(self.seen) > before
