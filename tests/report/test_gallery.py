"""A page shows what fits, and the right scan beside the right picture."""

from base64 import b64decode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vesalius.errors import GeometryError
from vesalius.report import compose, gallery, overlay
from vesalius.report.gallery import gallery_of
from vesalius.report.planes import pixel_of, place_of
from vesalius.result import Finding
from vesalius.volume import Volume


def pixels(uri):
    return np.asarray(Image.open(BytesIO(b64decode(uri.split(",")[1]))).convert("RGB"))


def test_small_scans_keep_every_slice_and_every_pixel(body, denoised):
    scan = body(np.eye(3))
    album = gallery_of(denoised(scan), scan)
    assert album.quality is None
    main = next(stack for stack in album.stacks if stack.plane.main)
    assert len(main.places) == scan.voxels.shape[2]
    assert set(main.pictures) == {"before-0", "after-0", "removed", "spread"}
    assert pixels(main.pictures["before-0"][3]).shape[:2] == scan.voxels.shape[1::-1]


def test_large_noisy_scans_stay_within_the_bytes_of_a_page(denoised, monkeypatch):
    monkeypatch.setattr(gallery, "PICTURE_BYTES", 400_000)
    noise = np.random.default_rng(0).normal(0, 100, (96, 96, 60)).astype(np.float32)
    noise[:, :, 30] = 0  # the middle cut, by which cost is guessed, costs nothing
    scan = Volume(noise, np.eye(4), "a.u.", "MR")
    album = gallery_of(denoised(scan), scan)
    total = sum(
        len(uri)
        for stack in album.stacks
        for some in stack.pictures.values()
        for uri in some
    )
    assert total < 1.3 * 400_000
    assert all(len(stack.places) <= gallery.MAIN_CUTS for stack in album.stacks)


def test_a_ct_of_two_contents_has_two_windows(body, denoised):
    scan = body(np.eye(3), units="HU")
    voxels = scan.voxels.copy()
    voxels[(voxels > -200) & (np.indices(voxels.shape)[0] % 40 < 18)] = 800.0
    scan = scan.with_voxels(voxels)
    album = gallery_of(denoised(scan), scan)
    assert len(album.windows) == 2
    assert {"before-1", "after-1"} <= set(album.stacks[0].pictures)


def test_a_scale_covers_the_body_and_not_the_air(body, denoised):
    scan = body(np.eye(3))
    result = denoised(scan)
    wild = result.spread.voxels.copy()
    wild[0] = 1e6  # the first column is air
    album = gallery_of(replace(result, spread=scan.with_voxels(wild)), scan)
    assert album.scales["spread"].high < 1000
    assert album.scales["removed"].low == -album.scales["removed"].high


def test_where_nothing_was_removed_the_map_is_dark(body, denoised):
    scan = body(np.eye(3))
    result = replace(denoised(scan), picture=scan)
    stack = gallery_of(result, scan).stacks[0]
    assert pixels(stack.pictures["removed"][0]).max() < 24


def test_another_kind_of_picture_is_not_subtracted(body, denoised):
    scan = body(np.eye(3))
    mask = Volume(
        (scan.voxels > 150).astype(np.float32), scan.affine, "probability", "MR"
    )
    result = denoised(scan)
    origin = replace(result.provenance, task="synthesize")
    album = gallery_of(
        replace(result, picture=mask, spread=None, provenance=origin), scan
    )
    assert not album.scales
    assert "probability" in album.view.told


def test_a_part_that_was_imagined_is_shown(body, denoised):
    scan = body(np.eye(3))
    album = gallery_of(replace(denoised(scan), imagined=scan), scan)
    assert "imagined" in album.stacks[0].pictures


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 1), (5, 4, 2), (1, 30, 40)])
def test_the_smallest_scans_are_shown(denoised, shape):
    voxels = np.random.default_rng(0).normal(100, 9, shape).astype(np.float32)
    scan = Volume(voxels, np.eye(4), "a.u.", "MR")
    assert gallery_of(denoised(scan), scan).stacks


def test_a_large_single_picture_is_shown_smaller_and_the_page_is_told(
    denoised, monkeypatch
):
    monkeypatch.setattr(gallery, "LONGEST_OF_FEW", 50)
    scan = Volume(np.ones((120, 80, 1), np.float32), np.eye(4), "a.u.", "DX")
    album = gallery_of(denoised(scan), scan)
    assert album.shrunk
    assert max(pixels(album.stacks[0].pictures["before-0"][0]).shape) <= 50


def test_a_picture_on_another_grid_is_refused(body, denoised):
    scan, other = body(np.eye(3)), body(np.diag([1, 1, -1]))
    with pytest.raises(GeometryError, match="do not share a grid"):
        gallery_of(denoised(other), scan)


@pytest.mark.parametrize(
    "turn",
    [np.eye(3), np.diag([-1, 1, -1]), np.eye(3)[[1, 2, 0]]],
    ids=["RAS", "LAI", "PIL"],
)
def test_the_cut_through_each_findings_centre_is_painted(body, nodules, turn):
    scan = body(turn, spacing_mm=(2.0, 2.0, 2.0), units="HU")
    result = nodules(scan, 9)
    album = gallery_of(result, scan)
    ordered = sorted(result.findings, key=lambda one: -one.probability)
    for stack in album.stacks:
        assert len(stack.places) < stack.plane.count, "else nothing was chosen"
        assert stack.start == stack.jumps[0]
        for one, at in zip(ordered, stack.jumps, strict=True):
            depth = round(pixel_of(scan, stack.plane, one.position_mm)[2])
            assert stack.places[at] == place_of(scan, stack.plane, depth)


def test_what_is_drawn_is_kept_apart_from_the_scan_and_never_compressed(
    body, nodules, monkeypatch
):
    monkeypatch.setattr(gallery, "QUALITIES", (65,))
    scan = body(np.eye(3), units="HU")
    main = next(s for s in gallery_of(nodules(scan), scan).stacks if s.plane.main)
    plain = gallery_of(nodules(scan, 0), scan)
    assert set(plain.stacks[0].pictures["before-0"]) & set(main.pictures["before-0"])
    rings = Image.open(BytesIO(b64decode(main.pictures["rings"][main.start][23:])))
    seen = {tuple(one) for one in np.asarray(rings).reshape(-1, 4)}
    assert (*overlay.OUTLINE, 255) in seen
    assert len(set(main.pictures["rings"])) < len(main.places), "empty ones are alike"


def test_thirty_findings_in_a_large_chest_stay_within_the_bytes_of_a_page(answered):
    rng = np.random.default_rng(0)
    voxels = rng.standard_normal((512, 512, 133), np.float32)
    voxels *= 60.0
    voxels -= 860.0
    voxels[:120], voxels[-120:] = 40.0 + voxels[:120] + 860.0, -1000.0
    scan = Volume(voxels, np.diag([0.7, 0.7, 2.5, 1.0]), "HU", "CT")
    places = rng.uniform((90, 10, 5), (270, 350, 325), (30, 3))
    found = tuple(
        Finding(tuple(map(float, place)), 8.0, 0.9, (0.8, 1.0)) for place in places
    )
    result = answered(scan, "detect", findings=found)
    page = compose(result, scan)
    assert len(page) < 8_000_000
    assert page.count('data-jump="29"') == 3


def test_what_must_be_shown_is_shown_with_fewer_pixels_rather_than_too_many_bytes(
    answered, monkeypatch
):
    monkeypatch.setattr(gallery, "PICTURE_BYTES", 150_000)
    noise = np.random.default_rng(0).normal(-800, 200, (96, 96, 60)).astype(np.float32)
    scan = Volume(noise, np.eye(4), "HU", "CT")
    found = tuple(
        Finding((40.0, 40.0, 2.0 * n), 3.0, 0.9, (0.8, 1.0)) for n in range(30)
    )
    monkeypatch.setattr(gallery, "LONGEST_OF_MANY", 96)
    monkeypatch.setattr(gallery, "SMALLEST", 12)
    album = gallery_of(answered(scan, "detect", findings=found), scan)
    assert album.shrunk
    assert all(len(stack.jumps) == 30 for stack in album.stacks)
    assert gallery._bytes(album.stacks) < 1.3 * 150_000
