"""The commands. Each reads the settings, opens what it needs, and does one deed; what is imported only there starts the others quicker."""

import asyncio
import json
import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from indicator_hub import __version__
from indicator_hub.cli.shell import Database, Json, app
from indicator_hub.errors import Invalid


class Kind(Enum):
    """Who an account is."""

    person = "person"
    service = "service"


def _version(value: bool) -> None:
    if value:
        print(f"indicator-hub {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="A TOML file with settings; else the one that INDICATOR_HUB_CONFIG names."
        ),
    ] = None,
) -> None:
    """Settings are environment variables INDICATOR_HUB_..., or keys of a TOML file; see the README."""
    if config is not None:
        os.environ["INDICATOR_HUB_CONFIG"] = str(config)


_config = typer.Typer(no_args_is_help=True, help="The settings: `show` tells each, and where it was said.")
app.add_typer(_config, name="config")


@_config.command("show")
def config_show(database: Database = None, as_json: Json = False) -> None:
    """Every setting, its value, where it was said, and what it is for. Passwords are not shown."""
    from indicator_hub.settings import told

    found = told(database_url=database)
    if as_json:
        for one in found:
            print(json.dumps({"setting": one.name, "value": one.value, "origin": one.origin, "sentence": one.sentence}))
        return
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.name:{width}}  {one.value or '-'}  ({one.origin})\n{'':{width}}  {one.sentence}")


@app.command()
def migrate(database: Database = None) -> None:
    """Make the database's tables, or bring them up to date."""
    from indicator_hub.cli.bundled import migrations
    from indicator_hub.cli.opening import require_directory
    from indicator_hub.settings import load
    from indicator_hub.store.migrate import migrate as run

    settings = load(database_url=database)
    require_directory(settings)
    asyncio.run(run(settings.database(), migrations(), pgbouncer=settings.database_pgbouncer))
    print("The database is up to date.")


@app.command()
def doctor(database: Database = None, as_json: Json = False) -> None:
    """What keeps this hub from working, or will: its settings, secrets, certificate, database, schedule. Changes nothing that is stored."""
    from indicator_hub.cli.doctor import doctor as run

    sys.exit(asyncio.run(run(database=database, as_json=as_json)))


@app.command()
def apply(
    path: Annotated[Path, typer.Argument(help="A folder of YAML declarations, or one file.")],
    plan: Annotated[bool, typer.Option("--plan", help="Print what would change, and change nothing.")] = False,
    database: Database = None,
) -> None:
    """Declare who shares with whom: agreements, groups, members, collections, feeds."""
    from indicator_hub.cli.declarations import read
    from indicator_hub.cli.opening import opened
    from indicator_hub.errors import Conflict
    from indicator_hub.sharing import apply as deed
    from indicator_hub.trust.difference import render

    declared = read(path)

    async def run() -> None:
        async with opened(database) as store:
            found = await deed.plan(store, declared)
            if found.mistakes:
                raise Conflict("\n".join(found.mistakes))
            print(render(found))
            if not plan and found.changes:
                await deed.apply(
                    store, declared, lambda number: print(f"Ruled again: {number} entries.", file=sys.stderr)
                )
                print("Applied.")

    asyncio.run(run())


@app.command()
def enrol(
    account: Annotated[str, typer.Argument(help="The account's name.")],
    organisation: Annotated[str, typer.Option("--organisation", "-o", help="The organisation it acts for.")],
    kind: Annotated[Kind, typer.Option(help="A person, or a service.")] = Kind.person,
    scopes: Annotated[
        str | None, typer.Option(help="What it may do at most: some of read,submit,manage; all for a new account.")
    ] = None,
    lists_empty: Annotated[
        bool | None,
        typer.Option("--empty-lists/--no-empty-lists", help="Send its client an empty list instead of no `objects`."),
    ] = None,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "",
    until: Annotated[str | None, typer.Option(help="When the token ends: a date, or a UTC timestamp.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make an account (if it is new) and a token for it. The token is shown once; the hub keeps only its SHA-256."""
    from indicator_hub.cli.opening import opened
    from indicator_hub.sharing import enrol as deed

    async def run() -> str:
        async with opened(database) as store:
            _, token = await deed.enrol(
                store,
                account,
                organisation=organisation,
                kind=kind.value,
                scopes=None if scopes is None else [scope.strip() for scope in scopes.split(",") if scope.strip()],
                lists_empty=lists_empty,
                label=label,
                ends=_instant(until),
            )
            return token

    token = asyncio.run(run())
    if as_json:
        print(json.dumps({"username": account, "token": token}))
    else:
        print(f"{account} of {organisation}\n{token}\nKeep it now: it cannot be shown again.")


@app.command()
def password(
    account: Annotated[str, typer.Argument(help="The account of a person.")],
    database: Database = None,
) -> None:
    """Set the password with which a person signs in to the console: asked for on a terminal, else the first line of standard input."""
    from indicator_hub.cli.opening import opened
    from indicator_hub.sharing import sign_in as deed

    asked = sys.stdin.isatty()
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if asked else sys.stdin.readline()

    async def run() -> None:
        async with opened(database) as store:
            await deed.set_password(store, account, given.rstrip("\r\n"))

    asyncio.run(run())
    print(f"{account} signs in with it now; whoever was signed in as {account} is so no longer.")


@app.command()
def revoke(account: str, database: Database = None) -> None:
    """Make every token of an account worthless, at once."""
    from indicator_hub.cli.opening import opened
    from indicator_hub.sharing import enrol as deed

    async def run() -> int:
        async with opened(database) as store:
            return await deed.revoke(store, account)

    print(f"{asyncio.run(run())} tokens of {account} revoked.")


@app.command()
def suspend(
    name: Annotated[str, typer.Argument(help="The account, or with --organisation the organisation.")],
    organisation: Annotated[
        bool, typer.Option("--organisation", help="Suspend an organisation, with all its accounts.")
    ] = False,
    database: Database = None,
) -> None:
    """Refuse an account, or a whole organisation, from the next request on."""
    _suspend(name, organisation, suspended=True, database=database)
    print(f"{name} is suspended.")


@app.command()
def reinstate(
    name: Annotated[str, typer.Argument(help="The account, or with --organisation the organisation.")],
    organisation: Annotated[bool, typer.Option("--organisation", help="Reinstate an organisation.")] = False,
    database: Database = None,
) -> None:
    """Take a suspension back."""
    _suspend(name, organisation, suspended=False, database=database)
    print(f"{name} is reinstated.")


def _suspend(name: str, organisation: bool, *, suspended: bool, database: str | None) -> None:
    from indicator_hub.cli.opening import opened
    from indicator_hub.sharing import enrol as deed

    async def run() -> None:
        async with opened(database) as store:
            await deed.suspend(store, name, whole_organisation=organisation, suspended=suspended)

    asyncio.run(run())


@app.command()
def ingest(
    feeds: Annotated[list[str] | None, typer.Argument(help="The feeds to run; none: all that are declared.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read the content even if the source says that it has not changed.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="Take what is held for a person: less than half of the last one, too much on warning lists, only refused rows.",
        ),
    ] = False,
    content: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take this file for one feed, this once; - for standard input."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what a run would do, and do nothing.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Run feeds: fetch, clean, submit. Every candidate is accounted for; refused rows go to quarantine with their reason."""
    from indicator_hub.cli.ingesting import ingest as run

    sys.exit(
        asyncio.run(
            run(
                feeds or [],
                again=again,
                accept=accept,
                rehearsed=dry_run,
                content=content,
                database=database,
                as_json=as_json,
            )
        )
    )


@app.command()
def feeds(database: Database = None, as_json: Json = False) -> None:
    """How each feed stands: its last run, its next one, and how many refused rows wait for a person."""
    from indicator_hub.cli.ingesting import stand

    asyncio.run(stand(database=database, as_json=as_json))


@app.command()
def quarantine(
    feed: Annotated[str, typer.Argument(help="The feed.")],
    reason: Annotated[str | None, typer.Option(help="Only what was refused for this.")] = None,
    row: Annotated[list[int] | None, typer.Option(help="This row, by its number in the list; may be repeated.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Let them through: the next run takes them.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="They were refused rightly.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """What a feed refused, and why; with --release or --dismiss what becomes of it."""
    from indicator_hub.cli.ingesting import refused

    if release and dismiss:
        raise Invalid("Release them, or dismiss them.")
    how = "released" if release else "dismissed" if dismiss else None
    asyncio.run(refused(feed, reason=reason, rows=row or [], how=how, database=database, as_json=as_json))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0: any free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; several need PostgreSQL.")] = None,
    database: Database = None,
) -> None:
    """Serve TAXII 2.1."""
    from indicator_hub.cli.serving import serve as run
    from indicator_hub.settings import load

    run(
        load(host=host, port=port, workers=workers, database_url=database),
        ready=lambda url: print(f"Serving {url}/taxii2/", file=sys.stderr),
    )


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0: any free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("indicator-hub-demo"),
    database: Database = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when ready, and nothing else.")
    ] = False,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Without rate limits and lock-outs. Size limits stay.")
    ] = False,
) -> None:
    """A whole hub with four nations, on sample data: apply, enrol, ingest, post, serve."""
    from indicator_hub.cli.demo import demo as run

    del no_limits  # nothing is limited by rate yet; scripts may already say that they want no limit
    run(host=host, port=port, data=data, database=database, as_json=as_json)


def _instant(text: str | None) -> int | None:
    from indicator_hub.stix import timestamps

    if text is None:
        return None
    try:
        return timestamps.parse(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError:
        raise Invalid("--until takes a date like 2027-01-31 or a timestamp like 2027-01-31T12:00:00Z.") from None


# Their commands stand beside these, and behind them in the list.
from indicator_hub.cli import deeds, looking, normalising, parties, posting, sighting  # noqa: E402

__all__ = ["app", "deeds", "looking", "normalising", "parties", "posting", "sighting"]
