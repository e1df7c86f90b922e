"""Translate: what the same head would look like in another modality."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from scipy import ndimage
from torch import nn

from vesalius.anatomy.head_frame import upright_axes
from vesalius.anatomy.head_slice import ROW, Place
from vesalius.card import Card
from vesalius.errors import ConfigError
from vesalius.quality import check_input, verdict_of
from vesalius.quality.windows import slice_axis
from vesalius.result import Measure, Provenance, Result
from vesalius.tasks.side_by_side import side_by_side
from vesalius.tasks.ways import CT_TO_MR, MR_TO_CT, WAYS, Outline, Plane, Seen, Way
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

SHARP = "-sharp"
EDGE_MM = 1.0  # the network's pixels
AROUND_MM = 16  # beyond the outline: farther off no MR tells what holds the head
PLANES = ("sagittal", "coronal", "axial")  # across the left, back and up axes
FLAT_ROWS = {"axial", "coronal"}  # rows run left to right: a mirror image is a head too
MIRRORED = 48  # slices at most: a thicker stack is asked without mirror images, in time
CUBIC = 1.6  # longest over shortest edge of a volume that can be cut along any axis

HALF = 0.5  # of a voxel inside the outline, where slices were cut on another grid
RANGE = (1, 99)  # percentiles

Progress = Callable[[int, int], None]
Grid = Float32[np.ndarray, "i j k"]
Block = Float32[np.ndarray, "l p s"]  # axes to the left, back and up
Answer = Float32[np.ndarray, "h w"]  # on the scan's grid


def translate(
    scan: Volume,
    *,
    to: Literal["ct", "mr"] = "ct",
    look: Literal["faithful", "sharp"] = "faithful",
    fuse: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Return the head as the other scanner would show it, and how unsure that is.

    A network sees one slice at a time. Its answer is the median of what the truth
    may be; beside it, it says between which values the truth should lie.

    Args:
        scan: To "ct": MR of a head, T1 weighted. To "mr": CT of a head, in HU.
        to: "ct" or "mr".
        look: "faithful" for the median; "sharp" for the same network tuned against
            an adversary.
        fuse: Cut the volume along all three axes and average.
        seed: Kept in the provenance; the answer draws nothing.
        progress: Told how many slices are done, and of how many.

    Returns:
        Picture and spread on the scan's grid. To "ct": in HU. To "mr": T1 weighted,
        in arbitrary units; 1000 of them are the head's range from the 1st to the
        99th percentile. All of it is imagined: no other scanner has seen this
        patient.

    Raises:
        ConfigError: There is no such modality or look, or the voxels are too long
            to fuse.
        WeightsError: The model's file is missing or altered.

    Limits:
        The HU scale of the training data is approximate. Teeth, implants and air
        near bone are guessed; a lesion that the scan does not show is not there. More
        than 16 mm from the head the picture is plain air, with a spread of 0: nothing
        is said there. A stack of more than 48 slices is asked without mirror images,
        to be done in time: on calibration patients 66.7 HU from the truth and not 65.5.
        CT tells little of grey and white matter: an MR made from it is
        no brain MR.

    Source:
        Isola et al. 2017, CVPR (paired translation); Thummerer et al. 2023, Med Phys
        50(7):4664-4674 (the data). doi:10.1002/mp.16529
    """
    if to not in WAYS:
        raise ConfigError(f"a scan is translated to 'ct' or 'mr', not {to!r}")
    if look not in ("faithful", "sharp"):
        raise ConfigError(f"look is 'faithful' or 'sharp', not {look!r}")
    way = WAYS[to]
    model = open_model(way.model + (SHARP if look == "sharp" else ""))
    return translate_by(scan, model, way=way, fuse=fuse, seed=seed, progress=progress)


def translate_by(
    scan: Volume,
    model: Model,
    *,
    way: Way | None = None,
    fuse: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Translate with a model of one's own, one that is not in the box.

    Args:
        scan: As in `translate`.
        model: Its card and its network.
        way: From which modality to which; by default from CT to MR for a model made
            for CT, and from MR to CT for any other.
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
    way = _way_of(card) if way is None else way
    if fuse and max(scan.spacing_mm) > CUBIC * min(scan.spacing_mm):
        raise ConfigError(
            "only a volume of nearly cubic voxels can be cut along three axes; leave "
            "--fuse out"
        )
    origin = _origin(scan, card, way, fuse=fuse, seed=seed)
    checks = check_input(scan, card)
    verdict = verdict_of(checks)
    if verdict.outcome == "withhold":
        return Result(verdict=verdict, checks=checks, card=card, provenance=origin)
    made, half, head = _translated(scan, model, way, fuse=fuse, progress=progress)
    place = _placed(scan, way)
    picture = place.with_voxels(made)
    return Result(
        picture=picture,
        spread=place.with_voxels(half),
        imagined=picture,
        verdict=verdict_of(checks),
        checks=checks,
        measures=_measures(made, half, head > HALF, way.units),
        tables=way.tables,
        card=card,
        provenance=origin,
    )


def _way_of(card: Card) -> Way:
    return CT_TO_MR if CT_TO_MR.source in card.modalities else MR_TO_CT


def _origin(scan: Volume, card: Card, way: Way, *, fuse: bool, seed: int) -> Provenance:
    return Provenance(
        task="translate",
        model=card.name,
        weights_sha256=card.weights_sha256,
        input_sha256=scan.sha256,
        seed=seed,
        options=(("to", way.to), ("fuse", int(fuse))),
        version=version("vesalius"),
    )


def _placed(scan: Volume, way: Way) -> Volume:
    """Return the scan's place in the body, as a picture of the other modality."""
    return replace(
        scan,
        units=way.units,
        modality=way.modality,
        contrast=way.contrast,
        padding=None,
    )


def _measures(
    made: Grid, half: Grid, head: Bool[np.ndarray, "i j k"], units: str
) -> tuple[Measure, ...]:
    """Say how unsure the head is as a whole, beside what there is to be seen in it."""
    if not head.any():
        return ()
    low, high = np.percentile(made[head], RANGE)
    return (
        Measure(
            "spread in the head",
            float(np.median(half[head])),
            units,
            "In half of the head the interval is narrower to either side than this.",
        ),
        Measure(
            "range in the head",
            float(high - low),
            units,
            "From the darkest to the brightest of the picture, the outer 1 % left out.",
        ),
    )


def _translated(
    scan: Volume, model: Model, way: Way, *, fuse: bool, progress: Progress | None
) -> tuple[Grid, Grid, Grid]:
    """Cut the volume, translate its slices, and put them together again.

    Picture, half the interval's width, and where the head is: 1 inside, 0 outside.
    """
    (up, back, left), (down, front, right) = upright_axes(scan)
    axes, flips = (left, back, up), (right, front, down)
    turn = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    block = np.ascontiguousarray(scan.voxels.transpose(axes)[turn])
    edges = [scan.spacing_mm[axis] for axis in axes]
    chosen = range(3) if fuse else [axes.index(slice_axis(scan))]
    total = sum(block.shape[axis] for axis in chosen)
    answers, done = [], 0
    for axis in chosen:
        answers.append(
            _along(block, axis, edges, (model.net, way), (done, total), progress)
        )
        done += block.shape[axis]
    made, half, head = (_fused(parts) for parts in zip(*answers, strict=True))
    factor = model.card.spread_multipliers[0][1] if model.card.spread_multipliers else 1
    back_again = np.argsort(axes)
    return tuple(  # type: ignore[return-value]
        np.ascontiguousarray(part[turn].transpose(back_again), np.float32)
        for part in (made, factor * half, head)
    )


def _fused(parts: Sequence[Block]) -> Block:
    return parts[0] if len(parts) == 1 else np.mean(parts, axis=0)


def _along(
    block: Block,
    axis: int,
    edges: list[float],
    by: tuple[nn.Module, Way],
    counted: tuple[int, int],
    progress: Progress | None,
) -> tuple[Block, Block, Block]:
    """Translate the slices across one axis, as `_translated` does all."""
    stack = np.moveaxis(block, axis, 0)
    made, half, head = (np.empty_like(stack) for _ in range(3))
    steps = [edge / EDGE_MM for n, edge in enumerate(edges) if n != axis]
    planes = list(side_by_side(lambda p: ndimage.zoom(p, steps, order=1), stack))
    (net, way), (done, total) = by, counted
    place, shape = Place(PLANES[axis], EDGE_MM), stack.shape[1:]
    mirrored = PLANES[axis] in FLAT_ROWS and len(stack) <= MIRRORED
    outlines = list(side_by_side(way.outlined, planes))
    bright = way.bright(planes, outlines)

    def told(plane: Plane, outline: Outline) -> tuple[Answer, Answer, Answer]:
        seen, inside = way.seen(plane, outline, place, bright), _near(outline)
        estimate, below, above = _answered(net, seen, inside, mirrored=mirrored)
        shown = np.where(inside, estimate * way.unit + way.zero, way.outside)
        doubt = np.where(inside, 0.5 * (below + above) * way.unit, 0)
        within = outline.astype(np.float32)
        return _resized(shown, shape), _resized(doubt, shape), _resized(within, shape)

    for n, answer in enumerate(side_by_side(told, planes, outlines)):
        made[n], half[n], head[n] = answer
        if progress is not None:
            progress(done + n + 1, total)
    np.clip(made, way.zero, way.most, out=made)
    return (
        np.moveaxis(made, 0, axis),
        np.moveaxis(half, 0, axis),
        np.moveaxis(head, 0, axis),
    )


def _near(outline: Bool[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """Return what lies in the head or up to 16 mm beside it."""
    if not outline.any():
        return outline
    return np.asarray(ndimage.distance_transform_edt(~outline) <= AROUND_MM / EDGE_MM)


def _answered(
    net: nn.Module, seen: Seen, inside: Bool[np.ndarray, "y x"], *, mirrored: bool
) -> Float32[np.ndarray, "3 y x"]:
    """Ask the network about a part of a slice, and about its mirror image.

    It learned from slices cut close around the head. Shown wide, empty air beside
    it, its normalisation shifts: with 40 mm more on each side the error of 27
    calibration patients' slices rose from 67 to 74 HU.
    """
    answer = np.zeros((3, *seen.shape[1:]), np.float32)
    if not inside.any():
        return answer
    box = (slice(None), *ndimage.find_objects(inside.astype(np.uint8))[0])
    part = np.ascontiguousarray(seen[box])
    views = [part, flipped_rows(part)] if mirrored else [part]
    (_, height, width), many = part.shape, int(net.multiple)  # type: ignore[arg-type]
    short = ((0, 0), (0, 0), (0, -height % many), (0, -width % many))
    with torch.inference_mode():
        told = net(torch.from_numpy(np.pad(np.stack(views), short)))
    told = told[..., :height, :width]
    answer[box] = 0.5 * (told[0] + told[1].flip(1)) if mirrored else told[0]
    return answer


def flipped_rows(seen: Float32[np.ndarray, "c y x"]) -> Float32[np.ndarray, "c y x"]:
    """Mirror what the network sees left to right, the rows' position with it.

    Args:
        seen: As `mr_channels` or `ct_channels` returns it.

    Limits:
        Only where rows run left to right: axial and coronal slices.

    Source:
        As `translate`.
    """
    mirror = seen[:, ::-1].copy()
    mirror[ROW] *= -1
    return mirror


def _resized(plane: Float[np.ndarray, "y x"], shape: tuple[int, ...]) -> Answer:
    if plane.shape == shape:
        return plane.astype(np.float32)
    scale = [a / b for a, b in zip(shape, plane.shape, strict=True)]
    return np.asarray(ndimage.zoom(plane, scale, order=1), np.float32)
