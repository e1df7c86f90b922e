"""Detect: where a nodule may be, how large it is and how probable."""

from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np
import torch
from jaxtyping import Bool, Float32
from scipy import ndimage
from torch import Tensor, nn

from vesalius.anatomy.blobs import Blob, find_blobs, thinned
from vesalius.anatomy.lungs import lung_mask
from vesalius.errors import ScanError
from vesalius.nets.nodule_coder import centred
from vesalius.quality import check_input, verdict_of
from vesalius.quality.windows import slice_axis
from vesalius.result import Finding, Measure, Provenance, Result, Verdict
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

MODEL = "detect-nodule"
DIAMETERS_MM = (4.0, 5.5, 7.5, 10.5, 14.5, 20.0, 28.0, 38.0)
DARKEST_HU, BRIGHTEST_HU = -1000.0, 400.0  # what the network's 0 and 1 stand for
LEAST_STRENGTH = 0.10  # of the way from air to soft tissue: fainter is ground glass
WORKING_EDGE_MM = 1.2
MOST_CANDIDATES = 600
REACH = 25  # pixels to either side of a candidate
AT_ONCE = 64
TURNS = 8  # quarter turns, and their mirror images
DISMISSED = 0.03  # as it lies: less is not worth the other seven
HALF = 0.5
NO_LUNGS = "No lungs are to be seen in this scan, so there is nothing to look for in it"

Progress = Callable[[int, int], None]


def detect(scan: Volume, *, seed: int = 0, progress: Progress | None = None) -> Result:
    """Return the nodules of a chest CT as findings.

    Round, bright things of 4 to 38 mm in the lungs are candidates. A variational
    autoencoder that knows normal lung judges each by its code and by what it could
    not rebuild.

    Args:
        scan: CT of a chest in HU, as a series.
        seed: Kept in the provenance; the answer draws nothing.
        progress: Told how many candidates are judged, and of how many.

    Returns:
        The scan as picture, and a finding for each nodule above the card's
        threshold, the most probable first. Withheld where there are no lungs.

    Raises:
        WeightsError: The model's file is missing or altered.

    Limits:
        Nodules below 4 mm, ground glass and those that fill a lobe are not looked
        for. The probability is that of a candidate on the training list, not of
        malignancy.

    Source:
        Setio et al. 2017, Medical Image Analysis 42:1-13 (the data); Kingma et al.
        2014, NeurIPS (semi-supervised VAE). doi:10.1016/j.media.2017.06.015
    """
    return detect_by(scan, open_model(MODEL), seed=seed, progress=progress)


def detect_by(
    scan: Volume, model: Model, *, seed: int = 0, progress: Progress | None = None
) -> Result:
    """Detect with a model of one's own, one that is not in the box.

    Args:
        scan: As in `detect`.
        model: Its card and its network.
        seed: As in `detect`.
        progress: As in `detect`.

    Returns:
        As `detect` returns it.

    Limits:
        As good as the model, and as its card.

    Source:
        As `detect`.
    """
    card = model.card
    origin = Provenance(
        task="detect",
        model=card.name,
        weights_sha256=card.weights_sha256,
        input_sha256=scan.sha256,
        seed=seed,
        options=(),
        version=version("vesalius"),
    )
    checks = check_input(scan, card)
    verdict = verdict_of(checks)
    if verdict.outcome != "withhold":
        try:
            lungs = lung_mask(scan)
        except ScanError:
            verdict = Verdict("withhold", (NO_LUNGS,))
    if verdict.outcome == "withhold":
        return Result(verdict=verdict, checks=checks, card=card, provenance=origin)
    findings = _findings(scan, lungs, model, progress)
    litres = float(lungs.sum()) * float(np.prod(scan.spacing_mm)) / 1e6
    return Result(
        picture=scan,
        findings=findings,
        verdict=verdict,
        checks=checks,
        measures=(
            Measure("lung volume", litres, "l", "The volume that was searched."),
            Measure("nodules", float(len(findings)), "", "Findings above threshold."),
        ),
        card=card,
        provenance=origin,
    )


def _findings(
    scan: Volume,
    lungs: Bool[np.ndarray, "i j k"],
    model: Model,
    progress: Progress | None,
) -> tuple[Finding, ...]:
    told = dict(model.card.calibration)
    threshold = told.get("threshold", HALF)
    blobs = _candidates(scan, lungs)
    if not blobs:
        return ()
    chances = _chances(scan, blobs, model.net, progress)
    mean = chances.mean(axis=1)
    likely = [n for n in np.argsort(-mean) if mean[n] >= threshold]
    kept = thinned([blobs[n] for n in likely], scan.spacing_mm)
    found = []
    for n in likely:
        if blobs[n] in kept:
            x, y, z = (scan.affine @ [*blobs[n].place, 1.0])[:3]
            low, high = np.quantile(chances[n], [0.05, 0.95])
            found.append(
                Finding(
                    position_mm=(float(x), float(y), float(z)),
                    size_mm=blobs[n].diameter_mm,
                    probability=float(mean[n]),
                    interval=(float(low), float(high)),
                )
            )
    return tuple(found)


def _candidates(scan: Volume, lungs: Bool[np.ndarray, "i j k"]) -> list[Blob]:
    """Find round things in the lungs, on a grid no finer than it need be."""
    steps = [max(1, round(WORKING_EDGE_MM / edge)) for edge in scan.spacing_mm]
    i, j, k = (e * s for e, s in zip(scan.spacing_mm, steps, strict=True))
    thin = tuple(slice(None, None, step) for step in steps)
    blur = [0.4 * step if step > 1 else 0 for step in steps]
    grey = _grey(ndimage.gaussian_filter(scan.voxels, blur))[thin]
    held = ndimage.find_objects(lungs[thin].astype(np.int8))[0]
    near = tuple(
        slice(max(part.start - 8, 0), part.stop + 8) for part in held
    )  # blobs at the rim need what lies beyond it
    blobs = find_blobs(
        np.ascontiguousarray(grey[near]),
        (i, j, k),
        lungs[thin][near],
        diameters_mm=DIAMETERS_MM,
        least=LEAST_STRENGTH,
    )
    first = [part.start for part in near]
    return [
        blob._replace(place=_onto_scan(blob.place, first, steps))
        for blob in thinned(blobs, (i, j, k))[:MOST_CANDIDATES]
    ]


def _onto_scan(
    place: tuple[int, int, int], first: Sequence[int], steps: Sequence[int]
) -> tuple[int, int, int]:
    """Turn a voxel of the thinned-out part into one of the scan."""
    i, j, k = ((p + a) * n for p, a, n in zip(place, first, steps, strict=True))
    return i, j, k


def _chances(
    scan: Volume, blobs: Sequence[Blob], net: nn.Module, progress: Progress | None
) -> Float32[np.ndarray, "n 8"]:
    """Judge each candidate as it lies, and what may be a nodule in all eight turns."""
    axis = slice_axis(scan)
    chances = np.empty((len(blobs), TURNS), np.float32)
    with torch.inference_mode():
        for start in range(0, len(blobs), AT_ONCE):
            some = blobs[start : start + AT_ONCE]
            cut = np.stack([_patch(scan.voxels, blob, axis) for blob in some])
            patches = centred(torch.from_numpy(cut)[:, None])
            here = chances[start : start + len(some)]
            here[:] = _seen(net, patches, 0)[:, None]
            likely = np.flatnonzero(here[:, 0] >= DISMISSED)
            for turn in range(1, TURNS if likely.size else 1):
                here[likely, turn] = _seen(net, patches[likely], turn)
            if progress is not None:
                progress(start + len(some), len(blobs))
    return chances


def _seen(net: nn.Module, patches: Tensor, turn: int) -> Float32[np.ndarray, " n"]:
    """Return the chance of a nodule, the patches turned or mirrored in one of eight."""
    turned = patches.rot90(turn % 4, (2, 3))
    said = net(turned.flip(3) if turn > 3 else turned)
    return np.asarray(said.log_odds.sigmoid().numpy(), np.float32)


def _patch(
    voxels: Float32[np.ndarray, "i j k"], blob: Blob, axis: int
) -> Float32[np.ndarray, "y x"]:
    """Cut 50 pixels square out of the slice through a candidate's middle."""
    # Not voxels.take: it copies a whole series that does not lie in its order.
    plane = np.moveaxis(voxels, axis, 0)[blob.place[axis]]
    row, column = (p for n, p in enumerate(blob.place) if n != axis)
    padded = np.pad(plane, REACH, mode="edge")
    return _grey(padded[row : row + 2 * REACH, column : column + 2 * REACH])


def _grey(hu: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    scaled = (hu - DARKEST_HU) / (BRIGHTEST_HU - DARKEST_HU)
    return np.clip(scaled, 0, 1).astype(np.float32)
