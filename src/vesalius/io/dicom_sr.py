"""DICOM SR: findings as a structured report (TID 1500) that other systems read."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from vesalius.errors import ConfigError
from vesalius.io.dicom_derive_header import Maker, meta_of, series_number, sound
from vesalius.io.dicom_derive_source import Source
from vesalius.result import Finding, Result

SERIES_STEP = 3000  # added to the source's number: sorts after the other objects


def write_findings(result: Result, source: Source, file: Path) -> None:
    """Write the findings of a result as one structured report.

    Args:
        result: With at least one finding.
        source: The series they were found in.
        file: Where to; its folder exists.

    Raises:
        ConfigError: The result has no picture or no finding, or the series is
            enhanced.

    Limits:
        A finding is a point in the body with its diameter and probability; its
        outline is in the segmentation. Nobody has verified it, and it says so.

    Source:
        DICOM PS3.16 TID 1500 and TID 1411; highdicom.
    """
    from highdicom import sr  # late: it takes a second to import

    if result.picture is None or not result.findings:
        raise ConfigError("there is no finding to report")
    if any(one.frame is not None for one in source.slices):
        raise ConfigError("a report on an enhanced series is not written yet")
    headers = [sound(one.header) for one in source.slices]
    maker = Maker(result.provenance, result.picture.sha256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, about the source's values
        content = sr.MeasurementReport(
            observation_context=sr.ObservationContext(
                observer_device_context=observing_device(maker)
            ),
            procedure_reported=procedure_of(headers[0]),
            imaging_measurements=[
                measured(n, _marked(one), headers, maker)
                for n, one in enumerate(result.findings, start=1)
            ],
            title=codes.DCM.ImagingMeasurementReport,
            referenced_images=headers,
        )
        report = sr.Comprehensive3DSR(
            evidence=headers,
            content=content[0],
            series_instance_uid=maker.uid(headers[0].SeriesInstanceUID, "sr"),
            series_number=series_number(headers[0], SERIES_STEP),
            sop_instance_uid=maker.uid(headers[0].SeriesInstanceUID, "sr", 1),
            instance_number=1,
            manufacturer="Vesalius",
            is_complete=True,
            is_final=False,
            is_verified=False,
        )
    report.SeriesDescription = "AI output, findings, not reviewed"
    report.file_meta = meta_of(report)
    report.save_as(file, enforce_file_format=True)


@dataclass(frozen=True)
class Marked:
    """Where something is, by whomever it was found.

    Attributes:
        position_mm: RAS+.
        size_mm: Longest diameter.
        probability: None where a person has found it.
    """

    position_mm: tuple[float, float, float]
    size_mm: float
    probability: float | None


def procedure_of(header: Dataset) -> Any:
    """Return the code of how a picture was made.

    Args:
        header: Of one of its images.
    """
    if header.get("Modality") == "CT":
        return codes.LN.CTUnspecifiedBodyRegion
    return codes.LN.MRIUnspecifiedBodyRegion


def observing_device(maker: Maker) -> Any:
    """Return this software as an observer.

    Args:
        maker: Who made the answer.
    """
    from highdicom import sr

    made_by = maker.provenance
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=maker.uid("observer"),
        name="Vesalius",
        manufacturer_name="Vesalius",
        model_name=made_by.model or made_by.task,
        serial_number=(made_by.weights_sha256 or "none")[:64],
    )
    return sr.ObserverContext(
        observer_type=codes.DCM.Device, observer_identifying_attributes=device
    )


def measured(
    number: int, found: Marked, headers: Sequence[Dataset], maker: Maker
) -> Any:
    """Describe one finding: where, how large, how probable.

    Args:
        number: From 1.
        found: By a model or a person.
        headers: Of the images it was found in.
        maker: Who made the answer.
    """
    from highdicom import sr

    x, y, z = found.position_mm
    point = sr.ImageRegion3D(
        graphic_type=sr.GraphicTypeValues3D.POINT,
        graphic_data=np.array([[-x, -y, z]]),  # from RAS+ to DICOM's LPS
        frame_of_reference_uid=headers[0].FrameOfReferenceUID,
    )
    made_by, chance = maker.provenance, found.probability
    kind = codes.SCT.Neoplasm if made_by.task == "segment" else codes.SCT.Nodule
    values = [(codes.SCT.Diameter, found.size_mm, codes.UCUM.Millimeter)]
    model = None
    if chance is not None:
        values.append((codes.DCM.CertaintyOfFinding, 100 * chance, codes.UCUM.Percent))
        model = sr.AlgorithmIdentification(
            name=made_by.model or made_by.task, version=made_by.version
        )
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=maker.uid("finding", number), identifier=f"Finding {number}"
        ),
        referenced_region=point,
        finding_type=kind,
        algorithm_id=model,
        measurements=[
            sr.Measurement(name=name, value=round(value, 2), unit=unit)
            for name, value, unit in values
        ],
    )


def _marked(finding: Finding) -> Marked:
    return Marked(finding.position_mm, finding.size_mm, finding.probability)
