"""What jsonschema imports at once and hardly a test asks for: the grammars of IRIs, which take three seconds to be read, in each process."""

import importlib
import sys
from types import ModuleType

_NAME = "rfc3987_syntax"


def iris_later() -> None:
    """Put a module in its place that reads the grammars when something is first to be looked at by them, and then answers as it does."""
    if _NAME not in sys.modules:
        standing_in = ModuleType(_NAME)
        standing_in.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
        sys.modules[_NAME] = standing_in


def _is_valid_syntax(term: str, value: str) -> bool:
    if not hasattr(sys.modules[_NAME], "__path__"):
        del sys.modules[_NAME]
    return importlib.import_module(_NAME).is_valid_syntax(term=term, value=value)
