"""What comes to light when something goes: the versions that some reader is given now and was not before. Pure.

They lie behind the cursors of those who read past them while something else was given in their place: a newer version, or an older one to
those who ask for the first, a 2.1 rendering, or the line of another organisation. A property test holds this to `selection.given`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from indicator_hub.trust.admission import Existing
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.ladder import HELD


@dataclass(frozen=True, slots=True)
class _Hiding:
    """A version as it was, and as it is now (None: gone)."""

    was: Existing
    now: Existing | None


def uncovered(before: Iterable[Existing], after: Sequence[Existing]) -> list[Existing]:
    """Of the versions of one id that are there after a change, those that some reader had been given something else for; oldest first.

    `before` and `after` hold none that are recalled. Whoever sees a version only now, because it was widened, is not meant: that version
    has a new date anyway. A version too many does no harm beyond a second delivery; one too few would be lost to a reader.
    """
    were = {one.entry: one for one in before}
    hiding = list(_distinct(were.values(), {one.entry: one for one in after}))
    found = (one for one in after if _comes_to_light(one, were.get(one.entry, one), hiding, after))
    return sorted(found, key=lambda one: one.first_added)


def _distinct(before: Iterable[Existing], now: Mapping[int, Existing]) -> Iterator[_Hiding]:
    """Two for all that changed alike: of a line of thousands of versions the oldest and the newest, as if all had come last."""
    ends: dict[object, tuple[Existing, Existing, int]] = {}
    for one in before:
        after = now.get(one.entry)
        becomes = after and (after.audience, after.line_order)
        alike = (one.organisation_id, one.spec_version, one.audience, one.line_order, becomes)
        oldest, newest, came = ends.get(alike, (one, one, 0))
        ends[alike] = min(oldest, one, key=_key), max(newest, one, key=_key), max(came, one.first_added)
    for oldest, newest, came in ends.values():
        yield _Hiding(replace(oldest, first_added=came), now.get(oldest.entry))
        if newest is not oldest:
            yield _Hiding(replace(newest, first_added=came), now.get(newest.entry))


def _key(one: Existing) -> str:
    return one.version_key


def _comes_to_light(one: Existing, was: Existing, before: Sequence[_Hiding], after: Sequence[Existing]) -> bool:
    for which in (_in_another_line, _newer, _older, _in_a_newer_specification):
        gone = [each.was for each in before if which(each.was, was) and not _still_hides(each, one, which)]
        if gone:
            still = [other for other in after if which(other, one)]
            if not all(_hidden_as_before(one, other, still) for other in gone):
                return True
    return False


def _still_hides(each: _Hiding, one: Existing, which: Callable[[Existing, Existing], bool]) -> bool:
    """The very same does what it did."""
    if each.now is None or not which(each.now, one):
        return False
    if each.was.organisation_id == one.organisation_id:
        return each.now.audience.covers(one.audience.narrowed(each.was.audience))
    return each.now.audience.covers(each.was.audience)


def _in_another_line(other: Existing, one: Existing) -> bool:
    return other.organisation_id != one.organisation_id and (other.line_order, other.organisation_id) < (
        one.line_order,
        one.organisation_id,
    )


def _newer(other: Existing, one: Existing) -> bool:
    return _same_rendering(other, one) and other.version_key > one.version_key


def _older(other: Existing, one: Existing) -> bool:
    return _same_rendering(other, one) and other.version_key < one.version_key


def _same_rendering(other: Existing, one: Existing) -> bool:
    return (other.organisation_id, other.spec_version) == (one.organisation_id, one.spec_version)


def _in_a_newer_specification(other: Existing, one: Existing) -> bool:
    return other.organisation_id == one.organisation_id and other.spec_version > one.spec_version


def _hidden_as_before(one: Existing, other: Existing, still: Sequence[Existing]) -> bool:
    """Whether everybody from whom `other` hid `one` has something else there that does.

    Those are three: who sees both by their audiences; the organisation of either, which sees its own whatever its audience is.
    """
    both, came = one.audience.narrowed(other.audience), one.first_added
    if not _is_nobody(both) and not any(_shows(each, both, min(came, other.first_added)) for each in still):
        return False
    if other.organisation_id == one.organisation_id:
        return bool(still)
    mine = _is_nobody(one.audience) or any(
        each.organisation_id == other.organisation_id or _shows(each, one.audience, came) for each in still
    )
    theirs = _is_nobody(other.audience) or any(_shows(each, other.audience, other.first_added) for each in still)
    return mine and theirs


def _shows(each: Existing, audience: Audience, came: int) -> bool:
    """Whether this is seen by all of an audience who see what came then, whenever they were let in."""
    return each.first_added >= came and each.audience.covers(audience)


def _is_nobody(audience: Audience) -> bool:
    return audience.floor >= HELD or audience.nations == frozenset()
