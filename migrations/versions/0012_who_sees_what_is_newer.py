"""Of a version that only some see a newer one of: who does, where it is one audience. And an index of the rows that do not say by themselves whether they are shown.

What is stored already is asked as before until its id changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("entry", sa.Column("newer_audience_id", KEY, nullable=True))
    uncertain = sa.text("recalled = 0 AND (superseded = 2 OR spec_version <> '2.1')")
    columns = "collection_id", "organisation_id", "date_added", "superseded", "spec_version", "recalled"
    op.create_index("ix_entry_uncertain", "entry", list(columns), sqlite_where=uncertain, postgresql_where=uncertain)
