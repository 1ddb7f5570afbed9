"""cytaxii2 1.0.1, unmodified."""

import json
from typing import Any

import pytest
from cytaxii2.cytaxii2 import cytaxii2

from clients.writing import Version, collect, objects, versions
from support.grounds import GROUP, READ_ONLY, Grounds


def client(live: Grounds, account: str = "reader", **more: Any) -> Any:
    """As its documentation sets it up."""
    return cytaxii2(f"{live.hub.url}/taxii2/", account, live.tokens[account], **more)


@pytest.mark.row("T-111", "T-126", "T-150", "T-151", "T-202", "T-204", "T-213", "T-251", "T-290")
def test_every_call(live: Grounds) -> None:
    """Discovery, root, collections, one of them, inbox, and a poll with each of its parameters."""
    place, hub = live.fresh(), client(live, "producer")
    assert hub.discovery_request()["response"]["default"] == live.root
    assert hub.root_discovery()["response"]["title"] == GROUP.title()
    assert {place.id, READ_ONLY} <= {one["id"] for one in hub.collection_request()["response"]["collections"]}
    assert hub.collection_data_request(place.id)["response"]["can_write"] is True
    sent = objects(4)
    bundle = {"type": "bundle", "id": "bundle--2b6a4f0e-8f5d-4f43-9f0e-6f0b1a2c3d4e", "objects": sent[2:]}
    for body in ({"objects": sent[:2]}, bundle):
        made = hub.inbox_request(place.id, json.dumps(body))
        assert (made["status"], made["status_code"], made["response"]["success_count"]) == (True, 202, 2)
    for wanted, asked in (
        (sent, {}),
        (sent, {"added_after": "2020-01-01T00:00:00Z", "object_type": "indicator"}),
        (sent[1:2], {"object_id": sent[1]["id"]}),
    ):
        found = hub.poll_request(place.id, **asked)
        assert (asked, found["status_code"], found["response"]) == (asked, 200, {"more": False, "objects": wanted})
    for nothing in ({"object_type": "malware"}, {"added_after": "2100-01-01T00:00:00Z"}):
        assert (nothing, hub.poll_request(place.id, **nothing)["response"]) == (nothing, {})


@pytest.mark.row("T-140", "T-141")
def test_polls_while_others_write(live: Grounds) -> None:
    """It never shows a header, so that a poll is a walk by `next` from the first page."""
    place, hub = live.fresh(), client(live)
    seen: list[Version] = []

    def poll() -> bool:
        before, following = len(set(seen)), None
        while True:
            page = hub.poll_request(place.id, limit=6, next=following)["response"]
            seen.extend(versions(page["objects"]))
            if not page["more"]:
                return len(set(seen)) > before
            following = page["next"]

    collect(live, poll, place)[place.id].require_all(seen, once=False)


@pytest.mark.row("T-046", "T-190", "T-192")
def test_refusals(live: Grounds) -> None:
    """It reads every refusal as JSON, and there is an error message in each."""
    place = live.fresh()
    refusals = {
        "401": cytaxii2(f"{live.hub.url}/taxii2/", "reader", "wrong").discovery_request(),
        "403": client(live).inbox_request(place.id, json.dumps({"objects": objects(1)})),
        "404": client(live).collection_data_request("11111111-2222-4333-8444-555555555555"),
        "406": client(live, version=2.0).discovery_request(),
        "400": client(live).poll_request(place.id, added_after="yesterday"),
        "422": client(live, "producer").inbox_request(place.id, json.dumps({"objects": []})),
    }
    for code, answer in refusals.items():
        assert (answer["status"], answer["status_code"]) == (False, int(code))
        assert (answer["response"]["http_status"], bool(answer["response"]["title"])) == (code, True)
