"""TAXII scenarios: what a poll asks for, and gets."""

from typing import Any

import pytest

from interop.parties import DAYS, FIRST, LAST, identifier, indicator, listed, made, share
from support.grounds import Grounds, Place
from support.live import Client

LONG_AGO = "2018-01-01T00:00:00.000000Z"
OLDER = indicator(1)
NEWER = indicator(1, modified=DAYS[1], name="Relay, renamed")
SECOND = indicator(2)
MALWARE = made("malware", 3, name="Gannet", is_family=True)
CAMPAIGN = made("campaign", 4, name="Autumn tide")
OLD_STYLE = indicator(
    5, spec_version=None, pattern_type=None, indicator_types=None, labels=["malicious-activity"], name="Of STIX 2.0"
)
EVERYTHING = [OLDER, NEWER, SECOND, MALWARE, CAMPAIGN, OLD_STYLE]
LATEST = EVERYTHING[1:]


@pytest.mark.row("I-025", "I-027", "I-028", "I-029", "I-030", "I-031", "I-032", "I-033", "I-035")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"added_after": LONG_AGO}, LATEST, id="added after"),
        pytest.param({"match[id]": SECOND["id"]}, [SECOND], id="an id"),
        pytest.param({"match[id]": identifier("indicator", 99)}, [], id="an id that is not there"),
        pytest.param({"match[type]": "indicator"}, [NEWER, SECOND, OLD_STYLE], id="a type"),
        pytest.param({"match[version]": "first"}, [OLDER, *LATEST[1:]], id="first versions"),
        pytest.param({"match[version]": "first", "match[id]": OLDER["id"]}, [OLDER], id="the first version of one"),
        pytest.param({"match[version]": OLDER["modified"], "match[id]": OLDER["id"]}, [OLDER], id="a version by name"),
        pytest.param({"match[version]": "all"}, EVERYTHING, id="all versions"),
        pytest.param({"match[spec_version]": "2.1"}, LATEST[:-1], id="STIX 2.1"),
        pytest.param({"match[spec_version]": "2.0"}, [OLD_STYLE], id="STIX 2.0"),
        pytest.param(
            {"match[type]": "indicator,malware"}, [NEWER, SECOND, MALWARE, OLD_STYLE], id="one type or another"
        ),
        pytest.param({"match[type]": "indicator", "match[id]": SECOND["id"]}, [SECOND], id="type and id"),
        pytest.param({"match[type]": "campaign", "match[id]": SECOND["id"]}, [], id="type and another's id"),
        pytest.param(
            {"match[type]": "indicator,malware", "match[id]": f"{MALWARE['id']},{CAMPAIGN['id']}"},
            [MALWARE],
            id="one type or another, and one id or another",
        ),
        pytest.param({"match[confidence-gte]": "80"}, LATEST, id="first tier: unknown"),
        pytest.param({"match[kill_chain_phases.phase_name]": "delivery"}, LATEST, id="second tier: unknown"),
        pytest.param({"match[external_references.external_id]": "T1"}, LATEST, id="third tier: unknown"),
        pytest.param({"match[relationships-all]": OLDER["id"]}, LATEST, id="relationships: unknown"),
        pytest.param(
            {"match[modified-lte]": LONG_AGO, "match[type]": "malware"}, [MALWARE], id="calculation: unknown, type: known"
        ),
    ],
)  # fmt: skip
def test_filters(filled: tuple[Place, Client], query: dict[str, Any], expected: list[Any]) -> None:
    """Objects and manifest agree, in the order in which the objects were added."""
    place, consumer = filled
    assert listed(consumer, place.objects, **query) == expected
    records = listed(consumer, place.manifest, **query)
    assert [(one["id"], one["version"]) for one in records] == [(one["id"], one["modified"]) for one in expected]


@pytest.fixture
def filled(live: Grounds) -> Any:
    """A collection with all of them in it, and who polls it."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, *EVERYTHING)
        yield place, consumer


@pytest.mark.row("I-026")
def test_a_limit(filled: tuple[Place, Client]) -> None:
    """One object, and word of more."""
    place, consumer = filled
    page = consumer.get(place.objects, limit=1).json
    assert (page["objects"], page["more"]) == ([NEWER], True)


@pytest.mark.row("I-034")
def test_a_filter_sent_twice(filled: tuple[Place, Client]) -> None:
    """400, on the manifest too."""
    place, consumer = filled
    for path in (place.objects, place.manifest):
        answer = consumer.get(f"{path}?match[type]=campaign&match[type]=malware")
        assert (answer.status, answer.json["http_status"]) == (400, "400")


@pytest.mark.row("I-036", "T-103", "T-183", "T-334")
def test_versions_by_date(live: Grounds) -> None:
    """Five versions in pages of three, carried on by the date of the last."""
    place = live.fresh()
    versions = f"{place.objects}{indicator()['id']}/versions/"
    with live.client("producer") as producer, live.client("consumer") as consumer:
        share(producer, place, *[indicator(modified=day) for day in DAYS])
        page = consumer.get(versions, limit=3)
        assert (page.json["versions"], page.json["more"]) == (list(DAYS[:3]), True)
        rest = consumer.get(versions, limit=3, added_after=page.headers[LAST])
        assert (rest.json["versions"], rest.json.get("more", False)) == (list(DAYS[3:]), False)
        assert page.headers[FIRST] < page.headers[LAST] < rest.headers[FIRST] < rest.headers[LAST]
