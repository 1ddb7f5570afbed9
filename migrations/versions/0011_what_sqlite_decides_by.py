"""On SQLite: indexes that say by themselves who is given a row, instead of those that only tell where it lies."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RANGES = {
    "audience": ("audience_id", ("first_added", "organisation_id", "recalled"), "superseded <> 1"),
    "organisation": ("organisation_id", ("recalled",), "superseded <> 1 AND recalled = 0"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, (owner, more, where) in RANGES.items():
        columns = "collection_id", owner, "date_added", "superseded", "spec_version", *more
        op.create_index(f"ix_entry_{name}_covering", "entry", list(columns), sqlite_where=sa.text(where))
        op.drop_index(f"ix_entry_{name}_latest", "entry")
