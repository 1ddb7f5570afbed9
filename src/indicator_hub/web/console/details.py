"""What the hub refuses with, in the reader's language: each detail of an error, and each fault of an object, that a page can show.

The hub says it in English, for every client alike. Here each stands once, with `%(name)s` where the hub puts in a value: what comes is recognised by it, and
translated by it. What is not known is shown as it is. A test holds the raise sites to it (`tests/web/console/test_details.py`).
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from indicator_hub.web.console.words import N_

Say = Callable[..., str]
"""`Visit.say`."""

_SHARING = (
    N_("Another account of your organisation does that, or the hub's operator."),
    N_("The hub's operator has suspended this account: ask the operator."),
    N_("This account may not manage its organisation's accounts: its scopes leave out manage."),
    N_("This Idempotency-Key was sent with another request."),
    N_("This request has just been made: ask again to read what came of it."),
    N_("The feed %(feed)s may not run: it, its organisation's membership or its group is not live now."),
    N_("Another process has taken over the feed %(feed)s."),
    N_("The feed %(feed)s is declared otherwise now: its next run reads it so."),
    N_("Another process is running the feed %(feed)s, or was when it ended: it is free again %(seconds)s seconds after its last sign of life."),
    N_("Look at it, and if it is right, run `indicator-hub ingest %(feed)s --accept`."),
    N_("This was asked already: see what you asked for."),
    N_("It is your own organisation's: no consent is needed."),
    N_("The originator answers, not who asks."),
    N_("This account may not answer for its organisation: its scopes leave out manage."),
    N_("It is %(state)s already."),
    N_("The end of a consent lies in the future."),
    N_("Its originator must consent to this %(use)s first: ask for it."),
    N_("Say what it is for, in %(most)s characters at most."),
    N_("There is no feed %(feed)s of this organisation."),
    N_("No feed is declared as %(feed)s."),
    N_("This account may not decide for its organisation: its scopes leave out manage."),
    N_("None of these rows wait for a decision: a row is named by the number that stands first where they are listed."),
    N_("No schedule runs this feed: declare how often (every: 6h), or run `indicator-hub ingest`."),
    N_("A row that was refused for %(reason)s holds no value that could be let through: dismiss it."),
    N_("Only persons are named: a machine is no individual recipient."),
    N_("Only persons of member organisations are named."),
    N_("The end lies before the beginning, or has passed."),
    N_("A steward of the group confirms it."),
    N_("What was proposed has ended: it must be proposed again."),
    N_("This account may not read its organisation's record: its scopes leave out read."),
    N_("The reason is one of: %(names)s."),
    N_("This account may not take anything back: its scopes leave out submit."),
    N_("Only the organisation that shared an object, or a steward, can take it back."),
    N_("This account may not share anything: its scopes leave out submit."),
    N_("A steward took this back, and only a steward brings it back."),
    N_("A person brings back what was recalled, not a machine."),
    N_("It cannot be shared here as it is marked: %(why)s."),
    N_("It is held: send the definition of its mark first."),
    N_("The object has changed meanwhile: look at it again."),
    N_("kind is one of: %(names)s; not %(wrong)s."),
    N_("level is one of: %(names)s."),
    N_("valid is one of: %(names)s."),
    N_("confidence is a number from 0 to 100: the least."),
    N_("q has %(most)s characters at most."),
    N_("%(name)s is true or false."),
    N_("%(name)s is true or false, or all."),
    N_("Search for %(most)s words at most: what is named by more of them is found by the rarest."),
    N_("The time from since to until is 90 days at most, and not empty."),
    N_("This account may not read: its scopes leave out read."),
    N_("The text cannot be read: %(why)s"),
    N_("Look up %(most)s values at a time."),
    N_("A password has %(least)s to %(most)s characters; any of them."),
    N_("There is no account %(name)s."),
    N_("%(name)s is a %(kind)s: machines use tokens."),
    N_("This account may make tokens for itself only: its scopes leave out manage."),
    N_("A person makes its own tokens."),
    N_("What a token is for is said in %(most)s characters at most."),
    N_("A token is valid for 1 to %(most)s days."),
    N_("A machine's name has small letters, digits and . _ - only, 50 at most."),
    N_("%(name)s cannot be taken: choose another name."),
    N_("This object is withdrawn already."),
    N_("This kind of object has no versions and cannot be revoked (STIX 2.1, 3.6): recall it."),
    N_("Its created_by_ref is not among the identities declared for this organisation, and only its creator revokes an object (STIX 2.1, 3.6): recall it."),
    N_("Its last version is the last that time knows, and no other can follow: recall it."),
    N_("Only the organisation that shared an object can withdraw it."),
    N_("It was revoked in one rendering, and the other has a later version: recall it."),
    N_("This account may not read this collection."),
    N_("This account may not write to this collection."),
    N_("the hub does not understand what %(mark)s says"),
    N_("the mark %(mark)s is not known: send its marking-definition, which your organisation says the meaning of"),
)  # fmt: skip
"""The deeds."""

_DRAFTS = (
    N_("The level is one of %(names)s."),
    N_("A mark is named by the id of a marking-definition."),
    N_("A TLP level is chosen as the level, not as a further mark."),
    N_("PAP is one of %(names)s."),
    N_("The confidence is a number from 0 to 100."),
    N_("The validity is a number of days from 1 to %(most)s."),
    N_("The name has more than %(most)s characters."),
    N_("The description has more than %(most)s characters."),
    N_("There are more than %(most)s labels."),
    N_("A label has more than %(most)s characters."),
    N_("A reference is the address of a page, https://cert.example/1."),
    N_("The creator is named by the id of an identity."),
    N_("A text holds U+0000, or half of a surrogate pair."),
)  # fmt: skip
"""What is chosen for what is shared."""

_FILES = (
    N_("The feed holds no MISP event: an Event, or a list of them."),
    N_("The feed's header has no column %(names)s; it has %(there)s."),
    N_("The feed has no header, so its column %(column)s must be given by number, from 1."),
    N_("The feed has nothing at %(place)s: it is not as it was declared."),
    N_("The feed's last line is no whole JSON: it may have been cut off."),
    N_("The feed's JSON is nested too deep."),
    N_("The feed is no whole JSON at line %(line)s: it may have been cut off."),
    N_("The feed is no whole JSON: it may have been cut off."),
    N_("The file is no bundle and no envelope. %(why)s"),
    N_("The file is no whole JSON: it may have been cut off."),
    N_("The source answered with an error, not with a feed."),
    N_("The source answered with an error, not with a feed (%(fault)s: %(word)s)."),
    N_("The source answered with a web page, not with a feed."),
    N_("The feed is empty: 0 bytes."),
    N_("The feed is still compressed."),
    N_("The feed is a tar archive, not the file in it."),
    N_("The feed is a binary file, not text."),
    N_("The feed is a PDF: give its text."),
    N_("The feed has more than %(most)s lines."),
    N_("The feed is one document of more than %(most)s characters."),
    N_("The feed is one document of more than %(most)s bytes."),
    N_("The feed's byte order mark says %(encoding)s, but its bytes do not."),
    N_("The feed's gzip has more than %(most)s members."),
    N_("The feed unpacks to more than %(most)s bytes."),
    N_("The feed's zip is broken, cut off or encrypted."),
    N_("The feed's gzip is broken."),
    N_("The feed's zip holds %(number)s files, not one."),
    N_("The feed is cut off: its gzip has no end."),
    N_("The feed is no warning list of MISP's: an object with a \"list\"."),
    N_("The warning list is compared in a way that is not known: %(way)s."),
    N_("The warning list is for types of attributes that are not known here."),
    N_("It holds %(number)s entries where the last one held %(before)s: held for a person. %(why)s"),
    N_("Every one of its first %(number)s rows is refused, the first as %(reason)s: it is not as it was declared. %(why)s"),
    N_("Of %(number)s values %(hits)s are on warning lists (%(names)s): held for a person. %(why)s"),
    N_("It holds %(number)s values where the last one held %(before)s: held for a person. %(why)s"),
    N_("This feed is taken page by page: no file stands for it."),
    N_("What this feed would do cannot be told before it is done."),
    N_("A list that others are held to is one file."),
    N_("A page cannot be read. %(why)s"),
    N_("The content cannot be read. %(why)s"),
    N_("%(file)s: %(why)s"),
    N_("%(file)s is larger than %(most)s bytes."),
    N_("%(file)s cannot be read: %(why)s."),
    N_("The folder %(folder)s holds no file."),
    N_("%(file)s in the folder %(folder)s is no file."),
    N_("%(file)s in the folder %(folder)s is a link that leads out of it."),
    N_("The folder %(folder)s cannot be read: %(why)s."),
    N_("The folder %(folder)s holds more than %(files)s files or %(most)s bytes."),
    N_("%(source)s redirects without end."),
    N_("%(source)s answered that it has not changed, and was not asked whether it has."),
    N_("%(source)s is not encrypted: anybody on the way could write it. Declare https, or unencrypted: true."),
    N_("%(source)s had not sent everything after %(seconds)s seconds."),
    N_("%(source)s cannot be fetched: %(why)s."),
    N_("%(host)s has no address."),
    N_("%(host)s leads to %(address)s, which is no address of the Internet. If the source lies in your own network, declare internal: true."),
    N_("%(source)s packs what it sends in a way that it was not asked for."),
    N_("The feed %(feed)s needs the environment variable %(variable)s, which is not set."),
    N_("%(source)s answered %(status)s."),
    N_("%(source)s says that it is packed, and it is not."),
    N_("%(source)s redirects to another host. Declare the new address if it is right."),
    N_("%(number)s events that the manifest names cannot be taken. %(why)s"),
    N_("Its new events are more than %(most)s bytes. The next run goes on with the rest."),
    N_("The MISP manifest names no event."),
    N_("The MISP manifest names more than %(most)s events."),
    N_("This is no MISP manifest: it names an event that is no UUID."),
    N_("The MISP manifest does not say when the event %(event)s was changed."),
    N_("What lies there is not this event."),
    N_("It is one document of more than %(most)s bytes."),
    N_("%(what)s is no whole JSON object: it may have been cut off."),
    N_("The TAXII server answered with something else than an envelope."),
    N_("This credential may not read the collection."),
    N_("The TAXII server says that there is more, and not where."),
    N_("There is no TAXII collection at this source for this credential: %(why)s."),
)  # fmt: skip
"""What is pasted, and what feeds bring."""

_OBJECTS = (
    N_("The hub does not write objects of the type %(kind)s."),
    N_("This %(kind)s is not valid STIX 2.1: %(why)s."),
    N_("An indicator cannot be modified before it was created (STIX 2.1 section 3.2)."),
    N_("An indicator's valid_until must be later than its valid_from (STIX 2.1 section 4.7.1)."),
    N_("An indicator's confidence is a number from 0 to 100 (STIX 2.1 section 3.2)."),
    N_("The pattern is longer than %(most)s bytes."),
    N_("The pattern is not valid at %(where)s: %(why)s."),
    N_("The pattern holds half a surrogate pair at character %(number)s, which is no Unicode text."),
    N_("The body is not JSON: %(why)s expected at character %(number)s."),
    N_("The body is not JSON: %(why)s at character %(number)s."),
    N_("The body is not UTF-8 (byte %(number)s)."),
    N_("There is nothing to add: `objects` is absent or empty."),
    N_("`objects` must be a list."),
    N_("The body is not I-JSON: the key %(key)s occurs twice."),
    N_("The body is not I-JSON: %(why)s."),
    N_("The body is nested deeper than %(most)s levels."),
    N_("There are more than %(most)s objects: send them in parts."),
    N_("not I-JSON: %(why)s"),
    N_("a STIX object must be a JSON object"),
    N_("type is missing or not a valid name"),
    N_("a bundle is not a STIX object: send what is in it"),
    N_("id must be %(kind)s--UUID, in lower case"),
    N_("%(why)s (without spec_version it is STIX 2.0)"),
    N_("modified is earlier than created"),
    N_("spec_version must be 2.1 (2.0 is taken too)"),
    N_("spec_version must be 2.1: there is no %(kind)s in STIX 2.0"),
    N_("granular_markings: the selector %(selector)s points at nothing"),
    N_("pattern must not be empty"),
    N_("pattern: %(why)s"),
    N_("a marking-definition cannot have versions: modified is not allowed"),
    N_("a marking-definition cannot mark itself"),
    N_("this is the id of a TLP object, and the content differs from it"),
    N_("TLP marks exist under their given ids only"),
    N_("a string holds U+0000 or half of a surrogate pair"),
    N_("a string is longer than %(most)s characters"),
    N_("nested deeper than %(most)s levels"),
    N_("%(name)s is missing"),
    N_("%(name)s must be a string"),
    N_("%(name)s must be true or false"),
    N_("%(name)s must be a list of strings, and not an empty one"),
    N_("%(name)s must be a timestamp like 2026-01-31T12:00:00.000Z"),
    N_("%(name)s must be an integer"),
    N_("%(name)s must be an integer from %(least)s to %(most)s"),
    N_("%(name)s must be one of %(names)s"),
    N_("%(name)s must be the id of %(target)s"),
    N_("%(name)s must be later than %(earlier)s"),
    N_("%(name)s is earlier than %(earlier)s"),
    N_("%(name)s is a reserved property"),
)  # fmt: skip
"""Objects, patterns and the body they come in."""

_PAGES = (
    N_("A path and its query may hold %(most)s bytes."),
    N_("Content-Length must be a number."),
    N_("A request body may hold %(most)s bytes."),
    N_("This process runs no feeds: use `indicator-hub ingest` on the hub's host."),
    N_("A file may hold %(most)s bytes."),
    N_("The file in this form is broken: choose it again."),
    N_("There are more than %(most)s values in it: share them with `indicator-hub post --file FILE`."),
    N_("A number is written in digits."),
    N_("state is shared, held or recalled."),
    N_("state is one of: %(names)s."),
    N_("This is no form."),
    N_("This is no place in the list."),
    N_("So many at once are not on a page."),
    N_("This form was made for another session: load the page again, and send it then."),
    N_("This came from another site."),
)  # fmt: skip
"""The pages themselves."""

_PARTS = (
    N_("a key"),
    N_("the end"),
    N_("a key occurs twice in one JSON object"),
    N_("an integer lies outside of -(2^53-1) to 2^53-1"),
    N_("a number is too large"),
    N_("no token of a STIX pattern begins so"),
    N_("AND, OR, FOLLOWEDBY, a qualifier or the end was expected"),
    N_("an observation in '[ ]' was expected"),
    N_("a number was expected"),
    N_("a number above zero was expected"),
    N_("a timestamp was expected"),
    N_("this is not a timestamp (STIX 2.1 section 2.16)"),
    N_("AND inside '[ ]' joins comparisons of different object types"),
    N_("a comparison operator was expected"),
    N_("a constant was expected"),
    N_("an object path was expected"),
    N_("a list index is '*' or a number from 0"),
    N_("a property name was expected; one with '-' or '.' must be quoted"),
    N_("its end (character %(number)s)"),
    N_("character %(number)s (`%(rest)s`)"),
    N_("a number has more than %(most)s digits"),
    N_("%(name)s stands twice on one observation"),
    N_("a pattern may hold %(most)s comparisons"),
    N_("parentheses may be %(most)s deep"),
)  # fmt: skip
"""What stands inside of others: patterns and JSON."""

_WORDS = (
    N_("asked"), N_("granted"), N_("refused"), N_("withdrawn"), N_("release"), N_("evidence"),
)  # fmt: skip
"""Words that a consent is told with."""

TEXTS = (*_SHARING, *_DRAFTS, *_FILES, *_OBJECTS, *_PAGES, *_PARTS, *_WORDS)
"""All of them."""
PLACE = re.compile(r"%\((\w+)\)s")
"""Where a value is put in."""

_LONGEST = 4_000
_WITHIN = frozenset(("why", "where", "state", "use"))
"""The places where what is put in is itself something that the hub says."""


def told(detail: str, say: Say) -> str:
    """What the hub said, in the reader's language; as it is, where it is not known. Several reasons are parted by semicolons."""
    if detail in _exact():
        return say(detail)
    for pattern, text in _patterns() if len(detail) <= _LONGEST else ():
        if (found := pattern.fullmatch(detail)) is not None:
            values = found.groupdict()
            return say(text, **{name: told(one, say) if name in _WITHIN else one for name, one in values.items()})
    one, parted, rest = detail.partition("; ")
    return f"{told(one, say)}{parted}{told(rest, say)}" if parted else detail


@cache
def _exact() -> frozenset[str]:
    return frozenset(one for one in TEXTS if PLACE.search(one) is None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those with places to fill, the ones that say most of their own first."""
    found = sorted((one for one in TEXTS if PLACE.search(one)), key=lambda one: -len(PLACE.sub("", one)))
    return tuple((re.compile("".join(_parts(one)), re.DOTALL), one) for one in found)


def _parts(text: str) -> Iterable[str]:
    """The expression that recognises a text."""
    for number, part in enumerate(PLACE.split(text)):
        yield f"(?P<{part}>.+?)" if number % 2 else re.escape(part)
