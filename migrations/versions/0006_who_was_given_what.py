"""Who was given what, by the collection's clock; recalls that both must lift; what a copy stands on; whom the operator has suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# From times of machines to the clocks of collections: those go at least as far as whatever has happened in them.
CLOCKS = """
UPDATE clock SET last_added = history.latest FROM (
    SELECT entry.collection_id AS collection_id, max(audience_history.since) AS latest
    FROM audience_history JOIN entry ON entry.id = audience_history.entry_id GROUP BY entry.collection_id
) AS history WHERE history.collection_id = clock.collection_id AND history.latest > clock.last_added
"""
# While it is recalled an entry is nobody's, and may have had more than one row since.
RECALLED = """
UPDATE audience_history SET recalled = (SELECT entry.recalled FROM entry WHERE entry.id = audience_history.entry_id)
WHERE entry_id IN (SELECT id FROM entry WHERE recalled <> 0) AND (until IS NULL OR audience_id = (
    SELECT entry.audience_id FROM entry WHERE entry.id = audience_history.entry_id
) AND since >= (
    SELECT max(recall.at) FROM recall JOIN recalled_entry ON recalled_entry.recall_id = recall.id
    WHERE recalled_entry.entry_id = audience_history.entry_id
))
"""
# Of what is recalled now the newest recall stands; what was recalled before that had been brought back.
LIFTED = """
UPDATE recalled_entry SET lifted = 0 WHERE entry_id IN (SELECT id FROM entry WHERE recalled = 0) OR recall_id < (
    SELECT max(other.recall_id) FROM recalled_entry AS other WHERE other.entry_id = recalled_entry.entry_id
)
"""
# Copies made before stand on every consent that holds to a release of them there, whoever asked for it; on none that is withdrawn, or they
# would have been recalled. What an organisation released of its own needs none.
RELEASES = """
INSERT INTO release (entry_id, collection_id, organisation_id, consent_id, at)
SELECT copy.released_from, copy.collection_id, account.organisation_id, consent.id, copy.first_added FROM entry AS copy
JOIN account ON account.id = copy.account_id JOIN collection ON collection.id = copy.collection_id
LEFT JOIN consent ON consent.entry_id = copy.released_from AND consent.group_id = collection.group_id
    AND consent.use = 'release' AND consent.state = 'granted' AND account.organisation_id <> copy.organisation_id
WHERE copy.released_from IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("account", sa.Column("barred", sa.BigInteger(), nullable=True))
    # Who suspended an account was not kept: only the operator takes it back.
    op.execute("UPDATE account SET barred = created WHERE suspended")
    op.add_column("audience_history", sa.Column("recalled", sa.SmallInteger(), nullable=True))
    op.execute(RECALLED)
    op.execute(CLOCKS)
    op.add_column("recall", sa.Column("as_of", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE recall SET as_of = at")
    op.add_column("recalled_entry", sa.Column("lifted", sa.BigInteger(), nullable=True))
    op.execute(LIFTED)
    op.create_index(op.f("ix_recalled_entry_entry_id"), "recalled_entry", ["entry_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("collection_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("consent_id", KEY, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_release_entry_id")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_release_collection_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_release_organisation_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_release_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    op.create_index("ix_release_copy", "release", ["entry_id", "collection_id"], unique=False)
    op.execute(RELEASES)
    op.add_column("event", sa.Column("as_of", sa.BigInteger(), nullable=True))
    op.execute("UPDATE event SET as_of = at WHERE action IN ('serve', 'evidence') AND outcome = 'done'")
    op.drop_index(op.f("ix_event_served"), table_name="event")
    op.create_index("ix_event_served", "event", ["collection_id", "action", "organisation_id", "as_of"], unique=False)
