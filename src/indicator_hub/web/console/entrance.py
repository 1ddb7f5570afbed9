"""Signing in and out, one's own password, and how one likes to read: language, theme, and whether letters are keys."""

from fastapi import Response

from indicator_hub.errors import HubError, NotPermitted, TooMany, Unauthenticated
from indicator_hub.sharing import sign_in
from indicator_hub.web.console import again, session
from indicator_hub.web.console.pages import HOME, KEYS, SIGN_IN, THEMES, Page
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import LANGUAGES
from indicator_hub.web.problems import request_id

_YEAR = 31_536_000


async def _ask(visit: Visit) -> Response:
    if visit.session:
        return visit.go(_back(visit.query.get("to", "")))
    return visit.page("sign_in.html", to=visit.query.get("to", ""), name="", refusal="")


async def _enter(visit: Visit) -> Response:
    name, to = visit.sent("name"), visit.sent("to")
    given = visit.form.get("password")
    client = visit.request.client
    headers: dict[str, str] = {}
    try:
        token = await sign_in.sign_in(
            visit.store,
            name.lower(),
            given if isinstance(given, str) else "",
            request_id=request_id(visit.request),
            address=client.host if client else "",
        )
    except Unauthenticated:
        refusal, status = visit.say("Account and password do not belong together."), 401
    except TooMany as error:
        refusal, status, headers = _too_many(visit, error), 429, {"Retry-After": str(error.after)}
    else:
        where = _back(visit.sent("kept_for"))
        if visit.sent("kept"):
            visit.session = token
            response = again.ask(visit, where, again.kept(visit.sent("kept")))
        else:
            response = visit.go(_back(to))
        session.begin(response, token, secure=visit.hub.origin.startswith("https:"))
        return response
    carried = {"kept": visit.sent("kept"), "kept_for": visit.sent("kept_for")}
    response = visit.page("sign_in.html", status=status, to=to, name=name, refusal=refusal, **carried)
    response.headers.update(headers)
    return response


def _too_many(visit: Visit, error: TooMany) -> str:
    """The same for a name that is there and one that is not, for wrong passwords and for a hub that is busy with others'."""
    return visit.say("Too many attempts to sign in: try again in %(number)s seconds.", number=error.after)


def _back(to: str) -> str:
    """Only to a page of the console: never to another site."""
    plain = to.startswith("/console/") and "\\" not in to and to.isprintable() and not to.startswith(SIGN_IN)
    return to if plain else HOME


async def _leave(visit: Visit) -> Response:
    await sign_in.sign_out(visit.store, visit.caller, visit.session)
    response = visit.go(SIGN_IN, visit.say("Signed out."))
    session.end(response)
    return response


async def _self(visit: Visit) -> Response:
    return visit.page("account.html", refusal="", shortest=sign_in.SHORTEST)


async def _change(visit: Visit) -> Response:
    former, new, again = (str(visit.form.get(name) or "") for name in ("former", "password", "again"))
    refusal = ""
    if new != again:
        refusal = visit.say("The new password was not typed the same way twice.")
    else:
        try:
            await sign_in.change_password(visit.store, visit.caller, former, new)
        except (Unauthenticated, NotPermitted):
            refusal = visit.say("The present password is not right.")
        except TooMany as error:
            refusal = _too_many(visit, error)
        except HubError as error:
            refusal = visit.refusal(error)
    if refusal:
        return visit.page("account.html", status=400, refusal=refusal, shortest=sign_in.SHORTEST)
    response = visit.go(SIGN_IN, visit.say("The password is changed: sign in with the new one."))
    session.end(response)
    return response


async def _read_as(visit: Visit) -> Response:
    """How one likes to read is no deed: it is kept in the browser."""
    response = visit.go(_back(visit.sent("to")) if visit.session else SIGN_IN)
    for name, known in (("language", LANGUAGES), ("theme", THEMES), ("keys", KEYS)):
        sent = visit.sent(name)
        if sent in known:
            secure = visit.hub.origin.startswith("https:")
            response.set_cookie(
                f"ihub_{name}", sent, path=session.PATH, max_age=_YEAR, secure=secure, httponly=True, samesite="lax"
            )
    return response


PAGES = (
    Page("/sign-in/", _ask, _enter, open=True),
    Page("/sign-out/", None, _leave),
    Page("/account/", _self, _change),
    Page("/reading/", None, _read_as, open=True),
)
