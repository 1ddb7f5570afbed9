"""When a member's reach last changed: the API root then says from where to read again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("reach_changed", sa.BigInteger(), nullable=True))
