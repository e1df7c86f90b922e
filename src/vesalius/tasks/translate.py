"""Translate: what the same head would look like in another modality."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float32
from scipy import ndimage
from torch import nn

from vesalius.anatomy.head_frame import upright_axes
from vesalius.anatomy.head_slice import (
    MR_CHANNELS,
    ROW,
    Place,
    brightness,
    mr_channels,
    outline_slice,
)
from vesalius.anatomy.head_slice_ct import CT_CHANNELS, ct_channels, outline_ct_slice
from vesalius.card import Card, Table
from vesalius.errors import ConfigError
from vesalius.physics.electron_density import density_table
from vesalius.quality import check_input, verdict_of
from vesalius.quality.windows import slice_axis
from vesalius.result import Provenance, Result
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

SHARP = "-sharp"
EDGE_MM = 1.0  # the network's pixels
AIR_HU, BRIGHTEST_HU = -1024.0, 3071.0
OUTSIDE_HU = -1004.0  # the median around the heads of the training CTs
AROUND_MM = 16  # beyond the outline: farther off no MR tells what holds the head
KILO_HU = 1000.0  # the network's unit, from air up
RANGE_AU = 1000.0  # from the 1st to the 99th percentile of a head's MR
BRIGHTEST_AU = 3.0 * RANGE_AU
PLANES = ("sagittal", "coronal", "axial")  # across the left, back and up axes
FLAT_ROWS = {"axial", "coronal"}  # rows run left to right: a mirror image is a head too
CUBIC = 1.6  # longest over shortest edge of a volume that can be cut along any axis

Progress = Callable[[int, int], None]
Block = Float32[np.ndarray, "l p s"]  # axes to the left, back and up
Plane = Float32[np.ndarray, "y x"]
Seen = Float32[np.ndarray, "c y x"]


def _mr_seen(planes: Sequence[Plane], place: Place) -> Iterator[Seen]:
    """Show MR slices to a network, all over the brightness of the whole stack."""
    outlines = [outline_slice(plane) for plane in planes]
    told = [brightness(p, o) for p, o in zip(planes, outlines, strict=True) if o.any()]
    bright = float(np.median(told)) if told else 1.0
    for plane, outline in zip(planes, outlines, strict=True):
        yield mr_channels(plane, outline, place, bright)


def _ct_seen(planes: Sequence[Plane], place: Place) -> Iterator[Seen]:
    for plane in planes:
        yield ct_channels(plane, outline_ct_slice(plane), place)


@dataclass(frozen=True)
class Way:
    """All that differs between translating one way and another.

    Attributes:
        to: What it is called, "ct".
        model: The shipped model's name.
        source: Modality of the scans that it starts from.
        channels: How many the network sees.
        seen: From slices and how they lie to what the network sees of each.
        modality: Of the picture.
        contrast: Of the picture.
        units: Of the picture.
        unit: Of the network, in the picture's units.
        zero: The network's zero, in the picture's units; the least there is.
        most: The most there is.
        outside: What is shown around the head, where the network says nothing.
        outline: Which channel of what is seen is the head's outline.
        tables: What goes with the picture into other programs.
    """

    to: str
    model: str
    source: str
    channels: int
    seen: Callable[[Sequence[Plane], Place], Iterator[Seen]]
    modality: str
    contrast: str | None
    units: str
    unit: float
    zero: float
    most: float
    outside: float
    outline: int
    tables: tuple[Table, ...] = ()


MR_TO_CT = Way(
    to="ct",
    model="translate-mr-ct",
    source="MR",
    channels=MR_CHANNELS,
    seen=_mr_seen,
    modality="CT",
    contrast=None,
    units="HU",
    unit=KILO_HU,
    zero=AIR_HU,
    most=BRIGHTEST_HU,
    outside=OUTSIDE_HU,
    outline=2,
    tables=(density_table(),),
)
CT_TO_MR = Way(
    to="mr",
    model="translate-ct-mr",
    source="CT",
    channels=CT_CHANNELS,
    seen=_ct_seen,
    modality="MR",
    contrast="T1w",
    units="a.u.",
    unit=RANGE_AU,
    zero=0.0,
    most=BRIGHTEST_AU,
    outside=0.0,
    outline=3,
)
WAYS = {way.to: way for way in (MR_TO_CT, CT_TO_MR)}
MODEL = MR_TO_CT.model


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
        is said there. CT tells little of grey and white matter: an MR made from it is
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
    made, half = _translated(scan, model, way, fuse=fuse, progress=progress)
    place = _placed(scan, way)
    picture = place.with_voxels(made)
    return Result(
        picture=picture,
        spread=place.with_voxels(half),
        imagined=picture,
        verdict=verdict_of(checks),
        checks=checks,
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


def _translated(
    scan: Volume, model: Model, way: Way, *, fuse: bool, progress: Progress | None
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
        answers.append(
            _along(block, axis, edges, (model.net, way), (done, total), progress)
        )
        done += block.shape[axis]
    made, half = (np.mean(part, axis=0) for part in zip(*answers, strict=True))
    factor = model.card.spread_multipliers[0][1] if model.card.spread_multipliers else 1
    back_again = np.argsort(axes)
    return tuple(  # type: ignore[return-value]
        np.ascontiguousarray(part[turn].transpose(back_again), np.float32)
        for part in (made, factor * half)
    )


def _along(
    block: Block,
    axis: int,
    edges: list[float],
    by: tuple[nn.Module, Way],
    counted: tuple[int, int],
    progress: Progress | None,
) -> tuple[Block, Block]:
    """Translate the slices across one axis: picture, and half the interval's width."""
    stack = np.moveaxis(block, axis, 0)
    made, half = np.empty_like(stack), np.empty_like(stack)
    steps = [edge / EDGE_MM for n, edge in enumerate(edges) if n != axis]
    planes = [ndimage.zoom(plane, steps, order=1) for plane in stack]
    (net, way), (done, total) = by, counted
    place = Place(PLANES[axis], EDGE_MM)
    for n, seen in enumerate(way.seen(planes, place)):
        estimate, below, above = _answered(net, seen, place)
        inside, shape = _near(seen[way.outline] > 0), stack.shape[1:]
        shown = np.where(inside, estimate * way.unit + way.zero, way.outside)
        doubt = np.where(inside, 0.5 * (below + above) * way.unit, 0)
        made[n] = _resized(shown.astype(np.float32), shape)
        half[n] = _resized(doubt.astype(np.float32), shape)
        if progress is not None:
            progress(done + n + 1, total)
    np.clip(made, way.zero, way.most, out=made)
    return np.moveaxis(made, 0, axis), np.moveaxis(half, 0, axis)


def _near(outline: Bool[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """Return what lies in the head or up to 16 mm beside it."""
    return np.asarray(ndimage.distance_transform_edt(~outline) <= AROUND_MM / EDGE_MM)


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
        seen: As `mr_channels` or `ct_channels` returns it.

    Limits:
        Only where rows run left to right: axial and coronal slices.

    Source:
        As `translate`.
    """
    mirror = seen[:, ::-1].copy()
    mirror[ROW] *= -1
    return mirror


def _resized(
    plane: Float32[np.ndarray, "y x"], shape: tuple[int, ...]
) -> Float32[np.ndarray, "h w"]:
    if plane.shape == shape:
        return plane
    scale = [a / b for a, b in zip(shape, plane.shape, strict=True)]
    return np.asarray(ndimage.zoom(plane, scale, order=1), np.float32)
