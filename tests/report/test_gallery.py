"""A page shows what fits, and the right scan beside the right picture."""

from base64 import b64decode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vesalius.errors import GeometryError
from vesalius.report import gallery
from vesalius.report.gallery import gallery_of
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
    origin = replace(result.provenance, task="segment")
    album = gallery_of(
        replace(result, picture=mask, spread=None, provenance=origin), scan
    )
    assert not album.scales
    assert album.after_windows[0].name == "Probability"


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
