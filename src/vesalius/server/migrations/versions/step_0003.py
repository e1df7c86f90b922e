"""Results, and which scan a job is of."""

from alembic import op
from sqlalchemy import Column, ForeignKey, String

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Make the table of results."""
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(Column("scan", String))
        jobs.create_foreign_key("fk_jobs_scan", "scans", ["scan"], ["id"])
        jobs.create_index("ix_jobs_scan", ["scan"])
    op.create_table(
        "results",
        Column("id", String, primary_key=True),
        Column("job", String, ForeignKey("jobs.id"), nullable=False, unique=True),
        Column("scan", String, ForeignKey("scans.id"), nullable=False),
        Column("verb", String, nullable=False),
        Column("model", String, nullable=False),
        Column("weights_sha256", String, nullable=False),
        Column("outcome", String, nullable=False),
        Column("output_sha256", String, nullable=False),
        Column("made", String, nullable=False),
    )
    op.create_index("ix_results_scan", "results", ["scan"])
