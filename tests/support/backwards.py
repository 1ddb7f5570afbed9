"""What later migrations did to a database, undone: for tests that put it back to an earlier revision, on both databases."""

HISTORY_FROM_THE_BEGINNING = (
    "INSERT INTO audience_history (entry_id, since, audience_id, date_added) SELECT id, first_added, audience_id, date_added "
    "FROM entry WHERE id NOT IN (SELECT entry_id FROM audience_history)"
)
"""What a hub wrote before 0013 for each entry that came."""
BACK_TO_0010 = (
    HISTORY_FROM_THE_BEGINNING,
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
