"""Exporting: an answer and what was decided on it, in one zip for other systems.

Who the patient is comes back on the way out, in memory; the zip has no name on the
disk, so that nothing of it stays if the desk is killed.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from pydicom import Dataset, dcmread

from vesalius.errors import ConfigError, OutputError, ReviewError
from vesalius.governance.audit import Event
from vesalius.io.dicom_decision import standing, write_decision
from vesalius.io.dicom_derive_source import Source, SourceSlice, slices_at
from vesalius.io.dicom_identity import given_back
from vesalius.io.dicom_objects import OUTLINE, SERIES
from vesalius.io.dicom_seg import write_segmentation
from vesalius.io.nifti import read_nifti
from vesalius.result import Result, Verdict
from vesalius.server.accounts import Account
from vesalius.server.corrections import DRAWN, PICTURE, chances
from vesalius.server.decisions import (
    Leaving,
    decided_of,
    gathered,
    provenance_of,
    told_of,
)
from vesalius.server.desk import Desk
from vesalius.server.objects import AT_ONCE, words_of
from vesalius.server.performing import SUFFIX
from vesalius.server.results import find_result
from vesalius.server.reviews import find_review
from vesalius.server.versions import MASK, lent

DECISION, LISTING, REPORT = "decision.json", "output.json", "decision.dcm"
CORRECTED_OUTLINE = "corrected.dcm"
UNSIGNED = "not-yet-reviewed-"  # before the name of every file that nobody has signed
PAGE, LABELS = "report.html", "labels.nii.gz"
NO_DICOM = {
    "nifti": "the scan came as NIfTI: there is no DICOM study to refer to",
    "withhold": "the answer is withheld: there is no picture to refer to",
    "enhanced": "the scan is an enhanced series: no report on such is written yet",
}


@dataclass(frozen=True)
class Package:
    """A zip on its way out.

    Attributes:
        file: Open, at its beginning; gone once it is closed.
        size: Bytes.
        name: What to call it; nothing of the patient.
        label: What stands on what is in it until it is signed.
    """

    file: IO[bytes]
    size: int
    name: str
    label: str

    def parts(self) -> Iterator[bytes]:
        """Yield what is in it, and let it go."""
        with self.file:
            while part := self.file.read(AT_ONCE):
                yield part


def export(desk: Desk, account: Account, result: str) -> Package:
    """Pack an answer, what was decided on it and who the patient is; it is recorded.

    Args:
        desk: Keeps it.
        account: Who takes it out: to whom the answer, as it is now, was shown.
        result: Its id.

    Raises:
        AbsentError: There is no such result for this account.
        ReviewError: It was not shown to them, or was decided anew meanwhile.
        OutputError: The disk is full.
        RecordError: It cannot be recorded; nothing leaves.
    """
    leaving = gathered(desk, account, result)
    try:
        file = tempfile.TemporaryFile(dir=desk.settings.data)  # noqa: SIM115
    except OSError as error:
        raise OutputError(words_of(error)) from error
    try:
        _pack(desk, leaving, file)
        size = file.tell()
        file.seek(0)
        _record(desk, account, leaving)
    except OSError as error:
        file.close()
        raise OutputError(words_of(error)) from error
    except BaseException:
        file.close()
        raise
    name = f"{UNSIGNED if leaving.label else ''}{result}.zip"
    return Package(file, size, name, leaving.label)


def _record(desk: Desk, account: Account, leaving: Leaving) -> None:
    found, before = leaving.found, leaving.review
    with desk.change() as (connection, record):
        find_result(connection, found.id, account)
        now = find_review(connection, found.id)
        if (now.digest, now.state) != (before.digest, before.state):
            raise ReviewError("this answer was decided anew meanwhile: export it again")
        record(
            Event(
                who=account.id,
                role=account.role,
                what="result.exported",
                about=found.id,
                case=leaving.scan.case,
                input_sha256=leaving.scan.scan_sha256,
                output_sha256=before.digest,
                weights_sha256=found.weights_sha256,
            )
        )


def _pack(desk: Desk, leaving: Leaving, file: IO[bytes]) -> None:
    scan = f"scan{SUFFIX[leaving.scan.form]}"
    there = {**leaving.files, scan: leaving.scan.object_sha256}
    there[LISTING] = leaving.review.digest
    digests: dict[str, str] = {}
    words = standing(decided_of(leaving))
    with (
        lent(desk, there, list(there)) as place,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        made, why = _dicom(leaving, place, place / scan)
        for name in (*_as_they_are(leaving), LISTING):
            digests |= _add(archive, leaving, name, (place / name).read_bytes())
        for name in made:
            whole = given_back(dcmread(place / name), leaving.taken, words)
            content = BytesIO()
            whole.save_as(content, enforce_file_format=True)
            digests |= _add(archive, leaving, name, content.getvalue())
        told = json.dumps(told_of(leaving, digests, why), indent=1)
        _add(archive, leaving, DECISION, told.encode())


def _add(
    archive: zipfile.ZipFile, leaving: Leaving, name: str, content: bytes
) -> Mapping[str, str]:
    """Add a file under a name that says whether it was signed; return its digest."""
    folder, _, own = name.rpartition("/")
    label = UNSIGNED if leaving.label else ""
    called = f"{folder}/{label}{own}" if folder else f"{label}{own}"
    entry = zipfile.ZipInfo(called)  # of no time: the same answer has the same bytes
    entry.external_attr = 0o640 << 16
    packed = name.endswith(".gz")
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
    return {called: sha256(content).hexdigest()}


def _as_they_are(leaving: Leaving) -> list[str]:
    """List what leaves as it is kept; not what a person's version has replaced."""
    replaced = {LABELS} if leaving.version.kind == MASK else set()
    return [
        name
        for name in sorted(leaving.files)
        if not name.endswith(".dcm") and name not in replaced | {PAGE}
    ]


def _dicom(leaving: Leaving, place: Path, scan: Path) -> tuple[list[str], str]:
    """Write the DICOM objects that are not there yet.

    Returns:
        The names of all that leave, and why there is no report; empty where there is.
    """
    if leaving.scan.form != "dicom":
        return [], NO_DICOM["nifti"]
    if leaving.found.outcome == "withhold":
        return [], NO_DICOM["withhold"]
    names = [one for one in sorted(leaving.files) if one.startswith(f"{SERIES}/")]
    images: list[Dataset] = [
        dcmread(place / one, stop_before_pixels=True) for one in names
    ]
    outline = None
    if not images:
        try:
            slices = slices_at(scan)
        except ConfigError as error:
            return [], str(error)
        if any(one.frame is not None for one in slices):
            return [], NO_DICOM["enhanced"]
        images = [one.header for one in slices]
        outline = _outline(leaving, place, slices)
        names = [] if outline is None else [outline]
    seen = None if outline is None else dcmread(place / outline)
    made_by, file = provenance_of(leaving.record), place / REPORT
    write_decision(decided_of(leaving), made_by, images, file, outline=seen)
    return [*names, REPORT], ""


def _outline(
    leaving: Leaving, place: Path, slices: tuple[SourceSlice, ...]
) -> str | None:
    """Return the name of the outline's segmentation; None where nothing is outlined."""
    if leaving.version.kind != MASK:
        return OUTLINE if OUTLINE in leaving.files else None
    chance = chances(place / PICTURE, leaving.scan.modality)
    mask = read_nifti(place / DRAWN).voxels
    if not mask.any():
        return None
    verdict = leaving.record["verdict"]
    drawn = Result(
        picture=chance.with_voxels(mask),
        spread=chance.with_voxels(np.zeros_like(mask)),
        verdict=Verdict(verdict["outcome"], tuple(verdict["reasons"])),
        provenance=provenance_of(leaving.record),
    )
    # The outline lies on the scan's own grid: it stands for the scan.
    source = Source(slices, chance)
    write_segmentation(drawn, source, place / CORRECTED_OUTLINE, by_hand=True)
    return CORRECTED_OUTLINE
