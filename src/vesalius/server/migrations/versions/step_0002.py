"""Projects, cases, scans and uploads."""

from alembic import op
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Make the tables of what comes in, and whose it is."""
    _make_projects()
    _make_scans()
    _make_uploads()


def _make_projects() -> None:
    op.create_table(
        "projects",
        Column("id", String, primary_key=True),
        Column("name", String, nullable=False, unique=True),
        Column("made", String, nullable=False),
    )
    op.create_table(
        "members",
        Column("project", String, ForeignKey("projects.id"), primary_key=True),
        Column("user", String, ForeignKey("users.id"), primary_key=True),
    )
    op.create_index("ix_members_user", "members", ["user"])


def _make_scans() -> None:
    op.create_table(
        "cases",
        Column("id", String, primary_key=True),
        Column("project", String, ForeignKey("projects.id"), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("made", String, nullable=False),
    )
    op.create_index("ix_cases_project", "cases", ["project"])
    op.create_table(
        "scans",
        Column("id", String, primary_key=True),
        Column("case", String, ForeignKey("cases.id"), nullable=False),
        Column("object_sha256", String, nullable=False),
        Column("scan_sha256", String, nullable=False),
        Column("form", String, nullable=False),
        Column("modality", String, nullable=False),
        Column("contrast", String),
        Column("shape", String, nullable=False),
        Column("spacing_mm", String, nullable=False),
        Column("notes", String, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("by", String, nullable=False),
        Column("made", String, nullable=False),
        UniqueConstraint("case", "scan_sha256"),
    )
    op.create_index("ix_scans_case", "scans", ["case"])


def _make_uploads() -> None:
    op.create_table(
        "uploads",
        Column("id", String, primary_key=True),
        Column("project", String, ForeignKey("projects.id"), nullable=False),
        Column("by", String, ForeignKey("users.id"), nullable=False),
        Column("ending", String, nullable=False),
        Column("size", Integer, nullable=False),
        Column("said", String, nullable=False),
        Column("state", String, nullable=False),
        Column("reason", String, nullable=False),
        Column("scans", String, nullable=False),
        Column("made", String, nullable=False),
    )
    op.create_index("ix_uploads_by", "uploads", ["by"])
    op.create_index("ix_uploads_state", "uploads", ["state"])
