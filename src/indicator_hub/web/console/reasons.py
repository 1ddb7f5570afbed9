"""Why a value was refused, what became of an object, and who sees it or not, in sentences for people: each a text that is translated.

The codes are those of the normaliser and of quarantine; the sentences of the deeds are the hub's own English ones, told here in the reader's language where they
are known, and as they are where not.
"""

import re
from collections.abc import Callable, Mapping

from indicator_hub.web.console import details
from indicator_hub.web.console.words import N_

Say = Callable[..., str]
"""`Visit.say`."""
WARNED = "warninglist:"

REFUSED: Mapping[str, str] = {
    "syntax": N_("It has not the form of any value that can be shared."),
    "unknown_type": N_("The hub does not know this kind of value."),
    "no_scheme": N_("A path without http:// before it: it is not clear what it is."),
    "scheme": N_("Of addresses only http, https and ftp are taken."),
    "short_row": N_("The row has no value in the column where it should be."),
    "bad_date": N_("Its date cannot be read."),
    "future_date": N_("Its date lies ahead."),
    "bad_port": N_("Its port is no number from 1 to 65535."),
    "control_chars": N_("It holds control characters."),
    "truncated": N_("It was cut short where it comes from: it holds an ellipsis."),
    "too_long": N_("It is too long."),
    "non_global": N_("A private or special address: it is nobody's on the internet."),
    "reserved_name": N_("A reserved name: it is nobody's on the internet."),
    "empty_file_hash": N_("The hash of an empty file."),
    "checksum": N_("Its checksum is wrong: a character is missing or another."),
    "too_broad_cidr": N_("A range too wide to be blocked: it needs a person's look."),
    "bad_pattern": N_("Its pattern is no valid STIX pattern."),
    "bad_object": N_("It is no valid STIX object."),
    "bad_marking": N_("It bears a mark that nobody can read: only its source can say how far it may go."),
    "licence": N_("Its licence does not let it be shared."),
    "recalled": N_("It was taken back, and a feed does not bring it again."),
    "not offered": N_("It was left out."),
}
"""By the code of the normaliser, of a feed's run and of quarantine."""

OUTCOMES: Mapping[str, str] = {
    "new": N_("Shared."),
    "version": N_("Shared, as a new version of what was there."),
    "duplicate": N_("It was here already."),
    "reissue": N_("It was taken back, and is shared again."),
    "recalled": N_("It was taken back, and stays so."),
    "refused": N_("Refused."),
    "same version": N_("It was here already."),
}
"""What became of an object, by the hub's word for it."""

FORESEEN: Mapping[str, str] = {
    "new": N_("Will be shared."),
    "version": N_("Will be shared, as a new version of what is there."),
    "duplicate": N_("It is here already: nothing changes."),
    "reissue": N_("It was taken back, and will be shared again."),
    "recalled": N_("It was taken back, and stays so."),
    "refused": N_("Will be refused."),
    "same version": N_("It is here already: nothing changes."),
}
"""What would become of it."""

HELD = N_("Held: its marks are not understood yet, and nobody but your organisation sees it.")

_SAID: Mapping[str, str] = {
    "already here": N_("It is here already."),
    "already here, from another organisation": N_("Another organisation has shared just this already."),
    "this mark is built in": N_("This mark is built in."),
    "an object in a public collection must say TLP:CLEAR": N_("An object in a public collection must say TLP:CLEAR."),
    "this object was recalled": N_("This object was taken back."),
    "this object was recalled: a person of its organisation may post the recalled version again": N_(
        "This object was taken back: a person of its organisation may share that version again."
    ),
    "created must stay the same in every version (STIX 2.1, 3.6)": N_("`created` must stay the same in every version."),
    "this object was revoked: no later version may follow (STIX 2.1, 3.6)": N_(
        "This object was withdrawn: no later version may follow."
    ),
    "another organisation shares this object here: only its creator makes a new version (STIX 2.1, 3.6)": N_(
        "Another organisation shares this object here: only its creator makes a new version."
    ),
    "this version is already here with other content: a change needs a new modified (STIX 2.1, 3.6)": N_(
        "This version is here already with other content: a change needs a new `modified`."
    ),
    "their own organisation shared it": N_("Their own organisation shared it."),
    "their organisation is suspended": N_("Their organisation is suspended."),
    "another organisation's line of it is shown to them first": N_("They are shown another organisation's version of it."),
    "the group is public": N_("The group is public."),
    "it was taken back": N_("It was taken back."),
    "it is held: its marks are not understood yet": N_("It is held: its marks are not understood yet."),
    "it is above what this role reads": N_("It is above what their role reads."),
    "it is TLP:RED, which only persons read who are named in this group": N_(
        "TLP:RED is read only by persons who are named in this group."
    ),
    "it is for persons only, and a machine is none": N_("It is for persons only, and a machine is none."),
    "it is not for this nation": N_("It is not for their nation."),
    "it came before this membership sees": N_("It came before their membership begins to see."),
}  # fmt: skip

_CEILING = re.compile(r"this collection takes nothing above (TLP:[A-Z+]+)")
_WITHIN = re.compile(r"(TLP:[A-Z+]+) is within what an? (\w+) reads(, and they are named)?")
ROLES: Mapping[str, str] = {
    "member": N_("member"),
    "client": N_("client"),
    "observer": N_("observer"),
    "submitter": N_("submitter"),
    "reader": N_("reader"),
}
WHO: Mapping[str, str] = {
    "persons": N_("persons"),
    "services": N_("services"),
    "named persons": N_("named persons"),
    "everybody": N_("everybody"),
}
_WITHIN_ROLE = N_("%(level)s is within what their role reads: %(role)s.")
_WITHIN_NAMED = N_("%(level)s is within what their role reads, and they are named: %(role)s.")
_TOO_HIGH = N_("This collection takes nothing above %(level)s.")
_LISTED = N_("On the list of false positives %(name)s.")


def refused(code: str, say: Say) -> str:
    """Why a value was refused, by its code; a code that is not known is shown as it is."""
    if code.startswith(WARNED):
        return say(_LISTED, name=code.removeprefix(WARNED))
    return say(REFUSED[code]) if code in REFUSED else code


def told(sentence: str, say: Say) -> str:
    """What a deed says of an object or a reader, in the reader's language where it is known."""
    if (known := _SAID.get(sentence)) is not None:
        return say(known)
    if (found := _CEILING.fullmatch(sentence)) is not None:
        return say(_TOO_HIGH, level=found[1])
    if (found := _WITHIN.fullmatch(sentence)) is not None:
        return say(_WITHIN_NAMED if found[3] else _WITHIN_ROLE, level=found[1], role=say(ROLES.get(found[2], found[2])))
    known = details.told(sentence, say)
    return sentence[:1].upper() + sentence[1:] if known == sentence else known
