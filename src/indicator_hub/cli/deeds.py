"""The commands that act as an account on a running hub: what one may see, one's own record, and the deeds on an object."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from indicator_hub.cli.asking import (
    HubUrl,
    Object,
    Place,
    Purpose,
    TokenFile,
    Version,
    Versions,
    hub_at,
    path_of,
    quoted,
)
from indicator_hub.cli.shell import Json, app, show
from indicator_hub.errors import HubError, Invalid


@app.command()
def access(hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """What may I see, and why: groups, roles, windows, rights, and from where to read again."""
    told = hub_at(hub, token_file).get("/access/")

    def lines() -> list[str]:
        scopes = ", ".join(told["scopes"])
        found = [f"{told['account']} ({told['kind']}; {scopes}) of {told['organisation']}, {told['nation']}"]
        for group in told["groups"]:
            until = f", until {group['until']}" if "until" in group else ""
            found.append(f"{group['name']}: reads {group['reads']}{until}")
            for one in group["collections"]:
                rights = ("r" if one["can_read"] else "") + ("w" if one["can_write"] else "")
                again = f"; read again from {one['reread_from']}" if "reread_from" in one else ""
                found.append(f"   {one['alias']} ({rights or '-'}) to {one['ceiling']}{again}   {one['id']}")
        return found

    show(told, lines, as_json=as_json)


@app.command("who-sees")
def who_sees(
    place: Place,
    one: Annotated[str | None, typer.Argument(metavar="OBJECT", help="The STIX id of an object that is there.")] = None,
    file: Annotated[Path | None, typer.Option(help="Objects that are still to be posted: an envelope or a bundle.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Whom an object reaches, by which rule, and whom not, and why: before it is posted or after."""
    if (one is None) == (file is None):
        raise Invalid("Name an object that is there, or with --file objects that are not.")
    asked = hub_at(hub, token_file)
    told = (
        asked.get(f"{path_of(place, one)}audience/")
        if one is not None
        else asked.post(f"{path_of(place)}audience/", content=_read(file))
    )

    def lines() -> list[str]:
        found: list[str] = []
        for item in told["items"]:
            head = f"{item['object']} {item.get('version', item.get('outcome', ''))}: {item.get('level') or item.get('held') or item.get('message', '')}"
            found.append(head)
            found += [
                f"   {'sees   ' if reader['sees'] else 'does not'} {reader_of(reader)}: {reader['because']}"
                for reader in item.get("readers", ())
                if reader.get("number") != 0
            ]
        return found

    show(told, lines, as_json=as_json)


def reader_of(reader: dict[str, Any]) -> str:
    """Who reads, as it is told."""
    if "organisation" not in reader:
        return str(reader["who"])
    number = f" ({reader['number']})" if "number" in reader else ""
    return f"{reader['organisation']} ({reader['nation']}, {reader['role']}), {reader['who']}{number}"


def _read(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None


@app.command()
def own(
    one: Annotated[str | None, typer.Argument(metavar="OBJECT", help="One object, with its versions.")] = None,
    state: Annotated[str | None, typer.Option(help="shared (as without it), held or recalled.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """One's organisation's own record: also what is held, and what was taken back."""
    if one is not None and state is not None:
        raise Invalid("One object is shown with all its versions: name it, or a state.")
    asked = hub_at(hub, token_file)
    told = asked.whole("/own/", state=state) if one is None else asked.get(f"/own/{quoted(one)}/")
    show(told, lambda: [_kept(item) for item in told["items"]] or ["Nothing."], as_json=as_json)


def _kept(item: dict[str, Any]) -> str:
    by = f" by its {item['recalled_by']}" if "recalled_by" in item else ""
    more = item.get("held") or item.get("level")
    line = f"{item['object']} {item['version']} {item['state']}{by} in {item.get('group', 'another group')}"
    return f"{line}: {more}" if more else line


@app.command()
def withdraw(place: Place, one: Object, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """It was wrong: publish the version that revokes it, so that every client hears of it."""
    told = hub_at(hub, token_file).post(f"{path_of(place, one)}withdraw/")
    _show_status(told, "Withdrawn", as_json=as_json)


def _show_status(told: dict[str, Any], done: str, *, as_json: bool) -> None:
    """What was done; what was refused is a refusal of the command. Raises HubError."""
    refused = [f"Refused: {one.get('message', one['id'])}" for one in told.get("failures", ())]
    if as_json or not refused:
        shown = [f"{done}: {one['id']}, version {one['version']}." for one in told.get("successes", ())]
        show(told, lambda: shown, as_json=as_json)
    if refused:
        raise HubError(" ".join(refused))


@app.command()
def recall(
    one: Object,
    place: Annotated[str | None, typer.Option("--from", metavar="GROUP/COLLECTION", help="Only there; else wherever it was shared.")] = None,
    reason: Annotated[str, typer.Option(help="shared_in_error, wrong_marking, legal, other.")] = "unspecified",
    version: Versions = None, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """It should not have been shared: take it back. Whoever was given it finds it in its recall list."""
    path = f"{path_of(place, one)}recall/" if place is not None else f"/own/{quoted(one)}/recall/"
    told = hub_at(hub, token_file).post(
        path, {"reason": reason, **({"versions": version} if version is not None else {})}
    )
    show(
        told,
        lambda: [f"Recalled, versions {', '.join(made['versions'])}: recall {made['id']}" for made in told["recalls"]],
        as_json=as_json,
    )


@app.command()
def reissue(
    place: Place, one: Object, version: Versions = None, hub: HubUrl = "", token_file: TokenFile = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Share again what was recalled: the same versions, delivered anew."""
    told = hub_at(hub, token_file).post(
        f"{path_of(place, one)}reissue/", {"versions": version} if version is not None else {}
    )

    def lines() -> list[str]:
        waiting = (
            f"Taken back by the other side too, which must bring it back as well: {', '.join(told.get('waiting', ()))}."
        )
        again = f"Shared again: {', '.join(told['versions'])}."
        return ([again] if told["versions"] or "waiting" not in told else []) + ([waiting] if "waiting" in told else [])

    show(told, lines, as_json=as_json)


@app.command()
def release(
    place: Place, one: Object, to: Annotated[str, typer.Argument(metavar="TO", help="GROUP/COLLECTION to copy it into.")],
    version: Version = None, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Copy a version into another collection. It stays its originator's, who must consent where its marks demand it."""
    path_of(to)
    group, _, collection = to.partition("/")
    body: dict[str, Any] = {"to": {"group": group, "collection": collection}} | (
        {"version": version} if version is not None else {}
    )
    told = hub_at(hub, token_file).post(f"{path_of(place, one)}release/", body)
    _show_status(told, "Released", as_json=as_json)


@app.command()
def evidence(
    place: Place, one: Object, purpose: Purpose,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the object's bytes there, as they were received.")] = None,
    version: Version = None, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Export a version for a court: its bytes, their hashes, who sent it and when. It is recorded."""
    import base64

    if output is not None:
        _require_writable(output)
    body = {"purpose": purpose} | ({"version": version} if version is not None else {})
    told = hub_at(hub, token_file).post(f"{path_of(place, one)}evidence/", body)
    show(told, lambda: [f"{name}: {value}" for name, value in told.items() if name != "bytes"], as_json=as_json)
    if output is not None:
        try:
            output.write_bytes(base64.b64decode(told["bytes"]))
        except OSError as error:
            raise HubError(f"It is exported and recorded, but {output} cannot be written: {error.strerror}.") from None


def _require_writable(output: Path) -> None:
    there = output if os.access(output, os.F_OK) else output.parent
    if not os.access(there, os.W_OK) or (there == output) == there.is_dir():
        raise Invalid(f"{output} cannot be written. Name another file with --output; nothing is exported yet.")


@app.command()
def recalls(
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only from then on.")] = None,
    issued: Annotated[bool, typer.Option("--issued", help="Of one's own objects: who had them, and who has acknowledged.")] = False,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """What was taken back after it had been given to us."""
    told = hub_at(hub, token_file).whole("/recalls/issued/" if issued else "/recalls/", since=since)

    def lines() -> list[str]:
        found: list[str] = []
        for item in told["items"]:
            found.append(
                f"{item['id']}  {item['at']}  {item['object']} in {item.get('group', 'another group')}, by its {item['by']}: {item['reason']}"
            )
            found += [
                f"   {who['organisation']}: {who.get('acknowledged', 'not acknowledged')}"
                for who in item.get("recipients", ())
            ]
            if "elsewhere" in item:
                found.append(
                    f"   {item['elsewhere']['given']} had it there, {item['elsewhere']['acknowledged']} have acknowledged"
                )
            if not issued:
                found.append(f"   {item.get('acknowledged', 'not acknowledged')}")
        return (found or ["Nothing."]) + ([f"The next time: --since {told['since']}"] if "since" in told else [])

    show(told, lines, as_json=as_json)


@app.command()
def acknowledge(
    recall: Annotated[str, typer.Argument(metavar="RECALL", help="The recall, as `recalls` names it.")],
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Tell its originator that one's organisation has acted on a recall."""
    told = hub_at(hub, token_file).post(f"/recalls/{quoted(recall)}/acknowledge/")
    show(told, lambda: [f"Acknowledged: {told['object']}."], as_json=as_json)
