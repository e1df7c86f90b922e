"""DICOM SEG: the outline, and what may belong to it, over the source's slices."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from vesalius.errors import ConfigError
from vesalius.io.dicom_derive_frames import SINGLE
from vesalius.io.dicom_derive_header import Maker, meta_of, series_number, sound
from vesalius.io.dicom_derive_source import Source
from vesalius.result import Result

HALF = 0.5  # the mask is what is more likely than not
LIKELY, POSSIBLE = "Tumour, likely", "Tumour, possible"
DRAWN = "Tumour, outlined by a reader"
SERIES_STEP = 2000  # added to the source's number: sorts after a derived series


def write_segmentation(
    result: Result, source: Source, file: Path, *, by_hand: bool = False
) -> None:
    """Write the outline of a result as one segmentation object.

    Args:
        result: Of `segment`: probabilities, and the band of doubt as spread.
        source: The series it was made from.
        file: Where to; its folder exists.
        by_hand: Whether a person has drawn the outline anew: then it is one segment,
            without a band of doubt.

    Raises:
        ConfigError: The result has no picture or no spread, or the series is
            enhanced.

    Limits:
        Two binary segments, which overlap: what is likely, and what is possible.
        The probabilities themselves stay NIfTI.

    Source:
        DICOM PS3.3 A.51; Herrmann et al. 2018, J Pathol Inform, and highdicom.
    """
    from highdicom.seg import Segmentation  # late: it takes a second to import

    if result.picture is None or result.spread is None:
        raise ConfigError("there is no outline to write as a segmentation")
    headers = [_sound(one.header) for one in source.slices]
    if any(one.frame is not None for one in source.slices):
        raise ConfigError("a segmentation of an enhanced series is not written yet")
    made_by = result.provenance
    maker = Maker(made_by, result.picture.sha256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, about the source's values
        made = Segmentation(
            source_images=headers,
            pixel_array=_frames(result)[..., : 1 if by_hand else 2],
            segmentation_type="BINARY",
            segment_descriptions=_segments(maker, by_hand=by_hand),
            series_instance_uid=maker.uid(headers[0].SeriesInstanceUID, "seg"),
            series_number=series_number(headers[0], SERIES_STEP),
            sop_instance_uid=maker.uid(headers[0].SeriesInstanceUID, "seg", 1),
            instance_number=1,
            manufacturer="Vesalius",
            manufacturer_model_name=(made_by.model or made_by.task)[:64],
            software_versions=made_by.version[:64],
            device_serial_number=(made_by.weights_sha256 or "none")[:64],
            content_description="AI output for research"[:64],
            content_label="TUMOUR",
        )
    how = "corrected" if by_hand else "segmented"
    made.SeriesDescription = f"AI output, {how}, not reviewed"
    made.file_meta = meta_of(made)
    made.save_as(file, enforce_file_format=True)


def _frames(result: Result) -> UInt8[np.ndarray, "k row column 2"]:
    """Stack likely and possible, slice by slice, rows first."""
    if result.picture is None or result.spread is None:
        raise ConfigError("there is no outline to write as a segmentation")
    likely = result.picture.voxels > HALF
    possible = likely | (result.spread.voxels > 0)
    both = np.stack([likely, possible], axis=-1)
    return np.ascontiguousarray(both.transpose(2, 1, 0, 3)).astype(np.uint8)


def _segments(maker: Maker, *, by_hand: bool) -> list[Any]:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription

    made_by = maker.provenance
    labels = (DRAWN,) if by_hand else (LIKELY, POSSIBLE)
    algorithm = AlgorithmIdentificationSequence(
        name=(made_by.model or made_by.task)[:64],
        version=made_by.version[:64],
        family=codes.DCM.ArtificialIntelligence,
    )
    return [
        SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type="SEMIAUTOMATIC" if by_hand else "AUTOMATIC",
            algorithm_identification=algorithm,
            tracking_uid=maker.uid("segment", number),
            tracking_id=label,
        )
        for number, label in enumerate(labels, start=1)
    ]


def _sound(header: Dataset) -> Dataset:
    """Refuse what a segmentation cannot be written over."""
    if str(header.get("SOPClassUID", "")) not in {str(u) for u in SINGLE.values()}:
        raise ConfigError("a segmentation is written over single CT or MR images")
    return sound(header)
