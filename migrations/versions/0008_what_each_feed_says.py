"""What each feed says of an indicator, and until when: several are put together. It was a digest of it, so each feed says it anew. And lists that feeds are held to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("provenance", sa.Column("said", TEXT, server_default=sa.text("''"), nullable=False))
    op.add_column("provenance", sa.Column("valid_until", sa.BigInteger(), nullable=True))
    op.drop_column("provenance", "fingerprint")
    op.create_table(
        "warning_list",
        sa.Column("feed_id", KEY, sa.ForeignKey("feed.id"), primary_key=True, autoincrement=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
    )
