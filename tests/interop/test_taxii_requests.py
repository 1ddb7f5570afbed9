"""TAXII scenarios: what a request may carry besides its objects, how large it may be, and in which media types it speaks."""

import json

import pytest

from interop.parties import Poller, ask, indicator, written
from support.grounds import Grounds
from support.live import TAXII

LARGEST = 10_485_760
OTHER = "application/taxii+json"
TAKEN = [
    TAXII, OTHER, f"{OTHER}; version=2.1", f'{OTHER};version="2.1"', TAXII.upper(), f"{TAXII};q=0.9", f"{OTHER};q=0.5",
    f"{TAXII},application/stix+json;version=2.1", f"{OTHER};version=3.0, {TAXII}", "*/*", "application/*", None,
]  # fmt: skip
REFUSED = [
    "application/json", "text/html", "application/stix+json;version=2.1", f"{OTHER};version=2.0", f"{OTHER};version=3.0", f"{OTHER};q=0",
]  # fmt: skip
BODIES = {
    TAXII: 202, OTHER: 202, f"{OTHER}; version=2.1": 202, f"{TAXII};charset=utf-8": 202, "application/stix+json;version=2.1": 202,
    "application/vnd.oasis.stix+json": 202, "application/json": 415, f"{OTHER};version=2.0": 415, "text/plain": 415, None: 415,
}  # fmt: skip


def headers(live: Grounds, **more: str | None) -> dict[str, str]:
    """The producer's credential, and these headers; None leaves one out."""
    sent = {"Authorization": f"Bearer {live.tokens['producer']}", "Accept": TAXII} | {
        name.replace("_", "-"): value for name, value in more.items()
    }
    return {name: value for name, value in sent.items() if value is not None}


@pytest.mark.row("I-037")
def test_an_envelope_with_a_property_of_the_client_s(live: Grounds) -> None:
    """Taken; the objects are stored, the property is not handed on."""
    place, body = live.fresh(), {"x_5a1c_test_client": {"run": 7}, "objects": [indicator()]}
    sent = headers(live, Content_Type=TAXII)
    with live.client("consumer") as consumer:
        answer = ask(live, "POST", place.objects, sent, json.dumps(body).encode())
        assert (answer.status, answer.json["success_count"], answer.json["total_count"]) == (202, 1, 1)
        assert consumer.get(place.objects).json == {"more": False, "objects": [indicator()]}


@pytest.mark.row("I-038")
@pytest.mark.parametrize("agent", [None, "sensor/1.0", ""])
def test_the_name_of_the_client(live_on_sqlite: Grounds, agent: str | None) -> None:
    """Not asked for, whether it reads or writes."""
    place = live_on_sqlite.fresh()
    sent = headers(live_on_sqlite, User_Agent=agent, Content_Type=TAXII)
    body = b'{"objects": [' + written(indicator()) + b"]}"
    assert ask(live_on_sqlite, "POST", place.objects, sent, body).json["success_count"] == 1
    assert ask(live_on_sqlite, "GET", place.objects, sent).json["objects"] == [indicator()]


@pytest.mark.row("I-044")
@pytest.mark.parametrize(("size", "status"), [(LARGEST - 1, 202), (LARGEST, 202), (LARGEST + 1, 413)])
def test_the_largest_body(live_on_sqlite: Grounds, size: int, status: int) -> None:
    """Up to the size that the API root names it is taken, and one byte more is not."""
    live = live_on_sqlite
    place = live.fresh()
    body = (b'{"objects": [' + written(indicator()) + b"]").ljust(size - 1) + b"}"
    with live.client("producer") as producer:
        assert producer.get("/taxii2/exercise/").json["max_content_length"] == LARGEST
        producer.send("POST", place.objects, body)
        answer = producer.receive()
    with live.client("producer") as producer:
        assert (len(body), answer.status, Poller(producer, place).poll()) == (
            size,
            status,
            [indicator()] if status == 202 else [],
        )


@pytest.mark.row("I-045")
@pytest.mark.parametrize("accept", TAKEN)
def test_accepted(live_on_sqlite: Grounds, accept: str | None) -> None:
    """200, and the media type in full."""
    place = live_on_sqlite.fresh()
    for path in ("/taxii2/", "/taxii2/exercise/", place.path, place.objects, place.manifest):
        answer = ask(live_on_sqlite, "GET", path, headers(live_on_sqlite, Accept=accept))
        assert (path, answer.status, answer.headers["content-type"]) == (path, 200, TAXII)


@pytest.mark.row("I-045")
@pytest.mark.parametrize("accept", REFUSED)
def test_not_accepted(live_on_sqlite: Grounds, accept: str) -> None:
    """406, said in TAXII all the same."""
    place = live_on_sqlite.fresh()
    for path in ("/taxii2/", "/taxii2/exercise/", place.path, place.objects, place.manifest):
        answer = ask(live_on_sqlite, "GET", path, headers(live_on_sqlite, Accept=accept))
        assert (path, answer.status, answer.headers["content-type"]) == (path, 406, TAXII)


@pytest.mark.row("I-045")
@pytest.mark.parametrize("media", BODIES)
def test_media_types_of_a_body(live_on_sqlite: Grounds, media: str | None) -> None:
    """An envelope or a bundle of STIX, with or without the version; nothing else, and then nothing is stored."""
    place, status = live_on_sqlite.fresh(), BODIES[media]
    body = b'{"objects": [' + written(indicator()) + b"]}"
    if media is not None and "stix" in media:
        body = b'{"type": "bundle", "id": "bundle--3f0d3c0e-6c52-4b0a-8f5e-0d7b1a2c9e44", ' + body[1:]
    answer = ask(live_on_sqlite, "POST", place.objects, headers(live_on_sqlite, Content_Type=media), body)
    assert (answer.status, answer.headers["content-type"]) == (status, TAXII)
    with live_on_sqlite.client("producer") as producer:
        assert Poller(producer, place).poll() == ([indicator()] if status == 202 else [])
