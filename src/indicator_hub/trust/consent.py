"""When the originator must be asked first: before its object goes to another group, and before it is used as evidence. Pure."""

from collections.abc import Collection
from typing import Literal

from indicator_hub.trust.audience import Audience
from indicator_hub.trust.ladder import AMBER

Use = Literal["release", "evidence"]
State = Literal["asked", "granted", "refused", "withdrawn"]


def needs_consent(use: Use, audience: Audience, handling: Collection[str]) -> bool:
    """Whether another organisation's object needs its originator's consent for this.

    A release from AMBER on, with H2 or a nation list; evidence with any of H1, H2 and H3. GREEN may go to any group of the community.
    """
    if use == "evidence":
        return not {"H1", "H2", "H3"}.isdisjoint(handling)
    return audience.floor >= AMBER or audience.nations is not None or "H2" in handling
