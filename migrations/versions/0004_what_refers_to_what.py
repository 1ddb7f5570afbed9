"""What refers to what: an object is as strict as the strictest that it refers to. What is here already keeps the audience it has."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "referrer",
        sa.Column("entry_id", KEY, autoincrement=False, nullable=False),
        sa.Column("own_audience_id", KEY, nullable=False),
        sa.Column("held", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_referrer_entry_id")),
        sa.ForeignKeyConstraint(["own_audience_id"], ["audience.id"], name=op.f("fk_referrer_own_audience_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_referrer")),
    )
    op.create_table(
        "reference",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("target_id", TEXT, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_reference_collection_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_reference_entry_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_reference_organisation_id")),
        sa.PrimaryKeyConstraint("entry_id", "target_id", "organisation_id", name=op.f("pk_reference")),
    )
    op.create_index("ix_reference_target", "reference", ["collection_id", "target_id"], unique=False)
