"""Sight: tell those who share an object that it was seen, or that it is a false positive. Over TAXII, to any hub."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from indicator_hub.cli.asking import LEVELS, HubUrl, Object, TokenFile
from indicator_hub.cli.posting import CreatedBy, PostedTo, User, instant, tlp
from indicator_hub.cli.shell import Json, app, show
from indicator_hub.errors import HubError, Invalid

if TYPE_CHECKING:
    from indicator_hub.cli.door import Door


@app.command()
def sight(
    place: PostedTo,
    one: Object,
    false_positive: Annotated[bool, typer.Option("--false-positive", help="It is harmless: an opinion that strongly disagrees.")] = False,
    count: Annotated[int | None, typer.Option(help="How often it was seen.")] = None,
    first_seen: Annotated[str | None, typer.Option("--first-seen", metavar="TIME", help="From when on.")] = None,
    last_seen: Annotated[str | None, typer.Option("--last-seen", metavar="TIME", help="Until when.")] = None,
    note: Annotated[str, typer.Option(help="What more there is to say of it.")] = "",
    level: Annotated[str | None, typer.Option("--level", metavar="TLP", autocompletion=LEVELS, help="How far it may go; else as far as the object itself.")] = None,
    created_by: CreatedBy = "", user: User = "", hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """It was seen: post a sighting of an object; with --false-positive an opinion on it."""
    from indicator_hub.cli.door import door_at, envelopes
    from indicator_hub.stix import authoring
    from indicator_hub.store.opened import wall_clock

    first, last = (None if text is None else instant(text) for text in (first_seen, last_seen))
    stated = tlp(level)
    if false_positive and (count, first, last) != (None, None, None):
        raise Invalid("A false positive is an opinion: how often and when belong to a sighting.")
    door = door_at(place, hub, token_file, user=user, created_by=created_by)
    by = authoring.Authorship(wall_clock(), door.created_by, _marks(door, one, stated))
    written = (
        authoring.opinion(by, [one], authoring.FALSE_POSITIVE, explanation=note)
        if false_positive
        else authoring.sighting(by, one, count=count, first_seen=first, last_seen=last, description=note)
    )
    for _, envelope in envelopes([written]):
        told = door.post(envelope, wait=60)
        _show(told, one, as_json=as_json)


def _marks(door: "Door", one: str, level: int | None) -> tuple[str, ...]:
    """As the object itself is marked, which must be there; or the level that is said. Raises NotFound, Invalid."""
    from indicator_hub.stix.markings import TLP_IDS
    from indicator_hub.trust.ladder import NAMES

    if level is not None:
        return (TLP_IDS[NAMES[level]],)
    if not door.can_read:
        raise Invalid("This account writes here and does not read: say how far it may go with --level.")
    return tuple(door.one(one).get("object_marking_refs", ()))


def _show(told: dict[str, Any], one: str, *, as_json: bool) -> None:
    """The status. Raises HubError for what was refused."""
    refused = [str(failure.get("message") or failure.get("id")) for failure in told.get("failures", ())]
    if as_json or not refused:
        made = [f"Told of {one}: {each['id']}." for each in told.get("successes", ())]
        show(told, lambda: made or [f"Told of {one}."], as_json=as_json)
    if refused:
        raise HubError(f"Refused: {' '.join(refused)}")
