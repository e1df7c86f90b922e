"""Reviews, and how each verb's answers are to be read."""

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, String

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Make the tables of what was decided."""
    op.create_table(
        "reviews",
        Column("result", String, ForeignKey("results.id"), primary_key=True),
        Column("state", String, nullable=False),
        Column("review", String, nullable=False),
        Column("changed", String, nullable=False),
    )
    op.create_index("ix_reviews_state", "reviews", ["state"])
    op.create_table(
        "policies",
        Column("verb", String, primary_key=True),
        Column("first_read", Integer, nullable=False),
        Column("signers", Integer, nullable=False),
    )
