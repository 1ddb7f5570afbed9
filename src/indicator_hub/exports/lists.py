"""One value a line: plain, and by the rules of the firewalls that read such lists.

Rules as their makers give them: Palo Alto Networks, formatting guidelines for an external dynamic list; Fortinet, external block list
(threat feed) file format; Cisco, Security Intelligence lists and feeds.
"""

import re

from indicator_hub.exports.format import Commented, Plain, Scope
from indicator_hub.exports.row import Row, bare

_FIT = re.compile(r"[!-~]+", re.ASCII)
_LONGEST_EDL = 255
"""Characters of a domain or a URL on an external dynamic list."""


def fits(value: str) -> bool:
    """Whether a value is one word of visible ASCII, as every such list wants it."""
    return _FIT.fullmatch(value) is not None


class Lines(Plain):
    """The value and a line end, no more."""

    def __init__(self, _: Scope) -> None:
        pass

    def line(self, row: Row, /) -> str | None:
        """One value."""
        return f"{row.value}\n" if fits(row.value) else None


class EdlDomains(Lines):
    """A name matches itself alone, unless the list's own option says otherwise; `*.name` on a line of its own matches what is under it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._wildcard = scope.options.get("wildcard") == "true"

    def line(self, row: Row, /) -> str | None:
        """One name, or two lines for it."""
        if len(row.value) > _LONGEST_EDL - len("*."):
            return None
        return f"{row.value}\n*.{row.value}\n" if self._wildcard else f"{row.value}\n"


class EdlUrls(Lines):
    """Without a scheme, a bare host with a slash behind it. `*` and `^` stand for other text there: a URL that holds one cannot be listed."""

    def line(self, row: Row, /) -> str | None:
        """One URL."""
        value = bare(row.value)
        if (
            not fits(value)
            or len(value) > _LONGEST_EDL
            or "*" in value
            or "^" in value
            or "://" in value.partition("/")[0]
        ):
            return None
        return f"{value}\n" if "/" in value else f"{value}/\n"


class CommentedLines(Commented):
    """Fortinet and Cisco: a value a line, and comments behind a hash sign."""

    def __init__(self, _: Scope) -> None:
        pass

    def line(self, row: Row, /) -> str | None:
        """One value."""
        return f"{row.value}\n" if fits(row.value) else None


class Urls(CommentedLines):
    """Those whose address is the web's: the device looks at no others. What stands for other text there cannot be listed."""

    def line(self, row: Row, /) -> str | None:
        """One URL."""
        if not row.value.startswith(("http://", "https://")) or "*" in row.value:
            return None
        return super().line(row)
