"""Readers: what radiologists outlined in a LIDC series, and what a finding hits."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vesalius.errors import FormatError
from vesalius.result import Finding
from vesalius.volume import Volume

NAMESPACE = "{http://www.nih.gov}"
FEWEST_POINTS = 3  # below them it is a mark on a nodule of less than 3 mm
NEAR = 0.5  # pixels: a contour runs through the outermost pixels of what it holds


@dataclass(frozen=True, eq=False)
class Contour:
    """One closed line around a nodule in one slice.

    Attributes:
        z_mm: Where the slice lies, DICOM's and RAS+'s third coordinate.
        points: Column and row of each point, in pixels from 0.
        holds: False for a line around a hole.
    """

    z_mm: float
    points: Float[np.ndarray, "n 2"]
    holds: bool


@dataclass(frozen=True, eq=False)
class Outlined:
    """One nodule of 3 mm or more as one reader outlined it.

    Attributes:
        reader: From 1, in the file's order: readers have no names.
        contours: By slice.
    """

    reader: int
    contours: tuple[Contour, ...]


def read_outlines(file: Path) -> tuple[Outlined, ...]:
    """Read the nodules that readers outlined.

    Args:
        file: XML as LIDC-IDRI has it.

    Returns:
        Every reader's nodules of 3 mm or more; marks without an outline are left
        out.

    Raises:
        FormatError: It is no such file.

    Source:
        Armato et al. 2011, Med Phys 38(2):915-931. doi:10.1118/1.3528204
    """
    try:
        root = ElementTree.parse(file).getroot()
        sessions = list(root.iter(f"{NAMESPACE}readingSession"))
        found = [
            Outlined(reader, contours)
            for reader, session in enumerate(sessions, start=1)
            for nodule in session.iter(f"{NAMESPACE}unblindedReadNodule")
            if (contours := _contours(nodule))
        ]
    except (ElementTree.ParseError, TypeError, ValueError, OSError) as error:
        raise FormatError(f"{file.name} holds no readers' contours") from error
    if not sessions:
        raise FormatError(f"{file.name} holds no readers' contours")
    return tuple(found)


def hits(finding: Finding, nodule: Outlined, scan: Volume) -> bool:
    """Say whether a finding lies within what a reader outlined.

    Args:
        finding: Of the scan.
        nodule: As one reader outlined it.
        scan: The series, axes as its files have them: column, row, slice.

    Returns:
        True where the finding's centre lies inside a contour of the nearest slice
        that has one, at most half a slice beyond the outermost, and in no hole.

    Limits:
        For axial series. The outermost contours may be larger than the nodule there.
    """
    from skimage.measure import points_in_poly  # late: slow to import

    inverse = np.linalg.inv(scan.affine)
    column, row, _ = (inverse @ [*finding.position_mm, 1.0])[:3]
    z_mm = finding.position_mm[2]
    away = min(abs(contour.z_mm - z_mm) for contour in nodule.contours)
    if away > scan.spacing_mm[2] / 2 + 1e-3:
        return False
    here = [c for c in nodule.contours if abs(c.z_mm - z_mm) <= away + 1e-3]
    around = [(column + a, row + b) for a in (-NEAR, 0, NEAR) for b in (-NEAR, 0, NEAR)]
    held = [c.holds for c in here if points_in_poly(around, c.points).any()]
    return bool(held) and all(held)


def readers_hit(
    findings: Sequence[Finding], outlines: Sequence[Outlined], scan: Volume
) -> tuple[tuple[int, ...], ...]:
    """Return for each finding the readers whose outlines it lies in.

    An example of one patient, who may be among those that the detector's patches
    came from: no held-out figure.

    Args:
        findings: Of the scan.
        outlines: As `read_outlines` returns them.
        scan: The series.
    """
    return tuple(
        tuple(sorted({o.reader for o in outlines if hits(finding, o, scan)}))
        for finding in findings
    )


def _contours(nodule: ElementTree.Element) -> tuple[Contour, ...]:
    contours = []
    for roi in nodule.iter(f"{NAMESPACE}roi"):
        points = [
            (float(_text(edge, "xCoord")), float(_text(edge, "yCoord")))
            for edge in roi.iter(f"{NAMESPACE}edgeMap")
        ]
        if len(points) >= FEWEST_POINTS:
            holds = _text(roi, "inclusion").strip().upper() == "TRUE"
            z_mm = float(_text(roi, "imageZposition"))
            contours.append(Contour(z_mm, np.array(points), holds))
    return tuple(contours)


def _text(element: ElementTree.Element, name: str) -> str:
    text = element.findtext(NAMESPACE + name)
    if text is None:
        raise ValueError(f"{name} is missing")
    return text
