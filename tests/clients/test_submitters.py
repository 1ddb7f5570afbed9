"""Products that submit, rebuilt: everything they send is stored as it was sent, and partners receive it."""

import json
from typing import Any

import pytest
import stix2

from clients import misp, opencti
from clients.session import Session, basic
from clients.splunk import App
from clients.writing import FIRST, objects
from support.grounds import GROUP, Grounds, Place
from support.live import TAXII
from support.specimens import EXTENSION
from support.world import TLP


def received(live: Grounds, place: Place) -> list[dict[str, Any]]:
    """What the other nation gets, in order."""
    with live.client("reader") as client:
        return [one for answer in client.pages(place.objects, limit=1_000) for one in answer.json.get("objects", ())]


@pytest.mark.row("T-222", "T-235", "T-293", "T-294")
def test_misp_push(live: Grounds) -> None:
    """It fills an envelope to the last byte that `max_content_length` allows; what is too large alone it leaves out."""
    place = live.fresh()
    push = misp.Push(live.hub.url, GROUP, place.id, misp.key("producer", live.tokens["producer"]))
    sent = [
        stix2.parse({**one, "description": "x" * length}, allow_custom=False)
        for one, length in zip(objects(5), (3_500_000, 3_500_000, 1, 10, 10), strict=True)
    ]
    left = push.most - len(misp.HEAD + misp.TAIL) - sum(len(one.serialize()) + 1 for one in sent[:3]) + 1
    sent[2] = stix2.parse({**json.loads(sent[2].serialize()), "description": "x" * (left + 1)})
    huge = stix2.Indicator(pattern="[ipv4-addr:value = '192.0.2.1']", pattern_type="stix", description="x" * push.most)
    statuses = push.push([*sent[:3], huge, *sent[3:]])
    assert [(one.status, one.success_count, one.failure_count) for one in statuses] == [
        ("complete", 3, 0),
        ("complete", 2, 0),
    ]
    assert push.too_large == 1
    assert received(live, place) == [json.loads(one.serialize()) for one in sent]


@pytest.mark.row("T-039", "T-204", "T-205", "X-181")
@pytest.mark.parametrize("signs_in", ["Bearer", "Basic"])
def test_opencti_taxii_post(live: Grounds, signs_in: str) -> None:
    """Each object of its stream in a bundle of its own, said to be STIX, with an extension of its own."""
    place = live.fresh()
    username = "machine" if signs_in == "Basic" else ""
    extension = {EXTENSION: {"extension_type": "property-extension", "id": "made-up", "type": "Indicator", "score": 50}}
    sent = [{**one, "extensions": extension} for one in objects(3)]
    with opencti.Poster(live.hub.url, GROUP, place.id, username=username, token=live.tokens["machine"]) as poster:
        answers = [poster.send(one) for one in sent]
    assert [(one.status, one.json["success_count"]) for one in answers] == [(202, 1)] * 3
    assert received(live, place) == sent


@pytest.mark.row("T-039", "T-046", "T-173", "T-175")
def test_opencti_taxii_post_of_stix_2_0(live: Grounds) -> None:
    """Set to STIX 2.0 what it sends is stored as that; set to TAXII 2.0 as well it is refused, and nothing stored."""
    place = live.fresh()
    old = {**objects(1)[0], "labels": ["malicious-activity"], "valid_from": FIRST, "extensions": {}}
    kept = {name: old[name] for name in old.keys() - {*opencti.Poster.LATER, "extensions"}}
    to = (live.hub.url, GROUP, place.id)
    with opencti.Poster(*to, token=live.tokens["machine"], stix="2.0", taxii="2.0") as poster:
        assert poster.send(old).status == 406
    assert received(live, place) == []
    with opencti.Poster(*to, token=live.tokens["machine"], stix="2.0") as poster:
        answer = poster.send(old)
        assert (answer.status, answer.json["success_count"]) == (202, 1)
    assert received(live, place) == [kept]
    with live.client("reader") as client:
        assert client.get(place.objects, **{"match[spec_version]": "2.1"}).json == {}


@pytest.mark.row("I-118", "T-204", "T-205", "X-181")
def test_splunk_app(live: Grounds) -> None:
    """A bundle as TAXII: a grouping with its author, its indicators and the TLP object, six decimals in every timestamp."""
    place = live.fresh()
    app = App(live.root, "producer", live.tokens["producer"])
    patterns = ["[domain-name:value = 'c2.example.com']", "[file:name = 'hello.exe']"]
    sent, status = app.submit(place.id, patterns, "GREEN")
    assert (status["status"], status["success_count"], status["failure_count"]) == ("complete", 5, 0)
    assert [one for one in received(live, place) if one["id"] != TLP["GREEN"]] == sent[:-1]


@pytest.mark.row("T-037", "T-039", "T-204", "X-181")
@pytest.mark.parametrize(
    "media",
    [
        TAXII,
        "application/taxii+json",
        "application/stix+json;version=2.1",
        "application/vnd.oasis.stix+json",
        "application/vnd.oasis.stix+json; version=2.1",
    ],
)
def test_bundles(live: Grounds, media: str) -> None:
    """A bundle under each name that submitters have for it."""
    place = live.fresh()
    sent = objects(3)
    bundle = {"type": "bundle", "id": "bundle--2b6a4f0e-8f5d-4f43-9f0e-6f0b1a2c3d4e", "objects": sent}
    with Session(live.hub.url, Accept=TAXII, Authorization=basic("machine", live.tokens["machine"])) as session:
        answer = session.post(place.objects, json.dumps(bundle).encode(), {"Content-Type": media})
    assert (answer.status, answer.json["success_count"], answer.json["failure_count"]) == (202, 3, 0)
    assert received(live, place) == sent
