"""An answer leaves the desk, signed or labelled, with its digest and its patient."""

import io
import json
import shutil
import subprocess
import zipfile
from hashlib import sha256

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

import highdicom
import pydicom

from dicom_derive_cases import enhanced, series, stored_block, upright
from server.desks import (
    WORD,
    detected,
    do,
    draw,
    drawn,
    entered,
    flair,
    keep_dicom,
    keep_nifti,
    outlined,
    packed,
    recorded,
    restored,
    seen_by,
    withheld,
    worked,
)
from vesalius.errors import RecordError
from vesalius.governance.audit_check import check_folder
from vesalius.server import exporting
from vesalius.server.desk import Desk
from vesalius.server.results import UNREVIEWED
from vesalius.server.routes.results import LABEL

PLACE = upright((4.0, 4.0, 5.0))
LABELLED = "not-yet-reviewed-"
PATIENT = ("Müller^Zoë", "ZZ-1", "19470213")


@pytest.fixture
def desk(bare_desk):
    return bare_desk


def came(desk, tmp_path, modality="MR"):
    """Keep a DICOM series; return the folder it came from."""
    source = series(tmp_path / "in", modality, affine=PLACE, InstitutionName="Spital")
    keep_dicom(desk, source, tmp_path)
    return source


def signed(client, found, digest):
    """Accept an answer as it is, and sign it."""
    do(client, found, "accept", digest=digest)
    done = do(client, found, "sign", digest=digest, password=WORD)
    assert done.json()["state"] == "signed", done.text


def exported(client, found):
    """Return what a zip holds, by name, and what the answer's header said."""
    answer = client.get(f"/api/results/{found.id}/export")
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {n: archive.read(n) for n in archive.namelist()}, answer.headers


def dicom(content):
    return pydicom.dcmread(io.BytesIO(content))


def texts(report):
    """Return all text and codes of a report's tree, by the name of their concept."""
    found = {}

    def walk(item):
        name = item.get("ConceptNameCodeSequence")
        if name:
            value = item.get("TextValue") or item.get("PersonName")
            if "ConceptCodeSequence" in item:
                value = item.ConceptCodeSequence[0].CodeMeaning
            if "MeasuredValueSequence" in item:
                value = float(item.MeasuredValueSequence[0].NumericValue)
            found.setdefault(name[0].CodeMeaning, []).append(value)
        for inner in item.get("ContentSequence", []):
            walk(inner)

    walk(report)
    return found


def errors(content, tmp_path):
    file = tmp_path / "checked.dcm"
    file.write_bytes(content)
    done = subprocess.run(["dciodvfy", file], capture_output=True, text=True)
    return {x for x in done.stderr.splitlines() if x.startswith("Error")}


def test_a_corrected_and_signed_outline_leaves_with_its_decision(desk, tmp_path):
    came(desk, tmp_path)
    found, anna = worked(desk, "segment", outlined), entered(desk, "anna")
    digest = draw(anna, found, seen_by(anna, found), packed(drawn())).json()["digest"]
    signed(anna, found, digest)
    files, headers = exported(anna, found)
    assert LABEL not in headers
    assert not [name for name in files if LABELLED in name]
    assert {n for n in files if n.endswith(".dcm")} == {"corrected.dcm", "decision.dcm"}
    assert "corrected.nii.gz" in files
    assert "labels.nii.gz" not in files  # the machine's outline, which was corrected
    assert sha256(files["output.json"]).hexdigest() == digest
    told = json.loads(files["decision.json"])
    assert (told["output_sha256"], told["decision"]) == (digest, "corrected")
    assert [one["kind"] for one in told["versions"]] == ["machine", "mask"]
    assert [one["by"] for one in told["signed"]] == ["anna"]
    assert told["label"] == told["no_dicom_because"] == ""
    for name in set(files) - {"decision.json"}:
        assert told["files"][name] == sha256(files[name]).hexdigest()
    report, outline = dicom(files["decision.dcm"]), dicom(files["corrected.dcm"])
    for one in (report, outline):
        found_patient = (one.PatientName, one.PatientID, one.PatientBirthDate)
        assert found_patient == PATIENT
        assert (one.StudyInstanceUID, one.InstitutionName) == ("1.2.4", "Spital")
        assert "corrected and signed" in one.SeriesDescription
    flags = (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag)
    assert flags == ("COMPLETE", "VERIFIED", "FINAL")
    (observer,) = report.VerifyingObserverSequence
    assert observer.VerifyingObserverName == "anna^"
    assert observer.VerifyingOrganization == "Spital"
    said = texts(report)
    assert said["SHA-256 of the output that is decided on"] == [digest]
    assert said["Decision on AI output"] == ["Corrected"]
    assert said["Volume"] == [pytest.approx(9 * 0.08)]
    assert outline.SOPInstanceUID in str(report)
    (tmp_path / "seg.dcm").write_bytes(files["corrected.dcm"])
    seg = highdicom.seg.segread(tmp_path / "seg.dcm")
    uids = [f"1.2.3.{k + 1}" for k in range(5)]
    frames = seg.get_pixels_by_source_instance(
        uids, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(frames[..., 0].transpose(2, 1, 0), drawn())
    assert recorded(desk)[-1].what == "result.exported"
    assert recorded(desk)[-1].output_sha256 == digest
    assert check_folder(desk.settings.data).bad is None


def test_what_nobody_has_signed_says_so_everywhere(desk, tmp_path):
    came(desk, tmp_path)
    found, anna = worked(desk, "denoise", restored), entered(desk, "anna")
    seen_by(anna, found)
    files, headers = exported(anna, found)
    assert headers[LABEL] == UNREVIEWED
    assert LABELLED in headers["Content-Disposition"]
    assert all(LABELLED in name for name in files)
    told = json.loads(files[f"{LABELLED}decision.json"])
    assert (told["label"], told["decision"]) == (UNREVIEWED, "undecided")
    report = dicom(files[f"{LABELLED}decision.dcm"])
    flags = (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag)
    assert flags == ("PARTIAL", "UNVERIFIED", "PRELIMINARY")
    images = [dicom(files[f"dicom/{LABELLED}{k:04d}.dcm"]) for k in range(1, 6)]
    for one in (report, *images):
        assert "not yet reviewed" in one.SeriesDescription
        assert one.PatientName == PATIENT[0]
    (referred,) = report.CurrentRequestedProcedureEvidenceSequence
    uids = {
        item.ReferencedSOPInstanceUID
        for one in referred.ReferencedSeriesSequence
        for item in one.ReferencedSOPSequence
    }
    assert uids == {one.SOPInstanceUID for one in images}  # the derived series


def test_findings_and_first_reads_and_both_who_signed_stand_in_it(desk, tmp_path):
    boss = entered(desk, "boss")
    boss.put("/api/policies/detect", json={"first_read": True, "signers": 2})
    came(desk, tmp_path, "CT")
    found = worked(desk, "detect", detected)
    anna, ben = entered(desk, "anna"), entered(desk, "ben")
    do(anna, found, "opinion", finds="present", confidence=80)
    do(ben, found, "opinion", finds="unsure", confidence=30)
    added = {"position_mm": (PLACE @ [6, 5, 4, 1])[:3].tolist(), "diameter_mm": 5.5}
    body = {"digest": seen_by(anna, found), "dismissed": [1], "added": [added]}
    digest = do(anna, found, "correct/findings", **body).json()["digest"]
    do(anna, found, "sign", digest=digest, password=WORD)
    seen_by(ben, found)
    do(ben, found, "sign", digest=digest, password=WORD)
    files, _ = exported(ben, found)
    report = dicom(files["decision.dcm"])
    names = [one.VerifyingObserverName for one in report.VerifyingObserverSequence]
    assert names == ["anna^", "ben^"]
    said = texts(report)
    finds = said["Opinion before the AI output was shown"]
    assert finds == ["Present", "Indeterminate"]
    assert said["Diameter"] == [6.0, 5.5]
    # 80 and 30 of the opinions, 90 of the machine's finding; a person gives none
    assert said["Certainty of Finding"] == [80, 30, pytest.approx(90)]
    told = json.loads(files["decision.json"])
    assert [one["by"] for one in told["versions"][1]["findings"]] == [
        "machine",
        "person",
    ]
    assert [one["reader"] for one in told["first_reads"]] == ["anna", "ben"]


def test_a_nifti_leaves_with_json_alone_and_says_why(desk, tmp_path):
    keep_nifti(desk, flair(), tmp_path)
    found, anna = worked(desk, "segment", outlined), entered(desk, "anna")
    digest = seen_by(anna, found)
    signed(anna, found, digest)
    files, _ = exported(anna, found)
    assert set(files) == {
        "decision.json",
        "output.json",
        "result.json",
        "labels.nii.gz",
        "picture.nii.gz",
        "spread.nii.gz",
    }
    told = json.loads(files["decision.json"])
    assert "NIfTI" in told["no_dicom_because"]
    assert told["output_sha256"] == sha256(files["output.json"]).hexdigest() == digest


@pytest.mark.parametrize("kind", ["withheld", "enhanced", "empty"])
def test_what_has_no_object_says_why(desk, tmp_path, kind):
    if kind == "enhanced":
        (tmp_path / "in").mkdir()
        file = tmp_path / "in" / "one.dcm"
        enhanced(file, "MR", stored_block("MR"), PLACE)
        keep_dicom(desk, tmp_path / "in", tmp_path)
    else:
        came(desk, tmp_path)
    made = withheld if kind == "withheld" else outlined
    found, anna = worked(desk, "segment", made), entered(desk, "anna")
    digest = seen_by(anna, found)
    if kind == "empty":
        draw(anna, found, digest, packed(np.zeros((7, 6, 5))))
    files, _ = exported(anna, found)
    told = json.loads(files[f"{LABELLED}decision.json"])
    objects = [name for name in files if name.endswith(".dcm")]
    if kind == "empty":  # an outline of nothing: a report, and no segmentation
        assert objects == [f"{LABELLED}decision.dcm"]
        assert texts(dicom(files[objects[0]]))["Volume"] == [0.0]
    else:
        assert objects == []
        assert told["no_dicom_because"]


def test_nothing_of_the_patient_stays_in_the_data_folder(desk, tmp_path):
    came(desk, tmp_path)
    found, anna = worked(desk, "denoise", restored), entered(desk, "anna")
    seen_by(anna, found)
    before = {file for file in desk.settings.data.rglob("*") if file.is_file()}
    files, _ = exported(anna, found)
    assert any(b"ZZ-1" in content for content in files.values())
    after = {file for file in desk.settings.data.rglob("*") if file.is_file()}
    assert after == before
    for file in after:
        content = file.read_bytes()
        assert b"ZZ-1" not in content
        assert "Müller".encode() not in content
        assert "Müller".encode("latin-1") not in content


def test_nobody_takes_out_what_they_have_not_seen(desk, tmp_path):
    keep_nifti(desk, flair(), tmp_path)
    found = worked(desk, "segment", outlined)
    anna, ben = entered(desk, "anna"), entered(desk, "ben")
    address = f"/api/results/{found.id}/export"
    assert anna.get(address).status_code == 409
    first, _ = seen_by(anna, found), seen_by(ben, found)
    draw(anna, found, first, packed(drawn()))
    assert ben.get(address).status_code == 409  # it was corrected since
    assert entered(desk, "otto").get(address).status_code == 404
    assert entered(desk, "boss").get(address).status_code == 403
    assert recorded(desk)[-1].what != "result.exported"


def test_without_a_record_nothing_leaves(desk, tmp_path, monkeypatch):
    keep_nifti(desk, flair(), tmp_path)
    found, anna = worked(desk, "segment", outlined), entered(desk, "anna")
    seen_by(anna, found)

    def refuse(event):
        raise RecordError("the record cannot be written")

    monkeypatch.setattr(Desk, "recorder", lambda *_: refuse)
    refused = anna.get(f"/api/results/{found.id}/export")
    assert refused.status_code == 503
    assert "record" in refused.json()["what"]


def test_what_is_decided_anew_meanwhile_does_not_leave(desk, tmp_path, monkeypatch):
    keep_nifti(desk, flair(), tmp_path)
    found, anna = worked(desk, "segment", outlined), entered(desk, "anna")
    digest, pack = seen_by(anna, found), exporting._pack

    def overtaken(*given):
        do(anna, found, "reject", digest=digest, reason="missed")
        pack(*given)

    monkeypatch.setattr(exporting, "_pack", overtaken)
    late = anna.get(f"/api/results/{found.id}/export")
    assert late.status_code == 409
    assert "meanwhile" in late.json()["what"]


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="needs dicom3tools")
@pytest.mark.parametrize(
    ("verb", "make", "modality"),
    [
        ("denoise", restored, "MR"),
        ("denoise", restored, "CT"),
        ("segment", outlined, "MR"),
        ("detect", detected, "CT"),
    ],
)
def test_the_validator_finds_no_error_that_the_source_has_not(
    desk, tmp_path, verb, make, modality
):
    source = came(desk, tmp_path, modality)
    found, anna = worked(desk, verb, make), entered(desk, "anna")
    digest = seen_by(anna, found)
    if verb == "segment":
        digest = draw(anna, found, digest, packed(drawn())).json()["digest"]
    signed(anna, found, digest)
    files, _ = exported(anna, found)
    before = {
        error
        for file in source.iterdir()
        for error in errors(file.read_bytes(), tmp_path)
    }
    objects = [name for name in files if name.endswith(".dcm")]
    assert objects
    for name in objects:
        assert errors(files[name], tmp_path) <= before, name
