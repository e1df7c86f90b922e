"""Each verb's page shows what that verb answers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vesalius.report import verbs
from vesalius.report.planes import planes_of
from vesalius.report.verbs import view_of
from vesalius.report.windows import sample_of


def seen(result, scan):
    return view_of(result, scan, sample_of(scan))


def keys(view):
    return [layer.key for layer in view.layers]


def test_a_segmentation_is_an_outline_a_band_of_doubt_and_a_probability(body, outlined):
    scan = body(np.eye(3))
    view = seen(outlined(scan), scan)
    assert keys(view) == ["before-0", "chance", "outline", "doubt"]
    assert [one.layer for one in view.overlays] == ["outline", "doubt"]
    assert "more likely tumour than not" in view.overlays[0].words
    assert "may or may not be tumour" in view.overlays[1].words
    assert view.maps[0].scale.high == 1.0


def test_a_segmentation_without_doubt_has_no_band(body, outlined):
    scan = body(np.eye(3))
    view = seen(replace(outlined(scan), spread=None), scan)
    assert [one.layer for one in view.overlays] == ["outline"]


@pytest.mark.parametrize("turn", [np.eye(3), np.diag([-1, -1, 1])])
def test_where_no_tumour_is_outlined_the_reader_is_led_to_the_doubt(
    body, outlined, turn
):
    scan = body(turn)
    result = outlined(scan, share=0.5)
    view = seen(result, scan)
    assert "No tumour is outlined" in view.told
    assert [one.layer for one in view.overlays] == ["doubt"], "no outline, no legend"
    (jump,) = view.jumps
    index = np.linalg.solve(scan.affine, [*jump.point_mm, 1.0])[:3].round().astype(int)
    along = result.spread.voxels.sum(axis=(0, 1))
    assert along[index[2]] == along.max()


def test_a_mask_is_not_interpolated(body, outlined):
    scan = body(Rotation.from_euler("x", 30, degrees=True).as_matrix())
    result = outlined(scan)
    # On the voxels' own plateau of exactly 0.5 nothing may be outlined.
    voxels = np.full_like(result.picture.voxels, 0.5)
    voxels[0, 0, 0] = 0.6
    flat = result.picture.with_voxels(voxels)
    view = seen(replace(result, picture=flat, findings=()), scan)
    outline = next(layer for layer in view.layers if layer.key == "outline")
    for plane in planes_of(scan):
        assert outline.draw(plane, plane.count // 2, 999).size == (1, 1)


def test_nodules_are_seen_in_the_lung_window_first_and_numbered_by_probability(
    body, nodules
):
    scan = body(np.eye(3), units="HU")
    view = seen(nodules(scan), scan)
    assert [window.name for window in view.windows] == ["Lung", "Soft tissue"]
    assert [jump.number for jump in view.jumps] == ["1", "2", "3"]
    assert ["0.95" in jump.title for jump in view.jumps] == [True, False, False]
    assert keys(view) == ["before-0", "before-1", "rings"]


def test_a_list_is_not_longer_than_a_reader_can_use(body, nodules):
    scan = body(np.eye(3), units="HU")
    view = seen(nodules(scan, 42), scan)
    assert len(view.jumps) == verbs.MOST_JUMPS
    assert view.left_out == 12


def test_without_findings_nothing_is_marked(body, nodules):
    scan = body(np.eye(3), units="HU")
    view = seen(nodules(scan, 0), scan)
    assert not view.overlays
    assert not view.jumps
    assert "does not mean that there is none" in view.told


def test_no_letter_where_sides_are_unknown(body, nodules):
    scan = body(np.eye(3), units="HU", sides_known=False)
    assert not any(jump.place for jump in seen(nodules(scan), scan).jumps)


def test_a_translation_stands_beside_its_source_in_its_own_windows(body, translated):
    scan = body(np.eye(3))
    view = seen(translated(scan), scan)
    assert keys(view) == ["before-0", "after-0", "after-1", "spread"]
    assert [window.name for window in view.windows] == ["Soft tissue", "Bone"]
    assert [face.tag for face in view.faces] == ["MR, measured", "CT, imagined"]
    assert view.maps[0].scale.unit == "HU"
    assert view.told.startswith("MR: Black is")
    assert view.limits == ("Nothing under 4 mm is looked for.",)


def test_the_way_back_has_the_windows_of_the_source(body, translated):
    scan = body(np.eye(3), units="HU")
    view = seen(translated(scan), scan)
    assert keys(view) == ["before-0", "before-1", "after-0", "spread"]
    assert len(view.windows) == 2
    assert view.told.startswith("MR: Black is")


def test_without_a_card_hu_are_called_approximate(body, translated):
    scan = body(np.eye(3))
    view = seen(replace(translated(scan), card=None), scan)
    assert view.limits == ("The HU are approximate.",)


def test_another_verb_is_shown_before_and_after(body, denoised):
    scan = body(np.eye(3))
    result = denoised(scan)
    other = replace(result, provenance=replace(result.provenance, task="synthesize"))
    assert keys(seen(other, scan)) == ["before-0", "after-0", "spread"]
