"""Search what one may see, one question or a whole list at once, and export it as devices read it."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from indicator_hub.cli.asking import LEVELS, HubUrl, TokenFile, hub_at, quoted, words
from indicator_hub.cli.shell import Json, app, contents, show
from indicator_hub.errors import HubError, Invalid

if TYPE_CHECKING:
    from indicator_hub.cli.remote import Hub

_MOST = 10_000
"""Values in one question."""
_PIECE = 65_536
_SAME = 304
Group = Annotated[str | None, typer.Option("--group", metavar="GROUP", help="Only in this group.")]
Collection = Annotated[str | None, typer.Option("--collection", metavar="COLLECTION", help="Only in this collection.")]
Originator = Annotated[str | None, typer.Option("--originator", metavar="ORGANISATION", help="Only what it shared.")]
Level = Annotated[
    str | None,
    typer.Option("--level", metavar="TLP", autocompletion=LEVELS, help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED."),
]
Label = Annotated[str | None, typer.Option("--label", metavar="WORD", help="With this label or indicator type.")]
Least = Annotated[int | None, typer.Option("--confidence", metavar="LEAST", help="As sure as that, from 0 to 100.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="So many at most.")]


@app.command()
def search(
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help="Values in any spelling, a STIX id, or words of name and labels.")] = None,
    listed: Annotated[Path | None, typer.Option("--list", metavar="FILE", help="Do we know these? A file of values, or text with values in it; - for standard input.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Values of this kind: domain-name, ipv4-addr, sha256 ...")] = None,
    of_type: Annotated[str | None, typer.Option("--type", help="Objects of this type: indicator, report ...")] = None,
    level: Level = None, group: Group = None, collection: Collection = None, originator: Originator = None, label: Label = None,
    valid: Annotated[str | None, typer.Option("--valid", autocompletion=words("valid", "expired", "all"), help="valid, expired or all; else all.")] = None,
    confidence: Least = None,
    sighted: Annotated[bool | None, typer.Option("--sighted/--unsighted", help="Only what was seen, or was not.")] = None,
    revoked: Annotated[bool, typer.Option("--revoked", help="What was withdrawn.")] = False,
    limit: Limit = None, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Search everything that one may see, the newest first. With --json one line for each."""
    filters = {
        "kind": kind, "type": of_type, "level": level, "group": group, "collection": collection, "originator": originator,
        "label": label, "valid": valid, "confidence": confidence, "sighted": None if sighted is None else str(sighted).lower(),
        "revoked": "true" if revoked else None,
    }  # fmt: skip
    typed = query or []
    if typed == ["-"] and listed is None:
        typed, listed = [], Path("-")
    values = _values(typed, listed)
    if values is not None:
        if any(one is not None for one in filters.values()):
            raise Invalid("A list is looked up as it is: leave out the filters, or search for one at a time.")
        _look_up(values, hub, token_file, as_json=as_json)
        return
    asked, number = hub_at(hub, token_file), 0
    most = {"limit": min(limit, 500)} if limit is not None else {}
    for items in asked.pages("/search/", q=" ".join(typed) or None, **filters, **most):
        for item in items:
            if limit is not None and number == limit:
                return
            number += 1
            show(item, lambda item=item: [_hit(item)], as_json=as_json)
    if not number and not as_json:
        print("Nothing.")


def _values(words: Sequence[str], listed: Path | None) -> list[str] | None:
    """The values that are looked up: those of a list, or several that are typed; None for a question. Raises Invalid."""
    from indicator_hub.normalise.loose import Found, recognised
    from indicator_hub.normalise.observe import value_by_shape

    if listed is None:
        several = len(words) > 1 and all(value_by_shape(one, documentation=True) is not None for one in words)
        return list(words) if several else None
    if words:
        raise Invalid("Give a question, or a list with --list FILE.")
    with contents(listed) as body:
        _, found = recognised(body, documentation=True)
        return list(dict.fromkeys(one.value if isinstance(one, Found) else one.raw for one in found))


def _look_up(values: Sequence[str], hub: str, token_file: Path | None, *, as_json: bool) -> None:
    asked, counted = hub_at(hub, token_file), Counter[str]()
    for begin in range(0, len(values), _MOST):
        for item in asked.post("/search/", {"values": list(values[begin : begin + _MOST])})["items"]:
            known = "refused" if "refused" in item else "known" if item.get("hits") else "unknown"
            counted[known] += 1
            show(item, lambda item=item, known=known: _looked_up(item, known), as_json=as_json)
    if not as_json:
        parts = ", ".join(f"{number} {what}" for what, number in counted.most_common())
        print(f"{parts or 'Nothing'}.", file=sys.stderr)


def _looked_up(item: dict[str, Any], known: str) -> list[str]:
    value = item.get("value") or item.get("raw", "")
    why = f"  {item['refused']}" if "refused" in item else ""
    return [f"{known:<8}  {item.get('kind', ''):<12}  {value}{why}"] + [
        f"   {_hit(hit)}" for hit in item.get("hits", ())
    ]


def _hit(item: dict[str, Any]) -> str:
    values = " ".join(one["value"] for one in item.get("values", ())[:3])
    until = f"until {item['valid_until'][:10]}" if item.get("valid_until") else ""
    sure = f"confidence {item['confidence']}" if item.get("confidence") is not None else ""
    seen = f"seen {item['sightings']}{'+' * item.get('more_sightings', False)} times" if item.get("sightings") else ""
    where = f"{item['group']}/{item['collection']}"
    who = f"of {item['originator']}" if item.get("originator") else ""
    cells = (
        item.get("level", ""), values or item.get("name", ""), until, sure, seen, "withdrawn" if item.get("revoked") else "",
        where, who, item["object"],
    )  # fmt: skip
    return "  ".join(cell for cell in cells if cell)


@app.command()
def export(
    place: Annotated[str, typer.Argument(metavar="GROUP", help="A group, or GROUP/COLLECTION.")],
    form: Annotated[str | None, typer.Argument(metavar="FORMAT", help="As docs/exports.md names it: edl/ip.txt, csv/indicators.csv, stix/bundle.json ...; without it the list of them.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, whole or not at all; else to standard output.")] = None,
    etag: Annotated[Path | None, typer.Option("--etag", metavar="FILE", help="Where the ETag of the last export lies: asked again only if something has changed.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Values of this kind; may be repeated.")] = None,
    level: Level = None, confidence: Least = None,
    age: Annotated[str | None, typer.Option("--age", help="What came within so many days or hours: 30d, 12h.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", metavar="WORD", help="With this label or indicator type; may be repeated.")] = None,
    collection: Annotated[list[str] | None, typer.Option("--collection", metavar="COLLECTION", help="Only this collection; may be repeated.")] = None,
    originator: Annotated[list[str] | None, typer.Option("--originator", metavar="ORGANISATION", help="Only what it shared; may be repeated.")] = None,
    limit: Limit = None,
    further: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="What else the format takes: zone=rpz.example.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """A list as a device reads it, of what one may see in a group. With --json one line that tells what was written."""
    from indicator_hub.cli.remote import EXPORTS

    asked = replace(hub_at(hub, token_file), speech=EXPORTS)
    if form is None:
        _catalogue(asked, place, as_json=as_json)
        return
    if as_json and output is None:
        raise Invalid("The list itself goes to standard output: with --json name a file with --output.")
    if output is not None and not output.parent.is_dir():
        raise Invalid(f"{output} cannot be written: there is no folder {output.parent}.")
    query = [
        *(("kind", one) for one in kind or ()), *(("level", one) for one in (level,) if one is not None),
        *(("confidence", str(one)) for one in (confidence,) if one is not None), *(("age", one) for one in (age,) if one is not None),
        *(("label", one) for one in label or ()), *(("collection", one) for one in collection or ()),
        *(("originator", one) for one in originator or ()), *(("limit", str(one)) for one in (limit,) if one is not None),
        *map(_pair, further or ()),
    ]  # fmt: skip
    # Where the file is gone it is wanted again, whatever was there before.
    known = {"If-None-Match": tag} if etag is not None and _is_there(output) and (tag := _tag(etag)) else {}
    with asked.fetched(_path(place, form), query, known) as answer:
        changed = answer.status_code != _SAME
        size = _write(answer.iter_bytes(_PIECE), output) if changed else 0
        said = answer.headers.get("etag", "")
        if (cut := answer.headers.get("x-hub-truncated", "0")) != "0":
            print(f"It is cut off at --limit {limit}: {cut} more there would be.", file=sys.stderr)
    if changed and etag is not None:
        _keep(etag, said)
    if as_json:
        show({"file": str(output), "changed": changed, "bytes": size, "etag": said}, list, as_json=True)
    elif not changed:
        print("Nothing has changed since, and nothing is written.", file=sys.stderr)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Invalid("--set takes NAME=VALUE, like zone=rpz.example.")
    return name, value


def _catalogue(asked: "Hub", place: str, *, as_json: bool) -> None:
    """What lists there are, each as FORMAT names it."""
    group = f"/{quoted(place.partition('/')[0])}/"
    with asked.fetched(group, [], {}) as answer:
        answer.read()
        paths = [line.strip() for line in answer.text.splitlines() if line.strip()]
    found = [one.removeprefix(f"{asked.speech.below}{group}") for one in paths]
    show({"items": found}, lambda: found, as_json=as_json)


def _path(place: str, form: str) -> str:
    group, slash, collection = place.partition("/")
    base = f"/{quoted(group)}/" + (f"collections/{quoted(collection)}/" if slash else "")
    return base + "/".join(quoted(part) for part in form.strip("/").split("/"))


def _tag(file: Path) -> str:
    try:
        found = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{file} holds no ETag: name another file, or take it away.") from None
    return found if found.isprintable() else ""


def _is_there(output: Path | None) -> bool:
    return output is None or output.exists()


def _keep(file: Path, tag: str) -> None:
    try:
        file.write_text(f"{tag}\n", encoding="ascii")
    except OSError as error:
        raise HubError(f"It is exported, but {file} cannot be written: {error.strerror}.") from None


def _write(pieces: Iterator[bytes], output: Path | None) -> int:
    """To standard output as it comes; a file is there whole or not at all, as a device may read it meanwhile. Raises HubError."""
    if output is None:
        return _poured(pieces, sys.stdout.buffer)
    half = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with half.open("wb") as file:
            size = _poured(pieces, file)
        half.replace(output)
    except OSError as error:
        raise HubError(f"{output} cannot be written: {error.strerror}.") from None
    finally:
        half.unlink(missing_ok=True)
    return size


def _poured(pieces: Iterator[bytes], file: BinaryIO) -> int:
    size = 0
    for piece in pieces:
        size += file.write(piece)
    file.flush()
    return size
