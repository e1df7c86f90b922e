"""Accounts, sessions and the queue of jobs."""

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make the first tables."""
    _make_accounts()
    _make_jobs()


def _make_accounts() -> None:
    op.create_table(
        "users",
        Column("id", String, primary_key=True),
        Column("name", String, nullable=False, unique=True),
        Column("password", String, nullable=False),
        Column("roles", String, nullable=False),
        Column("disabled", Integer, nullable=False),
        Column("made", String, nullable=False),
        CheckConstraint("disabled IN (0, 1)"),
    )
    op.create_table(
        "sessions",
        Column("token_sha256", String, primary_key=True),
        Column("user", String, ForeignKey("users.id"), nullable=False),
        Column("csrf", String, nullable=False),
        Column("made", String, nullable=False),
        Column("seen", String, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("id", String, nullable=False, unique=True),
        Column("project", String, nullable=False),
        Column("case", String, nullable=False),
        Column("verb", String, nullable=False),
        Column("input_sha256", String, nullable=False),
        Column("options", String, nullable=False),
        Column("state", String, nullable=False),
        Column("by", String, nullable=False),
        Column("queued", String, nullable=False),
        Column("started", String),
        Column("ended", String),
        Column("tries", Integer, nullable=False),
        Column("worker", String),
        Column("stage", String, nullable=False),
        Column("done", Integer, nullable=False),
        Column("total", Integer, nullable=False),
        Column("reason", String, nullable=False),
        Column("output_sha256", String),
    )
    op.create_index("ix_jobs_project", "jobs", ["project"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
