"""Slices without a nodule are opened in HU, and a detector gives all it has."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from evaluate.chest_cases import chest
from vesalius.anatomy.lungs import lung_mask
from vesalius.card import Card
from vesalius.errors import ConfigError
from vesalius.evaluate.drawn_nodules import Nodule, with_nodules
from vesalius.evaluate.empty_chests import (
    SLICE_SPACING_MM,
    empty_names,
    empty_phantoms,
    empty_slices,
    every_candidate,
)
from vesalius.nets import NoduleCoder
from vesalius.weights.models import Model


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    card = Card(
        name="trial",
        task="detect",
        summary="A trial.",
        modalities=("CT",),
        units="HU",
        spacing_range_mm=(0.4, 5.0),
        field_of_view_mm=(40.0, 650.0),
        intensity_range=(-3100.0, 30000.0),
        contrasts=(),
        licence="Apache-2.0",
        limits=("a trial",),
        calibration=(("threshold", 0.99),),
    )
    return Model(card, NoduleCoder((8, 8, 8, 16)).eval().requires_grad_(False))


def test_the_list_names_each_slice_once():
    names = empty_names()
    assert len(names) == len(set(names)) > 30
    assert all(re.fullmatch(r"[\d.]+\.mhd_\d+", name) for name in names)


def test_a_slice_becomes_a_scan_in_hu(tmp_path):
    grey = np.zeros((40, 60), np.uint8)
    grey[10, 20] = 255
    folder = tmp_path / "lung_ct_slices"
    folder.mkdir()
    Image.fromarray(grey).save(folder / f"{empty_names()[2]}.png")
    Image.fromarray(grey).save(folder / "1.2.3.mhd_4.png")
    ((name, scan),) = empty_slices(tmp_path)
    assert name == empty_names()[2]
    assert scan.voxels.shape == (60, 40, 1)
    assert (scan.units, scan.modality) == ("HU", "CT")
    assert scan.spacing_mm == SLICE_SPACING_MM
    assert scan.voxels[20, 10, 0] == 400
    assert scan.voxels.min() == -1000
    with pytest.raises(ConfigError, match="lung_ct_slices"):
        list(empty_slices(tmp_path / ".."))


def test_phantoms_are_empty_and_noisy():
    ((name, scan),) = empty_phantoms(1, shape=(96, 72, 6), spacing_mm=(4.0, 4.0, 12.0))
    assert name == "chest-0"
    assert lung_mask(scan).any()
    again = next(empty_phantoms(1, shape=(96, 72, 6), spacing_mm=(4.0, 4.0, 12.0)))[1]
    assert np.array_equal(scan.voxels, again.voxels)


def test_every_candidate_is_given_in_a_slice_too(model):
    scan = chest((300, 240, 1), (1.0, 1.0, 5.0))
    nodule = Nodule((90, 120, 0), (90.0, 120.0, 0.0), 12.0, False)
    drawn = with_nodules(scan, (nodule,), np.random.default_rng(0))
    result = every_candidate(model)(drawn)
    assert result.verdict.outcome == "show"
    near = [
        np.linalg.norm(np.subtract(f.position_mm, nodule.position_mm)) < 3
        for f in result.findings
    ]
    assert any(near)
    assert all(0 <= f.probability <= 1 for f in result.findings)
