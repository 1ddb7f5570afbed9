"""Post: values, or a file of them, to a collection; or a STIX file as it is. Values go through the normaliser of feeds and paste box."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from indicator_hub.cli.asking import FORMATS, LEVELS, HubUrl, TokenFile, words
from indicator_hub.cli.shell import Json, app, contents, show
from indicator_hub.errors import HubError, Invalid

if TYPE_CHECKING:
    from indicator_hub.cli.door import Door
    from indicator_hub.normalise.draft import Choices, Draft, Drafted
    from indicator_hub.normalise.loose import Found
    from indicator_hub.normalise.row import Refusal
    from indicator_hub.stix.reader import Received

PostedTo = Annotated[
    str, typer.Argument(metavar="PLACE", help="GROUP/COLLECTION of the hub, or the URL of a collection of any TAXII 2.1 server.")
]  # fmt: skip
User = Annotated[str, typer.Option("--user", metavar="NAME", help="The name that the token belongs to, for a server that asks for Basic.")]  # fmt: skip
CreatedBy = Annotated[str, typer.Option("--created-by", metavar="ID", help="One's STIX identity; else the first that the hub has declared.")]  # fmt: skip
Level = Annotated[str | None, typer.Option("--level", metavar="TLP", autocompletion=LEVELS, help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED; else the collection's own.")]  # fmt: skip
_OF_VALUES = ("list", "hosts", "misp", "stix")
"""What says itself which of its words are indicators."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What is to be posted. `sure`: whoever made it says that these are indicators; else a person looks first. `text`: as it came, for its marks."""

    found: "Sequence[Found | Refusal]" = ()
    stix: "Sequence[Received]" = ()
    sure: bool = True
    text: str = ""


@app.command()
def post(
    place: PostedTo,
    values: Annotated[list[str] | None, typer.Argument(metavar="VALUE...", help="Values in any spelling; - reads standard input.")] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="A file of values, gzip or zip too, or of STIX objects; - for standard input.")] = None,
    kind: Annotated[str | None, typer.Option("--as", metavar="FORMAT", autocompletion=FORMATS, help="list, csv, tsv, json, jsonl, hosts, stix, misp or text; else by a look at it.")] = None,
    level: Level = None,
    confidence: Annotated[int | None, typer.Option(help="How sure, from 0 to 100.")] = None,
    valid_days: Annotated[int | None, typer.Option("--valid-days", metavar="N", help="How long it is to be looked for; else as long as values of its kind.")] = None,
    valid_until: Annotated[str | None, typer.Option("--valid-until", metavar="TIME", help="The same as a day or an instant.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", metavar="WORD", help="A label, or a word of the taxonomy, like phishing; may be repeated.")] = None,
    pap: Annotated[str | None, typer.Option("--pap", autocompletion=words("clear", "green", "amber", "red"), help="What may be done with it: clear, green, amber or red.")] = None,
    name: Annotated[str, typer.Option(help="What it is; else the value itself.")] = "",
    description: Annotated[str, typer.Option(help="What more is known of it.")] = "",
    reference: Annotated[list[str] | None, typer.Option("--reference", metavar="URL", help="Where more is told; may be repeated.")] = None,
    marking: Annotated[list[str] | None, typer.Option("--marking", metavar="ID", help="A further marking-definition; may be repeated.")] = None,
    created_by: CreatedBy = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be posted, and who would see it, and post nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="It has been looked at: post what was found in text, tables or JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Post nothing where any value is refused.")] = False,
    documentation: Annotated[bool, typer.Option("--allow-documentation", help="Take documentation addresses and example names for ordinary values.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a server that answers later.")] = 60,
    user: User = "", hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Post values as indicators, or STIX objects as they are, over TAXII. With --json one line for each."""
    from indicator_hub.cli.door import door_at
    from indicator_hub.normalise.draft import Choices
    from indicator_hub.store.opened import wall_clock

    given = _given(values or [], file, kind, documentation=documentation)
    chosen: dict[str, Any] = {
        "confidence": confidence, "days": valid_days, "until": None if valid_until is None else instant(valid_until),
        "words": tuple(label or ()), "pap": None if pap is None else pap.lower(), "name": name, "description": description,
        "references": tuple(reference or ()), "marks": tuple(marking or ()),
    }  # fmt: skip
    told = _Told(as_json=as_json)
    if given.stix:
        if level is not None or any(chosen.values()) or created_by:
            raise Invalid("STIX objects are posted as they are: leave out what is to be said of values.")
        door = door_at(place, hub, token_file, user=user)
        _pass_on(door, given.stix, told, dry_run=dry_run, wait=wait)
    else:
        stated = tlp(level)
        Choices("", "", stated, **chosen)  # what is wrong with them is said before anybody is asked
        door = door_at(place, hub, token_file, user=user, created_by=created_by)
        if not door.organisation:
            raise Invalid("Say whose it is, so that a value posted again is the same object: --created-by ID, or --user NAME.")  # fmt: skip
        reached = _level(stated, door.default, given.text, yes=yes)
        choices = Choices(door.group, door.organisation, reached, created_by_ref=door.created_by, **chosen)
        _offer(door, given, choices, told, dry_run=dry_run, yes=yes, strict=strict, wait=wait, now=wall_clock())
    told.close(dry_run=dry_run)


def tlp(text: str | None) -> int | None:
    """A TLP level as it may be written. Raises Invalid."""
    from indicator_hub.normalise.marks import level

    try:
        found = None if text is None else level(text)
    except ValueError:
        found = None
    if text is not None and found is None:
        raise Invalid("--level is CLEAR, GREEN, AMBER, AMBER+STRICT or RED.")
    return found


def instant(text: str) -> int:
    """A day or an instant, in microseconds. Raises Invalid."""
    from indicator_hub.normalise import dates

    found = dates.parse(text)
    if found is None:
        raise Invalid(f"{text[:50]} is no day and no instant: 2026-12-31, or 2026-12-31T12:00:00Z.")
    return found


def _given(values: list[str], file: Path | None, kind: str | None, *, documentation: bool) -> _Given:
    from indicator_hub.normalise.loose import of_values
    from indicator_hub.normalise.sniff import KINDS

    if kind is not None and kind not in KINDS:
        raise Invalid(f"--as is one of: {', '.join(KINDS)}.")
    if values == ["-"] and file is None:
        values, file = [], Path("-")
    if bool(values) == (file is not None):
        raise Invalid("Give values, or a file of them with --file FILE, or - for standard input.")
    if file is not None:
        return _of_file(file, kind, documentation=documentation)
    return _Given(list(of_values(values, documentation=documentation)))


def _of_file(file: Path, kind: Any, *, documentation: bool) -> _Given:
    import io

    from indicator_hub.normalise.loose import recognised
    from indicator_hub.normalise.text import Stream
    from indicator_hub.normalise.unpack import unpacked

    with contents(file) as body:
        content = body.read()
    as_what, found = recognised(content, kind, documentation=documentation)
    with unpacked(io.BytesIO(content)) as inner:
        text = Stream(inner).whole()
    if as_what == "stix":
        return _Given(stix=_received(text.encode("utf-8", "surrogatepass")))
    # A MISP event's tags are read with each of its values.
    return _Given(list(found), sure=as_what in _OF_VALUES, text="" if as_what == "misp" else text)


def _received(body: bytes) -> "list[Received]":
    from dataclasses import replace

    from indicator_hub.limits import LIMITS
    from indicator_hub.stix.reader import read

    return read(body, replace(LIMITS, objects=sys.maxsize))


def _level(stated: int | None, default: int | None, text: str, *, yes: bool) -> int:
    """How far it goes: as far as is said, else as the collection's own level, never further than the text itself says."""
    from indicator_hub.normalise.draft import said_level
    from indicator_hub.trust.ladder import NAMES

    says = said_level(text)
    level = default if stated is None else stated
    if level is None:
        raise Invalid("Say how far it may go: --level GREEN, for one.")
    if says is None or says <= level:
        return level
    if stated is None:
        print(f"It speaks of TLP:{NAMES[says]}: it is posted at that level.", file=sys.stderr)
        return says
    if yes:
        return level
    raise Invalid(
        f"It speaks of TLP:{NAMES[says]} itself: post it with --level {NAMES[says]}. Only its source may let it go further; --yes says that it has."
    )


class _Told:
    """What is said of each value or object, and counted. With JSON one line each, as it becomes known."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.counted: Counter[str] = Counter()
        self.failures: list[str] = []

    def refused(self, refusals: "Iterable[Refusal]") -> None:
        """What is no value, and why."""
        for one in refusals:
            self.counted["refused"] += 1
            self._say(
                {"outcome": "refused", "reason": one.reason, "raw": one.raw, "row": one.number},
                ("refused", one.reason, one.raw[:200]),
            )

    def one(self, outcome: str, what: "dict[str, Any]", message: str = "", **more: Any) -> None:
        """What became of one, or would."""
        self.counted[outcome] += 1
        if outcome == "failed":
            self.failures.append(message or what["object"])
        shown = (
            outcome, what.get("level", ""), what.get("valid_until", "")[:10], what.get("type", ""), what.get("value", ""),
            what["object"], f"({message})" if message else "",
        )  # fmt: skip
        self._say({"outcome": outcome} | what | ({"message": message} if message else {}) | more, shown)

    def _say(self, told: dict[str, Any], cells: Sequence[str]) -> None:
        show(told, lambda: ["  ".join(cell for cell in cells if cell)], as_json=self.as_json)

    def close(self, *, dry_run: bool) -> None:
        """The counts, for a person; and what failed is a refusal of the command. Raises HubError."""
        counted = sorted(self.counted.items(), key=lambda one: one[0] == "refused")
        parts = ", ".join(f"{number} {what}" for what, number in counted)
        if not self.as_json:
            print(f"{parts or 'Nothing'}. {'Nothing is posted: it was a dry run.' if dry_run else ''}".strip(), file=sys.stderr)  # fmt: skip
        if self.failures and not dry_run:
            more = f" And {len(self.failures) - 1} more." if len(self.failures) > 1 else ""
            raise HubError(f"Refused: {self.failures[0]}.{more}".replace("..", "."))


def _offer(
    door: "Door", given: _Given, choices: "Choices", told: _Told, *, dry_run: bool, yes: bool, strict: bool, wait: float, now: int
) -> None:  # fmt: skip
    from indicator_hub.normalise.draft import Known, drafts, unasked

    known: dict[str, Known | None] = {}
    while ids := unasked(given.found, choices, known):
        known |= door.known(ids)
    made = drafts(given.found, choices, now=now, known=known)
    told.refused(made.refused)
    _require_values(made, strict=strict)
    if not dry_run and not given.sure and not yes:
        _require_consent(door, made, told)
    what = [_what(one) for one in made.drafts]
    _each(door, [one.body for one in made.drafts], what, told, dry_run=dry_run, wait=wait)


def _require_values(made: "Drafted", *, strict: bool) -> None:
    if strict and made.refused:
        raise Invalid(f"Of these values {len(made.refused)} are refused, and with --strict nothing is posted.")
    if not made.drafts:
        raise Invalid("There is no value in it that can be posted. `indicator-hub normalise` tells what was read, and why.")  # fmt: skip


def _require_consent(door: "Door", made: "Drafted", told: _Told) -> None:
    """What was found in text, or in a table, may be somebody's own: a person sees it, and whom it would reach, and says that it is meant. Raises Invalid."""
    from indicator_hub.trust.ladder import NAMES

    _each(door, [one.body for one in made.drafts], [_what(one) for one in made.drafts], told, dry_run=True, wait=0)
    levels = " and ".join(sorted({f"TLP:{NAMES[one.level]}" for one in made.drafts if one.level is not None}))
    where = f"{len(made.drafts)} to {door.place or door.taxii.url} at {levels}"
    if sys.stdin.isatty() and sys.stderr.isatty() and typer.confirm(f"Post these {where}?", err=True):
        told.counted.clear()
        return
    raise Invalid(
        f"Nothing is posted yet: what was found in text or in a table may be innocent. Look at it, and then post these {where} with --yes, or name the values."
    )


def _what(one: "Draft") -> dict[str, Any]:
    from indicator_hub.stix import timestamps
    from indicator_hub.trust.ladder import NAMES

    told: dict[str, Any] = {"object": one.id, "type": one.type, "value": one.value, "row": one.row, "again": one.again}
    if one.level is not None:
        told["level"] = f"TLP:{NAMES[one.level]}"
    if one.valid_until is not None:
        told["valid_until"] = timestamps.render_milliseconds(one.valid_until)
    return told


def _pass_on(door: "Door", received: "Sequence[Received]", told: _Told, *, dry_run: bool, wait: float) -> None:
    what: list[dict[str, Any]] = []
    for number, one in enumerate(received, 1):
        value: Any = one.value
        said = cast("dict[str, Any]", value) if isinstance(value, dict) else dict[str, Any]()
        more = {"version": said["modified"]} if isinstance(said.get("modified"), str) else {}
        identifier = str(said.get("id") or f"number {number}")
        what.append({"object": identifier, "type": str(said.get("type", "")), "row": number} | more)
    _each(door, [one.raw for one in received], what, told, dry_run=dry_run, wait=wait)


def _each(
    door: "Door", objects: Sequence[bytes], what: Sequence[dict[str, Any]], told: _Told, *, dry_run: bool, wait: float
) -> None:
    from indicator_hub.cli.door import envelopes, progress

    at, step = 0, progress("Looked at" if dry_run else "Posted", len(objects))
    for part, envelope in envelopes(objects):
        these = what[at : at + len(part)]
        if dry_run:
            _foreseen(door.foresee(envelope), these, told)
        else:
            _settled(door.post(envelope, wait=wait), these, told)
        at += len(part)
        step(at)


_Said = tuple[str, dict[str, Any]]


def _settled(status: dict[str, Any], what: Sequence[dict[str, Any]], told: _Told) -> None:
    """What a status says of each; lists that a server leaves out (TAXII 2.1 section 4.3 allows it) are known by their count."""
    left: dict[str, list[_Said]] = {}
    for name, outcome in (("failures", "failed"), ("pendings", "pending"), ("successes", "posted")):
        for one in status.get(name, []):
            left.setdefault(str(one.get("id")), []).append((outcome, one))
    found = [_taken(left.get(one["object"], []), one.get("version")) for one in what]
    # What bears no id of its own fails under one that the server makes up.
    nameless = [one for each in left.values() for one in each if one[0] == "failed"]
    silent = "posted" if status.get("success_count") == status.get("total_count", len(what)) else "unclear"
    for one, settled in zip(what, found, strict=True):
        outcome, said = settled or (nameless.pop(0) if nameless else (silent, {}))
        more = {"version": said["version"]} if "version" in said else {}
        told.one(outcome, one, str(said.get("message", "")), **more)


def _taken(left: list[_Said], version: str | None) -> _Said | None:
    """What is said of an object, taken out of what is left of its id; of several that of its version first."""
    found = next((one for one in left if one[1].get("version") == version), left[0] if left else None)
    if found is not None:
        left.remove(found)
    return found


def _foreseen(items: Sequence[dict[str, Any]], what: Sequence[dict[str, Any]], told: _Told) -> None:
    """What would become of each, and below it, once for all that go equally far, who would see it."""
    if not items:
        for one in what:
            told.one("would be posted", one)
        return
    shown: list[Sequence[dict[str, Any]]] = []
    for item, one in zip(items, what, strict=True):
        outcome = "would be posted" if item["stored"] else "would not be posted"
        readers = item.get("readers", [])
        message = item.get("held") or item.get("message") or item["outcome"]
        told.one(outcome, {"level": item.get("level", "")} | one, message, readers=readers)
        if not told.as_json and readers and readers not in shown:
            shown.append(readers)
            show(None, lambda readers=readers: _readers(readers), as_json=False)


def _readers(readers: Sequence[dict[str, Any]]) -> list[str]:
    from indicator_hub.cli.deeds import reader_of

    return [
        f"   {'sees   ' if one['sees'] else 'does not'} {reader_of(one)}: {one['because']}"
        for one in readers if one.get("number") != 0
    ]  # fmt: skip
