"""An event: one line of the audit.

It says who did what to which collection and object, when, and how it ended; never the content of an object. What identifies a person
(the account's name, the network address) is kept apart, so that it can be erased while the event stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["done", "refused"]


@dataclass(frozen=True, slots=True)
class Event:
    """`details` holds text, integers and lists of them only. Rows of the roster are named by key; 0 is the operator or nobody.

    `as_of` is what the collection's clock showed when what was given out was read; None where nothing was.
    """

    at: int
    action: str
    outcome: Outcome
    account_id: int = 0
    organisation_id: int = 0
    group_id: int = 0
    collection_id: int = 0
    as_of: int | None = None
    object_id: str = ""
    version: str = ""
    sha256: str = ""
    request_id: str = ""
    details: Mapping[str, object] = field(default_factory=dict[str, object])
    personal: Mapping[str, str] = field(default_factory=dict[str, str])
