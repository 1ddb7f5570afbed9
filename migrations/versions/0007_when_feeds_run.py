"""How often a feed has failed in a row, and when it stopped saying something."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("provenance", sa.Column("ended", sa.BigInteger(), nullable=True))
