"""Of a version that only some see a newer one of: who does, where it is one audience. What is stored already is asked as before until its id changes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("entry", sa.Column("newer_audience_id", KEY, nullable=True))
