"""A visit: one request of a person to a page, and what the page answers with."""

import base64
import gzip
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from starlette.datastructures import FormData, UploadFile

from indicator_hub.errors import HubError, Invalid, NotFound, Unavailable
from indicator_hub.sharing import authenticate
from indicator_hub.sharing.act import Caller, Store
from indicator_hub.stix import timestamps
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account
from indicator_hub.web.call import Call, Hub
from indicator_hub.web.console import details, session
from indicator_hub.web.console.templates import environment
from indicator_hub.web.console.words import LANGUAGES, direction, translations

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Cookie, Accept-Language, HX-Request",
}
"""Of every page."""
NOTICE = "ihub_notice"
_PACKED = 1_024
"""Bytes from which on a page is packed."""


@dataclass(slots=True)
class Visit:
    """What a page is given: who asks, in which language, and what was sent. `session` is empty where nobody is signed in."""

    call: Call
    language: str
    theme: str
    keys: bool = True
    """Whether letters are keys of the page (WCAG 2.2, 2.1.4: it can be switched off)."""
    session: str = ""
    form: FormData = field(default_factory=FormData)

    @property
    def request(self) -> Request:
        """The request."""
        return self.call.request

    @property
    def hub(self) -> Hub:
        """The hub."""
        return self.call.hub

    @property
    def store(self) -> Store:
        """The store, to hand on to a deed."""
        return self.call.hub.store

    @property
    def caller(self) -> Caller:
        """Who asks, for a deed."""
        return self.call.caller

    @property
    def account(self) -> Account:
        """Who asks. Raises Unauthenticated."""
        return self.call.who.require_account()

    @property
    def partial(self) -> bool:
        """Whether htmx asks, to put the answer into the page that is there."""
        return self.request.headers.get("hx-request") == "true"

    def __getitem__(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    @property
    def query(self) -> Mapping[str, str]:
        """The query; of a name that comes twice the last."""
        return self.request.query_params

    def sent(self, name: str, default: str = "") -> str:
        """A field of the form, without white space around it; of several the last."""
        found = self.form.get(name)
        return found.strip() if isinstance(found, str) else default

    def chosen(self, name: str) -> list[str]:
        """All values of a field of the form."""
        return [one for one in self.form.getlist(name) if isinstance(one, str)]

    async def file(self, name: str) -> tuple[str, bytes] | None:
        """A file in the form: its name and content; None where none was chosen."""
        found = self.form.get(name)
        if not isinstance(found, UploadFile) or not found.filename:
            return None
        return found.filename, await found.read()

    def day(self, name: str) -> int | None:
        """A day in a field of the form, in microseconds from its first instant (UTC); None where none was given. Raises Invalid."""
        given = self.sent(name)
        if not given:
            return None
        text = f"{given}T00:00:00Z"
        if not timestamps.is_timestamp(text):
            raise Invalid(self.say("A day is written like 2026-11-23."))
        return timestamps.parse(text)

    async def reach(self, group: str, collection: str = "") -> Reach:
        """Who asks' reach there. Raises NotFound where it does not exist for them."""
        if "\0" in group or "\0" in collection:
            raise NotFound
        return await authenticate.reach(self.store, self.account, group, collection)

    def page(self, template: str, *, block: str = "", status: int = 200, **context: Any) -> Response:
        """A page; for htmx only the `block` of it, where one is named."""
        templates = environment(self.language)
        made, told = templates.get_template(template), self._context() | context
        told["p"] = templates.get_template("pieces.html").make_module(
            told
        )  # also for a block alone, which no base imports for
        if block and self.partial:
            frame = made.new_context(told)
            text = "".join(made.blocks[block](frame))
        else:
            text = made.render(told)
        body, headers = text.encode(), HEADERS
        if len(body) > _PACKED and "gzip" in self.request.headers.get("accept-encoding", ""):
            # What a form carries is masked anew for every page, so that the size of this tells nothing of it.
            body, headers = gzip.compress(body, 5, mtime=0), headers | {"Content-Encoding": "gzip"}
        response = Response(body, status, headers, media_type="text/html; charset=utf-8")
        if told["notice"] and not (block and self.partial):
            response.delete_cookie(NOTICE, path=session.PATH)
        return response

    def go(self, path: str, notice: str = "") -> Response:
        """To another page of the console, after a deed; `notice` is shown there once, in the language of the visit."""
        headers = dict(HEADERS)
        if self.partial:
            headers["HX-Redirect"] = path
            response = Response(status_code=204, headers=headers)
        else:
            headers["Location"] = path
            response = Response(status_code=303, headers=headers)
        if notice:
            kept = base64.urlsafe_b64encode(json.dumps(notice).encode()).decode()
            response.set_cookie(NOTICE, kept, path=session.PATH, max_age=60, httponly=True, samesite="lax")
        return response

    def say(self, text: str, **values: Any) -> str:
        """A text in the language of the visit; its `%(name)s` are filled from `values`."""
        said = translations(self.language).gettext(text)
        return said % values if values else said

    def refusal(self, error: HubError) -> str:
        """What the hub refused with, for the place where it can be mended."""
        if not error.detail or isinstance(error, Unavailable):  # what the database said is the operator's to read
            return self.say(error.sentence)
        return self.told(error.detail)

    def told(self, detail: str) -> str:
        """What the hub said of something, in the language of the visit as far as it is known."""
        return details.told(detail, self.say)

    def _notice(self) -> str:
        try:
            found = json.loads(base64.urlsafe_b64decode(self.request.cookies.get(NOTICE, "")[:4_000]))
        except ValueError:
            return ""
        return found if isinstance(found, str) else ""

    def _context(self) -> dict[str, Any]:
        who = self.call.who.account
        return {
            "visit": self,
            "hub": self.hub,
            "account": who,
            "form_token": session.form_token(self.session) if self.session else "",
            "language": self.language,
            "languages": LANGUAGES,
            "direction": direction(self.language),
            "theme": self.theme,
            "keys": self.keys,
            "notice": self._notice(),
            "path": self.request.url.path,
            "seed": str(uuid.uuid4()),
            "at": self.store.now(),
            "manages": who is not None and "manage" in who.scopes,
        }
