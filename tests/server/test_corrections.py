"""Corrections over HTTP: versions beside the machine's, each with its own digest."""

import gzip
import zlib
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

import nibabel as nib

from server.desks import (
    WORD,
    Answering,
    detected,
    do,
    draw,
    drawn,
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
from vesalius.governance.audit_check import check_folder
from vesalius.physics.phantom import noisy_disc
from vesalius.server import queue
from vesalius.server.accounts import DESK
from vesalius.server.corrections import unpacked
from vesalius.server.job import JobState, Wish
from vesalius.server.reviews import find_review
from vesalius.server.routes.results import LABEL
from vesalius.server.working import work_once

VOXEL_ML = 4 * 4 * 5 / 1000
ELSEWHERE = "0" * 64


def change(client, found, digest, dismissed=(), added=()):
    body = {"digest": digest, "dismissed": list(dismissed), "added": list(added)}
    return client.post(f"/api/reviews/{found.id}/correct/findings", json=body)


def missed(*place, diameter_mm=5.0):
    position = (flair().affine @ [*place, 1.0])[:3]
    return {"position_mm": position.tolist(), "diameter_mm": diameter_mm}


def test_an_outline_drawn_anew_is_a_version_and_both_are_kept(desk, enter, tmp_path):
    found, anna = worked(desk, "segment", outlined), enter("anna")
    address = f"/api/results/{found.id}"
    first = seen_by(anna, found)
    told = draw(anna, found, first, packed(drawn())).json()
    assert (told["state"], told["seen"]) == ("corrected", True)
    assert told["digest"] != first == found.output_sha256
    machine, person = anna.get(f"{address}/versions").json()
    assert (machine["kind"], machine["by"]) == ("machine", "")
    assert machine["volume_ml"] == pytest.approx(12 * VOXEL_ML)
    assert (person["kind"], person["by"], person["is_current"]) == (
        "mask",
        "anna",
        True,
    )
    assert person["digest"] == told["digest"]
    assert person["volume_ml"] == pytest.approx(9 * VOXEL_ML)
    assert [one["by"] for one in person["findings"]] == ["person"] * 2
    assert person["findings"][0]["position_mm"] == pytest.approx(
        (flair().affine @ [5, 4, 3.5, 1])[:3].tolist()
    )
    # what the machine thought of the places that a person chose
    assert person["findings"][1]["probability"] == pytest.approx((2 * 0.2 + 0.2) / 3)
    mask = anna.get(f"{address}/files/corrected.nii.gz")
    assert mask.headers[LABEL]
    (tmp_path / "mask.nii.gz").write_bytes(mask.content)
    read = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(np.asarray(read.dataobj), drawn())
    np.testing.assert_allclose(read.affine, flair().affine, atol=1e-5)
    before = {"version": first}
    assert anna.get(f"{address}/files/labels.nii.gz", params=before).status_code == 200
    gone = anna.get(f"{address}/files/corrected.nii.gz", params=before)
    assert gone.status_code == 404
    assert anna.get(f"{address}/files/picture.nii.gz").status_code == 200
    last = recorded(desk)[-1]
    assert (last.what, last.output_sha256) == ("review.corrected", told["digest"])
    assert check_folder(desk.settings.data).bad is None


def test_whoever_saw_an_earlier_version_must_look_again(desk, enter):
    found, anna, ben = worked(desk, "segment", outlined), enter("anna"), enter("ben")
    address = f"/api/results/{found.id}"
    first, _ = seen_by(anna, found), seen_by(ben, found)
    second = draw(anna, found, first, packed(drawn())).json()["digest"]
    told = ben.get(f"/api/reviews/{found.id}").json()
    assert (told["seen"], told["look_again"], told["digest"]) == (False, True, "")
    stale = do(ben, found, "accept", digest=first)
    assert "changed since it was shown" in stale.json()["what"]
    for attempt in (
        do(ben, found, "accept", digest=second),
        do(ben, found, "sign", digest=second, password=WORD),
        draw(ben, found, second, packed(1 - drawn())),
        ben.get(address),
        ben.get(f"{address}/files/corrected.nii.gz", params={"version": second}),
    ):
        assert attempt.status_code == 409
        assert "again" in attempt.json()["what"]
    assert [one["kind"] for one in ben.get(f"{address}/versions").json()] == ["machine"]
    old = ben.get(f"{address}/files/labels.nii.gz", params={"version": first})
    assert old.status_code == 200
    assert seen_by(ben, found) == second
    assert do(ben, found, "sign", digest=second, password=WORD).json()["state"] == (
        "signed"
    )


def test_a_correction_is_corrected_and_the_machines_mask_can_be_had_back(desk, enter):
    found, anna = worked(desk, "segment", outlined), enter("anna")
    digest = seen_by(anna, found)
    machines = (outlined(flair()).picture.voxels > 0.5).astype(np.uint8)
    for mask in (drawn(), machines, drawn()):
        digest = draw(anna, found, digest, packed(mask)).json()["digest"]
    versions = anna.get(f"/api/results/{found.id}/versions").json()
    assert len({one["digest"] for one in versions}) == 4
    assert versions[2]["volume_ml"] == pytest.approx(versions[0]["volume_ml"])
    same = draw(anna, found, digest, packed(drawn()))
    assert (same.status_code, "nothing was corrected" in same.json()["what"]) == (
        409,
        True,
    )


def test_findings_are_dismissed_and_added(desk, enter):
    found, anna = worked(desk, "detect", detected), enter("anna")
    first = seen_by(anna, found)
    told = change(anna, found, first, [0], [missed(6, 5, 4)]).json()
    second = change(anna, found, told["digest"], [1]).json()["digest"]
    versions = anna.get(f"/api/results/{found.id}/versions").json()
    assert [len(one["findings"]) for one in versions] == [2, 2, 1]
    kept, added = versions[1]["findings"]
    assert (kept["by"], kept["size_mm"]) == ("machine", 7.0)
    assert (added["by"], added["probability"], added["size_mm"]) == ("person", None, 5)
    assert versions[2]["findings"] == [kept]  # the index is of the version corrected
    file = anna.get(f"/api/results/{found.id}/files/findings.json")
    assert file.json()["findings"] == [kept]
    assert versions[2]["digest"] == second


def test_a_finding_of_a_dicom_scan_lies_where_its_pixels_do(desk, enter, tmp_path):
    from dicom_derive_cases import series, upright

    keep_dicom(desk, series(tmp_path / "in", "CT"), tmp_path)
    found, anna = worked(desk, "detect", detected), enter("anna")
    first = seen_by(anna, found)
    at = [{"position_mm": (upright() @ [6, 5, 4, 1])[:3].tolist(), "diameter_mm": 4}]
    outside = [
        {"position_mm": (upright() @ [6, 5, 4.6, 1])[:3].tolist(), "diameter_mm": 4}
    ]
    assert change(anna, found, first, added=outside).status_code == 422
    assert change(anna, found, first, added=at).json()["state"] == "corrected"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (packed(np.zeros((7, 6, 4))), "7 x 6 x 5 voxels"),
        (packed(np.zeros((7, 6, 6))), "7 x 6 x 5 voxels"),
        (packed(drawn() * 2), "0 and 1"),
        (packed(drawn())[:-3], "voxels"),
        (packed(drawn())[:-12], "voxels"),
        (packed(drawn()) + packed(drawn()), "voxels"),
        (b"", "voxels"),
        (b"no gzip at all", "gzip"),
        (zlib.compress(drawn().tobytes()), "gzip"),
    ],
    ids=["small", "large", "two", "short", "cut", "twice", "none", "words", "zlib"],
)
def test_what_is_no_mask_of_this_grid_is_refused(desk, enter, content, said):
    found, anna = worked(desk, "segment", outlined), enter("anna")
    digest = seen_by(anna, found)
    refused = draw(anna, found, digest, content)
    assert refused.status_code == 422
    assert said in refused.json()["what"]
    assert anna.get(f"/api/reviews/{found.id}").json()["digest"] == digest
    assert recorded(desk)[-1].what == "review.shown"


def test_a_bomb_is_put_down_at_the_first_byte_too_many(monkeypatch):
    taken = []

    class Counting:
        def __init__(self, inner):
            self.inner = inner

        def decompress(self, content, most):
            taken.append(most)
            return self.inner.decompress(content, most)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    make = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda bits: Counting(make(bits)))
    with pytest.raises(Exception, match="voxels"):
        unpacked(gzip.compress(bytes(10_000_000)), (7, 6, 5))
    assert sum(taken) <= 7 * 6 * 5 + 2


@pytest.mark.parametrize(
    ("dismissed", "added", "code", "said"),
    [
        ([2], [], 422, "2 findings"),
        ([-1], [], 422, "2 findings"),
        ([], [missed(7, 0, 0)], 422, "outside the scan"),
        ([], [missed(0, 0, -1)], 422, "outside the scan"),
        ([], [], 409, "nothing was corrected"),
        ([], [missed(1, 1, 1, diameter_mm=0)], 422, "diameter_mm"),
        ([], [missed(1, 1, 1, diameter_mm=1e9)], 422, "diameter_mm"),
    ],
)
def test_findings_that_cannot_be_are_refused(desk, enter, dismissed, added, code, said):
    found, anna = worked(desk, "detect", detected), enter("anna")
    digest = seen_by(anna, found)
    refused = change(anna, found, digest, dismissed, added)
    assert refused.status_code == code
    assert said in refused.json()["what"]
    assert refused.json()["next"]


def test_what_has_no_outline_or_findings_cannot_be_corrected(desk, enter):
    anna = enter("anna")
    for verb, make in (("denoise", restored), ("detect", detected)):
        found = worked(desk, verb, make)
        refused = draw(anna, found, seen_by(anna, found), packed(drawn()))
        assert refused.status_code == 409
        assert "has no outline" in refused.json()["what"]
    found = worked(desk, "segment", withheld)
    refused = draw(anna, found, seen_by(anna, found), packed(drawn()))
    assert "withheld" in refused.json()["what"]


def test_a_correction_is_refused_blind_stale_foreign_or_signed(desk, enter):
    found, anna, otto = worked(desk, "segment", outlined), enter("anna"), enter("otto")
    digest, content = found.output_sha256, packed(drawn())
    seen_by(enter("ben"), found)
    assert "unseen" in draw(anna, found, digest, content).json()["what"]
    seen_by(anna, found)
    assert draw(anna, found, ELSEWHERE, content).status_code == 409
    assert draw(anna, found, "no digest", content).status_code == 422
    assert draw(otto, found, digest, content).status_code == 404
    assert otto.get(f"/api/results/{found.id}/versions").status_code == 404
    do(anna, found, "accept", digest=digest)
    do(anna, found, "sign", digest=digest, password=WORD)
    late = draw(anna, found, digest, content)
    assert late.status_code == 409
    assert "is signed cannot be corrected" in late.json()["what"]


def test_of_two_who_correct_at_once_one_is_told(desk, enter, monkeypatch):
    from vesalius.server import corrections

    found, anna, ben = worked(desk, "segment", outlined), enter("anna"), enter("ben")
    digest, _ = seen_by(anna, found), seen_by(ben, found)
    pieces = corrections.pieces_of

    def overtaken(mask, chance):
        monkeypatch.setattr(corrections, "pieces_of", pieces)
        assert draw(ben, found, digest, packed(1 - drawn())).status_code == 200
        return pieces(mask, chance)

    monkeypatch.setattr(corrections, "pieces_of", overtaken)
    late = draw(anna, found, digest, packed(drawn()))
    assert (late.status_code, late.json()["next"][:4]) == (409, "load")
    versions = ben.get(f"/api/results/{found.id}/versions").json()
    assert [one["by"] for one in versions] == ["", "ben"]


def test_a_newer_answer_supersedes_what_is_open_and_leaves_what_is_signed(desk, enter):
    anna = enter("anna")
    signed = worked(desk, "segment", outlined)
    digest = seen_by(anna, signed)
    do(anna, signed, "accept", digest=digest)
    do(anna, signed, "sign", digest=digest, password=WORD)
    opened_ = worked(desk, "segment", outlined)
    digest = seen_by(anna, opened_)
    do(anna, opened_, "reject", digest=digest, reason="missed")
    other = worked(desk, "detect", detected)
    newest = worked(desk, "segment", lambda scan: replace(outlined(scan), checks=()))
    with desk.look() as connection:
        states = [
            find_review(connection, one.id).state
            for one in (signed, opened_, other, newest)
        ]
    assert states == ["signed", "superseded", "draft", "draft"]
    event = next(e for e in recorded(desk) if e.what == "review.superseded")
    assert (event.about, event.output_sha256) == (opened_.id, digest)
    assert event.who == desk.anna.id
    refused = do(anna, opened_, "accept", digest=digest)
    assert refused.status_code == 409
    assert "decide on that one" in refused.json()["what"]
    assert draw(anna, opened_, digest, packed(drawn())).status_code == 409
    waiting = anna.get("/api/reviews", params={"project": desk.project.id}).json()
    assert {one["result"] for one in waiting} == {other.id, newest.id}


def test_another_question_supersedes_nothing(desk):
    first = worked(desk, "denoise", restored, look="faithful")
    worked(desk, "denoise", restored, look="sharp")
    keep_nifti(desk, noisy_disc(seed=1, side=16), desk.settings.data.parent)
    worked(desk, "denoise", restored, look="faithful")
    with desk.look() as connection:
        assert find_review(connection, first.id).state == "draft"


def test_work_that_the_desk_itself_asked_for_is_kept_and_supersedes(desk):
    scan = desk.scan
    wish = Wish(scan.project, scan.case, "denoise", scan.scan_sha256, {}, scan.id)
    for _ in range(2):
        with desk.change() as (connection, record):
            queue.submit(connection, record, wish, DESK, desk.now())
        assert work_once(desk, Answering(restored), "w-1").state is JobState.DONE
    event = next(e for e in recorded(desk) if e.what == "review.superseded")
    assert event.who == DESK.id
