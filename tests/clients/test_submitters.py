"""Rebuilt submitters: everything they send is stored."""

import pytest

from clients.submitters import Sender, bundle, misp_push
from clients.writing import ids, objects
from support.grounds import GROUP, Grounds
from support.live import TAXII


@pytest.mark.row("T-222", "T-293", "I-044")
def test_misp_push(live: Grounds) -> None:
    """It splits by `max_content_length`, which is true."""
    place = live.fresh()
    sender = Sender(live.hub.url, "producer", live.tokens["producer"])
    sent = objects(9)
    for one in sent:
        one["x_padding"] = "x" * 3_000_000
    statuses = misp_push(sender, f"/taxii2/{GROUP}/", place.objects, sent)
    assert [status["success_count"] for status in statuses] == [3, 3, 3]
    answer = sender.send("GET", place.manifest, Accept=TAXII)
    assert [one["id"] for one in answer.json["objects"]] == ids(sent)


@pytest.mark.row("T-006", "T-008")
@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic"])
def test_misp_browse(live_on_sqlite: Grounds, scheme: str) -> None:
    """Its scheme is in lower case."""
    sender = Sender(live_on_sqlite.hub.url, "reader", live_on_sqlite.tokens["reader"], scheme=scheme)
    found = sender.send("GET", f"/taxii2/{GROUP}/collections/", Accept=TAXII)
    assert (found.status, len(found.json["collections"]) > 1) == (200, True)


@pytest.mark.row("T-204", "T-039", "X-181")
@pytest.mark.parametrize(
    "media",
    [
        "application/stix+json;version=2.1",
        "application/stix+json; version=2.1",
        "application/vnd.oasis.stix+json; version=2.1",
        "application/vnd.oasis.stix+json",
        TAXII,
    ],
)
def test_bundles(live: Grounds, media: str) -> None:
    """Splunk's app and OpenCTI's taxii-post send bundles, under names of their own."""
    place = live.fresh()
    sender = Sender(live.hub.url, "producer", live.tokens["producer"])
    sent = objects(3)
    answer = sender.send("POST", place.objects, bundle(sent), Accept=TAXII, Content_Type=media)
    assert (answer.status, answer.json["success_count"], answer.json["failure_count"]) == (202, 3, 0)
    assert sender.send("GET", place.objects, Accept=TAXII).json["objects"] == sent
