"""Verbs: what the page of each verb shows. `VIEWS` is the list."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float32
from markupsafe import Markup
from PIL import Image

from vesalius.report import overlay, paint, record
from vesalius.report.answers import HALF, answer, doubts, outlines
from vesalius.report.layers import (
    Layer,
    Scale,
    cuts_of,
    painted,
    picture_of,
    through_windows,
)
from vesalius.report.planes import Plane, cut
from vesalius.report.view import Face, Jump, Map, Overlay, View
from vesalius.report.windows import Sample, Window, ct_window, scale_limit, windows_of
from vesalius.report.words import FIXED_SPACE
from vesalius.result import Finding, Result
from vesalius.volume import Volume

MOST_JUMPS = 30  # findings with a cut and a button of their own
RESTORING = ("denoise", "reconstruct", "upsample")  # what they remove is a picture too
OUTLINE_KEY = "outlined: more likely tumour than not"
DOUBT_KEY = (
    "tinted: may or may not be tumour; the certain outline lies inside, the possible "
    "one around it"
)
REMOVED_WORDS = Markup(
    'Before minus after: <i class="plus">orange</i> was taken away, '
    '<i class="minus">blue</i> was added. It should look like noise; an outline of '
    "anatomy here is detail that was lost."
)
SPREAD_WORDS = (
    f"Half-width of the 90{FIXED_SPACE}% interval: nine times in ten the true value "
    "should lie this close to the picture. Bright is unsure."
)
IMAGINED_WORDS = "The part of the picture that the measurement does not determine."
RING_KEY = (
    "ringed: a finding, with its number in the list; the ring is as wide as the "
    "finding, but never too small to be seen"
)
CHANCE = "Probability of tumour"
CHANCE_WORDS = "How probable tumour is at each voxel; the outline runs at 0.5."


def view_of(result: Result, scan: Volume, sample: Sample) -> View:
    """Choose what to show of a result.

    Args:
        result: With a picture on the scan's grid.
        scan: What the task was given.
        sample: Of the scan.

    Raises:
        GeometryError: Scan and picture do not share a grid.
    """
    picture_of(result, scan)
    return VIEWS.get(result.provenance.task, _compared)(result, scan, sample)


def _compared(result: Result, scan: Volume, sample: Sample) -> View:
    """Show before and after; what was removed, where both are of one kind."""
    picture = picture_of(result, scan)
    windows = after = windows_of(scan, sample)
    told = "Before and after are seen through the same window."
    alike = (picture.units, picture.modality) == (scan.units, scan.modality)
    if not alike:
        windows, after = windows[:1], windows_of(picture, sample)[:1]
        told = f"After: {after[0].told}"
    mapped = []
    if alike and result.provenance.task in RESTORING:
        mapped.append(_removed(scan, picture, sample))
    if result.spread is not None:
        mapped.append(_spread(result.spread, sample))
    if result.imagined is not None:
        mapped.append(_imagined_part(result.imagined, sample))
    return View(
        layers=(
            *through_windows("before", scan, windows),
            *through_windows("after", picture, after),
            *(layer for layer, _ in mapped),
        ),
        mode="wipe",
        label="Before and after",
        faces=(
            Face("before-0", "Before", "Before"),
            Face("after-0", "After", "After"),
        ),
        windows=windows,
        told=told,
        maps=tuple(one for _, one in mapped),
    )


def _outlined(result: Result, scan: Volume, sample: Sample) -> View:
    """Show the scan with the likely outline and the band of doubt on it."""
    picture, windows = picture_of(result, scan), windows_of(scan, sample)
    listed = result.findings[:MOST_JUMPS]
    jumps = tuple(_to_finding(n, one, scan) for n, one in enumerate(listed, start=1))
    if not jumps and result.spread is not None and doubts(result):
        jumps = (_to_doubt(result.spread),)
    drawn = _drawn_outlines(result, picture, listed)
    chance = Scale(0.0, 1.0, "")
    return View(
        layers=(
            *through_windows("before", scan, windows),
            painted("chance", cuts_of(picture), paint.amounts(chance.high)),
            *(layer for layer, _ in drawn),
        ),
        mode="single",
        label="Scan and what is drawn on it",
        faces=(Face("before-0", "Scan", "Scan"),),
        windows=windows,
        told="" if outlines(result) else "No tumour is outlined on any cut.",
        overlays=tuple(one for _, one in drawn),
        maps=(Map("chance", CHANCE, "Probability", chance, "amount", CHANCE_WORDS),),
        list_name="Outlined, largest first" if listed else "Where to look",
        jumps=jumps,
        left_out=len(result.findings) - len(listed),
    )


def _marked(result: Result, scan: Volume, sample: Sample) -> View:
    """Show the scan with a ring and a number at each finding."""
    windows = windows_of(scan, sample)
    if scan.units == "HU":
        windows = ct_window("Lung"), ct_window("Soft tissue")
    ordered = tuple(sorted(result.findings, key=lambda one: -one.probability))
    listed = ordered[:MOST_JUMPS]
    rings = Layer("rings", partial(_draw_rings, scan, listed), exact=True)
    return View(
        layers=(*through_windows("before", scan, windows), *([rings] * bool(listed))),
        mode="single",
        label="Scan with marks" if listed else "Scan",
        faces=(Face("before-0", "Scan", "Scan"),),
        windows=windows,
        told="" if listed else _sentence(result),
        overlays=(Overlay("rings", "Marks", "ring", RING_KEY),) if listed else (),
        list_name="Findings, most probable first",
        jumps=tuple(_to_finding(n, one, scan) for n, one in enumerate(listed, start=1)),
        left_out=len(ordered) - len(listed),
    )


def _imagined(result: Result, scan: Volume, sample: Sample) -> View:
    """Show the source beside what was imagined from it, each in its own window."""
    picture = picture_of(result, scan)
    source, made = scan.modality, picture.modality
    before, after = (_own_windows(one, sample) for one in (scan, picture))
    chosen, other = (after, f"{source}: {before[0].told}")
    if len(before) > len(after):
        chosen, other = (before, f"{made}: {after[0].told}")
    mapped = () if result.spread is None else (_spread(result.spread, sample),)
    approximate = ("The HU are approximate.",) if picture.units == "HU" else ()
    return View(
        layers=(
            *through_windows("before", scan, before),
            *through_windows("after", picture, after),
            *(layer for layer, _ in mapped),
        ),
        mode="beside",
        label=f"{source}, measured, beside {made}, imagined",
        faces=(
            Face("before-0", f"{source}, measured", f"{source}, measured"),
            Face("after-0", f"{made}, imagined", f"{made}, imagined"),
        ),
        windows=chosen,
        told=other,
        maps=tuple(one for _, one in mapped),
        limits=result.card.limits if result.card else approximate,
    )


VIEWS: dict[str, Callable[[Result, Volume, Sample], View]] = {
    "denoise": _compared,
    "reconstruct": _compared,
    "upsample": _compared,
    "segment": _outlined,
    "detect": _marked,
    "translate": _imagined,
}


def _own_windows(volume: Volume, sample: Sample) -> tuple[Window, ...]:
    """Choose a volume's own windows; in a head's CT both brain and bone matter."""
    if volume.units == "HU":
        return ct_window("Soft tissue"), ct_window("Bone")
    return windows_of(volume, sample)


def _sentence(result: Result) -> str:
    told = answer(result)
    return "" if told is None else told.sentence


def _removed(scan: Volume, picture: Volume, sample: Sample) -> tuple[Layer, Map]:
    def removed(plane: Plane, at: int) -> Float32[np.ndarray, "rows columns"]:
        return cuts_of(scan)(plane, at) - cuts_of(picture)(plane, at)

    limit = scale_limit((sample.voxels - sample.of(picture.voxels))[sample.body])
    scale = Scale(-limit, limit, picture.units)
    told = Map(
        "removed", "What was removed", "Removed", scale, "difference", REMOVED_WORDS
    )
    return painted("removed", removed, paint.differences(limit)), told


def _spread(spread: Volume, sample: Sample) -> tuple[Layer, Map]:
    limit = scale_limit(sample.of(spread.voxels)[sample.body], 99.5)
    layer = painted("spread", cuts_of(spread), paint.amounts(limit))
    scale = Scale(0.0, limit, spread.units)
    return layer, Map("spread", "Spread", "Spread", scale, "amount", SPREAD_WORDS)


def _imagined_part(part: Volume, sample: Sample) -> tuple[Layer, Map]:
    limit = scale_limit(sample.of(part.voxels)[sample.body])
    layer = painted("imagined", cuts_of(part), paint.differences(limit))
    scale = Scale(-limit, limit, part.units)
    title, brief = "What was imagined", "Imagined"
    return layer, Map("imagined", title, brief, scale, "difference", IMAGINED_WORDS)


def _drawn_outlines(
    result: Result, picture: Volume, listed: tuple[Finding, ...]
) -> list[tuple[Layer, Overlay]]:
    """Choose what is drawn over the scan: nothing that is not there."""
    drawn = []
    if outlines(result):
        numbered = listed if len(listed) > 1 else ()
        draw = partial(_draw_outline, picture, numbered)
        told = Overlay("outline", "Outline", "outline", OUTLINE_KEY)
        drawn.append((Layer("outline", draw, exact=True), told))
    if result.spread is not None and doubts(result):
        draw = partial(_draw_doubt, result.spread)
        told = Overlay("doubt", "Doubt", "doubt", DOUBT_KEY)
        drawn.append((Layer("doubt", draw, exact=True), told))
    return drawn


def _draw_doubt(spread: Volume, plane: Plane, at: int, _: int) -> Image.Image:
    inside = cut(spread.voxels, plane, at, nearest=True) > HALF
    return overlay.tinted(inside, plane)


def _draw_outline(
    picture: Volume, numbered: tuple[Finding, ...], plane: Plane, at: int, _: int
) -> Image.Image:
    line = overlay.outlined(cut(picture.voxels, plane, at, nearest=True) > HALF, plane)
    marks = overlay.marks_on(plane, at, picture, numbered)
    if line is overlay.EMPTY or not marks:
        return line
    return overlay.over(line, overlay.ringed(marks, plane, rings=False))


def _draw_rings(
    scan: Volume, listed: tuple[Finding, ...], plane: Plane, at: int, _: int
) -> Image.Image:
    return overlay.ringed(overlay.marks_on(plane, at, scan, listed), plane)


def _to_finding(number: int, one: Finding, scan: Volume) -> Jump:
    where, size, probability, interval = record.finding(one)
    title = f"{size}, probability {probability}"
    words = f"90{FIXED_SPACE}% interval {interval}"
    place = f"{where}{FIXED_SPACE}mm" if scan.sides_known else ""  # a letter would lie
    return Jump(one.position_mm, str(number), title, words, place)


def _to_doubt(spread: Volume) -> Jump:
    """Point to the cuts, one along each axis, that hold the most doubt."""
    band = spread.voxels > HALF
    most = [band.sum(axis=others).argmax() for others in ((1, 2), (0, 2), (0, 1))]
    x, y, z = (spread.affine @ [*most, 1.0])[:3]
    title = "Most doubt"
    words = "The cut where most voxels may or may not be tumour"
    return Jump((float(x), float(y), float(z)), "", title, words, "")
