"""The cookie of a session, and what a form must carry besides it, so that no other site can send a form in a person's name.

Two guards, either of which would do: a token in every form, made from the session and masked anew for every page (so that compression tells
nothing of it), and where the request says that it comes from (Fetch Metadata, else Origin).
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

from fastapi import Request, Response

from indicator_hub.errors import NotPermitted

COOKIE = "ihub_session"


class StaleForm(NotPermitted):
    """The form was made for another session."""


PATH = "/console"
_MASK = 16


def begin(response: Response, token: str, *, secure: bool) -> None:
    """Set the cookie: for the console only, not readable by scripts, not sent along by other sites' forms."""
    response.set_cookie(COOKIE, token, path=PATH, secure=secure, httponly=True, samesite="lax")


def end(response: Response) -> None:
    """Take it away."""
    response.delete_cookie(COOKIE, path=PATH)


def form_token(session: str) -> str:
    """What a form of this session carries."""
    mask = secrets.token_bytes(_MASK)
    return urlsafe_b64encode(mask + _xor(_proof(session), mask)).decode().rstrip("=")


def require_form_token(session: str, given: str) -> None:
    """Raises NotPermitted where it is not this session's."""
    try:
        sent = urlsafe_b64decode(given[:100] + "=" * (-len(given[:100]) % 4))
    except ValueError:
        sent = b""
    if len(sent) != 2 * _MASK or not hmac.compare_digest(_xor(sent[_MASK:], sent[:_MASK]), _proof(session)):
        raise StaleForm("This form was made for another session: load the page again, and send it then.")


def require_same_origin(request: Request, origin: str) -> None:
    """Raises NotPermitted for what a browser sends for another site."""
    site = request.headers.get("sec-fetch-site")
    came_from = request.headers.get("origin")
    here = urlsplit(origin)
    same = site in ("same-origin", "none") if site else came_from in (None, f"{here.scheme}://{here.netloc}")
    if not same:
        raise NotPermitted("This came from another site.")


def _proof(session: str) -> bytes:
    return hmac.digest(session.encode(), b"a form of the console", "sha256")[:_MASK]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
