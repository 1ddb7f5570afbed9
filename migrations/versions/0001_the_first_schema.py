"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("legal_basis", TEXT, nullable=False),
        sa.Column("purposes", TEXT, nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("name", name=op.f("uq_agreement_name")),
    )
    op.create_table(
        "audience",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("floor", sa.SmallInteger(), nullable=False),
        sa.Column("persons_only", sa.Boolean(), nullable=False),
        sa.Column("nations", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
        sa.UniqueConstraint("floor", "persons_only", "nations", name=op.f("uq_audience_floor_persons_only_nations")),
    )
    op.create_table(
        "event",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("personal_digest", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("ck_event_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("seq", name=op.f("uq_event_seq")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_served", ["collection_id", "action", "at"], unique=False)
        batch_op.create_index(
            "ix_event_unnumbered",
            ["id"],
            unique=False,
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        )

    op.create_table(
        "event_personal",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_event_personal")),
    )
    op.create_table(
        "job",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("worker", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("nation", TEXT, nullable=False),
        sa.Column("contact", TEXT, nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "account",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("lists_empty", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'service', 'feed')", name=op.f("ck_account_kind")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_account_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "stix_identity",
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_stix_identity_organisation_id")
        ),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_stix_identity")),
    )
    with op.batch_alter_table("stix_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stix_identity_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "trust_group",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("agreement_id", KEY, nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("lead_nation", TEXT, nullable=False),
        sa.CheckConstraint("kind <> 'operation' OR ends IS NOT NULL", name=op.f("ck_trust_group_operation_ends")),
        sa.CheckConstraint("kind = 'public' OR agreement_id IS NOT NULL", name=op.f("ck_trust_group_has_agreement")),
        sa.CheckConstraint("kind IN ('standing', 'operation', 'public')", name=op.f("ck_trust_group_kind")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_trust_group_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust_group")),
        sa.UniqueConstraint("name", name=op.f("uq_trust_group_name")),
    )
    op.create_table(
        "collection",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("uuid", TEXT, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("ceiling", sa.SmallInteger(), nullable=False),
        sa.Column("default_level", sa.SmallInteger(), nullable=True),
        sa.Column("writable", TEXT, nullable=False),
        sa.CheckConstraint("writable IN ('members', 'feeds')", name=op.f("ck_collection_writable")),
        sa.CheckConstraint("ceiling BETWEEN 0 AND 4", name=op.f("ck_collection_ceiling")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_collection_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("group_id", "alias", name=op.f("uq_collection_group_id_alias")),
        sa.UniqueConstraint("uuid", name=op.f("uq_collection_uuid")),
    )
    op.create_table(
        "membership",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=False),
        sa.Column("steward", sa.Boolean(), nullable=False),
        sa.Column("sponsor_id", KEY, nullable=True),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("sees_from", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("role IN ('submitter', 'observer', 'client', 'member')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_membership_group_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")),
        sa.ForeignKeyConstraint(["sponsor_id"], ["organisation.id"], name=op.f("fk_membership_sponsor_id")),
        sa.PrimaryKeyConstraint("organisation_id", "group_id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_group_id"), ["group_id"], unique=False)

    op.create_table(
        "named_person",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_named_person_account_id")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_named_person_group_id")),
        sa.PrimaryKeyConstraint("account_id", "group_id", name=op.f("pk_named_person")),
    )
    with op.batch_alter_table("named_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_named_person_group_id"), ["group_id"], unique=False)

    op.create_table(
        "status",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=False),
        sa.Column("resource", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_status_account_id")),
        sa.ForeignKeyConstraint(["group_id"], ["trust_group.id"], name=op.f("fk_status_group_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_status_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status")),
    )
    with op.batch_alter_table("status", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_finished"), ["finished"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "clock",
        sa.Column("collection_id", KEY, autoincrement=False, nullable=False),
        sa.Column("last_added", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_clock_collection_id")),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_clock")),
    )
    op.create_table(
        "entry",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("stix_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("spec_version", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("version_key", TEXT, nullable=False),
        sa.Column("unique_key", TEXT, nullable=False),
        sa.Column("created", TEXT, nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("status_id", TEXT, nullable=False),
        sa.Column("audience_id", KEY, nullable=False),
        sa.Column("held", TEXT, nullable=True),
        sa.Column("date_added", sa.BigInteger(), nullable=False),
        sa.Column("first_added", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.SmallInteger(), nullable=False),
        sa.Column("recalled", sa.SmallInteger(), nullable=False),
        sa.Column("line_order", sa.BigInteger(), nullable=False),
        sa.Column("released_from", KEY, nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("recalled IN (0, 1, 2)", name=op.f("ck_entry_recalled")),
        sa.CheckConstraint("superseded IN (0, 1, 2)", name=op.f("ck_entry_superseded")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_entry_account_id")),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name=op.f("fk_entry_audience_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_entry_collection_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_entry_organisation_id")),
        sa.ForeignKeyConstraint(["released_from"], ["entry.id"], name=op.f("fk_entry_released_from")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("collection_id", "date_added", name=op.f("uq_entry_collection_id_date_added")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entry_audience",
            ["collection_id", "audience_id", "date_added"],
            unique=False,
            sqlite_where=None,
            postgresql_where=None,
        )
        batch_op.create_index(
            "ix_entry_audience_latest",
            ["collection_id", "audience_id", "date_added"],
            unique=False,
            sqlite_where=sa.text("superseded <> 1"),
            postgresql_where=sa.text("superseded <> 1"),
        )
        batch_op.create_index(
            "ix_entry_organisation",
            ["collection_id", "organisation_id", "date_added"],
            unique=False,
            sqlite_where=sa.text("recalled = 0"),
            postgresql_where=sa.text("recalled = 0"),
        )
        batch_op.create_index(
            "ix_entry_organisation_latest",
            ["collection_id", "organisation_id", "date_added"],
            unique=False,
            sqlite_where=sa.text("superseded <> 1 AND recalled = 0"),
            postgresql_where=sa.text("superseded <> 1 AND recalled = 0"),
        )
        batch_op.create_index(
            "ux_entry_line", ["collection_id", "stix_id", "organisation_id", "spec_version", "unique_key"], unique=True
        )

    op.create_table(
        "feed",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("declaration", TEXT, nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("etag", TEXT, nullable=True),
        sa.Column("last_modified", TEXT, nullable=True),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("succeeded", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_feed_account_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_feed_collection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("account_id", name=op.f("uq_feed_account_id")),
        sa.UniqueConstraint("name", name=op.f("uq_feed_name")),
    )
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_collection_id"), ["collection_id"], unique=False)

    op.create_table(
        "audience_history",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("audience_id", KEY, nullable=False),
        sa.Column("date_added", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name=op.f("fk_audience_history_audience_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_audience_history_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "since", name=op.f("pk_audience_history")),
    )
    op.create_table(
        "feed_run",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("tally", TEXT, nullable=False),
        sa.CheckConstraint("outcome IN ('running', 'done', 'unchanged', 'failed')", name=op.f("ck_feed_run_outcome")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_feed_run_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_run")),
    )
    with op.batch_alter_table("feed_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_run_feed_id"), ["feed_id"], unique=False)

    op.create_table(
        "provenance",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("stix_id", TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("raw", TEXT, nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("first_run_id", KEY, nullable=False),
        sa.Column("last_run_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_provenance_feed_id")),
        sa.ForeignKeyConstraint(["first_run_id"], ["feed_run.id"], name=op.f("fk_provenance_first_run_id")),
        sa.ForeignKeyConstraint(["last_run_id"], ["feed_run.id"], name=op.f("fk_provenance_last_run_id")),
        sa.PrimaryKeyConstraint("feed_id", "stix_id", name=op.f("pk_provenance")),
    )
    with op.batch_alter_table("provenance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provenance_stix_id"), ["stix_id"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("raw", TEXT, nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("first_run_id", KEY, nullable=False),
        sa.Column("last_run_id", KEY, nullable=False),
        sa.Column("settled", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_quarantine_feed_id")),
        sa.ForeignKeyConstraint(["first_run_id"], ["feed_run.id"], name=op.f("fk_quarantine_first_run_id")),
        sa.ForeignKeyConstraint(["last_run_id"], ["feed_run.id"], name=op.f("fk_quarantine_last_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("feed_id", "digest", "reason", name=op.f("uq_quarantine_feed_id_digest_reason")),
    )
