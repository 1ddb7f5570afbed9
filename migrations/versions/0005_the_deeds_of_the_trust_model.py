"""The deeds of the trust model: naming, consent, the list of what was recalled; levels ruled again; requests made once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "naming",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("proposed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_naming_account_id")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_naming_group_id")),
        sa.PrimaryKeyConstraint("account_id", "group_id", name=op.f("pk_naming")),
    )
    op.create_index(op.f("ix_naming_group_id"), "naming", ["group_id"], unique=False)
    op.create_table(
        "once",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_once_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_once")),
    )
    op.create_index(op.f("ix_once_at"), "once", ["at"], unique=False)
    op.create_table(
        "recall",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("stix_id", TEXT, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("recalled", sa.SmallInteger(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.CheckConstraint("recalled IN (1, 2)", name=op.f("ck_recall_recalled")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_recall_collection_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_recall_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("name", name=op.f("uq_recall_name")),
    )
    op.create_index(op.f("ix_recall_at"), "recall", ["at"], unique=False)
    op.create_index(op.f("ix_recall_organisation_id"), "recall", ["organisation_id"], unique=False)
    op.create_table(
        "backlog",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("mark", TEXT, nullable=True),
        sa.Column("collection_id", KEY, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_entry", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('mark', 'level', 'creator')", name=op.f("ck_backlog_kind")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_backlog_organisation_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_backlog_collection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backlog")),
    )
    op.execute(
        "INSERT INTO backlog (kind, organisation_id, mark, created, last_entry, done) "
        "SELECT 'mark', organisation_id, mark, created, last_entry, done FROM remarking ORDER BY id"
    )
    op.drop_table("remarking")
    op.create_table(
        "acknowledgement",
        sa.Column("recall_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_acknowledgement_account_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_acknowledgement_organisation_id")
        ),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_acknowledgement_recall_id")),
        sa.PrimaryKeyConstraint("recall_id", "organisation_id", name=op.f("pk_acknowledgement")),
    )
    op.create_table(
        "consent",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("asker_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("use", TEXT, nullable=False),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(use = 'release') = (group_id IS NOT NULL)", name=op.f("ck_consent_target")),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused', 'withdrawn')", name=op.f("ck_consent_state")),
        sa.CheckConstraint("use IN ('release', 'evidence')", name=op.f("ck_consent_use")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_consent_account_id")),
        sa.ForeignKeyConstraint(["asker_id"], ["organisation.id"], name=op.f("fk_consent_asker_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_consent_entry_id")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_consent_group_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_consent_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("name", name=op.f("uq_consent_name")),
    )
    op.create_index(op.f("ix_consent_asker_id"), "consent", ["asker_id"], unique=False)
    op.create_index(op.f("ix_consent_entry_id"), "consent", ["entry_id"], unique=False)
    op.create_index(op.f("ix_consent_organisation_id"), "consent", ["organisation_id"], unique=False)
    op.create_table(
        "recalled_entry",
        sa.Column("recall_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_recalled_entry_entry_id")),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recalled_entry_recall_id")),
        sa.PrimaryKeyConstraint("recall_id", "entry_id", name=op.f("pk_recalled_entry")),
    )
    op.create_index(
        "ix_entry_own_held",
        "entry",
        ["organisation_id", "collection_id", "date_added"],
        unique=False,
        sqlite_where=sa.text("held IS NOT NULL"),
        postgresql_where=sa.text("held IS NOT NULL"),
    )
    op.create_index(
        "ix_entry_own_recalled",
        "entry",
        ["organisation_id", "collection_id", "date_added"],
        unique=False,
        sqlite_where=sa.text("recalled <> 0"),
        postgresql_where=sa.text("recalled <> 0"),
    )
    op.create_index(
        "ix_entry_released",
        "entry",
        ["released_from"],
        unique=False,
        sqlite_where=sa.text("released_from IS NOT NULL"),
        postgresql_where=sa.text("released_from IS NOT NULL"),
    )
    op.drop_index(op.f("ix_event_served"), table_name="event")
    op.create_index("ix_event_served", "event", ["collection_id", "action", "organisation_id", "at"], unique=False)
    op.create_index("ix_event_group", "event", ["group_id", "id"], unique=False)
    op.add_column("audience_history", sa.Column("line_order", sa.BigInteger(), nullable=True))
