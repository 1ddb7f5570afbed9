"""Where things lie in a checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "migrations"
COLLECTIONS = ROOT / "collections"
FEEDS = ROOT.parent / "shared" / "feeds"
"""Real feeds, where they are at hand; tests that need them skip and say so where they are not."""
