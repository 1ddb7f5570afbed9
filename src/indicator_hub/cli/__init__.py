"""The shell: one module for each command. Every refusal ends in one paragraph on standard error that says what to do, and a code."""

import sys

EXIT = {
    "Misconfigured": 3,
    "Invalid": 4,
    "DeclarationError": 4,
    "TooLarge": 4,
    "TooLong": 4,
    "Unprocessable": 4,
    "NotFound": 5,
    "Conflict": 6,
    "FeedFailed": 7,
    "Unavailable": 8,
    "TooMany": 8,
    "Busy": 8,
    "Unauthenticated": 9,
    "NotPermitted": 10,
}
"""The exit code for each kind of refusal; 1 for any other, 2 for a command line that cannot be read."""


def main() -> None:
    """Run the command line."""
    from indicator_hub.cli.commands import app
    from indicator_hub.errors import HubError

    try:
        app()
    except HubError as error:
        print(error.detail or error.sentence, file=sys.stderr)
        sys.exit(EXIT.get(type(error).__name__, 1))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Exception:  # noqa: BLE001 - the last handler: a fault of ours is told as one, with what a report needs
        import traceback

        traceback.print_exc()
        print("This is a fault of indicator-hub, not of yours. Please report it with the lines above.", file=sys.stderr)
        sys.exit(70)
