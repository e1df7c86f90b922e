"""Volumes for a screen: for whom they are, where they lie, how much, and made once."""

import gzip
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from fastapi.testclient import TestClient

from server.desks import (
    detected,
    do,
    flair,
    keep_dicom,
    keep_nifti,
    outlined,
    restored,
    withheld,
    worked,
)
from vesalius.io import read
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.io.nifti import read_nifti
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server import viewing
from vesalius.server.app import create_app
from vesalius.server.model_versions import note_model
from vesalius.server.results import UNREVIEWED
from vesalius.server.routes.results import LABEL
from vesalius.server.routes.volumes import QUALITY
from vesalius.server.turns import MOST_WAITING, NotReadyError
from vesalius.server.viewing import prepare, view
from vesalius.server.views import Form, Quality, Source, source_of_scan
from vesalius.weights import card


def brought(answer, tmp_path):
    file = tmp_path / "got.nii.gz"
    file.write_bytes(answer.content)
    return read_nifti(file)


def kept(desk, tmp_path, form):
    """The scan as it is kept, in one of the forms there are, as `read` reads it."""
    if form == "nifti":
        return read(tmp_path / "scan.nii.gz", modality="MR")
    series = tmp_path / "series"
    series.mkdir()
    truth = head(shape=(24, 28, 5), spacing_mm=(8.0, 8.0, 6.0))
    write_phantom_dicom(scanned(truth, noise=0.05), series, seed=1)
    keep_dicom(desk, series, tmp_path)
    return read(tmp_path / "bare")


def one_step(scan):
    return (scan.voxels.max() - scan.voxels.min()) / 65535


@pytest.mark.parametrize("form", ["nifti", "dicom"])
def test_a_scan_and_its_answer_are_sent_as_they_lie_in_the_body(
    desk, enter, tmp_path, form
):
    scan, anna = kept(desk, tmp_path, form), enter("anna")
    answer = anna.get(f"/api/scans/{desk.scan.id}/volume")
    assert answer.status_code == 200, answer.text
    assert answer.headers[QUALITY] == "full"
    assert answer.headers["content-type"] == "application/gzip"
    got = brought(answer, tmp_path)
    assert np.allclose(got.affine, scan.affine, atol=1e-3)
    assert np.abs(got.voxels - scan.voxels).max() <= one_step(scan)
    found = worked(desk, "denoise", restored)
    do(anna, found, "show")
    picture = anna.get(f"/api/results/{found.id}/volumes/picture")
    assert picture.status_code == 200, picture.text
    got = brought(picture, tmp_path)
    assert np.allclose(got.affine, scan.affine, atol=1e-3)
    # a derived series holds whole numbers where its source does
    assert np.abs(got.voxels - restored(scan).picture.voxels).max() <= 0.51


def test_a_preview_says_that_it_is_one(desk, enter, tmp_path, monkeypatch):
    made = {}

    def shrunk(desk, source, room, out):
        made["once"] = made.get("once", 0) + 1
        (out / "preview.nii.gz").write_bytes(b"little")
        (out / "full.nii.gz").write_bytes(b"everything")
        return {"is_whole": False}

    monkeypatch.setattr(viewing, "_asked", shrunk)
    anna, address = enter("anna"), f"/api/scans/{desk.scan.id}/volume"
    little = anna.get(address, params={"quality": "preview"})
    assert (little.content, little.headers[QUALITY]) == (b"little", "preview")
    full = anna.get(address, params={"quality": "full"})
    assert (full.content, full.headers[QUALITY]) == (b"everything", "full")
    part = anna.get(address, headers={"Range": "bytes=5-"})
    assert (part.status_code, part.content) == (206, b"thing")
    assert part.headers["ETag"] == full.headers["ETag"]
    for words, status in (("bytes=x", 400), ("lines=1-2", 400), ("bytes=99-", 416)):
        refused = anna.get(address, headers={"Range": words})
        assert refused.status_code == status
        assert set(refused.json()) == {"what", "expected", "next"}
    assert refused.headers["Content-Range"] == "bytes */10"
    assert "there are 10 bytes" in refused.json()["what"]
    same = anna.get(address, headers={"If-None-Match": full.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert made == {"once": 1}
    assert anna.get(address, params={"quality": "half"}).status_code == 422


def test_a_small_scan_is_whole_in_its_preview_and_is_called_so(desk, enter):
    address = f"/api/scans/{desk.scan.id}/volume"
    both = [enter("anna").get(address, params={"quality": q}) for q in Quality]
    assert [answer.headers[QUALITY] for answer in both] == ["full", "full"]
    assert both[0].content == both[1].content


def test_a_stranger_and_somebody_without_an_account_get_nothing(desk, enter):
    found = worked(desk, "denoise", restored)
    do(enter("anna"), found, "show")
    for address in (
        f"/api/scans/{desk.scan.id}/volume",
        f"/api/results/{found.id}/volumes/picture",
        f"/api/results/{found.id}/told",
    ):
        assert enter("otto").get(address).status_code == 404
        assert TestClient(create_app(desk)).get(address).status_code == 401


def test_an_answer_is_for_whom_it_was_shown_to(desk, enter):
    found, anna = worked(desk, "denoise", restored), enter("anna")
    addresses = [
        f"/api/results/{found.id}/{rest}"
        for rest in ("volumes/picture", "volumes/spread", "told")
    ]
    assert {anna.get(one).status_code for one in addresses} == {409}
    do(anna, found, "show")
    picture, spread, numbers = (anna.get(one) for one in addresses)
    assert picture.headers[LABEL] == spread.headers[LABEL] == UNREVIEWED
    assert numbers.json()["label"] == UNREVIEWED
    assert numbers.json()["volumes"] == ["picture", "spread"]
    none = anna.get(f"/api/results/{found.id}/volumes/imagined")
    assert none.status_code == 404
    astray = anna.get(f"{addresses[0]}?version={'0' * 64}")
    assert astray.status_code == 404
    assert enter("ben").get(addresses[0]).status_code == 409  # each looks for himself


def test_an_outline_has_a_certain_and_a_possible_mask(desk, enter, tmp_path):
    found, anna = worked(desk, "segment", outlined), enter("anna")
    do(anna, found, "show")
    address = f"/api/results/{found.id}/volumes"
    chance, doubt = outlined(flair()).picture.voxels, outlined(flair()).spread.voxels
    expected = {
        "mask": chance > 0.5,
        "certain": chance > 0.5,  # the box of the likely lies in the possible one
        "possible": chance > 0.1,
        "spread": doubt > 0,
    }
    assert anna.get(f"/api/results/{found.id}/told").json()["volumes"] == sorted(
        ("picture", *expected)
    )
    for name, voxels in expected.items():
        got = brought(anna.get(f"{address}/{name}"), tmp_path)
        assert np.array_equal(got.voxels > 0.5, voxels), name
    assert (expected["possible"] != expected["mask"]).any()


def test_a_corrected_outline_is_shown_in_place_of_the_machines(desk, enter, tmp_path):
    found, anna, ben = worked(desk, "segment", outlined), enter("anna"), enter("ben")
    for reader in (anna, ben):
        digest = do(reader, found, "show").json()["digest"]
    drawn = np.zeros(flair().voxels.shape, np.uint8)
    drawn[5, 4, 3] = 1
    sent = anna.post(
        f"/api/reviews/{found.id}/correct/mask",
        params={"digest": digest},
        content=gzip.compress(drawn.tobytes(order="F")),
        headers={"Content-Type": "application/gzip"},
    )
    assert sent.status_code == 200, sent.text
    address = f"/api/results/{found.id}/volumes/mask"
    got = brought(anna.get(address), tmp_path)
    assert np.array_equal(got.voxels, drawn)
    before = brought(anna.get(address, params={"version": digest}), tmp_path)
    assert np.array_equal(before.voxels > 0.5, outlined(flair()).picture.voxels > 0.5)
    assert ben.get(address).status_code == 409  # he has not seen this one
    assert ben.get(address, params={"version": digest}).status_code == 200


def nothing(scan):
    """What `segment` returns where there is nothing."""
    empty = scan.with_voxels(np.zeros_like(scan.voxels))
    picture = replace(empty, units="probability", contrast=None)
    return replace(outlined(scan), picture=picture, spread=picture, findings=())


def test_an_outline_of_nothing_can_be_looked_at(desk, enter, tmp_path):
    found, anna = worked(desk, "segment", nothing), enter("anna")
    do(anna, found, "show")
    got = anna.get(f"/api/results/{found.id}/volumes/possible")
    assert not brought(got, tmp_path).voxels.any()


def translated(scan):
    return replace(
        restored(scan), provenance=replace(restored(scan).provenance, task="translate")
    )


def test_what_was_searched_is_the_scan_and_what_was_translated_is_imagined(desk, enter):
    sought = worked(desk, "detect", detected)
    made = worked(desk, "translate", translated)
    kept_back = worked(desk, "segment", withheld)
    anna = enter("anna")
    for found in (sought, made, kept_back):
        do(anna, found, "show")

    def tag(address):
        answer = anna.get(address)
        assert answer.status_code == 200, answer.text
        return answer.headers["ETag"]

    scan = tag(f"/api/scans/{desk.scan.id}/volume")
    assert tag(f"/api/results/{sought.id}/volumes/picture") == scan
    address = f"/api/results/{made.id}/volumes"
    assert tag(f"{address}/picture") == tag(f"{address}/imagined")
    none = anna.get(f"/api/results/{kept_back.id}/volumes/picture")
    assert none.status_code == 404
    told = anna.get(f"/api/results/{kept_back.id}/told").json()
    assert told["verdict"]["reasons"] == ["This is no head."]


def test_the_numbers_come_with_the_figures_of_these_very_weights(desk, enter):
    boxed, anna = card("denoise-mr"), enter("anna")
    assert boxed.figures
    note_model(desk, "denoise-mr")
    others = replace(boxed, weights_sha256="00" * 32)
    for one, count in ((boxed, len(boxed.figures)), (others, 0)):
        found = worked(
            desk, "denoise", lambda s, one=one: replace(restored(s), card=one)
        )
        do(anna, found, "show")
        numbers = anna.get(f"/api/results/{found.id}/told").json()
        assert numbers["card"]["limits"] == list(boxed.limits)
        assert len(numbers["card"]["figures"]) == count
        assert numbers["verdict"] == {"outcome": "show", "reasons": []}
        assert numbers["provenance"]["seed"] == 7


def test_a_volume_is_made_ready_before_anybody_asks(desk, enter, monkeypatch):
    done_already = set()
    assert prepare(desk, done_already)
    assert not prepare(desk, done_already)
    assert done_already == {desk.scan.id}
    monkeypatch.setattr(viewing, "_asked", None)  # it need not be made again
    assert enter("anna").get(f"/api/scans/{desk.scan.id}/volume").status_code == 200
    assert not list(desk.settings.data.glob("viewing-*"))


def test_a_restored_desk_makes_anew_what_a_backup_left_out(desk, enter):
    source = source_of_scan(desk.scan)
    digest = view(desk, source, Quality.FULL).object_sha256
    desk.objects.path(digest).unlink()
    answer = enter("anna").get(f"/api/scans/{desk.scan.id}/volume")
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{digest}"')


def test_what_cannot_be_read_is_said_once_and_does_not_stop_the_rest(
    desk, enter, tmp_path, caplog
):
    spoilt, place = desk.scan.id, desk.objects.path(desk.scan.object_sha256)
    place.chmod(0o600)
    place.write_bytes(b"\x1f\x8b not any more a scan")
    keep_nifti(desk, flair(shape=(8, 6, 5)), tmp_path)
    done_already = set()
    assert prepare(desk, done_already)
    assert prepare(desk, done_already)
    assert not prepare(desk, done_already)
    assert len(caplog.records) == 1
    answer = enter("anna").get(f"/api/scans/{spoilt}/volume")
    assert (answer.status_code, set(answer.json())) == (
        422,
        {"what", "expected", "next"},
    )
    assert str(tmp_path) not in answer.text + caplog.text


def test_who_would_wait_in_a_crowd_is_told_when_to_come_again(desk, enter):
    source = source_of_scan(desk.scan)
    for _ in range(MOST_WAITING):
        desk.turns._few.acquire()
    with pytest.raises(NotReadyError):
        view(desk, source, Quality.FULL)
    answer = enter("anna").get(f"/api/scans/{desk.scan.id}/volume")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "in a moment" in answer.json()["what"]
    for _ in range(MOST_WAITING):
        desk.turns._few.release()
    assert enter("anna").get(f"/api/scans/{desk.scan.id}/volume").status_code == 200


def test_the_same_files_are_the_same_source_and_others_are_not():
    one = Source(Form.NIFTI, ("a", "b"), "MR")
    assert one.key == Source(Form.NIFTI, ("a", "b"), "MR").key
    others = (
        Source(Form.CERTAIN, ("a", "b"), "MR"),
        Source(Form.NIFTI, ("b", "a"), "MR"),
        Source(Form.NIFTI, ("a", "b"), "CT"),
    )
    assert one.key not in {other.key for other in others}
