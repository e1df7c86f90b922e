"""Corrections: a person's version of an outline or of findings, beside the machine's.

What is heavy is done before the database is locked; whether the answer is still the one
that was corrected is looked at again as it is kept.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vesalius.anatomy.pieces import pieces_of
from vesalius.errors import (
    ConfigError,
    FormatError,
    GeometryError,
    OutputError,
    ReviewError,
)
from vesalius.governance.review import Act, Review, act
from vesalius.io.dicom import dicom_affine
from vesalius.io.nifti import read_nifti
from vesalius.io.nifti_write import codes_of, write_nifti
from vesalius.server.accounts import Account
from vesalius.server.desk import Desk
from vesalius.server.objects import words_of
from vesalius.server.performing import SUFFIX
from vesalius.server.results import Found, files_of, find_result
from vesalius.server.reviews import Deed, decide, find_review
from vesalius.server.scans import Scan, find_scan
from vesalius.server.versions import (
    FINDINGS,
    MASK,
    Findings,
    Version,
    keep_version,
    lent,
    listed,
    versions_of,
)
from vesalius.volume import Volume

HALF = 0.5  # the machine's mask is what is more likely than not
PICTURE, DRAWN, TOLD = "picture.nii.gz", "corrected.nii.gz", "findings.json"
DRAWN_ON = {"segment": MASK, "detect": FINDINGS}  # what can be corrected of a verb
NOT_YET = "0" * 64  # stands for the version that is still to be made
WORDS = {
    MASK: "has no outline that could be drawn anew",
    FINDINGS: "has no list of findings that could be changed",
}
UNCHANGED = "this is the answer as it was: nothing was corrected"
BY_PERSON = b"Corrected by a reader, research use"
PERSON = "person"
WIDEST_MM = 500.0


@dataclass(frozen=True)
class Added:
    """A finding that the machine has missed.

    Attributes:
        position_mm: RAS+.
        diameter_mm: The longest.
    """

    position_mm: tuple[float, float, float]
    diameter_mm: float


@dataclass(frozen=True)
class _Case:
    """What a correction begins with."""

    found: Found
    scan: Scan
    before: Version


def correct_mask(
    desk: Desk, account: Account, result: str, digest: str, packed: bytes
) -> Review:
    """Keep an outline that somebody has drawn as a version of its own.

    Args:
        desk: Keeps it.
        account: Who has drawn it.
        result: Of `segment`.
        digest: Of the version that was drawn on.
        packed: Gzip of one byte a voxel, 0 or 1, first voxel axis fastest, on the grid
            of the result's picture.

    Returns:
        The review, its digest that of the new version.

    Raises:
        AbsentError: There is no such result for this account.
        ReviewError: The verb has no outline, the answer is another by now, nothing
            was changed, or the account may not correct it.
        FormatError: That is no mask of this grid.
    """
    case = _begun(desk, account, result, digest, MASK)
    mask = unpacked(packed, case.scan.shape)
    with _outlines(desk, case) as (place, chance, before):
        if np.array_equal(mask, before):
            raise ReviewError(UNCHANGED)
        voxels = mask.astype(np.float32)
        _write(chance.with_voxels(voxels), place / DRAWN, like=place / PICTURE)
        with (place / DRAWN).open("rb") as opened:
            files = {DRAWN: desk.objects.put(opened).digest}
    volume_ml = float(mask.sum()) * float(np.prod(chance.spacing_mm)) / 1000
    found = tuple(
        {**asdict(piece.finding), "by": PERSON} for piece in pieces_of(mask, chance)
    )
    return _keep(desk, account, case, files, (volume_ml, found))


def correct_findings(
    desk: Desk,
    account: Account,
    result: str,
    digest: str,
    dismissed: Sequence[int],
    added: Sequence[Added],
) -> Review:
    """Keep a list of findings that somebody has changed as a version of its own.

    Args:
        desk: Keeps it.
        account: Who has changed it.
        result: Of `detect`.
        digest: Of the version that was changed.
        dismissed: Which of that version's findings are none, from 0.
        added: What it lacks.

    Returns:
        The review, its digest that of the new version.

    Raises:
        AbsentError: There is no such result for this account.
        ReviewError: The verb has no findings, the answer is another by now, nothing
            was changed, or the account may not correct it.
        ConfigError: A finding is not there, or lies outside the scan.
    """
    case = _begun(desk, account, result, digest, FINDINGS)
    if not dismissed and not added:
        raise ReviewError(UNCHANGED)
    before, gone = case.before.findings, set(dismissed)
    if not gone <= set(range(len(before))):
        raise ConfigError(
            f"the version that was corrected has {len(before)} findings, counted from 0"
        )
    _refuse_outside(desk, case.scan, added)
    kept = [one for number, one in enumerate(before) if number not in gone]
    new = [_by_person(one) for one in added]
    return _keep(desk, account, case, {}, (None, (*kept, *new)))


def unpacked(packed: bytes, shape: Sequence[int]) -> Bool[np.ndarray, "i j k"]:
    """Return the mask that was sent; a bomb is put down at the first byte too many.

    Args:
        packed: Gzip of one byte a voxel.
        shape: Of the grid.

    Raises:
        FormatError: It is no gzip, is cut short, has another size, or other numbers.
    """
    size = int(np.prod(shape))
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise FormatError("a mask is sent as gzip, and this is none") from error
    # The end mark may wait behind the last voxel: zlib stops where it is told to.
    whole = len(content) == size and (unpacking.eof or _ends(unpacking))
    if not whole or unpacking.unused_data:
        by = " x ".join(map(str, shape))
        raise FormatError(
            f"a mask of this answer has {by} voxels, one byte each, and no more: draw "
            "on the answer's own picture"
        )
    voxels = np.frombuffer(content, np.uint8)
    if voxels.max(initial=0) > 1:
        raise FormatError("a mask holds 0 and 1, and nothing else")
    return voxels.astype(bool).reshape(tuple(shape), order="F")


def _ends(unpacking: Any) -> bool:
    """Say whether nothing is left but the end of a gzip."""
    try:
        return not unpacking.decompress(unpacking.unconsumed_tail, 1) and unpacking.eof
    except zlib.error:
        return False


def _begun(desk: Desk, account: Account, result: str, digest: str, kind: str) -> _Case:
    """Return what is to be corrected; refuse at once what cannot be."""
    with desk.look() as connection:
        found = find_result(connection, result, account)
        review = find_review(connection, result)
        if DRAWN_ON.get(found.verb) != kind:
            raise ReviewError(
                f"an answer of {found.verb} {WORDS[kind]}: accept it, or reject it "
                "with a reason"
            )
        if found.outcome == "withhold":
            raise ReviewError("this answer is withheld: there is nothing to correct")
        act(review, Act.CORRECT, account.id, digest, version=NOT_YET)
        before = versions_of(connection, desk.objects, found, review)[-1]
        return _Case(found, find_scan(connection, found.scan), before)


@contextmanager
def _outlines(
    desk: Desk, case: _Case
) -> Iterator[tuple[Path, Volume, Bool[np.ndarray, "i j k"]]]:
    """Lend a folder, the machine's probabilities, and the mask that was drawn on."""
    objects, before = desk.objects, case.before
    files = files_of(objects, case.found.output_sha256)
    names = [PICTURE]
    if before.kind == MASK:
        files, names = {**files, **files_of(objects, before.digest)}, [PICTURE, DRAWN]
    with lent(desk, files, names) as place:
        chance = chances(place / PICTURE, case.scan.modality)
        drawn = chance.voxels
        if before.kind == MASK:
            drawn = read_nifti(place / DRAWN).voxels
            (place / DRAWN).unlink()  # the link: a new one is written in its place
        yield place, chance, drawn > HALF


def chances(file: Path, modality: str) -> Volume:
    """Return the probabilities of an outline.

    Args:
        file: As `segment` writes them.
        modality: Of the scan.

    Raises:
        FormatError: The file is damaged.
    """
    carried = read_nifti(file)
    if carried.affine is None:
        raise FormatError("the answer's picture does not say where it lies")
    return Volume(
        carried.voxels,
        carried.affine,
        "probability",
        modality,
        sides_known=carried.sides_known,
    )


def _write(mask: Volume, file: Path, *, like: Path) -> None:
    codes = codes_of(like)
    try:
        write_nifti(mask, file, codes=codes, description=BY_PERSON, labels=True)
    except OSError as error:
        raise OutputError(words_of(error)) from error


def _refuse_outside(desk: Desk, scan: Scan, added: Sequence[Added]) -> None:
    if not added:
        return
    if any(not 0 < one.diameter_mm <= WIDEST_MM for one in added):
        raise ConfigError(f"a finding is above 0 and at most {WIDEST_MM} mm wide")
    name = f"scan{SUFFIX[scan.form]}"
    with lent(desk, {name: scan.object_sha256}, [name]) as place:
        affine = affine_of(place / name, scan.form)
    places = np.array([(*one.position_mm, 1.0) for one in added])
    voxels = (np.linalg.inv(affine) @ places.T).T[:, :3]
    if ((voxels < -HALF) | (voxels > np.array(scan.shape) - HALF)).any():
        raise ConfigError("a finding lies outside the scan: mark it on its picture")


def affine_of(file: Path, form: str) -> Float[np.ndarray, "4 4"]:
    """Return where a scan lies, without reading a DICOM series' pixels.

    Args:
        file: As the desk keeps it.
        form: "dicom" or "nifti".

    Raises:
        GeometryError: It does not say so.
    """
    found = dicom_affine(file) if form == "dicom" else read_nifti(file).affine
    if found is None:
        raise GeometryError("this scan does not say where it lies")
    return found


def _by_person(added: Added) -> dict[str, Any]:
    return {
        "position_mm": list(added.position_mm),
        "size_mm": added.diameter_mm,
        "probability": None,
        "interval": None,
        "by": PERSON,
    }


def _keep(
    desk: Desk,
    account: Account,
    case: _Case,
    files: dict[str, str],
    told: tuple[float | None, Findings],
) -> Review:
    """Keep a version and what was done, together, unless somebody was quicker."""
    now, kind, of = desk.now(), DRAWN_ON[case.found.verb], case.before.digest
    volume_ml, findings = told
    words = {"kind": kind, "volume_ml": volume_ml, "findings": findings}
    content = json.dumps(words, indent=1).encode()
    files = {**files, TOLD: desk.objects.put(BytesIO(content)).digest}
    origin = {"kind": kind, "of": of, "by": account.id, "made": now.isoformat()}
    digest = listed(desk.objects, files, origin)
    version = Version(digest, kind, of, account.name, now, volume_ml, findings)
    with desk.change() as (connection, record):
        found = find_result(connection, case.found.id, account)
        deed = Deed(Act.CORRECT, account, now, of, version=digest)
        after = decide(connection, record, found, deed)
        keep_version(connection, found, version, account.id)
        return after
