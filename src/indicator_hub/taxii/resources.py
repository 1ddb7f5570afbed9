"""The resources that describe the server: discovery, API root, collection, error message (TAXII 2.1 sections 3.6, 4 and 5.1)."""

import json
from collections.abc import Iterable

from indicator_hub.stix import timestamps
from indicator_hub.taxii.media import MEDIA_TYPES, TAXII
from indicator_hub.trust.reach import Reach


def discovery(title: str, roots: Iterable[str]) -> bytes:
    """The discovery resource: the API roots of this account, as absolute URLs ending in a slash."""
    listed = list(roots)
    resource: dict[str, object] = {"title": title}
    if listed:
        resource |= {"default": listed[0], "api_roots": listed}
    return render(resource)


def api_root(reach: Reach, max_content_length: int) -> bytes:
    """The API root of one trust group.

    Where the reader's reach has changed, two properties of ours (TAXII 2.1 section 7.1.1) tell a client that has read before
    `x_indicator_hub_reach_changed` to read once more with `x_indicator_hub_reread_from` as its `added_after`.
    """
    group = reach.group
    resource: dict[str, object] = {"title": group.title}
    if group.description:
        resource["description"] = group.description
    resource |= {"versions": [TAXII], "max_content_length": max_content_length}
    if reach.changed is not None and reach.reread_from is not None:
        resource["x_indicator_hub_reach_changed"] = timestamps.render(reach.changed)
        resource["x_indicator_hub_reread_from"] = timestamps.render(reach.reread_from)
    return render(resource)


def collection(reach: Reach) -> bytes:
    """One collection, with the rights of the account that asks."""
    return render(_collection(reach))


def collections(reaches: Iterable[Reach]) -> bytes:
    """The collections of an API root, ascending by id; `{}` when there is none."""
    listed = sorted((_collection(reach) for reach in reaches), key=lambda resource: str(resource["id"]))
    return render({"collections": listed} if listed else {})


def _collection(reach: Reach) -> dict[str, object]:
    declared = reach.require_collection()
    resource: dict[str, object] = {"id": declared.id, "title": declared.title}
    if declared.description:
        resource["description"] = declared.description
    return resource | {
        "alias": declared.alias,
        "can_read": reach.can_read,
        "can_write": reach.can_write,
        "media_types": list(MEDIA_TYPES),
    }


def error(title: str, http_status: int, *, description: str = "", error_id: str = "") -> bytes:
    """The error message; `http_status` is a string there (TAXII 2.1 section 3.6.1)."""
    resource = {"title": title, "http_status": str(http_status)}
    if description:
        resource["description"] = description
    if error_id:
        resource["error_id"] = error_id
    return render(resource)


def render(resource: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(resource, separators=(",", ":"), ensure_ascii=False).encode()
