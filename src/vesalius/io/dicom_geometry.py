"""DICOM geometry: slices become one block, or a sentence says which one does not.

The position along the slice normal decides order and duplicates, never a name or a
number (PS3.3 C.7.6.2).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vesalius.errors import GeometryError
from vesalius.io.dicom_header import TRAITS, Frame, Place, traits_of
from vesalius.io.place import LONE_SLICE_MM, LONE_SLICE_NOTE, Affine, edges_only

# What scanners round and what lies within a mechanic's tolerance is passed in silence.
STEP_SHARE = 0.05  # of the median step
STEP_MM = 0.02
LEAN_DEGREES = 0.5
EDGE_SHARE = 1e-3  # of the pixel's edge: decimal strings are rounded
SAME_PLACE_SHARE = 0.1  # of the median step: closer slices are one place twice
SAME_PLACE_MM = 1e-3
_DATES = (  # say when somebody was examined: named, but not quoted
    "AcquisitionTime",
    "AcquisitionDateTime",
    "FrameAcquisitionDateTime",
    "ContentTime",
)
MOST_COMPARED = 50  # images at one place, to find what tells them apart
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices in order, and where the block of them lies.

    Attributes:
        frames: By increasing position along the cross product of row and column.
        affine: To RAS+ millimetres; None where the file has no pixel spacing.
        sides_known: Whether the file says which side is left.
        notes: What is worth telling.
    """

    frames: tuple[Frame, ...]
    affine: Affine | None
    sides_known: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Slice:
    """A frame that has a place, and how far along the stack that is."""

    frame: Frame
    place: Place
    along_mm: float


def stacked(frames: Sequence[Frame]) -> Stack:
    """Order slices by where they lie, and find the affine of their block.

    Args:
        frames: At least one, of one series.

    Raises:
        GeometryError: They are no block: sizes, planes or steps differ, slices are
            missing or doubled, or the block leans (gantry tilt).

    Limits:
        A step may differ by 5 % or 0.02 mm from the median; the affine spreads that
        evenly.
    """
    _refuse_other_size(frames)
    placed = _placed(frames)
    if len(frames) > 1 and len(placed) < len(frames):
        raise GeometryError(
            f"{len(frames) - len(placed)} of {len(frames)} images have no position or "
            "orientation (ImagePositionPatient, ImageOrientationPatient): their order "
            "is unknown; give one image, or export the series with its positions"
        )
    if not placed:
        return _unplaced(frames[0])
    _refuse_skewed_axes(placed[0].place)
    _refuse_other_planes(placed)
    _refuse_other_edges(frames)
    ordered = sorted(placed, key=lambda one: one.along_mm)
    _refuse_doubled(ordered)
    if len(ordered) > 1:
        _refuse_uneven(ordered)
        _refuse_leaning(ordered)
    return _block(ordered)


# The block


def _placed(frames: Sequence[Frame]) -> list[_Slice]:
    """All are measured along one normal: far from the origin, each one's own errs."""
    having = [(frame, frame.place) for frame in frames if frame.place is not None]
    if not having:
        return []
    normal = having[0][1].normal
    return [
        _Slice(frame, place, float(place.position @ normal)) for frame, place in having
    ]


def _block(ordered: list[_Slice]) -> Stack:
    frames = tuple(one.frame for one in ordered)
    edges, first = frames[0].edges_mm, ordered[0].place
    if edges is None:
        return Stack(frames, None, False, ())
    notes: tuple[str, ...] = ()
    if len(ordered) > 1:
        step = (ordered[-1].place.position - first.position) / (len(ordered) - 1)
    elif frames[0].thickness_mm is not None:
        step = first.normal * frames[0].thickness_mm
    else:
        step, notes = first.normal * LONE_SLICE_MM, (LONE_SLICE_NOTE,)
    lps = np.eye(4)
    lps[:3, 0] = first.across * edges[0]
    lps[:3, 1] = first.down * edges[1]
    lps[:3, 2] = step
    lps[:3, 3] = first.position
    return Stack(frames, LPS_TO_RAS @ lps, True, notes)


def _unplaced(frame: Frame) -> Stack:
    """A projection or a lone picture: its spacing is kept, its sides are unknown."""
    if frame.edges_mm is None:
        return Stack((frame,), None, False, ())
    thickness = () if frame.thickness_mm is None else (frame.thickness_mm,)
    affine, notes = edges_only((*frame.edges_mm, *thickness), 1)
    if frame.edges_at_detector:
        notes = (*notes, "The spacing was measured at the detector, not in the body.")
    return Stack((frame,), affine, False, notes)


# Reasons to refuse


def _refuse_other_size(frames: Sequence[Frame]) -> None:
    sizes = Counter((frame.rows, frame.columns) for frame in frames)
    if len(sizes) > 1:
        usual = sizes.most_common(1)[0][0]
        odd = [f for f in frames if (f.rows, f.columns) != usual]
        raise GeometryError(
            f"{len(odd)} of {len(frames)} images have another size: "
            f"{_called(odd[0])} has {odd[0].rows} rows x {odd[0].columns} columns, "
            f"most have {usual[0]} x {usual[1]}; leave them out"
        )


def _refuse_skewed_axes(place: Place) -> None:
    off = 90 - _degrees(abs(float(place.across @ place.down)))
    if off > LEAN_DEGREES:
        raise GeometryError(
            f"rows and columns of the image miss the right angle by {off:.1f} degrees "
            "(ImageOrientationPatient); we read upright grids only"
        )


def _refuse_other_planes(placed: list[_Slice]) -> None:
    """Tell localisers and mixed planes from a stack."""
    planes: list[list[_Slice]] = []
    for one in placed:
        for plane in planes:
            if _turn(one.place, plane[0].place) <= LEAN_DEGREES:
                plane.append(one)
                break
        else:
            planes.append([one])
    if len(planes) == 1:
        return
    planes.sort(key=len, reverse=True)
    firsts = [traits_of(plane[0].frame) for plane in planes[:5]]
    scout = any("LOCALIZER" in said.get("ImageType", "") for said in firsts)
    raise GeometryError(
        f"the images lie in {len(planes)} planes (orientations), "
        f"{' and '.join(str(len(plane)) for plane in planes[:5])} in each; "
        f"{_called(planes[1][0].frame)} is the first in another"
        f"{', it is a localizer' if scout else ''}; give the images of one "
        "orientation alone"
    )


def _refuse_other_edges(frames: Sequence[Frame]) -> None:
    usual = frames[0].edges_mm
    for frame in frames:
        if (frame.edges_mm is None) != (usual is None) or (
            usual is not None
            and not np.allclose(frame.edges_mm or (), usual, rtol=EDGE_SHARE, atol=0)
        ):
            raise GeometryError(
                f"PixelSpacing differs within the series: {_called(frame)} has "
                "another one than the first; give the images of one spacing alone"
            )


def _refuse_doubled(ordered: list[_Slice]) -> None:
    """Name the place that holds several images, and the tag that tells them apart."""
    steps = np.diff([one.along_mm for one in ordered])
    apart = steps[steps > SAME_PLACE_MM]
    share = SAME_PLACE_SHARE * float(np.median(apart)) if apart.size else 0.0
    ends = [*(np.flatnonzero(steps > max(share, SAME_PLACE_MM)) + 1), len(ordered)]
    starts = [0, *ends[:-1]]
    places = [ordered[a:b] for a, b in zip(starts, ends, strict=True)]
    crowded = [place for place in places if len(place) > 1]
    if not crowded:
        return
    frames = [one.frame for one in crowded[0]]
    numbers = [str(frame.number) for frame in frames if frame.number is not None]
    which = f" (image numbers {' and '.join(numbers[:4])})" if numbers else ""
    raise GeometryError(
        f"several images lie at one position: {len(frames)} at "
        f"{crowded[0][0].along_mm:.2f} mm{which}; so it is at {len(crowded)} of "
        f"{len(places)} positions; {_what_differs(frames)}"
    )


def _what_differs(frames: list[Frame]) -> str:
    traits = [traits_of(frame) for frame in frames[:MOST_COMPARED]]
    for keyword in TRAITS:
        values = [said.get(keyword, "") for said in traits]
        if len(set(values)) > 1:
            shown = [value for value in dict.fromkeys(values) if _is_number(value)]
            shown = [] if keyword in _DATES else shown
            said = f" ({' and '.join(shown[:4])})" if len(shown) > 1 else ""
            return f"they differ in {keyword}{said}: give the images of one alone"
    return "no tag tells them apart: they are duplicates, leave all but one out"


def _refuse_uneven(ordered: list[_Slice]) -> None:
    steps = np.diff([one.along_mm for one in ordered])
    usual = float(np.median(steps))
    off = np.abs(steps - usual)
    if off.max() <= max(STEP_SHARE * usual, STEP_MM):
        return
    at = int(np.argmax(off))
    before, after = ordered[at], ordered[at + 1]
    between = (
        f"between {_called(before.frame)} at {before.along_mm:.2f} mm and "
        f"{_called(after.frame)} at {after.along_mm:.2f} mm"
    )
    missing = np.maximum(np.rint(steps / usual) - 1, 0)
    if missing[at] >= 1:
        count = int(missing.sum())
        raise GeometryError(
            f"{count} slice{'s are' if count > 1 else ' is'} missing: {between} the "
            f"step is {steps[at]:.2f} mm, elsewhere {usual:.2f} mm; add what is "
            "missing, or give one side of the gap alone"
        )
    raise GeometryError(
        f"the slices are not evenly spaced: {between} the step is {steps[at]:.3g} mm, "
        f"the median is {usual:.3g} mm; give evenly spaced slices"
    )


def _refuse_leaning(ordered: list[_Slice]) -> None:
    """Tell a tilted gantry, and single slices that lie to the side."""
    normal = ordered[0].place.normal
    places = np.array([one.place.position for one in ordered])
    whole = places[-1] - places[0]
    lean = _degrees(float(whole @ normal / np.linalg.norm(whole)))
    if lean > LEAN_DEGREES and np.linalg.norm(np.cross(whole, normal)) > STEP_MM:
        raise GeometryError(
            f"the stack leans {lean:.1f} degrees against its slices (gantry tilt); "
            "have it resampled upright, we do not shear scans"
        )
    shares = np.linspace(0, 1, len(ordered))[:, None]
    away = places - (places[0] + shares * whole)
    aside = np.linalg.norm(away - np.outer(away @ normal, normal), axis=1)
    step = float(np.linalg.norm(whole)) / (len(ordered) - 1)
    if aside.max() > max(STEP_SHARE * step, STEP_MM):
        at = int(np.argmax(aside))
        raise GeometryError(
            f"{_called(ordered[at].frame)} at {ordered[at].along_mm:.2f} mm lies "
            f"{aside[at]:.2f} mm to the side of the stack; give one stack alone"
        )


# Angles and words


def _turn(one: Place, other: Place) -> float:
    """The larger turn of the two axes against each other, in degrees."""
    return max(
        _degrees(float(one.across @ other.across)),
        _degrees(float(one.down @ other.down)),
    )


def _degrees(cosine: float) -> float:
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _called(frame: Frame) -> str:
    return "an image" if frame.number is None else f"image number {frame.number}"


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
