"""How often a feed has failed in a row, when it stopped saying something, and how far a TAXII server was read; a consent is asked for once."""

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
    # Of questions that were asked twice at once the first stays open.
    op.execute(
        "UPDATE consent SET state = 'withdrawn' WHERE state = 'asked' AND EXISTS (SELECT 1 FROM consent AS other WHERE other.state = 'asked' "
        "AND other.entry_id = consent.entry_id AND other.asker_id = consent.asker_id AND other.use = consent.use AND other.id < consent.id "
        "AND COALESCE(other.group_id, 0) = COALESCE(consent.group_id, 0))"
    )
    for name, columns, where in (
        ("uq_consent_release", ["entry_id", "asker_id", "group_id"], "state = 'asked' AND use = 'release'"),
        ("uq_consent_evidence", ["entry_id", "asker_id"], "state = 'asked' AND use = 'evidence'"),
    ):
        condition = sa.text(where)
        op.create_index(name, "consent", columns, unique=True, sqlite_where=condition, postgresql_where=condition)
