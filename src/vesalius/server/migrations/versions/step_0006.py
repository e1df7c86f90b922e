"""Models and their versions, which of them a job used, and who passed the course."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
)

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    """Make the tables of models and of the course."""
    with op.batch_alter_table("jobs") as jobs:
        for name in ("model", "weights_sha256"):
            jobs.add_column(Column(name, String, nullable=False, server_default=""))
    op.create_table(
        "models",
        Column("name", String, primary_key=True),
        Column("weights_sha256", String, nullable=False),
        Column("is_chosen", Integer, nullable=False),
        CheckConstraint("is_chosen IN (0, 1)"),
    )
    op.create_table(
        "model_versions",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("model", String, nullable=False),
        Column("weights_sha256", String, nullable=False),
        Column("card_sha256", String, nullable=False),
        Column("first_seen", String, nullable=False),
        Column("suspended", String, nullable=False),
        UniqueConstraint("model", "weights_sha256"),
    )
    op.create_table(
        "courses",
        Column("user", String, ForeignKey("users.id"), primary_key=True),
        Column("course", String, primary_key=True),
        Column("passed", String, nullable=False),
    )
