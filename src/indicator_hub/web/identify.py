"""Request -> account: the credential a request carries (RFC 7617 Basic, RFC 6750 Bearer, and what taxii2-client's TokenAuth sends)."""

import base64
import binascii
from dataclasses import dataclass

from fastapi import Request

from indicator_hub.errors import Unauthenticated
from indicator_hub.sharing.act import Store
from indicator_hub.sharing.authenticate import Identified, identify


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, and the user name that HTTP Basic sends beside it."""

    token: str
    username: str | None


def credential(authorization: str | None) -> Credential | None:
    """The credential in an Authorization header; None without one. The scheme is case-insensitive. Raises Unauthenticated."""
    if authorization is None:
        return None
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    match scheme.lower():
        case "basic":
            return _basic(value)
        case "bearer" | "token":
            return Credential(value, None)
        case _:
            raise Unauthenticated


def _basic(value: str) -> Credential:
    try:
        username, colon, token = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Unauthenticated from None
    if not colon:
        raise Unauthenticated
    return Credential(token, username)


async def identified(store: Store, request: Request) -> Identified:
    """The account behind this request and its reach in the group and collection that the path names. Raises Unauthenticated."""
    sent = credential(request.headers.get("authorization"))
    path = request.path_params
    return await identify(
        store,
        sent.token if sent else None,
        username=sent.username if sent else None,
        # PostgreSQL's text cannot hold U+0000: such a name is none.
        group=path.get("group", "").replace("\0", "/"),
        collection=path.get("collection", "").replace("\0", "/"),
    )
