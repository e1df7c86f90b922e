"""Translate: what the same head would look like in another modality."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32
from scipy import ndimage
from torch import nn

from vesalius.anatomy.head_frame import upright_axes
from vesalius.anatomy.head_slice import Place, brightness, mr_channels, outline_slice
from vesalius.errors import ConfigError
from vesalius.quality import check_input, verdict_of
from vesalius.quality.windows import slice_axis
from vesalius.result import Provenance, Result
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

MODEL = "translate-mr-ct"
SHARP = "-sharp"
EDGE_MM = 1.0  # the network's pixels
AIR_HU, BRIGHTEST_HU = -1024.0, 3071.0
KILO_HU = 1000.0  # the network's unit, from air up
PLANES = ("sagittal", "coronal", "axial")  # across the left, back and up axes
FLAT_ROWS = {"axial", "coronal"}  # rows run left to right: a mirror image is a head too
CUBIC = 1.6  # longest over shortest edge of a volume that can be cut along any axis

Progress = Callable[[int, int], None]
Block = Float32[np.ndarray, "l p s"]  # axes to the left, back and up


def translate(
    scan: Volume,
    *,
    to: Literal["ct"] = "ct",
    look: Literal["faithful", "sharp"] = "faithful",
    fuse: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Return the head as the other scanner would show it, and how unsure that is.

    A network sees one slice at a time. Its answer is the median of what the truth
    may be; beside it, it says between which values the truth should lie.

    Args:
        scan: MR of a head, T1 weighted.
        to: "ct".
        look: "faithful" for the median; "sharp" for the same network tuned against
            an adversary.
        fuse: Cut the volume along all three axes and average.
        seed: Kept in the provenance; the answer draws nothing.
        progress: Told how many slices are done, and of how many.

    Returns:
        Picture and spread in HU on the scan's grid. All of it is imagined: no X-ray
        has passed this patient.

    Raises:
        ConfigError: There is no such modality or look, or the voxels are too long
            to fuse.
        WeightsError: The model's file is missing or altered.

    Limits:
        The HU scale of the training data is approximate. Teeth, implants and air
        near bone are guessed; a lesion that MR does not show is not there.

    Source:
        Isola et al. 2017, CVPR (paired translation); Thummerer et al. 2023, Med Phys
        50(7):4664-4674 (the data). doi:10.1002/mp.16529
    """
    if to != "ct":
        raise ConfigError(f"a scan is translated to 'ct', not {to!r}")
    if look not in ("faithful", "sharp"):
        raise ConfigError(f"look is 'faithful' or 'sharp', not {look!r}")
    model = open_model(MODEL + (SHARP if look == "sharp" else ""))
    return translate_by(scan, model, fuse=fuse, seed=seed, progress=progress)


def translate_by(
    scan: Volume,
    model: Model,
    *,
    fuse: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Translate with a model of one's own, one that is not in the box.

    Args:
        scan: As in `translate`.
        model: Its card and its network.
        fuse: As in `translate`.
        seed: As in `translate`.
        progress: As in `translate`.

    Returns:
        As `translate` returns it.

    Raises:
        ConfigError: The voxels are too long to fuse.

    Limits:
        As good as the model, and as its card.

    Source:
        As `translate`.
    """
    card = model.card
    if fuse and max(scan.spacing_mm) > CUBIC * min(scan.spacing_mm):
        raise ConfigError(
            "only a volume of nearly cubic voxels can be cut along three axes; leave "
            "--fuse out"
        )
    origin = Provenance(
        task="translate",
        model=card.name,
        weights_sha256=card.weights_sha256,
        input_sha256=scan.sha256,
        seed=seed,
        options=(("to", "ct"), ("fuse", int(fuse))),
        version=version("vesalius"),
    )
    checks = check_input(scan, card)
    verdict = verdict_of(checks)
    if verdict.outcome == "withhold":
        return Result(verdict=verdict, checks=checks, card=card, provenance=origin)
    hu, half = _translated(scan, model, fuse=fuse, progress=progress)
    place = replace(scan, units="HU", modality="CT", contrast=None, padding=None)
    picture = place.with_voxels(hu)
    return Result(
        picture=picture,
        spread=place.with_voxels(half),
        imagined=picture,
        verdict=verdict_of(checks),
        checks=checks,
        card=card,
        provenance=origin,
    )


def _translated(
    scan: Volume, model: Model, *, fuse: bool, progress: Progress | None
) -> tuple[Float32[np.ndarray, "i j k"], Float32[np.ndarray, "i j k"]]:
    """Cut the volume, translate its slices, and put them together again."""
    (up, back, left), (down, front, right) = upright_axes(scan)
    axes, flips = (left, back, up), (right, front, down)
    turn = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    block = np.ascontiguousarray(scan.voxels.transpose(axes)[turn])
    edges = [scan.spacing_mm[axis] for axis in axes]
    chosen = range(3) if fuse else [axes.index(slice_axis(scan))]
    total = sum(block.shape[axis] for axis in chosen)
    answers, done = [], 0
    for axis in chosen:
        answers.append(_along(block, axis, edges, model, (done, total), progress))
        done += block.shape[axis]
    hu, half = (np.mean(part, axis=0) for part in zip(*answers, strict=True))
    factor = model.card.spread_multipliers[0][1] if model.card.spread_multipliers else 1
    back_again = np.argsort(axes)
    return tuple(  # type: ignore[return-value]
        np.ascontiguousarray(part[turn].transpose(back_again), np.float32)
        for part in (hu, factor * half)
    )


def _along(
    block: Block,
    axis: int,
    edges: list[float],
    model: Model,
    counted: tuple[int, int],
    progress: Progress | None,
) -> tuple[Block, Block]:
    """Translate the slices across one axis: HU, and half the interval's width."""
    stack = np.moveaxis(block, axis, 0)
    hu, half = np.empty_like(stack), np.empty_like(stack)
    steps = [edge / EDGE_MM for n, edge in enumerate(edges) if n != axis]
    planes = [ndimage.zoom(plane, steps, order=1) for plane in stack]
    outlines = [outline_slice(plane) for plane in planes]
    told = [brightness(p, o) for p, o in zip(planes, outlines, strict=True) if o.any()]
    bright = float(np.median(told)) if told else 1.0
    place, (done, total) = Place(PLANES[axis], EDGE_MM), counted
    for n, (plane, outline) in enumerate(zip(planes, outlines, strict=True)):
        seen = mr_channels(plane, outline, place, bright)
        estimate, below, above = _answered(model.net, seen, place)
        shape = stack.shape[1:]
        hu[n] = _resized(estimate * KILO_HU + AIR_HU, shape)
        half[n] = _resized(0.5 * (below + above) * KILO_HU, shape)
        if progress is not None:
            progress(done + n + 1, total)
    np.clip(hu, AIR_HU, BRIGHTEST_HU, out=hu)
    return np.moveaxis(hu, 0, axis), np.moveaxis(half, 0, axis)


def _answered(
    net: nn.Module, seen: Float32[np.ndarray, "c y x"], place: Place
) -> Float32[np.ndarray, "3 y x"]:
    """Ask the network, about the mirror image too where that is a head as well."""
    height, width = seen.shape[1:]
    many = int(net.multiple)  # type: ignore[arg-type]
    short = ((0, 0), (0, -height % many), (0, -width % many))
    padded = torch.from_numpy(np.pad(seen, short))[None]
    with torch.inference_mode():
        answer = net(padded)[0, :, :height, :width]
        if place.plane in FLAT_ROWS:
            mirror = np.pad(flipped_rows(seen), short)
            other = net(torch.from_numpy(mirror)[None])[0, :, :height, :width]
            answer = 0.5 * (answer + other.flip(1))
    return np.asarray(answer.numpy(), np.float32)


def flipped_rows(seen: Float32[np.ndarray, "c y x"]) -> Float32[np.ndarray, "c y x"]:
    """Mirror what the network sees left to right, the rows' position with it.

    Args:
        seen: As `mr_channels` returns it.

    Limits:
        Only where rows run left to right: axial and coronal slices.

    Source:
        As `translate`.
    """
    mirror = seen[:, ::-1].copy()
    mirror[4] *= -1
    return mirror


def _resized(
    plane: Float32[np.ndarray, "y x"], shape: tuple[int, ...]
) -> Float32[np.ndarray, "h w"]:
    if plane.shape == shape:
        return plane
    scale = [a / b for a, b in zip(shape, plane.shape, strict=True)]
    return np.asarray(ndimage.zoom(plane, scale, order=1), np.float32)
