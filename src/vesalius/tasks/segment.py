"""Segment: where the tumour is, and where it may or may not be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import torch
from jaxtyping import Float32
from scipy import ndimage
from torch import Tensor, nn

from vesalius.anatomy.head_frame import Planes
from vesalius.anatomy.head_planes import (
    OTHERS,
    HeadPlanes,
    channels_of,
    head_planes,
    near,
    rank_of,
)
from vesalius.anatomy.pieces import pieces_of
from vesalius.errors import ConfigError
from vesalius.quality import check_input, verdict_of
from vesalius.result import Finding, Measure, Provenance, Result
from vesalius.tasks.side_by_side import side_by_side
from vesalius.volume import Study, Volume
from vesalius.weights.models import Model, open_model

MODEL = "segment-tumour"
SEEN = "FLAIR"
AT_ONCE = 2  # slices through the network together: more is no faster, and needs memory
SMOOTHED_SLICES = 0.6  # SD across slices
LEAST_SHARE = 0.25  # of the largest piece: smaller ones are taken for false
HALF = 0.5  # the mask is what is more likely tumour than not

Progress = Callable[[int, int], None]


def segment(
    scan: Volume | Study, *, seed: int = 0, progress: Progress | None = None
) -> Result:
    """Outline brain tumour on FLAIR, and the band in which we are unsure.

    A network sees each slice, its neighbours, its mirror image and the rank of each
    intensity, and says how likely each pixel is to be tumour. Two thresholds, set on
    patients it never saw, bound a certain and a possible mask.

    Args:
        scan: FLAIR of a head, or a study with one; T1w and T1ce of the study help
            if they are there.
        seed: Kept in the provenance; the answer draws nothing.
        progress: Told how many slices are done, and of how many.

    Returns:
        As picture the probability of tumour per voxel; the mask is above 0.5. As
        spread 1 in the band of doubt between the certain and the possible mask, else
        0. Each piece of the mask is a finding.

    Raises:
        ConfigError: The scan's contrast was not told, or is not FLAIR.
        ScanError: There is no head to be seen.
        WeightsError: The model's file is missing or altered.

    Limits:
        Trained on lower-grade glioma of adults. A small tumour in the posterior
        fossa was missed in trials: the possible mask is there for that.

    Source:
        Buda et al. 2019, Comput Biol Med 109:218-225 (the data); Angelopoulos et al.
        2024, conformal risk control. doi:10.1016/j.compbiomed.2019.05.002
    """
    _contrasts(scan)  # the wrong scan is refused before a model is opened
    return segment_by(scan, open_model(MODEL), seed=seed, progress=progress)


def segment_by(
    scan: Volume | Study,
    model: Model,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Segment with a model of one's own, one that is not in the box.

    Args:
        scan: As in `segment`.
        model: Its card and its network.
        seed: As in `segment`.
        progress: As in `segment`.

    Returns:
        As `segment` returns it.

    Raises:
        ConfigError: The scan's contrast was not told, or is not FLAIR.
        ScanError: There is no head to be seen.

    Limits:
        As good as the model, and as its card.

    Source:
        As `segment`.
    """
    flair, others = _contrasts(scan)
    card = model.card
    origin = Provenance(
        task="segment",
        model=card.name,
        weights_sha256=card.weights_sha256,
        input_sha256=flair.sha256,
        seed=seed,
        options=(("contrasts", " ".join((SEEN, *others))),),
        version=version("vesalius"),
    )
    checks = check_input(flair, card)
    verdict = verdict_of(checks)
    if verdict.outcome == "withhold":
        return Result(verdict=verdict, checks=checks, card=card, provenance=origin)
    chance = tumour_chance(flair, others, model.net, progress)
    told = dict(card.calibration)
    low, high = told.get("possible_above", HALF), told.get("certain_above", HALF)
    doubt = (chance > low) & (chance <= high)
    picture = replace(flair, units="probability", padding=None)
    return Result(
        picture=picture.with_voxels(chance),
        spread=picture.with_voxels(doubt.astype(np.float32)),
        findings=_findings(picture.with_voxels(chance)),
        verdict=verdict_of(checks, _warnings(chance, low)),
        checks=checks,
        measures=_volumes(flair, chance, told),
        card=card,
        provenance=origin,
    )


def tumour_chance(
    flair: Volume,
    others: Mapping[str, Volume],
    net: nn.Module,
    progress: Progress | None = None,
) -> Float32[np.ndarray, "i j k"]:
    """Return the probability of tumour at every voxel, small pieces taken out.

    Args:
        flair: The scan.
        others: Scans on its grid by contrast, those of `OTHERS`.
        net: From channels of slices to the probability of tumour.
        progress: Told how many slices are done, and of how many.

    Raises:
        ScanError: There is no head to be seen.

    Limits:
        Pieces of less than a quarter of the largest one's size are taken for false:
        a small second tumour is left in the band of doubt.

    Source:
        As `segment`.
    """
    planes, frame = head_planes(flair, dict(others))
    across = ndimage.gaussian_filter1d(
        _over_planes(net, planes, progress), SMOOTHED_SLICES, axis=0, mode="nearest"
    )
    chance = frame.leave(across)
    return _cleared(chance, frame.axes[0])


def _over_planes(
    net: nn.Module, planes: HeadPlanes, progress: Progress | None = None
) -> Planes:
    """Carry the network over a head's slices, each with its mirror image.

    Args:
        net: From channels of slices to the probability of tumour.
        planes: The head in the network's frame.
        progress: Told how many slices are done, and of how many.

    Returns:
        The mean of both answers.
    """
    count = planes.flair.shape[0]
    chance = np.empty_like(planes.flair)

    def told(start: int) -> Tensor:
        chosen = range(start, min(start + AT_ONCE, count))
        seen = torch.from_numpy(np.stack([_channels(planes, z) for z in chosen]))
        with torch.inference_mode():
            answer: Tensor = 0.5 * (net(seen) + net(seen.flip(3)).flip(3))
        return answer[:, 0]

    starts = range(0, count, AT_ONCE)
    for start, answer in zip(starts, side_by_side(told, starts), strict=True):
        stop = start + len(answer)
        chance[start:stop] = answer.numpy()
        if progress is not None:
            progress(stop, count)
    return chance


def _cleared(
    chance: Float32[np.ndarray, "i j k"], axis: int
) -> Float32[np.ndarray, "i j k"]:
    """Take small pieces out of the mask and fill its holes.

    Args:
        chance: Probability of tumour.
        axis: Across slices; a hole is filled within its slice.

    Returns:
        The probability, at most 0.5 in a piece of less than a quarter of the largest
        one's size, and just above 0.5 in a hole.
    """
    mask = chance > HALF
    pieces, count = ndimage.label(mask)
    if count == 0:
        return chance
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    small = sizes < LEAST_SHARE * sizes.max()
    small[0] = False
    dropped = small[pieces]
    kept = mask & ~dropped
    whole = np.stack(
        [ndimage.binary_fill_holes(plane) for plane in np.moveaxis(kept, axis, 0)]
    )
    holes = np.moveaxis(whole, 0, axis) & ~kept
    cleared = np.where(dropped, np.minimum(chance, HALF), chance)
    just_above = np.nextafter(np.float32(HALF), np.float32(1))
    return np.where(holes, np.maximum(cleared, just_above), cleared).astype(np.float32)


def _channels(planes: HeadPlanes, z: int) -> Float32[np.ndarray, "c y x"]:
    slices = near(planes.flair, z, planes.reach)
    beside = [None if other is None else other[z] for other in planes.others]
    return channels_of(slices, rank_of(slices[1], planes.ranks), beside)


def _contrasts(scan: Volume | Study) -> tuple[Volume, dict[str, Volume]]:
    """Find the FLAIR scan and what may stand beside it."""
    volumes = scan.volumes if isinstance(scan, Study) else (scan,)
    named = {v.contrast: v for v in volumes if v.contrast is not None}
    if SEEN in named:
        return named[SEEN], {name: named[name] for name in OTHERS if name in named}
    if named:
        raise ConfigError(
            f"tumours are outlined on FLAIR; this is {', '.join(sorted(named))}. Give "
            "the FLAIR scan, and the others beside it with --t1 and --t1c"
        )
    raise ConfigError(
        "the file does not say its contrast, and tumours are outlined on FLAIR: if it "
        'is one, say contrast="flair" (--contrast flair)'
    )


def _findings(chance: Volume) -> tuple[Finding, ...]:
    """Return each piece of the mask, the largest first."""
    found = pieces_of(chance.voxels > HALF, chance)
    return tuple(piece.finding for piece in found)


def _volumes(
    flair: Volume, chance: Float32[np.ndarray, "i j k"], told: dict[str, float]
) -> tuple[Measure, ...]:
    voxel_ml = float(np.prod(flair.spacing_mm)) / 1000
    volume = float((chance > HALF).sum()) * voxel_ml
    least = volume * told.get("volume_low", 1.0)
    most = volume * told.get("volume_high", 1.0)
    said = "of the outlined tumour; voxels more likely tumour than not"
    return (
        Measure("tumour volume", volume, "ml", f"The volume {said}."),
        Measure(
            "volume, lower end",
            least,
            "ml",
            "In nine of ten patients a reader's outline holds at least as much.",
        ),
        Measure(
            "volume, upper end",
            most,
            "ml",
            "In nine of ten patients a reader's outline holds at most as much.",
        ),
    )


def _warnings(chance: Float32[np.ndarray, "i j k"], low: float) -> tuple[str, ...]:
    if (chance > HALF).any():
        return ()
    if (chance > low).any():
        return (
            "No tumour is outlined, but there are places where one is possible: look "
            "at the band of doubt",
        )
    return ()
