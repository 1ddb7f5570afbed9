"""Whether a credential may read a TAXII collection: asked with taxii2-client."""

from typing import Any

import requests
from requests.auth import AuthBase
from taxii2client.exceptions import TAXIIServiceException
from taxii2client.v21 import Collection

from indicator_hub.errors import FeedFailed


def can_read(source: str, headers: dict[str, str]) -> bool:
    """What the collection at this URL says (TAXII 2.1 section 5.2). Raises FeedFailed where there is none, or what answers is none."""
    try:
        collection: Any = Collection(source, auth=_Headers(headers))
        try:
            return bool(collection.can_read)
        finally:
            collection.close()
    except (TAXIIServiceException, requests.RequestException, ValueError, KeyError) as error:
        said = getattr(getattr(error, "response", None), "status_code", None)
        why = f"it answers {said}" if said else type(error).__name__
        raise FeedFailed(f"There is no TAXII collection at this source for this credential: {why}.") from None


class _Headers(AuthBase):
    """The credential as the declaration names it: Basic, Bearer, or a key in a header of its own."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds them."""
        request.headers.update(self._headers)
        return request
