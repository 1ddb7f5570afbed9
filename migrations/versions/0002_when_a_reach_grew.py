"""When a member's reach last grew: the API root then says from where to read again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("grew", sa.BigInteger(), nullable=True))
