"""Versions of answers that people made."""

from alembic import op
from sqlalchemy import Column, ForeignKey, String

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Make the table of corrections."""
    op.create_table(
        "versions",
        Column("result", String, ForeignKey("results.id"), primary_key=True),
        Column("digest", String, primary_key=True),
        Column("kind", String, nullable=False),
        Column("of", String, nullable=False),
        Column("by", String, ForeignKey("users.id"), nullable=False),
        Column("made", String, nullable=False),
        Column("told", String, nullable=False),
    )
