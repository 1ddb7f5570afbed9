"""What an entry says, to be asked for; people who sign in; when a token was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("token", sa.Column("seen", sa.BigInteger(), nullable=True))
    for name, kind in (
        ("name", TEXT), ("confidence", sa.SmallInteger()), ("valid_from", sa.BigInteger()), ("valid_until", sa.BigInteger()),
        ("labels", TEXT),
    ):  # fmt: skip
        op.add_column("entry", sa.Column(name, kind, nullable=True))
    op.create_table(
        "observable",
        sa.Column("entry_id", KEY, sa.ForeignKey("entry.id"), nullable=False),
        sa.Column("collection_id", KEY, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "digest"),
        sa.CheckConstraint("part IN (0, 1, 2)", name="part"),
    )
    op.create_index("ix_observable_digest", "observable", ["digest"])
    op.create_table(
        "password",
        sa.Column("account_id", KEY, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("account_id", KEY, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_index("ix_session_ends", "session", ["ends"])
