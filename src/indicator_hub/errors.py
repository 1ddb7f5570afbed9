"""Every error the hub raises on purpose. Knows no HTTP: `web/problems.py` and `cli` each have their own table.

    HubError
      Invalid            not well formed
      Unauthenticated    no valid credential
      NotPermitted       visible, but not this
      NotFound           no such thing, or not yours to see
      Conflict           changed meanwhile
      TooLarge           more than one request may carry
      TooLong            a longer URL than the hub reads
      HeadTooLarge       more header fields than the hub reads
      Unprocessable      JSON, but no envelope and no bundle
      TooMany            slow down
      Busy               more to do than the hub can
      Unavailable        the store cannot be reached
      NotAcceptable      no media type that the caller takes
      UnsupportedMedia   a media type that the hub does not take
      Misconfigured      the hub cannot start as it is set up
      FeedFailed         a feed's run failed as a whole

The class docstring is the public sentence. A message may add what the caller itself sent, never stored data.
"""


class HubError(Exception):
    """The hub refused."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.sentence)

    @property
    def sentence(self) -> str:
        """The public sentence of this kind of error."""
        return (type(self).__doc__ or "").strip()


class Invalid(HubError):
    """The request is not well formed."""

    def __init__(self, detail: str = "", places: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.places = places
        """Where in the request, and what: for whoever sent it."""


class Unauthenticated(HubError):
    """A valid credential is needed."""


class NotPermitted(HubError):
    """This account may not do that here."""


class NotFound(HubError):
    """There is no such resource."""


class Conflict(HubError):
    """The state has changed meanwhile."""


class TooLarge(HubError):
    """The request body is larger than this hub takes."""


class TooLong(HubError):
    """The URL is longer than this hub reads."""


class HeadTooLarge(HubError):
    """The header fields are larger than this hub reads."""


class Unprocessable(HubError):
    """The body is JSON, but neither a TAXII envelope nor a STIX bundle that can be taken."""


class TooMany(HubError):
    """Too many requests."""

    def __init__(self, detail: str = "", after: int = 0) -> None:
        super().__init__(detail)
        self.after = after
        """Seconds after which it may be asked again; 0: not known."""


class Busy(HubError):
    """The hub has more to do than it can: ask again a little later."""


class Unavailable(HubError):
    """The hub cannot reach its database."""

    def __init__(self, detail: str = "", *, retry: bool = False) -> None:
        super().__init__(detail)
        self.retry = retry
        """Whether a connection was lost, or none could be had: another may find the node that has taken over."""
        self.undone = False
        """Whether it is certain that nothing was committed: the transaction had not come to its commit."""


class NotAcceptable(HubError):
    """The hub answers in application/taxii+json;version=2.1 only."""


class UnsupportedMedia(HubError):
    """The hub takes application/taxii+json;version=2.1."""


class Misconfigured(HubError):
    """The hub cannot run as it is set up."""


class FeedFailed(HubError):
    """The feed as a whole could not be taken; nothing was changed."""

    def __init__(self, detail: str = "", rest: int = 0) -> None:
        super().__init__(detail)
        self.rest = rest
        """Seconds for which the source asks not to be asked again."""
