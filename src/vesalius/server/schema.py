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
