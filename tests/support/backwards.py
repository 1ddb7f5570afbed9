"""What later migrations did to a database, undone: for tests that put it back to an earlier revision, on both databases."""

BACK_TO_0010 = (
    "DROP INDEX ix_entry_uncertain",
    "ALTER TABLE entry DROP COLUMN newer_audience_id",
    "DROP INDEX IF EXISTS ix_entry_audience_covering",
    "DROP INDEX IF EXISTS ix_entry_organisation_covering",
    "CREATE INDEX IF NOT EXISTS ix_entry_audience_latest ON entry (collection_id, audience_id, date_added) WHERE superseded <> 1",
    (
        "CREATE INDEX IF NOT EXISTS ix_entry_organisation_latest ON entry (collection_id, organisation_id, date_added) "
        "WHERE superseded <> 1 AND recalled = 0"
    ),
)
