"""What was sent in a form that could not be taken, as the session had ended: shown once more, and done only when it is sent again.

Nothing of it is stored: the page carries it, through signing in too. It is shown only to whoever's browser says that it comes from a page of
this hub, so that no other site fills in a form in a person's name.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from fastapi import Response

from indicator_hub.errors import TooLarge
from indicator_hub.web.console.visit import Visit

MOST = 2_000_000
"""Characters of a form that are carried."""
_FIELDS = 20_000
_NEVER = frozenset(("csrf", "password", "former", "again", "kept", "kept_for"))
Fields = Sequence[tuple[str, str]]


def from_here(visit: Visit) -> bool:
    """Whether the browser says where it comes from; that this is here was required before anything of the form was read."""
    headers = visit.request.headers
    return headers.get("sec-fetch-site") == "same-origin" or headers.get("origin") is not None


def keep(visit: Visit) -> Fields:
    """The fields of the form, without passwords and files. Raises TooLarge."""
    found = [(name, one) for name, one in visit.form.multi_items() if isinstance(one, str) and name not in _NEVER]
    if sum(len(name) + len(one) for name, one in found) > MOST:
        raise TooLarge
    return found


def sign_in(visit: Visit, fields: Fields) -> Response:
    """The page to sign in on, which carries them."""
    kept = urlencode(fields)
    return visit.page(
        "sign_in.html", status=401, to="", name="", refusal="", kept=kept, kept_for=visit.request.url.path
    )


def ask(visit: Visit, path: str, fields: Fields, *, status: int = 200) -> Response:
    """The form as it was filled, with the token of the session that there is now."""
    return visit.page("again.html", status=status, to=path, fields=fields)


def kept(text: str) -> Fields:
    """What a page carried."""
    try:
        return parse_qsl(text[: 12 * MOST], keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return ()
