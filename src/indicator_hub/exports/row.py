"""What a list is made of: one value of one indicator."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A value of an indicator, with what its entry says of itself. Instants in microseconds; `value` is canonical.

    `part` is 0 where the pattern says this value, or one of several, and nothing else. `level` is the TLP level that counts for it, by the hub's
    ladder. `source` is the organisation that shared it, empty where the reader may not know it. `pap` is the strictest word of the Permissible
    Actions Protocol on it, in small letters; `handling` the handling codes on it, H0 to H3; `nations` those that it may go to (None: all). `doubted`: an opinion that counts says that it is none; `judged` is when such an opinion last came or
    changed, whatever it says now. `kind` and `part` mean nothing where whole objects are given; then `value` is the id.
    """

    kind: str
    value: str
    part: int
    entry: int
    collection: str
    stix_id: str
    created: str
    modified: str
    date_added: int
    level: int
    source: str = ""
    name: str = ""
    confidence: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    labels: tuple[str, ...] = ()
    revoked: bool = False
    held: bool = False
    persons_only: bool = False
    pap: str | None = None
    handling: tuple[str, ...] = ()
    nations: tuple[str, ...] | None = None
    doubted: bool = False
    judged: int = 0
    body: bytes = b""


def bare(url: str) -> str:
    """A URL without http:// or https:// in front: what lists for proxies hold."""
    for scheme in ("https://", "http://"):
        if url.startswith(scheme):
            return url[len(scheme) :]
    return url
