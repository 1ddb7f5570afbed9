"""What travels with the program: the migrations, and the declarations that the demo applies."""

from pathlib import Path

from indicator_hub.errors import Misconfigured

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def migrations() -> Path:
    """The folder of migrations."""
    return _find("migrations")


def collections() -> Path:
    """The folder of declarations."""
    return _find("collections")


def _find(name: str) -> Path:
    """In the wheel they lie inside the package, in a checkout at its top."""
    for place in (_PACKAGE / f"_{name}", _CHECKOUT / name):
        if place.is_dir():
            return place
    raise Misconfigured(f"This installation of indicator-hub lacks its {name}. Install it again.")
