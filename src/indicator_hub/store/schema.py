"""The tables. `migrations/` builds the same schema step by step; a test holds the two equal on both databases.

Instants are microseconds since 1970 (BIGINT). Text compares by code point. Bytes of objects are never decoded.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0013"
"""The schema this code knows: the newest revision in `migrations/`. The hub refuses to start on any other."""
ONLY = "only"
"""In the `info` of an index: which of the two databases has it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def is_of(database: str) -> Callable[[Any, str | None, str, bool, Any], bool]:
    """Whether a database of this kind has something that is declared here: as Alembic asks it, to compare."""

    def included(what: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:  # noqa: ARG001 - Alembic's signature
        return kind != "index" or what.info.get(ONLY, database) == database

    return included


# By code point on both databases: a locale's order would make versions and ids sort otherwise on another machine.
_Text = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts rows up by itself only in a column that is INTEGER to the letter.
_Key = BigInteger().with_variant(Integer(), "sqlite")


def _key() -> Column[int]:
    return Column("id", _Key, primary_key=True, autoincrement=True)


agreement = Table(
    "agreement",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("title", _Text, nullable=False),
    Column("legal_basis", _Text, nullable=False),
    Column("purposes", _Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger),
)

organisation = Table(
    "organisation",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("title", _Text, nullable=False),
    Column("nation", _Text, nullable=False),
    Column("contact", _Text, nullable=False),
    Column("suspended", Boolean, nullable=False),
)

stix_identity = Table(
    "stix_identity",
    metadata,
    Column("identity", _Text, primary_key=True),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False, index=True),
)

trust_group = Table(
    "trust_group",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("title", _Text, nullable=False),
    Column("description", _Text, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("agreement_id", _Key, ForeignKey("agreement.id")),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("purpose", _Text, nullable=False),
    Column("lead_nation", _Text, nullable=False),
    CheckConstraint("kind IN ('standing', 'operation', 'public')", name="kind"),
    CheckConstraint("kind <> 'operation' OR ends IS NOT NULL", name="operation_ends"),
    CheckConstraint("kind = 'public' OR agreement_id IS NOT NULL", name="has_agreement"),
)

membership = Table(
    "membership",
    metadata,
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("group_id", _Key, ForeignKey("trust_group.id"), nullable=False, index=True),
    Column("role", _Text, nullable=False),
    Column("can_write", Boolean, nullable=False),
    Column("steward", Boolean, nullable=False),
    Column("sponsor_id", _Key, ForeignKey("organisation.id")),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("sees_from", BigInteger),
    Column("reach_changed", BigInteger),
    PrimaryKeyConstraint("organisation_id", "group_id"),
    CheckConstraint("role IN ('submitter', 'observer', 'client', 'member')", name="role"),
)

collection = Table(
    "collection",
    metadata,
    _key(),
    Column("uuid", _Text, nullable=False, unique=True),
    Column("group_id", _Key, ForeignKey("trust_group.id"), nullable=False),
    Column("alias", _Text, nullable=False),
    Column("title", _Text, nullable=False),
    Column("description", _Text, nullable=False),
    Column("ceiling", SmallInteger, nullable=False),
    Column("default_level", SmallInteger),
    Column("writable", _Text, nullable=False),
    UniqueConstraint("group_id", "alias"),
    CheckConstraint("ceiling BETWEEN 0 AND 4", name="ceiling"),
    CheckConstraint("writable IN ('members', 'feeds')", name="writable"),
)

# The collection's clock stands apart from the collection: it changes with every write, the other hardly ever.
clock = Table(
    "clock",
    metadata,
    Column("collection_id", _Key, ForeignKey("collection.id"), primary_key=True, autoincrement=False),
    Column("last_added", BigInteger, nullable=False),
)

account = Table(
    "account",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("kind", _Text, nullable=False),
    Column("scopes", _Text, nullable=False),
    Column("suspended", Boolean, nullable=False),
    # Since when the hub's operator has suspended it, whatever its own organisation says; NULL: it has not.
    Column("barred", BigInteger),
    Column("lists_empty", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("kind IN ('person', 'service', 'feed')", name="kind"),
)

token = Table(
    "token",
    metadata,
    _key(),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("label", _Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("ends", BigInteger),
    # When it was last used, to some minutes; NULL: never.
    Column("seen", BigInteger),
    # Of its account's scopes those that it has; NULL: all.
    Column("scopes", _Text),
)

# Of a person who signs in to the console: Argon2id.
password = Table(
    "password",
    metadata,
    Column("account_id", _Key, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    Column("hash", _Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

# How often in a row a wrong password was given under a name, and under a name from an address: SHA-256 of these. Names that are not there are
# counted like those that are.
attempt = Table(
    "attempt",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger),
    Column("seen", BigInteger, nullable=False, index=True),
    # When it was last the right one, under this name from this address.
    Column("good", BigInteger),
)

# A person signed in to the console. The cookie holds 256 random bits, this SHA-256 of them.
session = Table(
    "session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False, index=True),
)

named_person = Table(
    "named_person",
    metadata,
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("group_id", _Key, ForeignKey("trust_group.id"), nullable=False, index=True),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger),
    PrimaryKeyConstraint("account_id", "group_id"),
)

# Proposed by their own organisation, and read RED only once a steward has confirmed it.
naming = Table(
    "naming",
    metadata,
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("group_id", _Key, ForeignKey("trust_group.id"), nullable=False, index=True),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("proposed", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "group_id"),
)

feed = Table(
    "feed",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False, unique=True),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False, index=True),
    Column("declaration", _Text, nullable=False),
    Column("ends", BigInteger),
    Column("etag", _Text),
    Column("last_modified", _Text),
    Column("content_sha256", LargeBinary),
    Column("succeeded", BigInteger),
    # Of a TAXII server: from which `added_after` on to read.
    Column("place", _Text),
    # In a row, up to now.
    Column("failures", Integer, nullable=False, server_default=text("0")),
)

feed_run = Table(
    "feed_run",
    metadata,
    _key(),
    Column("feed_id", _Key, ForeignKey("feed.id"), nullable=False, index=True),
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("outcome", _Text, nullable=False),
    Column("reason", _Text, nullable=False),
    Column("tally", _Text, nullable=False),
    CheckConstraint("outcome IN ('running', 'done', 'unchanged', 'failed')", name="outcome"),
)

# One row for each indicator that a feed ever claimed: where it came from, and what it said when it last said something new.
provenance = Table(
    "provenance",
    metadata,
    Column("feed_id", _Key, ForeignKey("feed.id"), nullable=False),
    Column("stix_id", _Text, nullable=False, index=True),
    # As `normalise/said.py` writes it.
    Column("said", _Text, nullable=False, server_default=text("''")),
    Column("valid_until", BigInteger),
    Column("raw", _Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("first_run_id", _Key, ForeignKey("feed_run.id"), nullable=False),
    Column("last_run_id", _Key, ForeignKey("feed_run.id"), nullable=False),
    # When a feed of the kind `snapshot` was found to have dropped it; NULL: as far as is known it says so still.
    Column("ended", BigInteger),
    PrimaryKeyConstraint("feed_id", "stix_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _key(),
    Column("feed_id", _Key, ForeignKey("feed.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("reason", _Text, nullable=False),
    Column("detail", _Text, nullable=False),
    Column("raw", _Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("first_run_id", _Key, ForeignKey("feed_run.id"), nullable=False),
    Column("last_run_id", _Key, ForeignKey("feed_run.id"), nullable=False),
    Column("settled", _Text),
    UniqueConstraint("feed_id", "digest", "reason"),
)

# What a feed brings that others are held to, as `normalise/warninglists.py` writes it.
warning_list = Table(
    "warning_list",
    metadata,
    Column("feed_id", _Key, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("content", _Text, nullable=False),
    Column("updated", BigInteger, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("worker", _Text, nullable=False),
    Column("attempt", Integer, nullable=False),
)

# Interned: a few dozen rows, whatever the number of objects. `nations` is '*' for all, else '/XA/XB/'; a row is never changed.
audience = Table(
    "audience",
    metadata,
    _key(),
    Column("floor", SmallInteger, nullable=False),
    Column("persons_only", Boolean, nullable=False),
    Column("nations", _Text, nullable=False),
    UniqueConstraint("floor", "persons_only", "nations"),
)

entry = Table(
    "entry",
    metadata,
    _key(),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False),
    Column("stix_id", _Text, nullable=False),
    Column("type", _Text, nullable=False),
    Column("spec_version", _Text, nullable=False),
    Column("version", _Text, nullable=False),
    Column("version_key", _Text, nullable=False),
    # The version key, or '' for an observable that carries no time of its own: of those one line holds one.
    Column("unique_key", _Text, nullable=False),
    Column("created", _Text),
    Column("revoked", Boolean, nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("status_id", _Text, nullable=False),
    Column("audience_id", _Key, ForeignKey("audience.id"), nullable=False),
    Column("held", _Text),
    # The level that counted for it because none of its own marks is TLP; NULL where one is.
    Column("default_level", SmallInteger),
    Column("date_added", BigInteger, nullable=False),
    Column("first_added", BigInteger, nullable=False),
    # 0: no newer version in its line. 1: one that everyone who sees this one sees too. 2: one that some cannot see, or a contested id.
    Column("superseded", SmallInteger, nullable=False),
    # Where that is 2, the id is not contested, all newer versions of its line are of one audience, and the last of them came no earlier than this: that
    # audience. Who sees this sees something newer exactly where it belongs to it, or owns the line. Else NULL; of a recalled entry it says nothing.
    Column("newer_audience_id", _Key),
    # 0: no. 1: by its originator. 2: by a steward.
    Column("recalled", SmallInteger, nullable=False),
    # Which line of an id a reader is shown first: 0 for its creator's, else when the line began.
    Column("line_order", BigInteger, nullable=False),
    Column("released_from", _Key, ForeignKey("entry.id")),
    # What an object says of itself that is asked for: of an indicator and the like; NULL where it says nothing.
    Column("name", _Text),
    Column("confidence", SmallInteger),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    # '/a/b/': its labels and indicator_types, in small letters and in order.
    Column("labels", _Text),
    Column("sha256", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("collection_id", "date_added"),
    CheckConstraint("superseded IN (0, 1, 2)", name="superseded"),
    CheckConstraint("recalled IN (0, 1, 2)", name="recalled"),
)

# One line holds a version once. Also how an id is found, and how the other versions of its line are.
Index(
    "ux_entry_line",
    entry.c.collection_id,
    entry.c.stix_id,
    entry.c.organisation_id,
    entry.c.spec_version,
    entry.c.unique_key,
    unique=True,
)
# Nobody is given a superseded version by default, and nobody a recalled one: those rows are not even passed over.
for _name, _owner, _live in (
    ("audience", entry.c.audience_id, ""),
    ("organisation", entry.c.organisation_id, "recalled = 0"),
):
    for _suffix, _given in (("", _live), ("_latest", " AND ".join(filter(None, ("superseded <> 1", _live))))):
        _where = text(_given) if _given else None
        _range = entry.c.collection_id, _owner, entry.c.date_added
        Index(
            f"ix_entry_{_name}{_suffix}",
            *_range,
            sqlite_where=_where,
            postgresql_where=_where,
            info={ONLY: "postgresql"} if _suffix else {},
        )
        if _suffix:
            # SQLite decides by the index alone who is given a row, and fetches no other.
            _of_others = entry.c.first_added, entry.c.organisation_id, entry.c.recalled
            Index(
                f"ix_entry_{_name}_covering",
                *_range,
                entry.c.superseded,
                entry.c.spec_version,
                *(_of_others if _name == "audience" else _of_others[-1:]),
                sqlite_where=_where,
                info={ONLY: "sqlite"},
            )

# Own rows of which a page cannot say by themselves whether they are shown: few, and counted before the others are.
_uncertain = text("recalled = 0 AND (superseded = 2 OR spec_version <> '2.1')")
Index(
    "ix_entry_uncertain",
    entry.c.collection_id,
    entry.c.organisation_id,
    entry.c.date_added,
    entry.c.superseded,
    entry.c.spec_version,
    entry.c.recalled,
    sqlite_where=_uncertain,
    postgresql_where=_uncertain,
)
# Where an entry was released to, for the recall that reaches every release.
Index(
    "ix_entry_released",
    entry.c.released_from,
    sqlite_where=text("released_from IS NOT NULL"),
    postgresql_where=text("released_from IS NOT NULL"),
)
# The originator's own record of what nobody else is shown.
for _name, _where in (("recalled", text("recalled <> 0")), ("held", text("held IS NOT NULL"))):
    Index(
        f"ix_entry_own_{_name}",
        entry.c.organisation_id,
        entry.c.collection_id,
        entry.c.date_added,
        sqlite_where=_where,
        postgresql_where=_where,
    )

# The values in an entry, in canonical form: how it is found by one, and what lists are made of. A value may be long: it is found by a digest.
observable = Table(
    "observable",
    metadata,
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False),
    # The first 16 bytes of SHA-256 over "kind value".
    Column("digest", LargeBinary, nullable=False, index=True),
    Column("kind", _Text, nullable=False),
    Column("value", _Text, nullable=False),
    # 0: the entry says this value, or one of several, and nothing else. 1: it stands in a larger pattern. 2: it is part of such a value.
    Column("part", SmallInteger, nullable=False),
    PrimaryKeyConstraint("entry_id", "digest"),
    CheckConstraint("part IN (0, 1, 2)", name="part"),
)

# What an organisation has said its marks mean: the first content stands, whatever becomes of the entry that brought it.
definition = Table(
    "definition",
    metadata,
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("stix_id", _Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("organisation_id", "stix_id"),
)

# Which marks hold which entries.
unresolved = Table(
    "unresolved",
    metadata,
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("mark", _Text, nullable=False),
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False, index=True),
    PrimaryKeyConstraint("organisation_id", "mark", "entry_id"),
)

# What is to be worked out again, in batches: `last_entry` is how far it has come, so that whoever goes on begins there. Entries that wait
# for a mark of an organisation; those of a collection whose level is not their own; an organisation's lines, when its identities change.
backlog = Table(
    "backlog",
    metadata,
    _key(),
    Column("kind", _Text, nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id")),
    Column("mark", _Text),
    Column("collection_id", _Key, ForeignKey("collection.id")),
    Column("created", BigInteger, nullable=False),
    Column("last_entry", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    CheckConstraint("kind IN ('mark', 'level', 'creator')", name="kind"),
)

# An entry that refers to others, and the ruling of its own marks: its audience is that, narrowed by what it refers to.
referrer = Table(
    "referrer",
    metadata,
    Column("entry_id", _Key, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
    Column("own_audience_id", _Key, ForeignKey("audience.id"), nullable=False),
    Column("held", _Text),
)

# The lines that count for it: those of its own organisation, whenever they come, and those that its account saw when it came.
reference = Table(
    "reference",
    metadata,
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False),
    Column("target_id", _Text, nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    PrimaryKeyConstraint("entry_id", "target_id", "organisation_id"),
)
Index("ix_reference_target", reference.c.collection_id, reference.c.target_id)

# Every audience and date_added of an entry that has had several: with the serve events, "who was given this" is computed from it. One without
# rows here has what it has had since it came; an older hub wrote a row for that too. `since` and `until` are of the collection's clock, not of
# any machine's: a page that was read as of the clock's value shows what began by then and had not ended.
audience_history = Table(
    "audience_history",
    metadata,
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("audience_id", _Key, ForeignKey("audience.id"), nullable=False),
    Column("date_added", BigInteger, nullable=False),
    # Only where it was to change: which line of an id was shown first until then.
    Column("line_order", BigInteger),
    # As in `entry.recalled`; NULL: it was not taken back.
    Column("recalled", SmallInteger),
    PrimaryKeyConstraint("entry_id", "since"),
)

# What was taken back, in one collection by one deed; whom it had been served to is computed from the events.
recall = Table(
    "recall",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False),
    Column("stix_id", _Text, nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False, index=True),
    # By the collection's clock.
    Column("as_of", BigInteger, nullable=False, server_default=text("0")),
    # As in `entry.recalled`.
    Column("recalled", SmallInteger, nullable=False),
    Column("reason", _Text, nullable=False),
    CheckConstraint("recalled IN (1, 2)", name="recalled"),
)

# `lifted`: when whoever took it back has brought it back. An entry that both took back is there again when both have.
recalled_entry = Table(
    "recalled_entry",
    metadata,
    Column("recall_id", _Key, ForeignKey("recall.id"), nullable=False),
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False, index=True),
    Column("lifted", BigInteger),
    PrimaryKeyConstraint("recall_id", "entry_id"),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("recall_id", _Key, ForeignKey("recall.id"), nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("recall_id", "organisation_id"),
)

# What an originator was asked for, and said, of one version: to release it into another group, or to use it as evidence.
consent = Table(
    "consent",
    metadata,
    _key(),
    Column("name", _Text, nullable=False, unique=True),
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False, index=True),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("asker_id", _Key, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("use", _Text, nullable=False),
    Column("group_id", _Key, ForeignKey("trust_group.id")),
    Column("purpose", _Text, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("state", _Text, nullable=False),
    Column("answered", BigInteger),
    Column("ends", BigInteger),
    CheckConstraint("use IN ('release', 'evidence')", name="use"),
    CheckConstraint("state IN ('asked', 'granted', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("(use = 'release') = (group_id IS NOT NULL)", name="target"),
    # What is not answered is not asked twice.
    Index(
        "uq_consent_release", "entry_id", "asker_id", "group_id", unique=True,
        sqlite_where=text("state = 'asked' AND use = 'release'"), postgresql_where=text("state = 'asked' AND use = 'release'"),
    ),
    Index(
        "uq_consent_evidence", "entry_id", "asker_id", unique=True,
        sqlite_where=text("state = 'asked' AND use = 'evidence'"), postgresql_where=text("state = 'asked' AND use = 'evidence'"),
    ),
)  # fmt: skip

# What was released where, and the consent that it stands on (NULL: none was needed). A copy stays while any of these stands.
release = Table(
    "release",
    metadata,
    _key(),
    Column("entry_id", _Key, ForeignKey("entry.id"), nullable=False),
    Column("collection_id", _Key, ForeignKey("collection.id"), nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("consent_id", _Key, ForeignKey("consent.id")),
    Column("at", BigInteger, nullable=False),
)
Index("ix_release_copy", release.c.entry_id, release.c.collection_id)

# Deeds asked for under a key of the client's own, and what was answered: asked again, they are answered again and not done again.
once = Table(
    "once",
    metadata,
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("key", _Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", _Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("account_id", "key"),
)

status = Table(
    "status",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("group_id", _Key, ForeignKey("trust_group.id"), nullable=False),
    Column("organisation_id", _Key, ForeignKey("organisation.id"), nullable=False),
    Column("account_id", _Key, ForeignKey("account.id"), nullable=False),
    Column("finished", BigInteger, nullable=False, index=True),
    Column("resource", LargeBinary, nullable=False),
)

# Written without a number in the transaction of what they record; `seq` is given afterwards, in commit order.
event = Table(
    "event",
    metadata,
    _key(),
    Column("seq", BigInteger, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("action", _Text, nullable=False),
    Column("outcome", _Text, nullable=False),
    Column("account_id", _Key, nullable=False),
    Column("organisation_id", _Key, nullable=False),
    Column("group_id", _Key, nullable=False),
    Column("collection_id", _Key, nullable=False),
    # What was given was read when the collection's clock showed this; NULL where nothing was given.
    Column("as_of", BigInteger),
    Column("object_id", _Text, nullable=False),
    Column("version", _Text, nullable=False),
    Column("sha256", _Text, nullable=False),
    Column("request_id", _Text, nullable=False),
    Column("details", _Text, nullable=False),
    Column("personal_digest", LargeBinary),
    CheckConstraint("outcome IN ('done', 'refused')", name="outcome"),
)
Index("ix_event_unnumbered", event.c.id, sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL"))
Index("ix_event_group", event.c.group_id, event.c.id)
Index("ix_event_served", event.c.collection_id, event.c.action, event.c.organisation_id, event.c.as_of)

# What identifies a person, apart from the event and erasable: joined by a salted digest, which is all that the event keeps.
event_personal = Table(
    "event_personal",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("content", _Text, nullable=False),
)
