"""One case asked of a live hub: which status it answers, and what that means in the file's words."""

import base64
import json
from typing import Any
from urllib.parse import quote

import httpx2

from cases.steps import Case
from cases.vectors import Vectors
from support.live import TAXII

_REFUSALS = {401: "unauthenticated", 403: "denied", 404: "absent", 409: "needs_consent"}


def over_http(v: Vectors, case: Case, url: str, tokens: dict[str, str]) -> tuple[int, str]:
    """The status of the object request, and the outcome."""
    told, one = case.told, case.object["id"]
    subject, collection = told["subject"], told["collection"]
    group = v.world["collections"][collection]["group"]
    headers = {"Accept": TAXII, "Content-Type": "application/json"}
    auth = (subject, tokens[subject]) if subject in tokens else None
    place = f"groups/{group}/collections/{collection}/objects/{one}"
    with httpx2.Client(base_url=url, headers=headers, auth=auth, timeout=60) as client:
        listed = f"/taxii2/{group}/collections/{collection}/"
        match told["action"]:
            case "read":
                return _read(client, case, listed)
            case "own":
                answer = client.get(f"/api/v1/own/{one}/")
                done = _kept(answer, case)
            case "submit":
                body = json.dumps({"objects": [case.object]})
                answer = client.post(f"{listed}objects/", content=body, headers={"Content-Type": TAXII})
                done = _status(answer, "stored")
            case "release":
                target = told["target"]
                to = {"group": v.world["collections"][target]["group"], "collection": target}
                answer = client.post(f"/api/v1/{place}/release/", json={"to": to})
                done = _status(answer, "released")
            case "recall" | "reissue" | "evidence" as deed:
                answer = client.post(
                    f"/api/v1/{place}/{deed}/", json={"purpose": "A case"} if deed == "evidence" else {}
                )
                done = {"recall": "recalled", "reissue": "reissued", "evidence": "exported"}[deed]
            case other:
                raise AssertionError(f"the runner does not know what is meant by the action {other!r}")
        return _told(answer, done)


def _told(answer: httpx2.Response, outcome: str) -> tuple[int, str]:
    return answer.status_code, _REFUSALS.get(answer.status_code, outcome)


def _status(answer: httpx2.Response, done: str) -> str:
    """What became of the one object."""
    if answer.status_code != httpx2.codes.ACCEPTED:
        return "?"
    status: dict[str, Any] = answer.json()
    if status["failure_count"]:
        return "refused"
    return "held" if status["successes"][0].get("message", "").startswith("held") else done


def _kept(answer: httpx2.Response, case: Case) -> str:
    if answer.status_code != httpx2.codes.OK:
        return "?"
    return (
        "visible"
        if case.object in [json.loads(base64.b64decode(one["bytes"])) for one in answer.json()["items"]]
        else "superseded"
    )


def _read(client: httpx2.Client, case: Case, listed: str) -> tuple[int, str]:
    """By id; and the lists hold it, and its versions can be asked for, exactly when it is there."""
    one = case.object["id"]
    answer = client.get(f"{listed}objects/{one}/")
    there = answer.status_code == httpx2.codes.OK
    found = answer.json()["objects"] if there else []
    for resource in ("objects", "manifest"):
        page = client.get(f"{listed}{resource}/?match[id]={quote(one)}")
        named = [entry["id"] for entry in page.json().get("objects", [])] if page.status_code == httpx2.codes.OK else []
        assert (one in named) is there, (case.id, resource, page.status_code)
    versions = client.get(f"{listed}objects/{one}/versions/")
    assert (versions.status_code == httpx2.codes.OK) is there, (case.id, "versions", versions.status_code)
    return _told(answer, "visible" if found and found[0] == case.object else "superseded")
