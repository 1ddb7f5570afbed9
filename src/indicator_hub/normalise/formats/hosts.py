"""A hosts file: an address that leads nowhere, and the names that are to lead there."""

from collections.abc import Iterator

from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut
from indicator_hub.normalise.text import Text, lines

NOWHERE = frozenset(("0.0.0.0", "127.0.0.1", "::", "::0", "::1"))  # noqa: S104 - nothing is bound here
_OWN = frozenset(
    (
        "localhost", "localhost.localdomain", "localhost4", "localhost6", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
        "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", *NOWHERE,
    )
)  # fmt: skip
"""Names that every machine's file has for itself."""


def rows(text: Text) -> Iterator[Row | Refusal]:
    """Each name one row. What stands behind a # is a comment; a line without an address in front is refused."""
    for number, line in enumerate(lines(text), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(line) > MAX_ROW:
            yield Refusal("too_long", cut(line), number)
        elif len(words) == 1 or not (words[0] in NOWHERE or words[0][0].isdigit() or ":" in words[0]):
            yield Refusal("syntax", line, number)
        else:
            yield from (
                Row(number, line, {"value": name, "type": "domain"}) for name in words[1:] if name.lower() not in _OWN
            )
