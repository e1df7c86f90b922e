"""Cases for a browser: phantoms with answers that were made here, without a model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from server.desks import keep_dicom, keep_nifti, origin, worked
from vesalius.anatomy.pieces import pieces_of
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.result import Check, Finding, Measure, Result, Verdict
from vesalius.volume import Volume
from vesalius.weights import card

CHECKS = (
    Check("modality", "MR", "MR", "show"),
    Check("voxel spacing", "2.4 to 6 mm", "0.2 to 12 mm", "show"),
    Check("orientation", "axial, sides known", "any", "show"),
)
TUMOUR = (0.62, 0.42, 0.55)  # of the way along each axis


def noisy_head(shape=(80, 96, 20), contrast="FLAIR"):
    """A head with noise, as a scanner would measure it."""
    truth = head(shape=shape, spacing_mm=(2.4, 2.4, 6.0), contrast=contrast)
    return scanned(truth, noise=0.06)


def denoised(scan):
    """What `denoise` returns: smoothed, with a spread wider where it changes."""
    picture = gaussian_filter(scan.voxels, (0.8, 0.8, 0.0)).astype(np.float32)
    noise = float(np.std(scan.voxels - picture))
    spread = np.abs(scan.voxels - picture) * 0.5 + 0.3 * noise
    return Result(
        picture=scan.with_voxels(picture),
        spread=scan.with_voxels(gaussian_filter(spread, 1.0).astype(np.float32)),
        verdict=Verdict("warn", ("The scan is noisier than most of the training.",)),
        checks=CHECKS,
        measures=(
            Measure("noise before", noise, "a.u.", "SD of the scan's noise"),
            Measure("noise after", noise / 3, "a.u.", "SD of what noise is left"),
            Measure("spread", noise / 2, "a.u.", "half of the voxels are surer"),
        ),
        card=card("denoise-mr"),
        provenance=_origin("denoise", scan),
    )


def outlined(scan):
    """What `segment` returns: a ball that is outlined, in one that is possible."""
    middle = np.array(scan.voxels.shape) * TUMOUR
    steps = np.indices(scan.voxels.shape).reshape(3, -1).T - middle
    far = np.linalg.norm(steps * scan.spacing_mm, axis=1).reshape(scan.voxels.shape)
    chance = (1 / (1 + np.exp((far - 16) / 3))).astype(np.float32)
    place = replace(scan, units="probability", padding=None, contrast=None)
    doubt = ((chance > 0.1) & (chance < 0.9)).astype(np.float32)
    volume_ml = float((chance > 0.5).sum() * np.prod(scan.spacing_mm) / 1000)
    pieces = pieces_of(chance > 0.5, place.with_voxels(chance))
    return Result(
        picture=place.with_voxels(chance),
        spread=place.with_voxels(doubt),
        findings=tuple(piece.finding for piece in pieces),
        verdict=Verdict("show"),
        checks=CHECKS,
        measures=(
            Measure("tumour volume", volume_ml, "ml", "The volume of the outline."),
            Measure("volume, lower end", 0.6 * volume_ml, "ml", "At least as much."),
            Measure("volume, upper end", 1.3 * volume_ml, "ml", "At most as much."),
        ),
        card=card("segment-tumour"),
        provenance=_origin("segment", scan),
    )


def detected(scan):
    """What `detect` returns: two findings."""
    shares = ((0.6, 0.4, 0.5), (0.35, 0.6, 0.5))
    places = [np.array(scan.voxels.shape) * share for share in shares]
    found = tuple(
        Finding(
            position_mm=tuple(float(x) for x in (scan.affine @ [*place, 1.0])[:3]),
            size_mm=12.0 - 4 * number,
            probability=0.83 - 0.3 * number,
            interval=(0.4, 0.95),
        )
        for number, place in enumerate(places)
    )
    return Result(
        picture=scan,
        findings=found,
        verdict=Verdict("show"),
        checks=CHECKS[:1],
        measures=(
            Measure("lung volume", 4.2, "l", "The volume that was searched."),
            Measure("nodules", 2.0, "", "Findings above threshold."),
        ),
        card=card("detect-nodule"),
        provenance=_origin("detect", scan),
    )


def imagined(scan):
    """What `translate` returns: a CT that nobody took."""
    bright = scan.voxels / scan.voxels.max()
    hu = np.where(bright > 0.08, 40 + 60 * (bright - 0.3), -1000).astype(np.float32)
    made = replace(scan, units="HU", modality="CT", contrast=None)
    return Result(
        picture=made.with_voxels(hu),
        spread=made.with_voxels(np.full(hu.shape, 55, np.float32)),
        imagined=made.with_voxels(hu),
        verdict=Verdict("show"),
        checks=CHECKS,
        card=card("translate-mr-ct"),
        provenance=_origin("translate", scan),
    )


def withheld(scan):
    """What a verb returns on a scan that it was not made for."""
    reason = "The voxels are larger than any that the model was trained on (30 mm)"
    return Result(
        verdict=Verdict("withhold", (reason,)),
        checks=(
            *CHECKS[:1],
            Check("voxel spacing", "30 mm", "0.2 to 12 mm", "withhold", reason),
        ),
        card=card("denoise-mr"),
        provenance=_origin("denoise", scan),
    )


MAKERS = {
    "denoise": denoised,
    "segment": outlined,
    "detect": detected,
    "translate": imagined,
}


def _origin(task, scan):
    names = {
        "denoise": "denoise-mr",
        "segment": "segment-tumour",
        "detect": "detect-nodule",
        "translate": "translate-mr-ct",
    }
    boxed = card(names[task])
    return replace(origin(task, scan, boxed.name), weights_sha256=boxed.weights_sha256)


def planted(desk, folder: Path, verbs: Sequence[str], scan=None) -> dict[str, str]:
    """Keep a scan with an answer of each verb; return the results' ids by verb."""
    keep_nifti(desk, scan if scan is not None else noisy_head(), folder)
    found = {}
    for verb in verbs:
        options = {"to": "ct"} if verb == "translate" else {}
        found[verb] = worked(desk, verb, MAKERS[verb], **options).id
    return found


# Where scans lie: by name, the body's axes along which their voxel axes run.
LIES = {
    "axial": ((0, -1), (1, -1), (2, 1)),
    "sagittal": ((1, -1), (2, -1), (0, -1)),
    "coronal": ((0, -1), (2, -1), (1, 1)),
    "oblique": ((0, -1), (1, -1), (2, 1)),
    "negative": ((0, -1), (1, 1), (2, 1)),
    "positive": ((0, 1), (1, 1), (2, 1)),
}
SHAPE_MM = (120.0, 140.0, 100.0)  # along the body's axes
MARKED = (0.75, 0.75, 0.75)  # from L to R, P to A, I to S: which corner is marked
LEAN_DEG = 20.0


def marked(lie: str) -> Volume:
    """A grey block with a bright ball towards the patient's right, front and head."""
    axes = LIES[lie]
    edges_mm = (2.0, 2.5, 4.0)
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (body, sign) in enumerate(axes):
        affine[body, axis] = sign * edges_mm[axis]
    each = zip(axes, edges_mm, strict=True)
    shape = [round(SHAPE_MM[body] / edge) for (body, _), edge in each]
    if lie == "oblique":
        c, s = np.cos(np.radians(LEAN_DEG)), np.sin(np.radians(LEAN_DEG))
        affine[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]] @ affine[:3, :3]
    middle = (np.array(shape) - 1) / 2
    affine[:3, 3] = -affine[:3, :3] @ middle
    towards = np.array(
        [MARKED[body] if sign > 0 else 1 - MARKED[body] for body, sign in axes]
    )
    steps = np.indices(shape).reshape(3, -1).T - towards * (np.array(shape) - 1)
    far = np.linalg.norm(steps * edges_mm, axis=1).reshape(shape)
    voxels = np.full(shape, 200.0, np.float32)
    voxels[far < 9.0] = 1000.0
    return Volume(voxels, affine, "a.u.", "MR", "FLAIR")


def planted_marks(desk, folder: Path) -> dict[str, str]:
    """Keep the marked block as it may come: DICOM of four lies, NIfTI of both hands."""
    found = {}
    for lie in LIES:
        place = folder / lie
        place.mkdir()
        if lie in ("negative", "positive"):
            keep_nifti(desk, marked(lie), place)
        else:
            (place / "series").mkdir()
            write_phantom_dicom(marked(lie), place / "series", seed=len(found))
            keep_dicom(desk, place / "series", place)
        found[lie] = worked(desk, "denoise", _as_it_is).id
    return found


def _as_it_is(scan):
    return Result(
        picture=scan,
        spread=scan.with_voxels(np.zeros_like(scan.voxels)),
        verdict=Verdict("show"),
        provenance=_origin("denoise", scan),
    )
