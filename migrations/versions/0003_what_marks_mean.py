"""What each organisation says its marks mean, which entries wait for a mark, and what is still to be ruled again."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("entry", sa.Column("default_level", sa.SmallInteger(), nullable=True))
    op.create_table(
        "definition",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("stix_id", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_definition_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "stix_id", name=op.f("pk_definition")),
    )
    op.create_table(
        "unresolved",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("mark", TEXT, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_unresolved_entry_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_unresolved_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "mark", "entry_id", name=op.f("pk_unresolved")),
    )
    op.create_index(op.f("ix_unresolved_entry_id"), "unresolved", ["entry_id"], unique=False)
    op.create_table(
        "remarking",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("mark", TEXT, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_entry", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_remarking_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarking")),
    )
    _keep_definitions()
    _find_waiting()


# The nine TLP objects: their meaning is built in, and no organisation's.
_TLP = tuple(
    f"marking-definition--{uuid}"
    for uuid in (
        "613f2e26-407d-48c7-9eca-b8e91df99dc9", "34098fce-860f-48ae-8e50-ebd3cc5e41da", "f88d31f6-486f-44da-b317-01333bde0b82",
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "94868c89-83c2-464b-929b-a1a8aa3c8487", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "939a9414-2ddd-4d32-a0cd-375ea402b003", "e828b379-4e03-4974-9ac4-e53a884c97c1",
    )
)  # fmt: skip


def _keep_definitions() -> None:
    """Of each organisation and id the first content that is here."""
    op.execute(
        "INSERT INTO definition (organisation_id, stix_id, body) SELECT organisation_id, stix_id, body FROM entry WHERE id IN "
        "(SELECT MIN(id) FROM entry WHERE type = 'marking-definition' GROUP BY organisation_id, stix_id)"
    )


def _find_waiting() -> None:
    """What is held, by which marks, and the level that counts where it says none."""
    connection = op.get_bind()
    held = connection.execute(
        sa.text(
            "SELECT e.id, e.organisation_id, e.body, c.default_level, f.declaration FROM entry e "
            "JOIN collection c ON c.id = e.collection_id LEFT JOIN feed f ON f.account_id = e.account_id "
            "WHERE e.held IS NOT NULL"
        )
    ).all()
    found: set[tuple[int, str]] = set()
    for key, organisation, body, default, feed in held:
        value = json.loads(bytes(body))
        own = value.get("object_marking_refs", [])
        parts = [part["marking_ref"] for part in value.get("granular_markings", []) if "marking_ref" in part]
        if not any(mark in _TLP for mark in own):
            level = json.loads(feed).get("level") if feed else None
            changed = {"level": default if level is None else level, "key": key}
            connection.execute(sa.text("UPDATE entry SET default_level = :level WHERE id = :key"), changed)
        for mark in {*own, *parts} - {*_TLP}:
            row = {"organisation": organisation, "mark": mark, "key": key}
            connection.execute(sa.text("INSERT INTO unresolved VALUES (:organisation, :mark, :key)"), row)
            found.add((organisation, mark))
    for organisation, mark in sorted(found):
        connection.execute(
            sa.text(
                "INSERT INTO remarking (organisation_id, mark, created, last_entry, done) SELECT organisation_id, stix_id, 0, 0, 0 "
                "FROM definition WHERE organisation_id = :organisation AND stix_id = :mark"
            ),
            {"organisation": organisation, "mark": mark},
        )
