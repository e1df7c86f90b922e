"""Schema: the desk's tables. A change here comes with a migration of its own."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
)

METADATA = MetaData()

USERS = Table(
    "users",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("password", String, nullable=False),
    Column("roles", String, nullable=False),  # words with spaces between
    Column("disabled", Integer, nullable=False, default=0),
    Column("made", String, nullable=False),
    CheckConstraint("disabled IN (0, 1)"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_sha256", String, primary_key=True),
    Column("user", String, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("made", String, nullable=False),
    Column("seen", String, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column(
        "number", Integer, primary_key=True, autoincrement=True
    ),  # the queue's order
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False, index=True),
    Column("case", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("input_sha256", String, nullable=False),
    Column("options", String, nullable=False),  # JSON
    Column("state", String, nullable=False, index=True),
    Column("by", String, nullable=False),
    Column("queued", String, nullable=False),
    Column("started", String),
    Column("ended", String),
    Column("tries", Integer, nullable=False, default=0),
    Column("worker", String),
    Column("stage", String, nullable=False, default=""),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("reason", String, nullable=False, default=""),
    Column("output_sha256", String),
)
