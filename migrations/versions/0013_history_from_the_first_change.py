"""Nothing changes in the tables, but in what they say: an entry without rows in `audience_history` has had what it has since it came.

An older hub writes a row for that, and would find none here: it must not start on this database.
"""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The rows that are there stay, and are read as before."""
