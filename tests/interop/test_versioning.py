"""Versioning scenarios: an object is made, changed and revoked, and who may do so."""

import pytest

from interop.parties import DAYS, Object, Poller, delete, indicator, listed, made, post, share
from support.grounds import Grounds

ALL = {"match[version]": "all"}
FIRST = indicator(1, indicator_types=["malicious-activity"])
CHANGED = {"indicator_types": ["anomalous-activity"], "pattern": "[ ipv4-addr:value = '198.51.100.1' ]"}
SEEN = made("sighting", 2, sighting_of_ref=FIRST["id"], count=4, first_seen=DAYS[0], last_seen=DAYS[0])
LIVES: dict[str, list[Object]] = {
    "indicator": [
        FIRST,
        FIRST | CHANGED | {"modified": DAYS[1]},
        FIRST | CHANGED | {"modified": DAYS[2], "revoked": True},
        FIRST | CHANGED | {"modified": DAYS[3]},
    ],
    "sighting": [
        SEEN,
        SEEN | {"modified": DAYS[1], "last_seen": DAYS[1]},
        SEEN | {"modified": DAYS[2], "last_seen": DAYS[1], "revoked": True},
        SEEN | {"modified": DAYS[3], "last_seen": DAYS[3]},
    ],
}


@pytest.mark.row("X-050", "X-059", "X-060", "X-063", "X-099", "T-160")
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("indicator", marks=pytest.mark.row("I-130", "I-131", "I-132", "I-133")),
        pytest.param("sighting", marks=pytest.mark.row("I-134")),
    ],
)
def test_a_life(live: Grounds, kind: str) -> None:
    """Made, changed, revoked: the poller hears of each, and by default is given nothing older. Then nothing may follow."""
    place = live.fresh()
    *life, later = LIVES[kind]
    one = f"{place.objects}{later['id']}/"
    with live.client("producer") as producer, live.client("consumer") as consumer:
        poller = Poller(consumer, place)
        for number, version in enumerate(life, 1):
            share(producer, place, version)
            assert poller.poll() == listed(consumer, place.objects) == listed(consumer, one) == [version]
            assert listed(consumer, place.objects, **ALL) == listed(consumer, one, **ALL) == life[:number]
            assert listed(consumer, f"{one}versions/") == list(DAYS[:number])
        status = post(producer, place, later)
        assert (status["success_count"], status["failure_count"]) == (0, 1)
        assert "revoked" in status["failures"][0]["message"]
        assert poller.poll() == []
        assert listed(consumer, place.objects, **ALL) == life


@pytest.mark.parametrize(
    ("account", "second", "reason"),
    [
        pytest.param(
            "consumer", indicator(1, modified=DAYS[1]), "only its creator makes a new version",
            marks=pytest.mark.row("I-135", "X-056", "X-058"), id="a version by another",
        ),
        pytest.param(
            "consumer", indicator(1, modified=DAYS[1], revoked=True), "only its creator makes a new version",
            marks=pytest.mark.row("I-135", "X-056", "X-058"), id="a revocation by another",
        ),
        pytest.param("consumer", indicator(1, name="Other"), "other content", marks=pytest.mark.row("I-138", "X-055"), id="other content by another"),
        pytest.param("producer", indicator(1, name="Other"), "other content", marks=pytest.mark.row("I-138", "X-055"), id="other content"),
        pytest.param(
            "producer", indicator(1, created=DAYS[1], modified=DAYS[2]), "created must stay the same", marks=pytest.mark.row("X-052"), id="another creation"
        ),
    ],
)  # fmt: skip
def test_what_is_no_version(live: Grounds, account: str, second: Object, reason: str) -> None:
    """A failure that names the rule; what was there first stays, alone."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer, live.client(account) as client:
        share(producer, place, indicator(1))
        status = post(client, place, second)
        assert (status["success_count"], status["failure_count"]) == (0, 1)
        [failure] = status["failures"]
        assert (failure["id"], failure["version"]) == (second["id"], second["modified"])
        assert reason in failure["message"]
        for reader in (producer, consumer):
            assert listed(reader, place.objects, **ALL) == [indicator(1)]


@pytest.mark.row("I-138", "X-055")
@pytest.mark.parametrize("account", ["producer", "consumer"])
def test_the_same_again(live: Grounds, account: str) -> None:
    """The very same content is no failure, and no second object."""
    place = live.fresh()
    with live.client("producer") as producer, live.client("consumer") as consumer, live.client(account) as client:
        share(producer, place, indicator(1))
        poller = Poller(consumer, place)
        assert poller.poll() == [indicator(1)]
        share(client, place, indicator(1))
        assert poller.poll() == []
        assert listed(consumer, place.objects, **ALL) == [indicator(1)]


@pytest.mark.row("I-137", "X-053", "T-161")
def test_versions_in_reverse(live: Grounds) -> None:
    """The latest is the greatest `modified`, whenever it came; a poller is never handed an older one."""
    place = live.fresh()
    backwards = [indicator(1, modified=day) for day in reversed(DAYS)]
    with live.client("producer") as producer, live.client("consumer") as consumer:
        poller = Poller(consumer, place)
        for number, version in enumerate(backwards):
            share(producer, place, version)
            assert poller.poll() == ([] if number else [version])
            assert listed(consumer, place.objects) == backwards[:1]
        assert listed(consumer, place.objects, **{"match[version]": "first"}) == backwards[-1:]
        assert listed(consumer, place.objects, **ALL) == backwards


@pytest.mark.row("I-139", "X-057", "T-078")
def test_in_two_collections(live: Grounds) -> None:
    """The same bytes, with a date of its own in each; what is taken back in one stays in the other."""
    places = [live.fresh(), live.fresh()]
    one = indicator(1)
    with live.client("producer") as producer, live.client("consumer") as consumer:
        for place in places:
            share(producer, place, one)
        pages = [consumer.get(place.objects) for place in places]
        assert pages[0].json["objects"] == [one]
        assert pages[0].body == pages[1].body
        [first], [second] = [listed(consumer, place.manifest) for place in places]
        assert first.pop("date_added") != second.pop("date_added")
        assert first == second
        assert delete(producer, f"{places[0].objects}{one['id']}/").status == 200
        assert [listed(consumer, place.objects) for place in places] == [[], [one]]
