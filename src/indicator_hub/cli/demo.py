"""The main job in one command: migrate, apply, enrol, ingest, post, serve; and how to look at it."""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indicator_hub.cli.bundled import collections, migrations
from indicator_hub.cli.casework import casework
from indicator_hub.cli.declarations import read
from indicator_hub.cli.ingesting import words
from indicator_hub.cli.opening import make_directory, require_directory
from indicator_hub.cli.serving import serve
from indicator_hub.errors import NotFound
from indicator_hub.ingest.run import run as run_feed
from indicator_hub.settings import Settings, load
from indicator_hub.sharing import authenticate
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.claim import declared
from indicator_hub.sharing.enrol import SCOPES, enrol, revoke
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.sharing.submit import submit
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import Store, open_store
from indicator_hub.trust.difference import render
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account, AccountKind

_ACCOUNTS: tuple[tuple[str, str, AccountKind, tuple[str, ...]], ...] = (
    ("xa-analyst", "xa-cert", "person", SCOPES),
    ("xb-soc-analyst", "xb-soc", "person", SCOPES),
    ("xc-investigator", "xc-cert", "person", SCOPES),
    ("xd-analyst", "xd-cert", "person", SCOPES),
    ("xa-police-desk", "xa-police", "person", SCOPES),
    ("xb-cert-siem", "xb-cert", "service", SCOPES),
    ("xd-sensor", "xd-cert", "service", ("submit",)),
)
Say = Callable[[str], None]
_CASE = ("night-heron", "casework")


@dataclass(frozen=True, slots=True)
class _Enrolled:
    account: Account
    token: str
    password: str
    """With which a person signs in to the console; empty for a service."""
    reaches: tuple[Reach, ...]


def demo(*, host: str, port: int, data: Path, database: str | None, as_json: bool) -> None:
    """Run the demo until it is told to stop. Raises Misconfigured with what to do next."""
    settings = load(host=host, port=port, data_dir=data, database_url=database or "", title="Indicator hub, demo")
    enrolled: list[_Enrolled] = []
    say = _silent if as_json else print

    def prepare() -> None:
        make_directory(data)
        require_directory(settings)
        enrolled.extend(asyncio.run(_prepare(settings, say)))

    def ready(url: str) -> None:
        shown = _described(url, enrolled)
        print(json.dumps(shown) if as_json else _guide(url, enrolled), flush=True)

    serve(settings, ready, prepare)


def _silent(_: str) -> None:
    """Nothing but the one line on standard output."""


async def _prepare(settings: Settings, say: Say) -> list[_Enrolled]:
    await migrate(settings.database(), migrations(), pgbouncer=settings.database_pgbouncer)
    store = await open_store(settings.database(), pgbouncer=settings.database_pgbouncer)
    try:
        say("\n1. Who shares with whom, as declared in collections/*.yaml\n")
        say(render(await apply(store, read(collections()))))
        enrolled = await _enrol(store)
        say("\n2. Feeds, cleaned and accounted for\n")
        for feed in await declared(store):
            say("   " + words(feed.name, *await run_feed(store, feed, again=True)))
        await _post(store, next(one for one in enrolled if one.account.name == "xc-investigator"))
        say("\n3. An investigator of XC has posted a case into the joint operation.")
        return enrolled
    finally:
        await store.close()


async def _enrol(store: Store) -> list[_Enrolled]:
    """Fresh tokens at every start: they are shown once, and the former ones end."""
    enrolled: list[_Enrolled] = []
    for name, organisation, kind, scopes in _ACCOUNTS:
        with suppress(NotFound):
            await revoke(store, name)
        account, token = await enrol(store, name, organisation=organisation, kind=kind, scopes=scopes, label="demo")
        password = secrets.token_urlsafe(12) if kind == "person" else ""
        if password:
            await set_password(store, name, password)
        reaches: list[Reach] = []
        for group in await authenticate.groups(store, account):
            reaches += await authenticate.collections(store, account, group.group.name)
        enrolled.append(_Enrolled(account, token, password, tuple(reaches)))
    return enrolled


async def _post(store: Store, author: _Enrolled) -> None:
    group, collection = _CASE
    who = await identify(store, author.token, username=author.account.name, group=group, collection=collection)
    identities = read(collections()).organisations[author.account.organisation].stix_identities
    await submit(store, Caller(who.account), who.require_reach(), casework(identities[0]))


def _described(url: str, enrolled: Sequence[_Enrolled]) -> dict[str, object]:
    """What a script needs to use the demo."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for one in enrolled:
        for reach in one.reaches:
            collection = reach.require_collection()
            entry = {"id": collection.id, "alias": collection.alias, "title": collection.title}
            groups.setdefault(reach.group.name, {})[collection.alias] = entry
    return {
        "url": url,
        "console": f"{url}/console/",
        "discovery": f"{url}/taxii2/",
        "groups": [
            {"name": name, "api_root": f"{url}/taxii2/{name}/", "collections": list(found.values())}
            for name, found in groups.items()
        ],
        "accounts": [
            {
                "username": one.account.name,
                "password": one.token,
                "token": one.token,
                **({"console_password": one.password} if one.password else {}),
                "organisation": one.account.organisation,
                "nation": one.account.nation,
                "kind": one.account.kind,
                "access": {
                    reach.require_collection().id: access for reach in one.reaches if (access := _access(reach))
                },
            }
            for one in enrolled
        ],
    }


def _access(reach: Reach) -> str:
    return ("r" if reach.can_read else "") + ("w" if reach.can_write else "")


def _guide(url: str, enrolled: Sequence[_Enrolled]) -> str:
    """How to look at it: lines to paste."""
    tokens = {one.account.name: one.token for one in enrolled}
    doors = "\n".join(f"   {one.account.name:16} {one.password}" for one in enrolled if one.password)
    people = "\n".join(
        f"   {one.account.name:16} {one.account.nation}  {', '.join(_where(reach) for reach in one.reaches)}"
        for one in enrolled
    )
    return f"""
4. Serving {url}/taxii2/   (Ctrl-C ends it)

   account          of  may (r read, w write)
{people}

The console is at {url}/console/ for these people and passwords:

{doors}

Look at it: two partners poll the same collection, and each sees what its trust groups allow.

   curl -s -u xa-analyst:{tokens["xa-analyst"]} {url}/taxii2/sentinel/collections/feeds/objects/ | python3 -m json.tool
   curl -s -u xb-soc-analyst:{tokens["xb-soc-analyst"]} {url}/taxii2/sentinel/collections/feeds/objects/ | python3 -m json.tool

The joint operation does not exist for XA, and everybody reads the public group:

   curl -si -u xa-analyst:{tokens["xa-analyst"]} {url}/taxii2/night-heron/
   curl -s {url}/taxii2/public/collections/advisories/manifest/

With taxii2-client:

   from taxii2client.v21 import Server
   hub = Server("{url}/taxii2/", user="xd-analyst", password="{tokens["xd-analyst"]}")
   for root in hub.api_roots:
       for collection in root.collections:
           print(root.title, "/", collection.title, len(collection.get_objects().get("objects", [])))
"""


def _where(reach: Reach) -> str:
    return f"{reach.group.name}/{reach.require_collection().alias}:{_access(reach)}"
