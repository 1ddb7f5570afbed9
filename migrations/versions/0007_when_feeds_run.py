"""How often a feed has failed in a row, when it stopped saying something, and how far a TAXII server was read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("feed", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("provenance", sa.Column("ended", sa.BigInteger(), nullable=True))
    op.add_column("feed", sa.Column("place", TEXT, nullable=True))
