"""Overlap, by hand-made outlines and by a library that is not ours."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from vesalius.errors import GeometryError
from vesalius.evaluate.overlap import (
    WORST_MM,
    agreement,
    calibration_error,
    dice,
    hausdorff_95,
    lesion_wise,
)

SPACING = (1.0, 1.0, 5.0)


def boxed(*boxes, shape=(40, 40, 8)):
    mask = np.zeros(shape, bool)
    for (a, b), (c, d), (e, f) in boxes:
        mask[a:b, c:d, e:f] = True
    return mask


BIG = ((5, 15), (5, 15), (1, 5))
FAR = ((28, 36), (28, 36), (1, 5))
NONE = boxed()


def test_dice_of_a_shifted_box():
    assert dice(boxed(BIG), boxed(((7, 17), (5, 15), (1, 5)))) == pytest.approx(0.8)
    assert dice(NONE, NONE) == 1.0
    assert dice(boxed(BIG), NONE) == 0.0


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")
@pytest.mark.parametrize("shift", [1, 3])
def test_the_distance_is_the_librarys(shift):
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance

    rng = np.random.default_rng(shift)
    truth = boxed(BIG, FAR)
    answer = np.roll(truth, shift, axis=0) | (rng.random(truth.shape) > 0.999)
    pair = [torch.tensor(mask)[None, None].float() for mask in (answer, truth)]
    theirs = compute_hausdorff_distance(*pair, percentile=95, spacing=SPACING)
    # the library takes a box around both, and other pixels for the rim
    found = hausdorff_95(truth, answer, SPACING)
    assert found == pytest.approx(float(theirs), abs=1.0)


def test_the_distance_of_an_empty_outline():
    assert hausdorff_95(NONE, NONE, SPACING) == 0.0
    assert hausdorff_95(boxed(BIG), NONE, SPACING) == WORST_MM


def test_every_lesion_counts_alike():
    truth = boxed(BIG, FAR)
    assert lesion_wise(truth, truth, SPACING) == (1.0, 1.0)
    found_one = lesion_wise(truth, boxed(BIG), SPACING)
    assert found_one == (pytest.approx(0.5), pytest.approx(2 / 3))
    false_one = lesion_wise(boxed(BIG), truth, SPACING)
    assert false_one == (pytest.approx(0.5), pytest.approx(2 / 3))
    assert lesion_wise(NONE, NONE, SPACING) == (1.0, 1.0)


def test_specks_below_50_cubic_millimetres_are_no_lesions():
    speck = boxed(BIG, ((30, 33), (30, 33), (2, 3)))  # 45 mm3
    assert lesion_wise(boxed(BIG), speck, SPACING) == (1.0, 1.0)
    assert lesion_wise(speck, boxed(BIG), SPACING) == (1.0, 1.0)


def test_two_pieces_near_one_lesion_are_one_answer():
    split = boxed(((5, 9), (5, 15), (1, 5)), ((10, 15), (5, 15), (1, 5)))
    score, f1 = lesion_wise(boxed(BIG), split, SPACING)
    assert score == pytest.approx(2 * 360 / (360 + 400))
    assert f1 == 1.0


def test_calibration_of_honest_and_of_boastful_chances():
    rng = np.random.default_rng(0)
    chance = rng.random((30, 30, 30)).astype(np.float32)
    honest = rng.random(chance.shape) < chance
    assert calibration_error(honest, chance) < 0.02  # of 27,000 draws
    boast = np.where(chance > 0.5, 0.99, 0.02).astype(np.float32)
    assert calibration_error(honest, boast) > 0.2


def test_a_patients_agreement_says_all_of_it():
    truth = boxed(BIG)
    chance = np.where(boxed(((5, 15), (5, 20), (1, 5))), 0.9, 0.0).astype(np.float32)
    found = agreement(truth, chance, SPACING)
    assert found.sensitivity == 1.0
    assert found.volume_error == pytest.approx(0.5)
    outside = truth.size - truth.sum()
    assert found.specificity == pytest.approx(1 - 200 / outside)
    assert found.dice == pytest.approx(0.8)
    with pytest.raises((GeometryError, TypeCheckError)):  # the shapes' check is first
        agreement(truth, chance[1:], SPACING)
