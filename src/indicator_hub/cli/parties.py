"""The commands between partners on a running hub: consents, named persons, accounts, and an operation's report."""

from typing import Annotated, Any

import typer

from indicator_hub.cli.asking import HubUrl, Object, Place, Purpose, TokenFile, Version, hub_at, path_of, quoted
from indicator_hub.cli.shell import Json, app, show

consents = typer.Typer(help="Ask an originator, and answer who asks.", no_args_is_help=True)
names = typer.Typer(help="Who reads TLP:RED in a group.", no_args_is_help=True)
accounts = typer.Typer(help="The accounts of one's own organisation.", no_args_is_help=True)
app.add_typer(consents, name="consent")
app.add_typer(names, name="name")
app.add_typer(accounts, name="account")


@consents.command("ask")
def consent_ask(
    place: Place, one: Object, purpose: Purpose,
    to: Annotated[str | None, typer.Option("--to", metavar="GROUP", help="To release it there; else to use it as evidence.")] = None,
    version: Version = None, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Ask an originator for leave: to release a version into a group, or to use it as evidence."""
    path_of(place)
    group, _, collection = place.partition("/")
    body: dict[str, Any] = {"group": group, "collection": collection, "object": one, "purpose": purpose}
    body |= {"use": "release", "to": to} if to is not None else {"use": "evidence"}
    told = hub_at(hub, token_file).post("/consents/", body | ({"version": version} if version is not None else {}))
    show(told, lambda: [_consent(told)], as_json=as_json)


def _consent(told: dict[str, Any]) -> str:
    use = f"release into {told['to']}" if "to" in told else "use as evidence"
    state = told["state"] + (f" until {told['until']}" if "until" in told else "")
    return f"{told['id']}  {state}: {told['asker']} asks {told.get('originator', 'its originator')} to {use} {told['object']}: {told['purpose']}"


@consents.command("list")
def consent_list(
    state: Annotated[str | None, typer.Option(help="asked, granted, refused or withdrawn.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """What was asked of us, and by us, the newest first."""
    told = hub_at(hub, token_file).whole("/consents/", state=state)
    show(told, lambda: [_consent(item) for item in told["items"]] or ["Nothing."], as_json=as_json)


Consent = Annotated[str, typer.Argument(metavar="CONSENT", help="The consent, as `consent list` names it.")]


@consents.command("grant")
def consent_grant(
    consent: Consent, until: Annotated[str | None, typer.Option(metavar="TIME", help="Until when it holds.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Grant what was asked."""
    told = hub_at(hub, token_file).post(
        f"/consents/{quoted(consent)}/grant/", {"until": until} if until is not None else {}
    )
    show(told, lambda: [_consent(told)], as_json=as_json)


@consents.command("refuse")
def consent_refuse(consent: Consent, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """Refuse it."""
    told = hub_at(hub, token_file).post(f"/consents/{quoted(consent)}/refuse/")
    show(told, lambda: [_consent(told)], as_json=as_json)


@consents.command("withdraw")
def consent_withdraw(consent: Consent, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """Withdraw what was granted: what was released on it is recalled."""
    told = hub_at(hub, token_file).post(f"/consents/{quoted(consent)}/withdraw/")
    show(told, lambda: [_consent(told)], as_json=as_json)


Group = Annotated[str, typer.Argument(metavar="GROUP")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]


def _named(told: dict[str, Any]) -> str:
    window = ", ".join(f"{word} {told[word]}" for word in ("from", "until") if word in told)
    return f"{told['account']} of {told['organisation']} is {told['state']}" + (f", {window}" if window else "")


@names.command("propose")
def name_propose(
    group: Group, account: Account,
    starts: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From when on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Until when.")] = None,
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Put a person of one's own organisation forward. A steward of the group confirms it."""
    body = {
        name: value for name, value in (("account", account), ("from", starts), ("until", until)) if value is not None
    }
    told = hub_at(hub, token_file).post(f"/groups/{quoted(group)}/named/", body)
    show(told, lambda: [_named(told)], as_json=as_json)


@names.command("confirm")
def name_confirm(
    group: Group,
    account: Account,
    hub: HubUrl = "",
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Confirm it, as a steward."""
    told = hub_at(hub, token_file).post(f"/groups/{quoted(group)}/named/{quoted(account)}/confirm/")
    show(told, lambda: [_named(told)], as_json=as_json)


@names.command("end")
def name_end(
    group: Group,
    account: Account,
    hub: HubUrl = "",
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Named, or put forward, no longer."""
    told = hub_at(hub, token_file).delete(f"/groups/{quoted(group)}/named/{quoted(account)}/")
    show(told, lambda: [f"{account} is named no longer."], as_json=as_json)


@names.command("list")
def name_list(group: Group, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """Who is named or put forward: all for a steward, one's own organisation's for others."""
    told = hub_at(hub, token_file).get(f"/groups/{quoted(group)}/named/")
    show(told, lambda: [_named(item) for item in told["items"]] or ["Nobody."], as_json=as_json)


@accounts.command("list")
def account_list(hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """One's organisation's accounts."""
    told = hub_at(hub, token_file).get("/accounts/")
    show(told, lambda: [_account(item) for item in told["items"]], as_json=as_json)


def _account(told: dict[str, Any]) -> str:
    return f"{told['account']} ({told['kind']}; {', '.join(told['scopes'])})" + (
        " suspended" if told["suspended"] else ""
    )


@accounts.command("suspend")
def account_suspend(account: Account, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """Refuse an account of one's own organisation from its next request on."""
    told = hub_at(hub, token_file).post(f"/accounts/{quoted(account)}/suspend/")
    show(told, lambda: [_account(told)], as_json=as_json)


@accounts.command("reinstate")
def account_reinstate(account: Account, hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False) -> None:
    """Take that back."""
    told = hub_at(hub, token_file).post(f"/accounts/{quoted(account)}/reinstate/")
    show(told, lambda: [_account(told)], as_json=as_json)


@app.command()
def report(
    operation: Annotated[str, typer.Argument(metavar="OPERATION", help="The group.")],
    hub: HubUrl = "", token_file: TokenFile = None, as_json: Json = False,
) -> None:  # fmt: skip
    """An operation's report, for its stewards: what each gave and received. Also when it has ended."""
    told = hub_at(hub, token_file).get(f"/operations/{quoted(operation)}/report/")

    def lines() -> list[str]:
        state = "closed" if told["closed"] else "running"
        found = [f"{told['title']} ({state}): {told['purpose']}"]
        words = ("given", "received", "withdrawn", "recalled", "released", "evidence")
        found += [
            f"   {part['organisation']}: " + ", ".join(f"{part[word]} {word}" for word in words)
            for part in told["parts"]
        ]
        return found

    show(told, lines, as_json=as_json)
