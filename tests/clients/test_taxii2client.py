"""taxii2-client 2.3.0, unmodified: every class and every call, with both ways to sign in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests.exceptions import HTTPError
from taxii2client import v20
from taxii2client.common import TokenAuth
from taxii2client.exceptions import AccessError, InvalidArgumentsError, ValidationError
from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

from clients.writing import FIRST, SECOND, Version, collect, objects, versions
from support.grounds import FOREIGN, GROUP, READ_ONLY, Grounds, Place
from support.live import TAXII

BOTH = pytest.mark.parametrize("how", ["Basic", "Token"])
UNKNOWN = "indicator--11111111-2222-4333-8444-555555555555"


def signed(live: Grounds, account: str = "producer", how: str = "Basic") -> dict[str, Any]:
    """The arguments by which the client signs in."""
    token = live.tokens[account]
    return {"auth": TokenAuth(token)} if how == "Token" else {"user": account, "password": token}


def collection(live: Grounds, place: Place, account: str = "producer", how: str = "Basic") -> Collection:
    """The client's view of a collection."""
    return Collection(f"{live.hub.url}{place.path}", **signed(live, account, how))


def two_versions() -> list[dict[str, Any]]:
    """An object and its successor."""
    (one,) = objects(1)
    return [one, {**one, "modified": SECOND}]


@BOTH
@pytest.mark.row("I-046", "T-006", "T-008", "T-210", "T-211", "T-213", "T-214", "T-217", "T-220", "T-221", "T-222")
def test_server_and_api_root(live: Grounds, how: str) -> None:
    """From the server down: everything the client insists on is there, and asking again changes nothing."""
    with Server(f"{live.hub.url}/taxii2", **signed(live, "reader", how)) as server:
        assert server.default.url == live.root
        assert [root.url for root in server.api_roots] == [live.root]
        assert (server.title, server.custom_properties) == (server._raw["title"], {})
        server.refresh()
        root = server.default
    assert (root.title, root.description, root.versions) == (GROUP.title(), f"The group {GROUP}.", [TAXII])
    assert (root.max_content_length, root.custom_properties) == (10_485_760, {})
    listed = [one.id for one in root.collections]
    root.refresh_information()
    root.refresh_collections()
    root.refresh()
    assert [one.id for one in root.collections] == listed == sorted(listed)
    assert (READ_ONLY in listed, FOREIGN in listed) == (True, False)


@pytest.mark.row("I-046", "T-250", "T-251", "T-252", "T-253", "T-254", "T-255", "T-256", "T-259")
def test_collection(live: Grounds) -> None:
    """A collection of the list is the collection asked for by itself; under its alias the client finds its id missing in the URL."""
    root = ApiRoot(live.root, **signed(live, "reader"))
    listed = next(one for one in root.collections if one.id == READ_ONLY)
    alone = Collection(listed.url, **signed(live, "reader"))
    alone.refresh()
    assert alone._raw == listed._raw
    assert (alone.title, alone.alias, alone.can_read, alone.can_write) == ("Fed", "fed", True, False)
    assert (alone.media_types[0], alone.custom_properties) == ("application/stix+json;version=2.1", {})
    with pytest.raises(ValidationError, match="does not match the url"):
        _ = Collection(f"{live.root}collections/fed/", **signed(live, "reader")).title


@BOTH
@pytest.mark.row("I-046", "T-231", "T-233", "T-235", "T-236", "T-298")
def test_add_objects(live: Grounds, how: str) -> None:
    """As a dictionary, text or bytes, waiting or not, with a timeout or for ever; the status can be asked for again in three ways."""
    here = collection(live, live.fresh(), how=how)
    (first, second, third), broken = objects(3), {"type": "indicator"}
    for envelope, options in (
        ({"objects": [first]}, {}),
        (json.dumps({"objects": [second]}), {"wait_for_completion": True, "poll_interval": 0, "timeout": 5}),
        (json.dumps({"objects": [third]}).encode(), {"wait_for_completion": True, "poll_interval": 0, "timeout": 0}),
    ):
        status = here.add_objects(envelope, **options)
        assert (status.status, status.success_count, bool(status)) == ("complete", 1, True)
    made = here.add_objects({"objects": [first, broken]}, wait_for_completion=False)
    assert (made.total_count, made.success_count, made.failure_count, made.pending_count) == (2, 1, 1, 0)
    assert (made.successes[0]["id"], made.successes[0]["version"]) == (first["id"], FIRST)
    assert (len(made.failures), made.pendings, made.custom_properties) == (1, [], {})
    asked = Status(f"{live.root}status/{made.id}/", **signed(live, how=how))
    asked.wait_until_final(poll_interval=0)
    asked.refresh()
    found = ApiRoot(live.root, **signed(live, how=how)).get_status(made.id)
    assert made._raw == asked._raw == found._raw
    assert here.get_objects()["objects"] == [first, second, third]


@BOTH
@pytest.mark.row(
    "I-046",
    "T-035",
    "T-112",
    "T-113",
    "T-124",
    "T-126",
    "T-131",
    "T-151",
    "T-160",
    "T-162",
    "T-163",
    "T-164",
    "T-165",
    "T-172",
    "T-174",
)
def test_get_objects(live: Grounds, how: str) -> None:
    """Every filter, as text, as a list and as a date."""
    here = collection(live, live.fresh(), how=how)
    old, new = two_versions()
    other, hour = objects(1)[0], timedelta(hours=1)
    here.add_objects({"objects": [old, new, other]})
    assert here.get_objects() == {"more": False, "objects": [new, other]}
    for wanted, filters in (
        ([old, new, other], {"version": "all"}),
        ([old, other], {"version": "first"}),
        ([old, new, other], {"version": ["first", "last"]}),
        ([old, other], {"version": datetime(2024, 5, 1, tzinfo=UTC)}),
        ([new], {"version": SECOND}),
        ([new], {"id": new["id"]}),
        ([old], {"id": [new["id"], UNKNOWN], "version": FIRST}),
        ([new, other], {"type": ["indicator", "malware"]}),
        ([new, other], {"spec_version": ["2.0", "2.1"], "type": "indicator"}),
        ([new, other], {"added_after": datetime.now(UTC) - hour}),
        ([new, other], {"added_after": "2020-01-01T00:00:00Z"}),
    ):
        assert (filters, here.get_objects(**filters).get("objects")) == (filters, wanted)
    for nothing in (
        {"type": "malware"},
        {"id": UNKNOWN},
        {"spec_version": "2.0"},
        {"added_after": datetime.now(UTC) + hour},
    ):
        assert (nothing, here.get_objects(**nothing)) == (nothing, {})
    page = here.get_objects(limit=1)
    assert (page["more"], page["objects"]) == (True, [new])
    assert here.get_objects(limit=1, next=page["next"]) == {"more": False, "objects": [other]}
    with pytest.raises(InvalidArgumentsError):
        here.get_objects(added_after=["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"])
    with pytest.raises(HTTPError, match="400"):
        here.get_objects(version="newest")


@BOTH
@pytest.mark.row("I-046", "T-117", "T-270", "T-271", "T-272", "T-273", "T-274", "T-276", "T-278")
def test_get_manifest(live: Grounds, how: str) -> None:
    """The same filters, and the records of the same versions."""
    here = collection(live, live.fresh(), how=how)
    assert here.get_manifest() == {}
    old, new = two_versions()
    (other,) = objects(1)
    here.add_objects({"objects": [old, new, other]})
    for filters in (
        {},
        {"version": "all"},
        {"version": ["first", "last"], "type": "indicator"},
        {"id": [other["id"]], "spec_version": "2.1"},
        {"added_after": "2020-01-01T00:00:00Z", "limit": 2},
    ):
        records = here.get_manifest(**filters)["objects"]
        assert [(one["id"], one["version"]) for one in records] == versions(here.get_objects(**filters)["objects"])
        assert {one["media_type"] for one in records} == {"application/stix+json;version=2.1"}
    last = here.get_manifest()["objects"][-1]["date_added"]
    assert here.get_manifest(added_after=last) == {}


@BOTH
@pytest.mark.row("I-046", "T-312", "T-313", "T-314", "T-322", "T-323", "T-325", "T-330", "T-332", "T-335")
def test_one_object(live: Grounds, how: str) -> None:
    """Get it, get its versions, delete one of them, delete it."""
    here = collection(live, live.fresh(), how=how)
    old, new = two_versions()
    here.add_objects({"objects": [old, new]})
    identifier = old["id"]
    assert here.get_object(identifier)["objects"] == [new]
    assert here.get_object(identifier, version="all", limit=5)["objects"] == [old, new]
    assert here.get_object(identifier, spec_version="2.0") == {}
    listed = here.object_versions(identifier, spec_version="2.1")["versions"]
    assert listed == [FIRST, SECOND]
    assert [here.get_object(identifier, version=one)["objects"] for one in listed] == [[old], [new]]
    here.delete_object(identifier, version=SECOND)
    assert here.object_versions(identifier)["versions"] == [FIRST]
    assert here.get_objects()["objects"] == [old]
    here.delete_object(identifier)
    for call in (here.get_object, here.object_versions, here.delete_object):
        with pytest.raises(HTTPError, match="404"):
            call(identifier)
    assert (here.get_objects(version="all"), here.get_manifest(version="all")) == ({}, {})


@pytest.mark.row("I-046", "T-100", "T-141", "T-180", "T-182", "T-185", "T-188")
def test_pages_of_objects(live: Grounds) -> None:
    """All versions, in pages of two from the first: at every poll what was there before stands where it stood."""
    place = live.fresh()
    here = collection(live, place, "reader")
    seen: list[Version] = []

    def poll() -> bool:
        before = len(seen)
        pages = [page.get("objects", []) for page in as_pages(here.get_objects, per_request=2, version="all")]
        assert all(len(page) == 2 for page in pages[:-1])
        assert pages[-1]
        found = [one for page in pages for one in versions(page)]
        assert found[:before] == seen
        seen[:] = found
        return len(seen) > before

    written = collect(live, poll, place)[place.id]
    written.require_all(seen)
    assert set(seen) == written.shared


@pytest.mark.row("I-046", "T-120", "T-127", "T-135", "T-141", "T-182", "T-187")
def test_pages_of_the_manifest(live: Grounds) -> None:
    """In pages of two, from the last `date_added` on, which the client can learn from the manifest alone: each version once."""
    place = live.fresh()
    here = collection(live, place, "reader")
    seen: list[Version] = []
    after: list[str | None] = [None]

    def poll() -> bool:
        before = len(seen)
        for page in as_pages(here.get_manifest, per_request=2, added_after=after[0]):
            records = page.get("objects", ())
            seen.extend((one["id"], one["version"]) for one in records)
            after[:] = [one["date_added"] for one in records][-1:] or after
        return len(seen) > before

    collect(live, poll, place)[place.id].require_all(seen)


@BOTH
@pytest.mark.row("I-046", "I-174", "T-253", "T-257", "T-320")
def test_what_may_not_be_read_or_written(live: Grounds, how: str) -> None:
    """Where the collection says no, the client refuses by itself; and it is right to."""
    place = live.fresh()
    blind = collection(live, place, "sink", how)
    status = blind.add_objects({"objects": objects(1)})
    status.refresh()
    assert (status.status, status.success_count) == ("complete", 1)
    for read in (blind.get_objects, blind.get_manifest):
        with pytest.raises(AccessError, match="does not allow reading"):
            read()
    for read_one in (blind.get_object, blind.object_versions):
        with pytest.raises(AccessError, match="does not allow reading"):
            read_one(UNKNOWN)
    with pytest.raises(HTTPError, match="403"):
        blind.delete_object(UNKNOWN)
    mute = collection(live, place, "reader", how)
    with pytest.raises(AccessError, match="does not allow writing"):
        mute.add_objects({"objects": objects(1)})
    with pytest.raises(AccessError, match="does not allow writing"):
        mute.delete_object(UNKNOWN)
    rights = {(one.can_read, one.can_write) for one in ApiRoot(live.root, **signed(live, "sink", how)).collections}
    assert rights == {(False, True), (False, False)}
    nothing = collection(live, place, "nothing", how)
    assert (nothing.can_read, nothing.can_write) == (False, False)


@pytest.mark.row("T-046", "T-224", "T-240", "T-258")
def test_refusals(live: Grounds) -> None:
    """What is not there for this account, an unknown token, and TAXII 2.0: the client says which."""
    place = live.fresh()
    with pytest.raises(HTTPError, match="404"):
        ApiRoot(f"{live.hub.url}/taxii2/elsewhere/", **signed(live)).refresh()
    with pytest.raises(HTTPError, match="404"):
        ApiRoot(live.root, **signed(live)).get_status("11111111-2222-4333-8444-555555555555")
    with pytest.raises(HTTPError, match="404"):
        collection(live, place, "outsider").refresh()
    with pytest.raises(HTTPError, match="401"):
        Collection(f"{live.hub.url}{place.path}", user="reader", password="wrong").refresh()
    with pytest.raises(HTTPError, match="406"):
        v20.Server(f"{live.hub.url}/taxii2/", **signed(live)).refresh()
