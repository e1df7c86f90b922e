"""Views: which volumes a scan or an answer has for a screen, and which are ready."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from vesalius.server.results import Found
from vesalius.server.scans import Scan
from vesalius.server.schema import VIEWS

CORRECTED = "corrected.nii.gz"  # the outline that a person drew
OUTLINED, SOUGHT, IMAGINED = "segment", "detect", "translate"


class Quality(StrEnum):
    """How much of a volume is sent."""

    PREVIEW = "preview"  # what a slow line carries at once
    FULL = "full"


class Form(StrEnum):
    """How a volume is made from the files that are kept."""

    PACKED = "packed"  # a zip of DICOM
    SERIES = "series"  # DICOM, a file a slice
    NIFTI = "nifti"
    CERTAIN = "certain"  # of probability and band of doubt
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Source:
    """What a view is made from. The same source has the same views, whoever asks.

    Attributes:
        form: How it is made.
        objects: Digests of the files, in order.
        modality: Of a NIfTI, which does not say it.
    """

    form: Form
    objects: tuple[str, ...]
    modality: str = ""

    @property
    def key(self) -> str:
        """What it is kept under."""
        words = json.dumps([self.form, self.objects, self.modality])
        return sha256(words.encode()).hexdigest()


@dataclass(frozen=True)
class View:
    """A volume that is ready to be sent.

    Attributes:
        object_sha256: Of its file.
        is_whole: Whether it has every voxel.
    """

    object_sha256: str
    is_whole: bool


def source_of_scan(scan: Scan) -> Source:
    """Return what a scan's views are made from.

    Args:
        scan: As it is kept.
    """
    if scan.form == "dicom":
        return Source(Form.PACKED, (scan.object_sha256,))
    return Source(Form.NIFTI, (scan.object_sha256,), scan.modality)


def sources_of(found: Found, scan: Scan, files: Mapping[str, str]) -> dict[str, Source]:
    """Return an answer's volumes by the names that pages call them.

    Args:
        found: The answer.
        scan: It is of.
        files: Digests of its files, by their names.

    Returns:
        `picture` and, where it has them, `spread` and `imagined`; of an outline `mask`,
        `certain` and `possible` as well. Nothing of an answer that was withheld.
    """
    if found.verb == SOUGHT:
        return {"picture": source_of_scan(scan)} if found.outcome != "withhold" else {}

    def nifti(*names: str, form: Form = Form.NIFTI) -> Source:
        return Source(form, tuple(files[name] for name in names), scan.modality)

    named = ("picture", "spread", "imagined")
    sources = {n: nifti(f"{n}.nii.gz") for n in named if f"{n}.nii.gz" in files}
    slices = sorted(name for name in files if name.startswith("dicom/"))
    if slices and "picture" not in sources:
        digests = tuple(files[name] for name in slices)
        sources["picture"] = Source(Form.SERIES, digests)
    if found.verb == IMAGINED and "picture" in sources:
        sources["imagined"] = sources["picture"]
    for name in (CORRECTED, "labels.nii.gz"):
        if found.verb == OUTLINED and name in files:
            sources.setdefault("mask", nifti(name))
    if found.verb == OUTLINED and {"picture", "spread"} <= sources.keys():
        both = ("picture.nii.gz", "spread.nii.gz")
        sources["certain"] = nifti(*both, form=Form.CERTAIN)
        sources["possible"] = nifti(*both, form=Form.POSSIBLE)
    return sources


def find_view(connection: Connection, source: Source, quality: Quality) -> View | None:
    """Return a view; None where it is not ready.

    Args:
        connection: Within a block.
        source: What it is made from.
        quality: How much of it.
    """
    chosen = (VIEWS.c.source == source.key) & (VIEWS.c.quality == quality)
    row = connection.execute(select(VIEWS).where(chosen)).mappings().first()
    return View(row["object_sha256"], bool(row["is_whole"])) if row else None


def ready(connection: Connection, sources: Iterable[Source]) -> frozenset[Source]:
    """Return those sources whose preview is ready.

    Args:
        connection: Within a block.
        sources: To look at.
    """
    by_key = {source.key: source for source in sources}
    chosen = VIEWS.c.source.in_(by_key) & (VIEWS.c.quality == Quality.PREVIEW)
    found = connection.execute(select(VIEWS.c.source).where(chosen)).scalars()
    return frozenset(by_key[key] for key in found)


def keep_view(
    connection: Connection, source: Source, quality: Quality, view: View, now: datetime
) -> None:
    """Keep that a view is ready; nothing is decided by it, so no record is written.

    Args:
        connection: Within a block that writes.
        source: What it was made from.
        quality: How much of it.
        view: Its file, kept already.
        now: The time.
    """
    there = (VIEWS.c.source == source.key) & (VIEWS.c.quality == quality)
    connection.execute(delete(VIEWS).where(there))
    row = {
        "source": source.key,
        "quality": quality,
        "object_sha256": view.object_sha256,
        "is_whole": int(view.is_whole),
        "made": now.isoformat(),
    }
    connection.execute(insert(VIEWS).values(row))
