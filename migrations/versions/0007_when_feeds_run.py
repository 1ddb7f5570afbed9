"""How often a feed has failed in a row: the more often, the longer it rests."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
