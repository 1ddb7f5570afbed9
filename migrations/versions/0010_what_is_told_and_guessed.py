"""Lists of nations told to those nations alone: what is there is ruled again. Wrong passwords counted by name and address. Tokens that
may do less than their account."""

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
HANDLING = "extension-definition--49475743-d6b8-4a71-9b73-353a1679aea0"


def upgrade() -> None:
    for name in ("failures", "locked_until"):
        op.drop_column("password", name)
    op.create_table(
        "attempt",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_attempt_seen", "attempt", ["seen"])
    op.add_column("token", sa.Column("scopes", TEXT, nullable=True))
    _rule_lists_again()


def _rule_lists_again() -> None:
    """Each marking-definition that lists nations waits for its own mark: the hub rules it again before it serves anybody."""
    connection = op.get_bind()
    entry = sa.table("entry", *map(sa.column, ("id", "organisation_id", "stix_id", "body")))
    unresolved = sa.table("unresolved", *map(sa.column, ("organisation_id", "mark", "entry_id")))
    backlog = sa.table("backlog", *map(sa.column, ("kind", "organisation_id", "mark", "created", "last_entry", "done")))
    definitions = sa.select(entry.c.id, entry.c.organisation_id, entry.c.stix_id, entry.c.body).where(
        entry.c.stix_id.like("marking-definition--%")
    )
    waiting = {
        (organisation, name, key)
        for key, organisation, name, body in connection.execute(definitions)
        if _lists_nations(json.loads(bytes(body)))
    }
    noted = set(map(tuple, connection.execute(sa.select(*unresolved.c)).all()))
    for organisation, name, key in sorted(waiting - noted):
        connection.execute(unresolved.insert().values(organisation_id=organisation, mark=name, entry_id=key))
    tasks = {(organisation, name) for organisation, name, _ in waiting}
    for organisation, name in sorted(tasks):
        task = {"kind": "mark", "organisation_id": organisation, "mark": name, "last_entry": 0, "done": 0}
        connection.execute(backlog.insert().values(**task, created=time.time_ns() // 1_000))


def _lists_nations(value: dict[str, object]) -> bool:
    extensions = value.get("extensions")
    content = extensions.get(HANDLING) if isinstance(extensions, dict) else None
    return isinstance(content, dict) and "releasable_to" in content
