"""Schema: the desk's tables. A change here comes with a migration of its own."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
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
    Column("scan", String, ForeignKey("scans.id"), index=True),
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
    Column("model", String, nullable=False, default="", server_default=""),
    Column("weights_sha256", String, nullable=False, default="", server_default=""),
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("made", String, nullable=False),
)

MEMBERS = Table(
    "members",
    METADATA,
    Column("project", String, ForeignKey("projects.id"), primary_key=True),
    Column("user", String, ForeignKey("users.id"), primary_key=True, index=True),
)

CASES = Table(
    "cases",
    METADATA,
    Column("id", String, primary_key=True),  # the pseudonym
    Column("project", String, ForeignKey("projects.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),  # who the patient is
    Column("made", String, nullable=False),
)

SCANS = Table(
    "scans",
    METADATA,
    Column("id", String, primary_key=True),
    Column("case", String, ForeignKey("cases.id"), nullable=False, index=True),
    Column("object_sha256", String, nullable=False),
    Column("scan_sha256", String, nullable=False),
    Column("form", String, nullable=False),  # "dicom" or "nifti"
    Column("modality", String, nullable=False),
    Column("contrast", String),
    Column("shape", String, nullable=False),  # JSON
    Column("spacing_mm", String, nullable=False),  # JSON
    Column("notes", String, nullable=False),  # JSON
    Column("sealed", LargeBinary, nullable=False),  # what was taken out of its files
    Column("by", String, nullable=False),
    Column("made", String, nullable=False),
    UniqueConstraint("case", "scan_sha256"),
)

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", String, primary_key=True),
    Column("project", String, ForeignKey("projects.id"), nullable=False),
    Column("by", String, ForeignKey("users.id"), nullable=False, index=True),
    Column("ending", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("said", String, nullable=False),  # JSON: modality, contrast
    Column("state", String, nullable=False, index=True),
    Column("reason", String, nullable=False, default=""),
    Column("scans", String, nullable=False, default="[]"),  # JSON: ids
    Column("made", String, nullable=False),
)

RESULTS = Table(
    "results",
    METADATA,
    Column("id", String, primary_key=True),
    Column("job", String, ForeignKey("jobs.id"), nullable=False, unique=True),
    Column("scan", String, ForeignKey("scans.id"), nullable=False, index=True),
    Column("verb", String, nullable=False),
    Column("model", String, nullable=False),
    Column("weights_sha256", String, nullable=False),
    Column("outcome", String, nullable=False),  # show, warn or withhold
    Column("output_sha256", String, nullable=False),  # of the list of its files
    Column("made", String, nullable=False),
    Column("doubt", Float),  # 0 to 1; none of what an earlier version kept
)

REVIEWS = Table(
    "reviews",
    METADATA,
    Column("result", String, ForeignKey("results.id"), primary_key=True),
    Column("state", String, nullable=False, index=True),
    Column("review", String, nullable=False),  # JSON, all of it
    Column("changed", String, nullable=False),
)

VERSIONS = Table(  # that people made; the machine's own is its result
    "versions",
    METADATA,
    Column("result", String, ForeignKey("results.id"), primary_key=True),
    Column("digest", String, primary_key=True),  # of the list of its files
    Column("kind", String, nullable=False),  # mask or findings
    Column("of", String, nullable=False),  # digest of the version that was corrected
    Column("by", String, ForeignKey("users.id"), nullable=False),
    Column("made", String, nullable=False),
    Column("told", String, nullable=False),  # JSON: volume and findings
)

POLICIES = Table(
    "policies",
    METADATA,
    Column("verb", String, primary_key=True),
    Column("first_read", Integer, nullable=False),
    Column("signers", Integer, nullable=False),
)

VIEWS = Table(
    "views",
    METADATA,
    Column("source", String, primary_key=True),  # SHA-256 of what it is made from
    Column("quality", String, primary_key=True),  # "preview" or "full"
    Column("object_sha256", String, nullable=False),
    Column("is_whole", Integer, nullable=False),  # whether it has every voxel
    Column("made", String, nullable=False),
    CheckConstraint("is_whole IN (0, 1)"),
)

MODELS = Table(
    "models",
    METADATA,
    Column("name", String, primary_key=True),
    Column("weights_sha256", String, nullable=False),  # of the version that is used
    Column("is_chosen", Integer, nullable=False),  # by a person: upgrades wait
    CheckConstraint("is_chosen IN (0, 1)"),
)

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("model", String, nullable=False),
    Column("weights_sha256", String, nullable=False),
    Column("card_sha256", String, nullable=False),
    Column("first_seen", String, nullable=False),
    Column("suspended", String, nullable=False),  # why; empty where it is not
    UniqueConstraint("model", "weights_sha256"),
)

COURSES = Table(
    "courses",
    METADATA,
    Column("user", String, ForeignKey("users.id"), primary_key=True),
    Column("course", String, primary_key=True),
    Column("passed", String, nullable=False),
)
