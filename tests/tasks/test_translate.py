"""Either way: what is asked of the scan, and what the picture says it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from vesalius.anatomy.head_slice import ROW, Place, mr_channels, outline_slice
from vesalius.anatomy.head_slice_ct import CT_CHANNELS, ct_channels, outline_ct_slice
from vesalius.card import Card
from vesalius.nets import Translator
from vesalius.physics.phantom import head
from vesalius.tasks.translate import (
    flipped_rows,
    translate_by,
)
from vesalius.tasks.ways import CT_TO_MR, MR_TO_CT, WAYS
from vesalius.weights.models import Model

CARD = Card(
    name="trial",
    task="translate",
    summary="A trial.",
    modalities=("CT",),
    units="HU",
    spacing_range_mm=(0.2, 12.0),
    field_of_view_mm=(40.0, 550.0),
    intensity_range=(-3100.0, 4100.0),
    contrasts=(),
    licence="Apache-2.0",
    limits=("a trial",),
    spread_multipliers=((0.0, 2.0),),
)


@pytest.fixture(scope="module")
def ct():
    """A head as CT: soft tissue where the phantom has signal."""
    scan = head(shape=(40, 48, 6), spacing_mm=(4.0, 4.0, 6.0), seed=3).truth
    hu = np.where(scan.voxels > 0.1 * scan.voxels.max(), 35.0, -1000.0)
    place = replace(scan, units="HU", modality="CT", contrast=None)
    return place.with_voxels(hu.astype(np.float32))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Model(CARD, Translator(CT_CHANNELS, (8, 8, 16)).eval())


class Constant(torch.nn.Module):
    """Says the same of every pixel: picture 0.5, widths 0.1 and 0.3."""

    multiple = 4

    def forward(self, seen):
        """Return three channels."""
        said = torch.tensor([0.5, 0.1, 0.3]).reshape(1, 3, 1, 1)
        return said.expand(seen.shape[0], 3, *seen.shape[2:])


def test_ct_becomes_t1_weighted_mr_on_its_grid(ct, model):
    result = translate_by(ct, model)
    picture = result.picture
    assert picture.shares_grid_with(ct)
    assert (picture.modality, picture.contrast, picture.units) == ("MR", "T1w", "a.u.")
    assert result.spread.units == "a.u."
    assert result.imagined is picture
    assert picture.voxels.min() >= 0
    assert ("to", "mr") in result.provenance.options


def test_the_networks_unit_is_a_thousand(ct):
    result = translate_by(ct, Model(CARD, Constant()))
    # Resampled to 1 mm and back, the rim of what is said is softened by one voxel.
    head = ndimage.binary_erosion(ct.voxels > -500, border_value=1)
    assert np.allclose(result.picture.voxels[head], 500)
    half = result.spread.voxels[head]
    assert np.allclose(half, 2 * 200, atol=1e-3)  # the card doubles it


@pytest.mark.parametrize("fuse", [False, True])
def test_the_spread_of_the_head_is_a_number_too(ct, fuse):
    scan = replace(ct, affine=np.diag([4.0, 4.0, 4.0, 1.0]))
    result = translate_by(scan, Model(CARD, Constant()), fuse=fuse)
    values = {one.name: (one.value, one.unit) for one in result.measures}
    assert values["spread in the head"] == (pytest.approx(400), "a.u.")
    assert values["range in the head"][0] < 500  # the same everywhere but at the rim


def test_without_a_head_there_is_no_spread_of_one(ct):
    empty = ct.with_voxels(np.full_like(ct.voxels, -1000))
    assert translate_by(empty, Model(CARD, Constant())).measures == ()


@pytest.mark.parametrize(("way", "outside"), [(MR_TO_CT, -1004.0), (CT_TO_MR, 0.0)])
def test_far_from_the_head_nothing_is_said(ct, way, outside):
    wide = ((20, 20), (20, 20), (0, 0))
    air = np.pad(ct.voxels, wide, constant_values=-1000.0)
    scan = replace(ct, voxels=air)
    if way is MR_TO_CT:
        scan = replace(scan, voxels=air + 1000, units="a.u.", modality="MR")
    card = replace(CARD, modalities=(scan.modality,), units=scan.units)
    result = translate_by(scan, Model(card, Constant()), way=way)
    far = ndimage.distance_transform_edt(air < -500, sampling=ct.spacing_mm) > 40
    assert far.any()
    assert np.allclose(result.picture.voxels[far], outside)
    assert not result.spread.voxels[far].any()


def test_only_a_synthetic_ct_has_a_table_of_densities(ct, model):
    assert translate_by(ct, model).tables == ()
    scan = replace(ct, voxels=ct.voxels + 1000, units="a.u.", modality="MR")
    card = replace(CARD, modalities=("MR",), units="a.u.")
    (table,) = translate_by(scan, Model(card, Constant()), way=MR_TO_CT).tables
    assert ("0", "1.000") in table.rows


def test_an_mr_is_no_ct(ct, model):
    scan = replace(ct, units="a.u.", modality="MR", contrast="T1w")
    assert translate_by(scan, model).verdict.outcome == "withhold"


def test_the_model_of_each_way_is_told_by_its_card(ct, model):
    assert WAYS == {"ct": MR_TO_CT, "mr": CT_TO_MR}
    named = translate_by(ct, model, way=CT_TO_MR)
    assert np.array_equal(named.picture.voxels, translate_by(ct, model).picture.voxels)


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_a_mirrored_slice_is_seen_mirrored(ct, modality):
    plane = np.ascontiguousarray(ct.voxels[:, :, 3])
    mirror = plane[::-1].copy()
    if modality == "CT":
        one, two = (
            ct_channels(p, outline_ct_slice(p), Place("axial")) for p in (plane, mirror)
        )
    else:
        grey = [p - plane.min() for p in (plane, mirror)]
        one, two = (mr_channels(p, outline_slice(p), Place("axial")) for p in grey)
    inside = two[-7] > 0
    np.testing.assert_allclose(flipped_rows(one)[:, inside], two[:, inside], atol=1e-5)
    assert ROW == -5


@pytest.mark.parametrize(("slices", "views"), [(48, 2), (49, 1)])
def test_a_thick_stack_is_asked_without_mirror_images(slices, views):
    asked = []

    class Counting(Constant):
        def forward(self, seen):
            asked.append(len(seen))
            return super().forward(seen)

    scan = head((56, 64, slices), (3.4, 3.4, 4.0), contrast="T1w").truth
    card = replace(CARD, modalities=("MR",), units="a.u.")
    result = translate_by(scan, Model(card, Counting()), way=MR_TO_CT)
    assert result.picture is not None
    assert set(asked) == {views}


def test_air_around_a_head_changes_nothing(ct):
    """The network sees what is near the head alone, however wide the slice is."""
    torch.manual_seed(0)
    model = Model(CARD, Translator(CT_CHANNELS, (8, 16)).eval())
    small = replace(ct, affine=np.diag([1.0, 1.0, 6.0, 1.0]))  # the network's pixels
    answers = []
    for air in (26, 50):
        edge = ((air, air), (air, air), (0, 0))
        wide = np.pad(ct.voxels, edge, constant_values=-1000.0)
        made = translate_by(replace(small, voxels=wide), model).picture.voxels
        answers.append(made[air:-air, air:-air])
    # the same pixels: what differs is how far the mirror image is filled up with zeros
    np.testing.assert_allclose(*answers, atol=1e-3)
    assert np.ptp(answers[0]) > 10
