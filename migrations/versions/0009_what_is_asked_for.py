"""What an entry says, to be asked for; people who sign in; when a token was last used."""

import json

import sqlalchemy as sa
from alembic import op

from indicator_hub.stix.terms import digest, summary, terms

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
    _fill()


def _fill() -> None:
    """What entries say that came before: read out of their bytes, some at a time."""
    connection = op.get_bind()
    entry = sa.table("entry", *map(sa.column, ("id", "collection_id", "body", *summary({})._fields)))
    observable = sa.table(
        "observable", *map(sa.column, ("entry_id", "collection_id", "digest", "kind", "value", "part"))
    )
    fields = summary({})._fields
    changed = entry.update().where(entry.c.id == sa.bindparam("key"))
    last = 0
    while True:
        some = (
            sa.select(entry.c.id, entry.c.collection_id, entry.c.body)
            .where(entry.c.id > last)
            .order_by(entry.c.id)
            .limit(1_000)
        )
        rows = connection.execute(some).all()
        if not rows:
            return
        told: list[dict[str, object]] = []
        said: list[dict[str, object]] = []
        for key, collection, body in rows:
            value = json.loads(bytes(body))
            found = summary(value)._asdict()
            if any(one is not None for one in found.values()):
                told.append({"key": key} | found)
            said += [
                {"entry_id": key, "collection_id": collection, "digest": digest(one.kind, one.value), **one._asdict()}
                for one in terms(value)
            ]
        if told:
            connection.execute(changed.values({name: sa.bindparam(name) for name in fields}), told)
        if said:
            connection.execute(observable.insert(), said)
        last = rows[-1][0]
