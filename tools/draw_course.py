"""Draw the pictures of the desk's course: run it in the clone's root, after a training.

.venv/bin/python tools/draw_course.py

Each picture is a slice of a built-in phantom, whose truth is known, or what a shipped
model answers to it; each has its numbers, measured here, in facts.json beside it. None
is drawn by hand: where a model has become better, the course has to be written anew.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vesalius import denoise, segment
from vesalius.physics import phantom
from vesalius.physics.phantom import Phantom
from vesalius.result import Result
from vesalius.volume import Volume

HERE = Path(__file__).parents[1] / "src" / "vesalius" / "server" / "course"
SEED, NOISE = 7, 0.08  # the head's; SD of the noise over the maximum
SHAPE, SLICE = (160, 192, 5), 2
PLACE, EDGE_MM = (79, 104), 1.2  # in even tissue, 8 mm from anything else
CROP = 44  # pixels to either side of a lesion
BRIGHTEST = 0.75  # of the maximum is white: fat and vessels may saturate
NARROW = (0.25, 0.68)  # the same for the surroundings of a lesion: black, white
FAINT_MM, FAINT_SD = 3.0, 1.0  # a lesion that is lost; darker by so many SD of noise
LARGE_MM, LARGE_SD = 12.0, 0.7  # one that nobody sees in the noise, and is kept
OUTLINE = (255, 122, 0)
GREYS = 64  # levels: more can hardly be told apart, and cost bytes
BODY = 0.1  # of the maximum: darker is air

Facts = dict[str, Any]
Pictures = dict[str, tuple[Image.Image, Facts]]


def main() -> None:
    """Write the pictures and facts.json."""
    HERE.mkdir(exist_ok=True)
    head = phantom.head(SHAPE, seed=SEED)
    made: Pictures = {**learned(head), **outlined("invented"), **outlined("foreign")}
    noisy, plain = scanned(head), answered(denoise(scanned(head)))
    for name, mm, sd in (("faint", FAINT_MM, FAINT_SD), ("right", LARGE_MM, LARGE_SD)):
        made |= lesion(name, head, (mm, sd), noisy, plain)
    for file in HERE.glob("*.png"):
        file.unlink()
    for name, (picture, _) in made.items():
        picture.save(HERE / f"{name}.png", optimize=True)
    facts = {
        "recipe": "tools/draw_course.py",
        "pictures": {name: told for name, (_, told) in made.items()},
    }
    (HERE / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


def learned(head: Phantom) -> Pictures:
    """Show what is measured, what is generated, and how sure the model is."""
    truth, noisy = head.truth.voxels, scanned(head)
    most = float(truth.max())
    faithful, sharp = denoise(noisy), denoise(noisy, look="sharp")
    body = truth > BODY * most

    def error(seen: np.ndarray) -> Facts:
        rms = float(np.sqrt(np.mean((seen - truth)[body] ** 2)))
        return {"error_percent_of_maximum": round(100 * rms / most, 2)}

    picture, half = answered(faithful), spread(faithful)
    inside = np.abs(picture - truth)[body] <= half[body]
    held = {"voxels_in_interval_percent": round(100 * float(inside.mean()), 1)}
    wide = float(np.median(half[body]))
    width = {"median_half_width_percent_of_maximum": round(100 * wide / most, 2)}
    noise = {"noise_percent_of_maximum": round(100 * NOISE, 1)}
    seen, sharpened = noisy.voxels, answered(sharp)
    show = whole(BRIGHTEST * most)
    return {
        "head-truth": (show(truth), told("head", "truth")),
        "head-noisy": (show(seen), told("head", "scan", **noise, **error(seen))),
        "head-denoised": (
            show(picture),
            told("head", "answer", faithful, **error(picture)),
        ),
        "head-sharp": (
            show(sharpened),
            told("head", "answer", sharp, **error(sharpened)),
        ),
        "head-spread": (
            whole(BRIGHTEST * most / 4)(half),
            told("head", "spread", faithful, **held, **width, times=4),
        ),
    }


def lesion(
    name: str,
    head: Phantom,
    what: tuple[float, float],
    noisy: Volume,
    plain: np.ndarray,
) -> Pictures:
    """Put a lesion into the head, and look how much of it the denoiser leaves."""
    mm, sd = what
    unit = NOISE * float(head.truth.voxels.max())
    shape = ball(mm)
    truth = (head.truth.voxels - sd * unit * shape).astype(np.float32)
    noise = noisy.voxels - head.truth.voxels  # the same in both: the lesion is all
    seen = head.truth.with_voxels(np.maximum(truth + noise, 0).astype(np.float32))
    result = denoise(seen)
    picture = answered(result)
    core = shape > 0.5
    left = float((plain - picture)[core].mean() / (sd * unit * shape)[core].mean())
    facts = {
        "diameter_mm": mm,
        "contrast_in_noise": sd,
        "contrast_left_percent": round(100 * left),
    }
    show = cropped(float(head.truth.voxels.max()))
    return {
        f"{name}-truth": (show(truth), told(name, "truth", **facts)),
        f"{name}-noisy": (show(seen.voxels), told(name, "scan", **facts)),
        f"{name}-denoised": (show(picture), told(name, "answer", result, **facts)),
    }


def outlined(name: str) -> Pictures:
    """Ask for a tumour's outline in a head without one, as it is or under a wrong name.

    "invented" is a FLAIR; "foreign" a T1w that somebody has called a FLAIR, which no
    check of the pixels can tell for sure.
    """
    contrast = "FLAIR" if name == "invented" else "T1w"
    head = phantom.head((160, 192, 9), seed=0, contrast=contrast, lesions=0)
    scan = replace(phantom.scan(head, noise=0.02, seed=0), contrast="FLAIR")
    result = segment(scan)
    chance = answered(result)
    mask = chance > 0.5
    at = int(mask.sum(axis=(0, 1)).argmax())
    largest = max(result.findings, key=lambda one: one.size_mm)
    facts = {
        "contrast": contrast,
        "said": "FLAIR",
        "tumours_in_truth": 0,
        "outlines": len(result.findings),
        "largest_mm": round(largest.size_mm),
        "probability_percent": round(100 * largest.probability),
        "volume_ml": round(float(mask.sum()) * voxel_ml(scan), 1),
    }
    white = BRIGHTEST * float(scan.voxels.max())
    plain = grey(scan.voxels[:, :, at] / white)
    drawn = contour(plain, mask[:, :, at])
    return {
        f"{name}-scan": (plain, told(name, "scan", **facts)),
        f"{name}-outlined": (drawn, told(name, "answer", result, **facts)),
    }


def told(case: str, shows: str, result: Result | None = None, **facts: Any) -> Facts:
    """Say what a picture is: of which case, generated or not, by which model."""
    origin = result.provenance if result else None
    verdict = result.verdict if result else None
    return {
        "case": case,
        "shows": shows,
        "is_generated": result is not None,
        "model": origin.model if origin else "",
        "weights_sha256": (origin.weights_sha256 or "") if origin else "",
        "verdict": verdict.outcome if verdict else "",
        "reasons": list(verdict.reasons) if verdict else [],
        **facts,
    }


def scanned(head: Phantom) -> Volume:
    """Return the head as a scanner shows it."""
    return phantom.scan(head, noise=NOISE, seed=SEED)


def answered(result: Result) -> np.ndarray:
    """Return the answer's voxels."""
    if result.picture is None:
        raise SystemExit(f"withheld: {' '.join(result.verdict.reasons)}")
    return result.picture.voxels


def spread(result: Result) -> np.ndarray:
    """Return the spread's voxels."""
    if result.spread is None:
        raise SystemExit("this answer has no spread")
    return result.spread.voxels


def ball(mm: float) -> np.ndarray:
    """Return how much of each voxel a ball holds; the slices are 5 mm thick."""
    i, j = np.meshgrid(np.arange(SHAPE[0]), np.arange(SHAPE[1]), indexing="ij")
    far = np.hypot(i - PLACE[0], j - PLACE[1]) * EDGE_MM
    shape = np.zeros(SHAPE)
    for k in range(SHAPE[2]):
        across = np.sqrt(max((mm / 2) ** 2 - (5 * (k - SLICE)) ** 2, 0))
        if across:
            shape[:, :, k] = np.clip((across - far) / EDGE_MM + 0.5, 0, 1)
    return shape


def voxel_ml(scan: Volume) -> float:
    """Return the volume of a voxel."""
    return float(np.prod(scan.spacing_mm)) / 1000


def whole(white: float) -> Callable[[np.ndarray], Image.Image]:
    """Return what shows the middle slice."""
    return lambda voxels: grey(voxels[:, :, SLICE] / white)


def cropped(most: float) -> Callable[[np.ndarray], Image.Image]:
    """Return what shows the surroundings of the lesion, enlarged."""
    (i, j), far, (black, white) = PLACE, CROP, NARROW
    box = (slice(i - far, i + far), slice(j - far, j + far))
    return lambda voxels: grey(
        (voxels[:, :, SLICE][box] / most - black) / (white - black), times=3
    )


def grey(share: np.ndarray, times: int = 2) -> Image.Image:
    """Turn shares from 0 to 1 into pixels; axis i runs to the right, j down."""
    pixels = np.clip(share, 0, 1).T
    size = (pixels.shape[1] * times, pixels.shape[0] * times)
    large = Image.fromarray(pixels.astype(np.float32)).resize(
        size, Image.Resampling.BICUBIC
    )
    steps = np.round(np.clip(np.asarray(large), 0, 1) * (GREYS - 1)) / (GREYS - 1)
    return Image.fromarray((steps * 255).astype(np.uint8))


def contour(picture: Image.Image, mask: np.ndarray) -> Image.Image:
    """Draw the edge of a mask on a picture."""
    large = Image.fromarray(mask.T).resize(picture.size, Image.Resampling.NEAREST)
    inside = np.asarray(large)
    inner = inside.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            inner &= np.roll(inside, step, axis)
    pixels = np.asarray(picture.convert("RGB")).copy()
    pixels[inside & ~inner] = OUTLINE
    return Image.fromarray(pixels).quantize(GREYS + 1)


if __name__ == "__main__":
    main()
