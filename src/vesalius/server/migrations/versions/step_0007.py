"""Volumes as screens show them, and how doubtful a result is."""

from alembic import op
from sqlalchemy import CheckConstraint, Column, Float, Integer, String

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    """Make the table of what is shown, and room for the doubt."""
    op.create_table(
        "views",
        Column("source", String, primary_key=True),
        Column("quality", String, primary_key=True),
        Column("object_sha256", String, nullable=False),
        Column("is_whole", Integer, nullable=False),
        Column("made", String, nullable=False),
        CheckConstraint("is_whole IN (0, 1)"),
    )
    op.add_column("results", Column("doubt", Float))
