"""Request -> account: the credential a request carries (RFC 7617 Basic, RFC 6750 Bearer, and what taxii2-client's TokenAuth sends)."""

import base64
import binascii
from dataclasses import dataclass

from fastapi import Request

from indicator_hub.errors import Unauthenticated
from indicator_hub.sharing.act import Store
from indicator_hub.sharing.authenticate import Identified, identify
from indicator_hub.web.limiter import Limiter


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


async def identified(store: Store, request: Request, limiter: Limiter) -> Identified:
    """The account behind this request and its reach in the group and collection that the path names. Raises Unauthenticated, TooMany."""
    sent = credential(request.headers.get("authorization"))
    path, address = request.path_params, request.client.host if request.client else ""
    if sent is not None:
        limiter.guess(address, sent.token)
    try:
        who = await identify(
            store,
            sent.token if sent else None,
            username=sent.username if sent else None,
            # PostgreSQL's text cannot hold U+0000: such a name is none.
            group=path.get("group", "").replace("\0", "/"),
            collection=path.get("collection", "").replace("\0", "/"),
        )
    except Unauthenticated:
        if sent is not None:
            limiter.wrong(address)
        raise
    if sent is not None:
        limiter.right(sent.token)
    limiter.admit(who.account.id if who.account else address)
    return who
