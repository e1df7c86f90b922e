"""A translator whose effect is known leaves of lesions what it must."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from vesalius.errors import ConfigError
from vesalius.evaluate.lesions import disc
from vesalius.evaluate.pairs import open_pair, pair_cases
from vesalius.evaluate.translate import answer_of
from vesalius.evaluate.translated_lesions import (
    DIAMETERS_MM,
    SHARES,
    for_json,
    lesions_table,
    soft_tissue,
    structures_table,
    translated_lesions,
    translated_structures,
)
from vesalius.result import Provenance, Result, Verdict

SHAPE = (150, 170)
MR = 80  # grey of brain


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Two heads: brain in a skull, MR of one grey value but for a little texture."""
    folder = tmp_path_factory.mktemp("pairs")
    y, x = np.indices(SHAPE)
    away = np.hypot((y - 75) / 68, (x - 85) / 75)
    for patient in ("1BA001", "1BB001"):
        home = folder / patient
        home.mkdir()
        wave = np.cos(0.2 * y)  # of 31 mm: no disc of 5 mm stands out of it
        ct = np.where(away < 1, 100 + np.round(2 * wave), 0)
        ct[(away > 0.84) & (away < 0.92)] = 200
        mr = np.where(away < 1, MR + np.round(4 * wave), 0)
        for kind, picture in (("mri", mr), ("ct", ct), ("mask", 255 * (away < 1))):
            Image.fromarray(picture.astype(np.uint8)).save(home / f"{kind}_axial.png")
    listed = pair_cases(folder, plane="axial")
    assert len(listed) == 2
    return listed


def doubled(mr, plane):
    """Two HU for each grey value."""
    return (2 * mr).astype(np.float32), np.ones_like(mr)


def blind(mr, plane):
    """The same brain, whatever is in it."""
    return np.full_like(mr, 35), np.ones_like(mr)


def test_a_gain_of_two_doubles_the_contrast(cases):
    found = translated_lesions(doubled, cases)
    kinds = [(cell.diameter_mm, cell.share) for cell in found]
    assert kinds == sorted((d, s) for d in DIAMETERS_MM for s in SHARES)
    for cell in found:
        # pixels at a disc's rim lie only partly inside: 0.9 of it for the smallest
        full = 2 * cell.share * MR
        assert abs(full) * 0.8 < abs(cell.hu.value) < abs(full) * 1.06
        assert np.sign(cell.hu.value) == np.sign(cell.share)
        assert cell.hu.count == 2
    large = {c.share: c for c in found if c.diameter_mm == 15}
    assert large[0.4].hu.value == pytest.approx(64, rel=0.06)
    # the wave of 4 grey values has an SD of 2.8, doubled
    sd = large[0.4].hu.value / large[0.4].in_sd.value
    assert sd == pytest.approx(2 * 4 / np.sqrt(2), rel=0.1)


def test_a_translator_that_sees_no_lesion_shows_none(cases):
    for cell in translated_lesions(blind, cases):
        assert cell.hu.value == cell.in_sd.value == 0


def test_lesions_are_the_same_each_time(cases):
    one, two = (translated_lesions(doubled, cases[:1], seed=3) for _ in range(2))
    assert one == two


def test_soft_tissue_is_inside_the_skull(cases):
    pair = open_pair(cases[0])
    soft = soft_tissue(pair)
    assert soft.sum() > 4000
    assert pair.ct[ndimage.binary_dilation(soft, iterations=3)].max() < 100


# False structures


def true_ct(cases):
    known = [open_pair(case) for case in cases]

    def translate(mr, plane):
        pair = next(p for p in known if np.array_equal(p.mr, mr))
        return pair.ct, np.ones_like(mr)

    return translate


def test_the_true_ct_invents_nothing_and_planted_discs_are_found(cases):
    found = translated_structures(true_ct(cases), cases)
    assert (found.invented, found.lost, found.slices) == (0, 0, 2)
    assert found.found.value == 1
    assert found.found.count >= 8


def test_specks_are_counted_as_invented(cases):
    def speckled(mr, plane):
        hu = true_ct(cases)(mr, plane)[0].astype(float)
        for x in (65, 85, 105):
            hu += 60 * disc(SHAPE, (75.0, float(x)), 2.5, (1.0, 1.0))
        return hu.astype(np.float32), np.ones_like(mr)

    assert translated_structures(speckled, cases).invented == 300

    def faint(mr, plane):
        dots = np.indices(SHAPE).sum(0) % 9 == 0
        hu = true_ct(cases)(mr, plane)[0] + 10 * dots
        return hu.astype(np.float32), np.ones_like(mr)

    # a grey level of the CT is no structure
    assert translated_structures(faint, cases).invented == 0


def test_tables_and_json_say_what_was_found(cases):
    cells = translated_lesions(doubled, cases[:1])
    table = lesions_table("Lesions", cells)
    assert len(table.rows) == 16
    assert table.rows[0][:2] == ("4 mm", "-40 %")
    found = translated_structures(true_ct(cases), cases)
    shown = structures_table("Structures", found)
    assert shown.rows[0] == ("invented in 100 slices", "0")
    told = for_json(cells, found)
    assert told["structures"]["slices"] == 2
    assert len(told["lesions"]) == 16


def test_a_verb_that_withholds_has_no_answer():
    def withholding(scan):
        origin = Provenance(
            task="translate",
            weights_sha256=None,
            input_sha256=scan.sha256,
            seed=0,
            options=(),
            version="0",
        )
        return Result(verdict=Verdict("withhold", ("too dark",)), provenance=origin)

    with pytest.raises(ConfigError, match="too dark"):
        answer_of(withholding)(np.ones((30, 30), np.float32), "axial")
