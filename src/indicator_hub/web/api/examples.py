"""One example of each model that the API takes or answers, for its description. A test has the models check them."""

from typing import Any

_OBJECT = "indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10"
_COLLECTION = "6b0a0c1e-3a56-4c1c-9a53-0d8f9f6f4d11"
_WHEN = "2026-11-23T12:00:00.000000Z"
_VERSION = "2026-11-20T08:00:00.000Z"
_KEPT = {
    "object": _OBJECT, "version": _VERSION, "spec_version": "2.1", "group": "alpha", "collection": _COLLECTION, "state": "shared",
    "revoked": False, "date_added": _WHEN, "received": _WHEN, "submitted_by": "xa-analyst",
    "status": "5d4bb6a3-0e3c-4b4e-8d43-3f0b7f6f1a11", "sha256": "e3" * 32, "released": False, "level": "TLP:AMBER", "persons_only": False,
}  # fmt: skip
_RECALL = {
    "id": "ee43de5d-82e6-463c-bde7-3cf673cc9014", "at": _WHEN, "group": "alpha", "collection": _COLLECTION, "object": _OBJECT,
    "versions": [_VERSION], "by": "originator", "reason": "shared_in_error",
}  # fmt: skip
_CONSENT = {
    "id": "0d5e6f70-8192-4a3b-8c4d-5e6f708192a3", "use": "release", "object": _OBJECT, "version": _VERSION, "group": "alpha",
    "collection": _COLLECTION, "originator": "xa-cert", "asker": "xb-cert", "to": "bravo", "purpose": "Our members are hit by the same loader",
    "state": "asked", "asked": _WHEN,
}  # fmt: skip
_NAMED = {"account": "xb-analyst", "organisation": "xb-cert", "state": "named", "from": _WHEN}
_ACCOUNT = {"account": "xb-siem", "kind": "service", "scopes": ["read"], "suspended": False}
_TOKEN = {"id": 4, "account": "xb-cert-siem", "kind": "service", "label": "the SIEM", "created": _WHEN, "ends": _WHEN}
_READERS = [
    {"organisation": "xb-cert", "nation": "XB", "role": "member", "who": "persons", "number": 2, "sees": True, "because": "TLP:AMBER is within what a member reads"},
    {"organisation": "xc-soc", "nation": "XC", "role": "observer", "who": "services", "number": 1, "sees": False, "because": "it is above what this role reads"},
]  # fmt: skip
_FEED = {
    "feed": "edge-scanners", "title": "Addresses that scan", "organisation": "xa-cert", "group": "alpha", "collection": "feeds",
    "state": "well", "failures": 0, "waiting": 1, "every": 21600, "next": _WHEN, "succeeded": _WHEN,
    "last": {"started": _WHEN, "outcome": "done", "tally": {"candidates": 3, "new": 2, "quarantined": 1}},
}  # fmt: skip
_LEVEL = {"level": "TLP:AMBER", "persons_only": False, "readers": _READERS}
_FOUND = {
    "object": _OBJECT, "version": _VERSION, "type": "indicator", "name": "Loader", "values": [{"kind": "ipv4-addr", "value": "198.51.100.7"}],
    "match": "whole", "group": "alpha", "collection": _COLLECTION, "originator": "xa-cert", "level": "TLP:AMBER", "confidence": 75,
    "valid_from": _WHEN, "labels": ["malicious-activity"], "revoked": False, "held": False, "sightings": 2, "false_positives": 0,
    "date_added": _WHEN,
}  # fmt: skip
EXAMPLES: dict[str, dict[str, Any]] = {
    "Access": {
        "account": "xb-analyst", "kind": "person", "organisation": "xb-cert", "nation": "XB", "scopes": ["read", "submit"], "now": _WHEN,
        "stix_identities": ["identity--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061"],
        "groups": [
            {
                "name": "alpha", "title": "Alpha", "kind": "standing", "reads": "up to TLP:AMBER+STRICT, as member",
                "agreement": {"title": "Memorandum", "legal_basis": "Articles 3 to 9", "purposes": ["defence of networks"], "from": _WHEN},
                "membership": {"role": "member", "can_write": True, "steward": False},
                "collections": [
                    {"id": _COLLECTION, "alias": "main", "title": "Main", "can_read": True, "can_write": True, "ceiling": "TLP:RED", "default": "TLP:AMBER"}
                ],
            }
        ],
    },
    "OwnPage": {"items": [_KEPT], "more": False},
    "OwnVersions": {"items": [_KEPT | {"bytes": "e30="}]},
    "RecallsMade": {"recalls": [{"id": _RECALL["id"], "versions": [_VERSION]}]},
    "SearchPage": {"items": [_FOUND], "more": False},
    "LookupAsked": {"values": ["hxxp://198[.]51[.]100[.]7/a"], "text": "seen at 198.51.100.7"},
    "LookupList": {"items": [{"raw": "198[.]51[.]100[.]7", "kind": "ipv4-addr", "value": "198.51.100.7", "hits": [_FOUND], "more": False}]},
    "Facets": {
        "counted": 1, "complete": True, "types": [{"name": "indicator", "number": 1}], "kinds": [{"name": "ipv4-addr", "number": 1}],
        "levels": [{"name": "TLP:AMBER", "number": 1}], "collections": [{"name": _COLLECTION, "number": 1}],
        "originators": [{"name": "xa-cert", "number": 1}], "labels": [{"name": "malicious-activity", "number": 1}],
    },
    "Statistics": {
        "since": _WHEN, "until": "2026-11-24T12:00:00.000000Z", "number": 1,
        "days": [{"day": "2026-11-23", "number": 1, "levels": [{"name": "TLP:AMBER", "number": 1}]}], "types": [{"name": "indicator", "number": 1}],
        "levels": [{"name": "TLP:AMBER", "number": 1}], "originators": [{"name": "xa-cert", "number": 1}],
    },
    "RecallPage": {"items": [_RECALL], "more": False, "since": _WHEN},
    "IssuedPage": {"items": [_RECALL | {"recipients": [{"organisation": "xb-cert", "versions": [_VERSION], "acknowledged": _WHEN}]}], "more": False},
    "RecallTold": _RECALL | {"acknowledged": _WHEN},
    "ConsentPage": {"items": [_CONSENT], "more": False},
    "ConsentTold": _CONSENT,
    "AccountList": {"items": [_ACCOUNT]},
    "AccountTold": _ACCOUNT,
    "MachineAsked": {"name": "siem", "submits": False},
    "TokenAsked": {"account": "xb-cert-siem", "label": "the SIEM", "days": 90},
    "TokenList": {"items": [_TOKEN | {"last_used": _WHEN}]},
    "TokenMade": _TOKEN | {"token": "ihub_" + "x" * 43},
    "EndedList": {"items": [{"name": "heron", "title": "Heron", "purpose": "Find the servers", "until": _WHEN}]},
    "ServedList": {"items": [{"organisation": "xb-cert", "nation": "XB", "at": _WHEN}]},
    "MemberList": {
        "items": [
            {
                "organisation": "xa-cert", "title": "National CERT of XA", "nation": "XA", "role": "member", "steward": True, "from": _WHEN,
                "contact": {"desk": "Duty desk", "email": "duty@xa-cert.example", "hours": "24/7"},
                "collections": [{"alias": "main", "title": "Main", "reads": "TLP:AMBER+STRICT", "writes": True}],
            }
        ]
    },
    "RelationList": {"items": [{"object": "sighting" + _OBJECT[9:], "type": "sighting", "direction": "from", "originator": "xb-cert"}]},
    "GivenList": {"items": [{"organisation": "xa-cert", "objects": 12}, {"objects": 1}], "counted_all": True},
    "NamedList": {"items": [_NAMED]},
    "NamedTold": _NAMED,
    "Report": {
        "name": "heron", "title": "Heron", "purpose": "Find the servers", "lead_nation": "XA", "closed": True, "until": _WHEN,
        "parts": [{"organisation": "xa-cert", "given": 4, "received": 0, "withdrawn": 1, "recalled": 1, "released": 0, "evidence": 0}],
    },
    "FeedList": {"items": [_FEED]},
    "FeedWhole": {
        **_FEED,
        "declared": {
            "source": "https://feeds.example/scanners.txt", "format": "list", "use": "publish", "kind": "rolling", "level": "TLP:GREEN",
            "reshare": True, "most_warned": 5,
        },
        "week": [{"since": _WHEN, "brought": 2, "failed": 0}],
    },
    "RefusalList": {"items": [{"reason": "non_global", "number": 1, "releasable": True, "samples": ["10.0.0.1"]}]},
    "DryRunTold": {"tally": {"candidates": 3, "new": 2, "quarantined": 1}},
    "AcceptTold": {"outcome": "done", "tally": {"candidates": 3, "new": 2, "quarantined": 1}},
    "RunList": {"items": [{"started": _WHEN, "finished": _WHEN, "outcome": "done", "tally": {"candidates": 3, "new": 2, "quarantined": 1}}]},
    "RowPage": {"items": [{"id": 7, "reason": "non_global", "raw": "10.0.0.1", "row": 12}], "more": False},
    "SettledTold": {"number": 1},
    "Settling": {"reason": "non_global"},
    "Nothing": {},
    "ForeseenList": {"items": [{"object": _OBJECT, "outcome": "new", "stored": True, **_LEVEL}]},
    "SeenList": {"items": [{"object": _OBJECT, "version": _VERSION, "originator": "xa-cert", **_LEVEL}]},
    "Reissued": {"versions": [_VERSION]},
    "Evidence": {
        "object": _OBJECT, "version": _VERSION, "group": "alpha", "collection": _COLLECTION, "bytes": "e30=", "sha256": "44" * 32,
        "sha256_when_received": "44" * 32, "sha256_canonical": "44" * 32, "originator": "xa-cert", "received": _WHEN, "date_added": _WHEN,
        "status": _KEPT["status"], "exported": _WHEN, "exported_by": "xb-cert", "purpose": "Case 12",
    },
    "Status": {
        "id": _KEPT["status"], "status": "complete", "request_timestamp": _WHEN, "total_count": 1, "success_count": 1, "failure_count": 0,
        "pending_count": 0, "successes": [{"id": _OBJECT, "version": _VERSION}],
    },
    "Problem": {
        "type": "urn:indicator-hub:problem:conflict", "title": "The state has changed meanwhile.", "status": 409,
        "detail": "Its originator must consent to this release first: ask for it.",
    },
    "RecallAsked": {"reason": "shared_in_error"},
    "OwnRecallAsked": {"reason": "wrong_marking", "collection": _COLLECTION},
    "ReissueAsked": {},
    "ReleaseAsked": {"to": {"group": "bravo", "collection": "indicators"}},
    "EvidenceAsked": {"purpose": "Case 2026/114, district court"},
    "ConsentAsked": {
        "group": "alpha", "collection": "main", "object": _OBJECT, "use": "release", "to": "bravo", "purpose": "Our members are hit too",
    },
    "GrantAsked": {"until": _WHEN},
    "NamingAsked": {"account": "xb-analyst"},
}  # fmt: skip
"""One of each that is sent or answered."""
