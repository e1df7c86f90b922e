"""DICOM decision: what people decided on an answer, as a structured report (TID 1500).

The report names the output it is about by its SHA-256, and whoever signed it as
verifying observer. Until somebody has, it is partial and unverified.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from vesalius.errors import ConfigError
from vesalius.io.dicom_derive_header import Maker, meta_of, series_number, sound
from vesalius.io.dicom_sr import Marked, measured, observing_device, procedure_of
from vesalius.result import Provenance

SERIES_STEP = 4000  # added to the source's number: sorts after the other objects
OURS = "99VESALIUS"
UTF_8 = "ISO_IR 192"
NOT_STATED = "not stated"
MILLILITRE = Code("mL", "UCUM", "milliliter")
DECISION = Code("decision", OURS, "Decision on AI output")
REASON = Code("reason", OURS, "Reason of rejection")
DIGEST = Code("output-sha256", OURS, "SHA-256 of the output that is decided on")
OPINION = Code("first-read", OURS, "Opinion before the AI output was shown")
FINDS = {
    "present": Code("52101004", "SCT", "Present"),
    "absent": Code("2667000", "SCT", "Absent"),
    "unsure": Code("82334004", "SCT", "Indeterminate"),
}


@dataclass(frozen=True)
class Said:
    """A reader's opinion before the answer was shown.

    Attributes:
        by: The account's name.
        finds: "present", "absent" or "unsure".
        confidence: From 0 to 100.
    """

    by: str
    finds: str
    confidence: int


@dataclass(frozen=True)
class Decided:
    """What was decided on an answer.

    Attributes:
        output_sha256: Of the output that is decided on.
        decision: "accepted", "corrected", "rejected" or "undecided".
        when: Of the last thing that was done, or of the signature.
        reason: Of a rejection: a code.
        signed: Names of accounts and times; empty until all who must have signed.
        opinions: Of first reads.
        volume_ml: Of an outline; None where there is none.
        findings: Where something is.
        organization: Who answers for those who signed.
    """

    output_sha256: str
    decision: str
    when: datetime
    reason: str = ""
    signed: tuple[tuple[str, datetime], ...] = ()
    opinions: tuple[Said, ...] = ()
    volume_ml: float | None = None
    findings: tuple[Marked, ...] = ()
    organization: str = NOT_STATED


def write_decision(
    decided: Decided,
    made_by: Provenance,
    images: Sequence[Dataset],
    file: Path,
    *,
    outline: Dataset | None = None,
) -> None:
    """Write what was decided on an answer as one structured report.

    Args:
        decided: What, and by whom.
        made_by: How the answer was made.
        images: Headers of what the decision is about: the derived series, or the
            scan that was outlined or searched.
        file: Where to; its folder exists.
        outline: The segmentation of the version that is decided on.

    Raises:
        ConfigError: There is no image to refer to.

    Limits:
        The names of accounts stand in it as persons' names. A digest is that of the
        desk's list of files, not of this or another DICOM object.

    Source:
        DICOM PS3.16 TID 1500, 1501 and 1411; PS3.3 C.17.2 (verification); highdicom.
    """
    from highdicom import sr  # late: it takes a second to import

    if not images:
        raise ConfigError("there is no image that a report could refer to")
    headers = [sound(one) for one in images]
    maker = Maker(made_by, decided.output_sha256)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, about the source's values
        content = sr.MeasurementReport(
            observation_context=_observers(decided, maker),
            procedure_reported=procedure_of(headers[0]),
            imaging_measurements=_groups(decided, maker, headers, outline),
            title=codes.DCM.ImagingMeasurementReport,
            referenced_images=headers,
        )
        evidence = headers if outline is None else [*headers, sound(outline)]
        report = _report(decided, maker, evidence, content[0])
    report.file_meta = meta_of(report)
    report.save_as(file, enforce_file_format=True)


def _report(
    decided: Decided, maker: Maker, evidence: Sequence[Dataset], content: Dataset
) -> Dataset:
    from highdicom import sr

    first = evidence[0]
    report = sr.Comprehensive3DSR(
        evidence=evidence,
        content=content,
        series_instance_uid=maker.uid(first.SeriesInstanceUID, "decision"),
        series_number=series_number(first, SERIES_STEP),
        sop_instance_uid=maker.uid("decision", decided),
        instance_number=1,
        manufacturer="Vesalius",
        is_complete=bool(decided.signed),
        is_final=bool(decided.signed),
        specific_character_set=UTF_8,
    )
    _verify(report, decided)
    _date(report, decided.when)
    report.SeriesDescription = f"AI output, decision, {standing(decided)}"
    return report


def standing(decided: Decided) -> str:
    """Say in words how far an answer has been reviewed.

    Args:
        decided: What was decided on it.
    """
    if not decided.signed:
        return "not yet reviewed"
    return f"{decided.decision} and signed"


def _verify(report: Dataset, decided: Decided) -> None:
    """Name all who have signed; the library knows one, and the time of writing."""
    if not decided.signed:
        return
    report.VerificationFlag = "VERIFIED"
    items = []
    for name, when in decided.signed:
        item = Dataset()
        item.VerifyingObserverName = _person(name)
        item.VerifyingOrganization = decided.organization[:64]
        item.VerificationDateTime = when.strftime("%Y%m%d%H%M%S%z")
        item.VerifyingObserverIdentificationCodeSequence = Items([])
        items.append(item)
    report.VerifyingObserverSequence = Items(items)


def _date(report: Dataset, when: datetime) -> None:
    """Write the same report for the same decision, whenever it is written."""
    for keyword in ("Content", "InstanceCreation", "Series"):
        setattr(report, f"{keyword}Date", when.strftime("%Y%m%d"))
        setattr(report, f"{keyword}Time", when.strftime("%H%M%S"))


def _observers(decided: Decided, maker: Maker) -> Any:
    from highdicom import sr

    device = observing_device(maker)
    if not decided.signed:
        return sr.ObservationContext(observer_device_context=device)
    name = _person(decided.signed[0][0])
    person = sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name),
    )
    return sr.ObservationContext(
        observer_person_context=person, observer_device_context=device
    )


def _groups(
    decided: Decided, maker: Maker, headers: Sequence[Dataset], outline: Dataset | None
) -> list[Any]:
    groups = [_decision(decided, maker)]
    groups += [_opinion(one, maker) for one in decided.opinions]
    if decided.volume_ml is not None:
        groups.append(_volume(decided.volume_ml, maker, headers, outline))
    found = enumerate(decided.findings, start=1)
    return [*groups, *(measured(n, one, headers, maker) for n, one in found)]


def _decision(decided: Decided, maker: Maker) -> Any:
    """Say what was decided, of which output, and why."""
    from highdicom import sr

    told = [_told(DECISION, Code(decided.decision, OURS, decided.decision.title()))]
    if decided.reason:
        told.append(_told(REASON, Code(decided.reason[:16], OURS, decided.reason)))
    group = _noted("Decision", maker, told)
    digest = sr.TextContentItem(
        DIGEST, decided.output_sha256, sr.RelationshipTypeValues.CONTAINS
    )
    group[0].ContentSequence.append(digest)
    return group


def _opinion(said: Said, maker: Maker) -> Any:
    from highdicom import sr

    certainty = sr.Measurement(
        name=codes.DCM.CertaintyOfFinding,
        value=said.confidence,
        unit=codes.UCUM.Percent,
    )
    told = [_told(OPINION, FINDS[said.finds])]
    return _noted(f"First read by {said.by}", maker, told, [certainty])


def _volume(
    volume_ml: float, maker: Maker, headers: Sequence[Dataset], outline: Dataset | None
) -> Any:
    """Give the volume of an outline, and point at the outline where there is one."""
    from highdicom import sr

    value = sr.Measurement(codes.SCT.Volume, round(volume_ml, 3), MILLILITRE)
    if outline is None:
        return _noted("Outline", maker, [], [value])
    images = [
        sr.SourceImageForSegmentation(one.SOPClassUID, one.SOPInstanceUID)
        for one in headers
    ]
    segment = sr.ReferencedSegment(
        outline.SOPClassUID, outline.SOPInstanceUID, 1, source_images=images
    )
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(maker.uid("outline"), "Outline"),
        referenced_segment=segment,
        finding_type=codes.SCT.Neoplasm,
        measurements=[value],
    )


def _noted(
    name: str, maker: Maker, told: Sequence[Any], values: Sequence[Any] = ()
) -> Any:
    from highdicom import sr

    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(maker.uid(name), name),
        qualitative_evaluations=list(told) or None,
        measurements=list(values) or None,
    )


def _told(name: Code, value: Code) -> Any:
    from highdicom import sr

    return sr.QualitativeEvaluation(name, value)


def _person(name: str) -> str:
    return f"{name}^"  # one component, and meant to be
