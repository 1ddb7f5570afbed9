"""`python -m indicator_hub` is `indicator-hub`."""

from indicator_hub.cli import main

if __name__ == "__main__":
    main()
