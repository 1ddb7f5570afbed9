"""One pass over a request body: every object as a value and as the very bytes it came in.

One parser decides both, so there is no second reading of the same bytes that could see other marks than the first (I-JSON, RFC 7493:
a repeated key, NaN, an integer or float out of range are refused). A fault inside an object spoils that object alone; a fault in the
envelope around it spoils the request.
"""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from indicator_hub.errors import Invalid, Unprocessable
from indicator_hub.limits import LIMITS, Limits

MAX_INTEGER = 2**53 - 1
_SPACE = re.compile(r"[ \t\r\n]*")


class Received(NamedTuple):
    """One member of `objects`: its value, its own bytes, and what is wrong with it as JSON, if anything is."""

    value: Any
    raw: bytes
    fault: str | None


def read(body: bytes, limits: Limits = LIMITS) -> list[Received]:
    """The objects of a TAXII envelope (TAXII 2.1 section 3.7) or a STIX bundle, in order.

    Raises Invalid when the body is not I-JSON, Unprocessable when it is JSON but holds no list `objects` with something in it, or one of
    more than `limits.objects`.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8 (byte {error.start}).") from None
    return _Envelope(text, limits).objects()


class _Envelope:
    """The text and a place in it. The standard library's decoder reads the values; its hooks note what I-JSON forbids."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self._limits = limits
        self.at = 0
        self.fault: str | None = None
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=self._constant,
            parse_int=self._integer,
            parse_float=self._float,
        ).raw_decode

    def objects(self) -> list[Received]:
        """Walk the outermost object once."""
        if self._next() != "{":
            self._value()
            self._end()
            raise Unprocessable
        self.at += 1
        members: set[str] = set()
        found: list[Received] = []
        if self._next() == "}":
            self.at += 1
        else:
            self._members(members, found)
        self._end()
        if not found:
            raise Unprocessable("There is nothing to add: `objects` is absent or empty.")
        return found

    def _members(self, members: set[str], found: list[Received]) -> None:
        while True:
            if self._next() != '"':
                self._expected("a key")
            key, _ = self._value()
            if key in members:
                raise Invalid(f"The body is not I-JSON: the key {str(key)[:40]!r} occurs twice.")
            members.add(key)
            self._take(":")
            if key == "objects":
                self._elements(found)
            else:
                self._next()
                _, fault = self._value()
                if fault:
                    raise Invalid(f"The body is not I-JSON: {fault}.")
            if self._take(",", "}") == "}":
                return

    def _elements(self, found: list[Received]) -> None:
        if self._next() != "[":
            raise Unprocessable("`objects` must be a list.")
        self.at += 1
        if self._next() == "]":
            self.at += 1
            return
        text, most, decode = self.text, self._limits.objects, self._decode
        with self._refusals():
            while True:
                self._next()
                start, self.fault = self.at, None
                value, self.at = decode(text, start)
                if len(found) == most:
                    raise Unprocessable(f"There are more than {most} objects: send them in parts.")
                found.append(Received(value, text[start : self.at].encode(), self.fault))
                if text[self.at : self.at + 1] == ",":
                    self.at += 1
                elif self._take(",", "]") == "]":
                    return

    def _next(self) -> str:
        character = self.text[self.at : self.at + 1]
        if character not in (" ", "\n", "\r", "\t"):
            return character
        space = _SPACE.match(self.text, self.at)
        if space:
            self.at = space.end()
        return self.text[self.at : self.at + 1]

    def _take(self, *these: str) -> str:
        character = self._next()
        if character not in these:
            self._expected(" or ".join(these))
        self.at += 1
        return character

    def _expected(self, what: str) -> None:
        raise Invalid(f"The body is not JSON: {what} expected at character {self.at}.")

    def _end(self) -> None:
        if self._next():
            self._expected("the end")

    def _value(self) -> tuple[Any, str | None]:
        self.fault = None
        with self._refusals():
            value, self.at = self._decode(self.text, self.at)
        return value, self.fault

    @contextmanager
    def _refusals(self) -> Generator[None]:
        """The decoder's errors in our words."""
        try:
            yield
        except json.JSONDecodeError as error:
            raise Invalid(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
        except RecursionError:
            raise Invalid(f"The body is nested deeper than {self._limits.depth} levels.") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            self.fault = "a key occurs twice in one JSON object"
        return value

    def _constant(self, name: str) -> None:
        self.fault = f"{name} is not JSON"

    def _integer(self, digits: str) -> int:
        # Counted before converting: thousands of digits would cost quadratic time.
        if len(digits) > self._limits.digits:
            self.fault = f"a number has more than {self._limits.digits} digits"
            return 0
        value = int(digits)
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            self.fault = "an integer lies outside of -(2^53-1) to 2^53-1"
            return 0
        return value

    def _float(self, digits: str) -> float:
        if len(digits) > self._limits.digits:
            self.fault = f"a number has more than {self._limits.digits} digits"
            return 0.0
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            self.fault = "a number is too large"
        return value
