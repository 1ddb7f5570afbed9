"""The TAXII store of the stix2 library, unmodified."""

from typing import Any

import pytest
import stix2
from stix2 import Filter, TAXIICollectionSink, TAXIICollectionSource, TAXIICollectionStore
from stix2.datastore import DataSourceError
from taxii2client.v21 import Collection

from clients.writing import FIRST, Version, collect, objects, versions
from support.grounds import READ_ONLY, Grounds, Place
from support.world import TLP


def collection(live: Grounds, place: Place, account: str = "producer") -> Collection:
    """What the store stands on."""
    return Collection(f"{live.hub.url}{place.path}", user=account, password=live.tokens[account])


@pytest.mark.row("I-046", "T-112", "T-113")
def test_store(live: Grounds) -> None:
    """Add, get, all versions, and queries by what TAXII filters and by what the library filters itself."""
    store = TAXIICollectionStore(collection(live, live.fresh()))
    first = stix2.parse(objects(1)[0])
    second = first.new_version(name="Renamed")
    other = stix2.Malware(name="m", is_family=False, object_marking_refs=[TLP["GREEN"]])
    store.add([first, second, other])
    assert store.get(first.id) == second
    assert store.get("indicator--11111111-2222-4333-8444-555555555555") is None
    assert store.all_versions(first.id) == [first, second]
    for wanted, filters in (
        ([second, other], []),
        ([other], [Filter("type", "=", "malware")]),
        ([second, other], [Filter("type", "=", "malware,indicator")]),
        ([second], [Filter("id", "=", first.id)]),
        ([first, other], [Filter("version", "=", "first")]),
        ([first, second, other], [Filter("added_after", "=", "2020-01-01T00:00:00Z"), Filter("version", "=", "all")]),
        ([], [Filter("added_after", "=", "2100-01-01T00:00:00Z")]),
        ([second], [Filter("created", "=", FIRST)]),
        ([second], [Filter("version", "=", "all"), Filter("name", "=", "Renamed")]),
        ([other], [Filter("type", "!=", "indicator")]),
    ):
        assert (filters, store.query(filters)) == (filters, wanted)


@pytest.mark.row("T-141")
def test_source_while_others_write(live: Grounds) -> None:
    """A query is a walk from the first page to the last: what one has seen, the next sees too, or its successor."""
    place = live.fresh()
    source = TAXIICollectionSource(collection(live, place, "reader"), items_per_page=5)
    seen: list[Version] = []

    def poll() -> bool:
        found = versions([{**one, "modified": stix2.utils.format_datetime(one.modified)} for one in source.query()])
        assert {identifier for identifier, _ in seen} <= {identifier for identifier, _ in found}
        new = [one for one in found if one not in seen]
        seen.extend(new)
        return bool(new)

    collect(live, poll, place)[place.id].require_all(seen, once=False)


@pytest.mark.row("T-204", "T-205", "X-181")
@pytest.mark.parametrize(
    "shape",
    [
        lambda made: [stix2.parse(one) for one in made],
        lambda made: made,
        lambda made: stix2.Bundle([stix2.parse(one) for one in made]),
        lambda made: stix2.Bundle(made).serialize(),
    ],
    ids=["objects", "dictionaries", "bundle", "text"],
)
def test_sink(live: Grounds, shape: Any) -> None:
    """Whatever it is given it sends as bundles; an account that may only write can use it."""
    place = live.fresh()
    made = [{**one, "pattern_version": "2.1"} for one in objects(2)]
    TAXIICollectionSink(collection(live, place, "sink")).add(shape(made))
    with live.client("consumer") as client:
        assert client.get(place.objects).json["objects"] == made


@pytest.mark.row("T-253", "T-257", "T-258")
def test_what_may_not_be_read_or_written(live: Grounds) -> None:
    """Source and sink refuse what the collection says that it may not, and what is not there."""
    place = live.fresh()
    with pytest.raises(DataSourceError, match="does not have read access"):
        TAXIICollectionSource(collection(live, place, "sink"))
    with pytest.raises(DataSourceError, match="does not have write access"):
        TAXIICollectionSink(collection(live, Place(live.hub.url, READ_ONLY)))
    with pytest.raises(DataSourceError, match="could not be reached"):
        TAXIICollectionSource(collection(live, place, "outsider"))
