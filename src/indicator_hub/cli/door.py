"""Where objects are posted to over TAXII: a collection of a hub like ours, of which more can be asked, or one of any TAXII 2.1 server.

The token of one hub is never sent to another: in the environment lies that of INDICATOR_HUB_URL alone.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from indicator_hub.cli.asking import path_of
from indicator_hub.cli.remote import FOREIGN, TAXII, Hub
from indicator_hub.errors import Invalid, Misconfigured, NotFound, Unavailable
from indicator_hub.normalise.draft import Known
from indicator_hub.normalise.marks import level
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import Received

MOST = 1_000
"""Objects in one envelope."""
LARGEST = 4 * 1024 * 1024
"""Bytes of one envelope; a single object may be larger."""
_ASKED = 100
"""Ids in one question: more would not fit into every server's URLs."""
_PAGES = 20
_LOOK_AGAIN = 1.0


@dataclass(frozen=True, slots=True)
class Door:
    """A collection. `group` and `organisation` are the scope of ids; `default` is its level, `api` the hub's own API, both None elsewhere."""

    taxii: Hub
    path: str
    group: str
    organisation: str
    created_by: str = ""
    default: int | None = None
    can_read: bool = True
    api: Hub | None = None
    place: str = ""

    def post(self, envelope: bytes, *, wait: float) -> dict[str, Any]:
        """The status, followed until it is complete or `wait` seconds are over. Raises HubError."""
        told = self.taxii.post(f"{self.path}objects/", content=envelope)
        ends = time.monotonic() + wait
        while told.get("status") == "pending" and isinstance(told.get("id"), str):
            if time.monotonic() > ends:
                raise Unavailable(
                    f"The server still works on it after {wait:.0f} seconds: look at {self.taxii.url}/status/{told['id']}/ later."
                )
            time.sleep(min(_LOOK_AGAIN, wait / 10))
            told = self.taxii.get(f"/status/{quote(told['id'], safe='')}/")
        return told

    def foresee(self, envelope: bytes) -> list[dict[str, Any]]:
        """What would become of each object, and whom it would reach; empty where the server cannot say."""
        return [] if self.api is None else self.api.post(f"{path_of(self.place)}audience/", content=envelope)["items"]

    def one(self, identifier: str) -> dict[str, Any]:
        """An object that is there, in its last version. Raises NotFound."""
        told = self.taxii.get(f"{self.path}objects/{quote(identifier, safe='')}/")
        found = next((one for one in _objects(told) if one.get("id") == identifier), None)
        if found is None:
            raise NotFound(f"{identifier} is not there, or not for this account.")
        return found

    def known(self, identifiers: Sequence[str]) -> dict[str, Known | None]:
        """Of each id the last version that is there. Who may only submit cannot know, and learns from the status what the hub makes of it."""
        found: dict[str, Known | None] = dict.fromkeys(identifiers)
        if self.can_read:
            for begin in range(0, len(identifiers), _ASKED):
                found |= {one["id"]: Known.of(one) for one in self._asked(identifiers[begin : begin + _ASKED])}
        return found

    def _asked(self, identifiers: Sequence[str]) -> Iterator[dict[str, Any]]:
        query: dict[str, object] = {"match[id]": ",".join(identifiers), "match[version]": "last"}
        following = None
        for _ in range(_PAGES):
            try:
                page = self.taxii.get(f"{self.path}objects/", **query, next=following)
            except NotFound:
                return  # so some servers say that there is nothing
            yield from (one for one in _objects(page) if one.get("id") in identifiers)
            following = page.get("next")
            if not page.get("more") or following is None:
                return


def _objects(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The well-formed objects of a page: of others nothing can be made a version of."""
    found: list[dict[str, Any]] = [one for one in page.get("objects", []) if isinstance(one, dict)]
    return [
        one for one in found if isinstance(accept(Received(one, json.dumps(one).encode(), None)), ObjectVersion)
        and "modified" in one
    ]  # fmt: skip


def door_at(place: str, url: str, token_file: Path | None, *, user: str = "", created_by: str = "") -> Door:
    """The collection that a place names: GROUP/COLLECTION of the hub, or a URL. Raises Misconfigured, Invalid, NotFound."""
    token = os.environ.get("INDICATOR_HUB_TOKEN", "")
    if place.startswith(("http://", "https://")):
        root, path = _parted(place)
        if not (url and urlsplit(root)[:2] == urlsplit(url)[:2]):
            if token_file is None:
                raise Misconfigured(
                    "That is not the hub of INDICATOR_HUB_URL: name the token for it with --token-file."
                )
            taxii = Hub.at(root, token_file, "", user=user, speech=FOREIGN)
            return Door(taxii, path, root, created_by or user, created_by)
        place = _of_ours(root, path, url)
    hub = Hub.at(url, token_file, token)
    path_of(place)
    group, _, name = place.partition("/")
    told = hub.get("/access/")
    found = next(
        (one for each in told["groups"] if each["name"] == group for one in each["collections"] if name in (one["id"], one["alias"])),
        None,
    )  # fmt: skip
    if found is None:
        raise NotFound(f"There is no {place} for this account. Ask `indicator-hub access` what there is.")
    default = level(found["default"]) if "default" in found else None
    identities = told.get("stix_identities", [])
    taxii = Hub(f"{hub.url}/taxii2/{quote(group, safe='')}", hub.headers, TAXII)
    return Door(
        taxii, f"/collections/{found['id']}/", group, told["organisation"], created_by or min(identities, default=""),
        default, found["can_read"], hub, place,
    )  # fmt: skip


def _parted(place: str) -> tuple[str, str]:
    root, between, rest = place.rstrip("/").removesuffix("/objects").partition("/collections/")
    if not between or not rest or "/" in rest:
        raise Invalid("The URL of a collection ends in /collections/ID/.")
    return root, f"/collections/{rest}/"


def _of_ours(root: str, path: str, url: str) -> str:
    group = root.removeprefix(f"{url.rstrip('/')}/taxii2/")
    return f"{group}/{path.split('/')[2]}"


def envelopes(objects: Sequence[bytes], most: int = MOST) -> Iterator[tuple[Sequence[bytes], bytes]]:
    """The objects in order, in envelopes of bounded size: what is in each, and its bytes."""
    begin, size = 0, 0
    for end, one in enumerate(objects):
        if end > begin and (end - begin == most or size + len(one) > LARGEST):
            yield objects[begin:end], _envelope(objects[begin:end])
            begin, size = end, 0
        size += len(one) + 1
    if begin < len(objects):
        yield objects[begin:], _envelope(objects[begin:])


def _envelope(objects: Sequence[bytes]) -> bytes:
    return b'{"objects":[' + b",".join(objects) + b"]}"


def progress(doing: str, whole: int) -> Callable[[int], None]:
    """Tell how far it is, on a terminal only, and only where it takes several steps."""
    if whole <= MOST or not sys.stderr.isatty():
        return lambda _: None
    return lambda done: print(f"\r{doing} {done:,} of {whole:,}", end="\n" if done >= whole else "", file=sys.stderr)
