"""taxii2-client, unmodified: every call, both ways to sign in, pages of objects and of the manifest while others write."""

import json
from typing import Any

import pytest
from requests.exceptions import HTTPError
from taxii2client.common import TokenAuth
from taxii2client.exceptions import AccessError
from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

from clients.writing import collect, ids, objects
from support.grounds import GROUP, READ_ONLY, Grounds, Place
from support.world import indicator


def collection(live: Grounds, place: Place, account: str = "producer", *, token: bool = False) -> Collection:
    """The client's view of a collection."""
    url = f"{live.hub.url}{place.path}"
    if token:
        return Collection(url, auth=TokenAuth(live.tokens[account]))
    return Collection(url, user=account, password=live.tokens[account])


def versions(number: int) -> list[dict[str, Any]]:
    """Three versions of one indicator."""
    return [indicator(number, modified=f"2026-11-0{day}T00:00:00.000Z", tlp="GREEN") for day in (1, 2, 3)]


@pytest.mark.row("I-046", "T-213", "T-210", "T-214", "T-217", "T-251", "T-259")
@pytest.mark.parametrize("token", [False, True], ids=["Basic", "TokenAuth"])
def test_from_the_server_down(live_on_sqlite: Grounds, token: bool) -> None:
    """Server, API root, collections: everything it insists on is there."""
    live = live_on_sqlite
    how: dict[str, Any] = (
        {"auth": TokenAuth(live.tokens["reader"])} if token else {"user": "reader", "password": live.tokens["reader"]}
    )
    server = Server(f"{live.hub.url}/taxii2/", **how)
    assert server.default.url == f"{live.hub.url}/taxii2/{GROUP}/"
    assert [root.url for root in server.api_roots] == [f"{live.hub.url}/taxii2/{GROUP}/"]
    root = server.default
    root.refresh()
    assert (root.title, root.versions, root.max_content_length) == (
        GROUP.title(),
        ["application/taxii+json;version=2.1"],
        10_485_760,
    )
    read_only = next(one for one in root.collections if one.id == READ_ONLY)
    assert (read_only.can_read, read_only.can_write) == (True, False)
    assert root.collections[0].can_write is False


@pytest.mark.row("I-046", "T-235", "T-236", "T-062", "T-312", "T-335", "T-321", "T-326")
@pytest.mark.parametrize("token", [False, True], ids=["Basic", "TokenAuth"])
def test_every_call(live: Grounds, token: bool) -> None:
    """Add with and without waiting, get with every filter, manifest, versions, status, delete."""
    place = live.fresh()
    here = collection(live, place, token=token)
    three, other = versions(1), indicator(2, tlp="GREEN")
    status = here.add_objects({"objects": three}, wait_for_completion=True, poll_interval=0.01, timeout=30)
    assert (status.status, status.total_count, status.success_count, status.failure_count) == ("complete", 3, 3, 0)
    status = here.add_objects(json.dumps({"objects": [other, {"type": "indicator"}]}), wait_for_completion=False)
    assert (status.success_count, status.failure_count, len(status.failures)) == (1, 1, 1)
    again = Status(f"{live.root}status/{status.id}/", **_credentials(live, token=token))
    again.wait_until_final()
    assert again.id == status.id
    assert here.get_objects()["objects"] == [three[-1], other]
    assert here.get_objects(version="all")["objects"] == [*three, other]
    assert here.get_objects(version=["first", "last"], id=three[0]["id"])["objects"] == [three[0], three[-1]]
    assert here.get_objects(type=["malware", "tool"]) == {}
    assert here.get_objects(spec_version="2.1", limit=1)["more"] is True
    assert here.get_objects(added_after="2020-01-01T00:00:00Z")["objects"] == [three[-1], other]
    assert here.get_object(three[0]["id"])["objects"] == [three[-1]]
    assert here.get_object(three[0]["id"], version=three[1]["modified"])["objects"] == [three[1]]
    assert [one["version"] for one in here.get_manifest(version="all")["objects"]] == [
        *(one["modified"] for one in three),
        other["modified"],
    ]
    assert here.object_versions(three[0]["id"])["versions"] == [one["modified"] for one in three]
    here.delete_object(other["id"])
    with pytest.raises(HTTPError, match="404"):
        here.get_object(other["id"])


def _credentials(live: Grounds, *, token: bool) -> dict[str, Any]:
    return (
        {"auth": TokenAuth(live.tokens["producer"])}
        if token
        else {"user": "producer", "password": live.tokens["producer"]}
    )


@pytest.mark.row("I-046", "T-141", "T-144", "T-135", "T-182", "T-185")
@pytest.mark.parametrize("resource", ["objects", "manifest"])
def test_pages_while_others_write(live: Grounds, resource: str) -> None:
    """`as_pages` in twos, again and again: everything once, in order."""
    place = live.fresh()
    here = collection(live, place, "reader")
    seen: list[str] = []

    def poll() -> int:
        before = len(seen)
        get = here.get_objects if resource == "objects" else here.get_manifest
        found = [one["id"] for page in as_pages(get, per_request=2) for one in page.get("objects", ())]
        assert found[:before] == seen
        seen[:] = found
        return len(seen) - before

    written = collect(live, poll, place)
    assert seen == ids(written[place.id])


@pytest.mark.row("T-257", "T-253", "I-009")
def test_what_may_not_be_read_or_written(live_on_sqlite: Grounds) -> None:
    """The client refuses by itself what the collection says that it may not."""
    live = live_on_sqlite
    place = live.fresh()
    with pytest.raises(AccessError):
        collection(live, place, "sink").get_objects()
    with pytest.raises(AccessError):
        collection(live, place, "reader").add_objects({"objects": objects(1)})
    assert collection(live, place, "sink").add_objects({"objects": objects(1)}).success_count == 1
    root = ApiRoot(live.root, user="sink", password=live.tokens["sink"])
    assert {(one.can_read, one.can_write) for one in root.collections} == {(False, True), (False, False)}
