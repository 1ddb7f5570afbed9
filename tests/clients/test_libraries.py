"""The stix2 library's TAXII store, and cytaxii2, unmodified."""

import json
from typing import Any

import pytest
import stix2
from cytaxii2.cytaxii2 import cytaxii2
from stix2 import TAXIICollectionSink, TAXIICollectionSource, TAXIICollectionStore
from taxii2client.v21 import Collection

from clients.writing import collect, ids, objects
from support.grounds import GROUP, Grounds, Place
from support.world import TLP, indicator


def collection(live: Grounds, place: Place) -> Collection:
    """As the stix2 library wants it."""
    return Collection(f"{live.hub.url}{place.path}", user="producer", password=live.tokens["producer"])


@pytest.mark.row("I-046", "X-013")
def test_stix2_store(live: Grounds) -> None:
    """Add by the sink, get, all versions and query by the source."""
    place = live.fresh()
    store = TAXIICollectionStore(collection(live, place))
    first = stix2.parse(indicator(1, tlp="GREEN"))
    second = first.new_version(name="Renamed")
    other = stix2.Malware(name="m", is_family=False, object_marking_refs=[TLP["GREEN"]])
    store.add([first, second, other])
    assert store.get(first.id) == second
    assert {one.modified for one in store.all_versions(first.id)} == {first.modified, second.modified}
    assert [one.id for one in store.query([stix2.Filter("type", "=", "malware")])] == [other.id]
    assert {one.id for one in store.query([stix2.Filter("created", ">", "2020-01-01T00:00:00Z")])} == {
        first.id,
        other.id,
    }
    assert store.get("indicator--00000000-0000-4000-8000-ffffffffffff") is None


@pytest.mark.row("I-170", "I-171")
def test_stix2_source_while_others_write(live: Grounds) -> None:
    """Every query sees at least what was there when it began, and at the end everything."""
    place = live.fresh()
    source = TAXIICollectionSource(collection(live, place), items_per_page=5)
    seen: set[str] = set()

    def poll() -> int:
        found = {one["id"] for one in source.query()}
        assert seen <= found
        new = len(found - seen)
        seen.update(found)
        return new

    written = collect(live, poll, place)
    assert seen == set(ids(written[place.id]))


@pytest.mark.row("T-204", "I-174")
def test_stix2_sink(live_on_sqlite: Grounds) -> None:
    """It sends bundles as envelopes."""
    place = live_on_sqlite.fresh()
    made = objects(2)
    TAXIICollectionSink(collection(live_on_sqlite, place)).add(made)
    with live_on_sqlite.client("reader") as client:
        assert [one["id"] for one in client.get(place.objects).json["objects"]] == ids(made)


@pytest.mark.row("T-140", "T-213", "T-273")
def test_cytaxii2(live: Grounds) -> None:
    """Discovery, root, collections, inbox, and polls by `next` while others write."""
    place = live.fresh()
    client: Any = cytaxii2(f"{live.hub.url}/taxii2/", "producer", live.tokens["producer"])
    assert client.discovery_request()["response"]["default"] == f"{live.hub.url}/taxii2/{GROUP}/"
    assert client.root_discovery()["response"]["title"] == GROUP.title()
    assert place.id in {one["id"] for one in client.collection_request()["response"]["collections"]}
    assert client.collection_data_request(place.id)["response"]["can_write"] is True
    first = objects(3)
    made = client.inbox_request(place.id, json.dumps({"objects": first}))
    assert (made["status_code"], made["response"]["success_count"]) == (202, 3)
    assert client.poll_request(place.id, object_id=first[0]["id"])["response"]["objects"] == first[:1]
    assert client.poll_request(place.id, object_type="malware")["response"] == {}
    seen: list[str] = []

    def poll() -> int:
        walked: list[str] = []
        following = None
        while True:
            page = client.poll_request(place.id, limit=6, next=following)["response"]
            walked += [one["id"] for one in page.get("objects", ())]
            if not page.get("more"):
                break
            following = page["next"]
        new = len(walked) - len(seen)
        assert walked[: len(seen)] == seen
        seen[:] = walked
        return new

    written = collect(live, poll, place)
    assert seen == ids([*first, *written[place.id]])
