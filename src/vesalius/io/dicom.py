"""DICOM: one series, from wherever it lies to intensities in RAS+ millimetres."""

from pathlib import Path

from vesalius.io.carried import Carried
from vesalius.io.dicom_files import open_files
from vesalius.io.dicom_series import Chosen, choose
from vesalius.io.dicom_survey import COMPUTED_RADIOGRAPHY, SAYS_NOTHING, survey
from vesalius.io.dicom_values import filled
from vesalius.io.place import Affine

LOSSY_NOTE = "Stored with lossy compression: some detail was lost before."
CR_NOTE = "Computed radiography (CR) is read as DX."


def read_dicom(path: Path, series: str | None = None) -> Carried:
    """Read one DICOM series.

    Args:
        path: A folder, searched at any depth, a file, or a zip.
        series: SeriesInstanceUID, where several lie there.

    Returns:
        Intensities indexed (column, row, slice), slices by increasing position along
        the cross product of row and column direction; CT in HU.

    Raises:
        SeriesError: Several series lie there and none is named.
        FormatError: There is no image, it is no grey picture, or it is damaged.
        GeometryError: The images are no volume: slices are missing, doubled, tilted
            or of several planes or sizes.
        ScanError: The place cannot be opened, or a CT is not in HU.

    Limits:
        Nothing is resampled: tilted or uneven stacks are refused. Modality LUTs and
        real-world value maps are not applied. A CT without rescale is believed to be
        in HU where its darkest parts look like air.
    """
    with open_files(path) as files:
        return _carried(choose(survey(files), series))


def dicom_affine(path: Path, series: str | None = None) -> Affine | None:
    """Return where one DICOM series lies, without reading its pixels.

    Args:
        path: A folder, searched at any depth, a file, or a zip.
        series: SeriesInstanceUID, where several lie there.

    Returns:
        From voxel index to RAS+ millimetres; None where the files do not say.

    Raises:
        SeriesError: Several series lie there and none is named.
        FormatError: There is no image, it is no grey picture, or it is damaged.
        GeometryError: The images are no volume.
    """
    with open_files(path) as files:
        return choose(survey(files), series).stack.affine


def _carried(chosen: Chosen) -> Carried:
    stack, first = chosen.stack, chosen.images[0]
    content = filled(
        stack.frames,
        is_ct=first.modality == "CT",
        inverted=frozenset(i.file for i in chosen.images if i.is_inverted),
    )
    modality, notes = _modality(first.modality)
    if any(image.is_lossy for image in chosen.images):
        notes = (*notes, LOSSY_NOTE)
    contrasts = {image.contrast for image in chosen.images}
    return Carried(
        voxels=content.voxels,
        affine=stack.affine,
        units=_units(modality, is_suv=all(image.is_suv for image in chosen.images)),
        modality=modality,
        contrast=contrasts.pop() if len(contrasts) == 1 else None,
        sides_known=stack.sides_known,
        padding=content.padding,
        notes=(*chosen.notes, *stack.notes, *content.notes, *notes),
    )


def _modality(said: str) -> tuple[str | None, tuple[str, ...]]:
    if said == COMPUTED_RADIOGRAPHY:
        return "DX", (CR_NOTE,)
    return (None if said in SAYS_NOTHING else said), ()


def _units(modality: str | None, *, is_suv: bool) -> str | None:
    if modality is None:
        return None
    if modality == "CT":
        return "HU"
    return "SUV" if modality == "PT" and is_suv else "a.u."
