"""Whether a text is a STIX pattern (STIX 2.1 section 9): our own recursive descent, as the libraries are a thousand times slower.

Syntax and the rules that need no data; no regular expression in a pattern is ever compiled. STIX 2.0 patterns pass too, so
START and STOP may come without the `t` prefix. Against the `stix2patterns` library we are

- stricter: `==` and `<>` are no STIX operators; no comments; AND inside `[ ]` needs one object type (9.5); a qualifier appears
  once on a parenthesised group as well (9.5.1); WITHIN and REPEATS need more than zero; list indexes are `[*]` or plain digits
  (9.7); timestamps are real dates;
- laxer: the length of a hash is not checked here (`stix/pattern.py` reads values), and START and STOP may lack the prefix.
"""

import re
from typing import NoReturn

from indicator_hub.errors import Invalid
from indicator_hub.limits import LIMITS, Limits
from indicator_hub.stix import timestamps

_EXCERPT = 40

# Every quantifier over a repeated group is possessive: no input makes the matching take more than linear time.
_BLANK = r"[ \t\r\n\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_BLANKS = re.compile(rf"{_BLANK}*+")
_TEXT = r"'[^'\\]*+(?:\\['\\][^'\\]*+)*+'"
_TOKEN = re.compile(
    rf"""{_BLANK}*+(?:
      (?P<text>{_TEXT})
    | (?P<hex>h'(?:[0-9A-Fa-f]{{2}})*+')
    | (?P<binary>b'(?!')(?:[A-Za-z0-9+/]{{4}})*+(?:[A-Za-z0-9+/]{{2}}==|[A-Za-z0-9+/]{{3}}=)?')
    | (?P<time>t'[0-9TZ:.-]*+')
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*+)
    | (?P<float>[+-]?[0-9]*+\.[0-9]++)
    | (?P<integer>[+-]?(?:0|[1-9][0-9]*+))
    | (?P<sign>!=|<=|>=|[=<>\[\](),.:*])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(
    {
        "AND",
        "OR",
        "NOT",
        "FOLLOWEDBY",
        "LIKE",
        "MATCHES",
        "ISSUPERSET",
        "ISSUBSET",
        "EXISTS",
        "LAST",
        "IN",
        "START",
        "STOP",
    }
    | {"SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES"}
)
_CONSTANTS = frozenset({"text", "integer", "float", "hex", "binary", "time"})
_EQUALITY = frozenset({"=", "!="})
_ORDER = frozenset({"<", ">", "<=", ">="})
_ON_TEXT = frozenset({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})

# Nearly every pattern of nearly every feed: comparisons of one object type. A name that begins like a keyword just takes the slow way.
_NAME = r"(?!true|false)[a-z_][a-z0-9_]*+"
_PATH = rf":{_NAME}(?:\.(?:{_NAME}|MD5\b|'[A-Za-z0-9-]++')|\[\*\])*+ (?:=|!=) {_TEXT}"
_SIMPLE = re.compile(rf"\[ ?+((?!true|false)[a-z_][a-z0-9_-]*+){_PATH}(?: (?:AND|OR) \1{_PATH}){{0,20}}+ ?+\]")


def check(pattern: str, limits: Limits = LIMITS) -> None:
    """Nothing, where this is a STIX pattern (STIX 2.1 section 9). Raises Invalid with one sentence and a position counted from 1.

    Length in UTF-8, depth of parentheses and number of comparisons are bounded by `limits`. The sentence quotes at most 40 characters of the pattern.
    """
    if len(pattern) > limits.pattern:
        raise Invalid(f"The pattern is longer than {limits.pattern} bytes.")
    if not pattern.isascii():
        try:
            size = len(pattern.encode("utf-8"))
        except UnicodeEncodeError as fault:
            raise Invalid(
                f"The pattern holds half a surrogate pair at character {fault.start + 1}, which is no Unicode text."
            ) from None
        if size > limits.pattern:
            raise Invalid(f"The pattern is longer than {limits.pattern} bytes.")
    if _SIMPLE.fullmatch(pattern) is None:
        _Parser(pattern, limits).pattern()


class _Parser:
    """One pass over one pattern, one token ahead. `kind` names the token's sort; for keywords and signs `kind` is the token itself."""

    __slots__ = ("_limits", "_pattern", "at", "depth", "end", "kind", "terms", "token")

    def __init__(self, pattern: str, limits: Limits) -> None:
        self._pattern = pattern
        self._limits = limits
        self.depth = 0
        self.terms = 0
        self.end = 0
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self._pattern, self.end)
        if found is None or found.lastgroup is None:
            blanks = _BLANKS.match(self._pattern, self.end)
            self.at = blanks.end() if blanks else self.end
            self.fail("no token of a STIX pattern begins so")
        self.kind = found.lastgroup
        self.token = found[found.lastgroup]
        self.at = found.start(found.lastgroup)
        self.end = found.end()
        if self.kind == "sign" or self.token in _KEYWORDS:
            self.kind = self.token
        elif self.kind == "name" and "-" in self.token:
            self.kind = "type"  # only object types may hold a hyphen without quotes (9.7)

    def fail(self, what: str) -> NoReturn:
        rest = ascii(self._pattern[self.at : self.at + _EXCERPT])[1:-1][:_EXCERPT]
        where = f"character {self.at + 1} (`{rest}`)" if rest else f"its end (character {self.at + 1})"
        raise Invalid(f"The pattern is not valid at {where}: {what}.")

    def accept(self, kind: str) -> bool:
        if self.kind != kind:
            return False
        self.advance()
        return True

    def require(self, kind: str, what: str) -> None:
        if not self.accept(kind):
            self.fail(f"{what} is missing")

    def descend(self) -> None:
        self.depth += 1
        if self.depth > self._limits.depth:
            self.fail(f"parentheses may be {self._limits.depth} deep")

    def pattern(self) -> None:
        self.observations()
        if self.kind != "end":
            self.fail("AND, OR, FOLLOWEDBY, a qualifier or the end was expected")

    def observations(self) -> None:
        """Operators of observations (9.5.3). Their precedence changes what a pattern means, never whether it is one."""
        self.observation()
        while self.kind in {"AND", "OR", "FOLLOWEDBY"}:
            self.advance()
            self.observation()

    def observation(self) -> None:
        if self.accept("["):
            self.disjunction()
            self.require("]", "']'")
        elif self.kind == "(":
            self.descend()
            self.advance()
            self.observations()
            self.require(")", "')'")
            self.depth -= 1
        else:
            self.fail("an observation in '[ ]' was expected")
        self.qualifiers()

    def qualifiers(self) -> None:
        seen: set[str] = set()
        while self.kind in {"WITHIN", "REPEATS", "START"}:
            kind = self.kind
            if kind in seen:
                self.fail(f"{kind} stands twice on one observation")
            seen.add(kind)
            self.advance()
            if kind == "START":
                self.moment()
                self.require("STOP", "STOP")
                self.moment()
            else:
                self.amount(fraction=kind == "WITHIN")
                word = "SECONDS" if kind == "WITHIN" else "TIMES"
                self.require(word, word)

    def amount(self, *, fraction: bool) -> None:
        if self.kind != "integer" and not (fraction and self.kind == "float"):
            self.fail("a number was expected")
        # Not float(): "more than zero" is a matter of sign and digits, however many there are.
        if self.token.startswith("-") or not self.token.strip("+0."):
            self.fail("a number above zero was expected")
        self.advance()

    def moment(self) -> None:
        if self.kind not in {"time", "text"}:
            self.fail("a timestamp was expected")
        self.require_real_time()
        self.advance()

    def require_real_time(self) -> None:
        if not timestamps.is_timestamp(self.token.removeprefix("t")[1:-1]):
            self.fail("this is not a timestamp (STIX 2.1 section 2.16)")

    def disjunction(self) -> frozenset[str]:
        """Comparisons joined by OR; gives the object types that one object could have and match."""
        types = self.conjunction()
        while self.accept("OR"):
            types |= self.conjunction()
        return types

    def conjunction(self) -> frozenset[str]:
        """Comparisons joined by AND, which all look at the same object (9.5), so some type must be common to them."""
        types = self.term()
        while self.kind == "AND":
            self.advance()
            start = self.at
            types &= self.term()
            if not types:
                self.at = start
                self.fail("AND inside '[ ]' joins comparisons of different object types")
        return types

    def term(self) -> frozenset[str]:
        if self.kind == "(":
            self.descend()
            self.advance()
            types = self.disjunction()
            self.require(")", "')'")
            self.depth -= 1
            return types
        self.terms += 1
        if self.terms > self._limits.terms:
            self.fail(f"a pattern may hold {self._limits.terms} comparisons")
        return self.comparison()

    def comparison(self) -> frozenset[str]:
        negated = self.accept("NOT")
        if negated or self.kind == "EXISTS":
            self.require("EXISTS", "EXISTS")
            return self.path()
        types = self.path()
        self.accept("NOT")
        operator = self.kind
        if operator not in _EQUALITY and operator not in _ORDER and operator not in _ON_TEXT and operator != "IN":
            self.fail("a comparison operator was expected")
        self.advance()
        if operator == "IN":
            self.choices()
        elif operator in _ON_TEXT:
            self.require("text", f"a quoted text after {operator}")
        else:
            self.constant(boolean=operator in _EQUALITY)
        return types

    def choices(self) -> None:
        self.require("(", "'(' after IN")
        if self.accept(")"):
            return
        self.constant(boolean=True)
        while self.accept(","):
            self.constant(boolean=True)
        self.require(")", "')'")

    def constant(self, *, boolean: bool) -> None:
        if self.kind == "time":
            self.require_real_time()
        elif self.kind not in _CONSTANTS and not (boolean and self.kind in {"true", "false"}):
            self.fail("a constant was expected")
        self.advance()

    def path(self) -> frozenset[str]:
        """An object path (9.7), as the set of its one object type."""
        if self.kind not in {"name", "type"}:
            self.fail("an object path was expected")
        types = frozenset({self.token})
        self.advance()
        self.require(":", "':' after the object type")
        self.step()
        while self.kind in {".", "["}:
            if self.accept("."):
                self.step()
                continue
            self.advance()
            if self.kind != "*" and not (self.kind == "integer" and self.token.isdigit()):
                self.fail("a list index is '*' or a number from 0")
            self.advance()
            self.require("]", "']' after the list index")
        return types

    def step(self) -> None:
        if self.kind not in {"name", "text"}:
            self.fail("a property name was expected; one with '-' or '.' must be quoted")
        self.advance()
