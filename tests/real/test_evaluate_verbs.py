"""Verbs over real patients: slices lie as they should, and what is known holds."""

from pathlib import Path

import numpy as np
import pytest

from vesalius.anatomy.head_frame import upright_axes
from vesalius.evaluate.empty_chests import empty_names, empty_slices
from vesalius.evaluate.pairs import open_pair, pair_cases, slice_volume
from vesalius.evaluate.readers import hits, read_outlines
from vesalius.evaluate.segment import measure_case
from vesalius.evaluate.tumours import open_tumour, tumour_cases
from vesalius.io import read
from vesalius.quality.windows import slice_axis
from vesalius.result import Finding, Measure, Provenance, Result, Verdict

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not (DATA / "mr_ct_pairs").is_dir(),
    reason="the data folder is not beside the repository",
)


def test_the_three_slices_of_a_patient_cross_in_the_body():
    crossings, turned = [], []
    cases = pair_cases(DATA, part="calibrate")[:30]
    for number in range(0, len(cases), 3):
        volumes = {
            c.plane: slice_volume(open_pair(c).mr, c.plane)
            for c in cases[number : number + 3]
        }
        for volume in volumes.values():
            assert upright_axes(volume) == ((2, 1, 0), (False, False, False))
        assert [slice_axis(volumes[p]) for p in ("axial", "coronal", "sagittal")] == [
            2,
            1,
            0,
        ]
        axial, coronal, sagittal = (
            volumes[p].voxels for p in ("axial", "coronal", "sagittal")
        )
        left, back, up = axial.shape[0], axial.shape[1], coronal.shape[2]
        # each pair of slices shares a line through the middle of the head
        lines = [
            (axial[:, back // 2, 0], coronal[:, 0, up // 2]),
            (axial[left // 2, :, 0], sagittal[0, :, up // 2]),
            (coronal[left // 2, 0, :], sagittal[0, back // 2, :]),
        ]
        crossings += [np.corrcoef(a, b)[0, 1] for a, b in lines]
        turned += [np.corrcoef(a, b[::-1])[0, 1] for a, b in lines]
    # another window a slice is a linear change; one pixel beside it costs a little
    assert np.median(crossings) > 0.95
    assert np.median(turned) < 0.8


def test_the_face_is_in_front_and_the_neck_below():
    for case in pair_cases(DATA, part="calibrate", plane="sagittal")[:10]:
        mask = open_pair(case).mask
        ends = np.flatnonzero(mask.any(axis=0))
        top = mask[:, ends[-1] - 5 : ends[-1] + 1].any(axis=1).sum()
        middle = mask[:, (ends[0] + ends[-1]) // 2].sum()
        assert top < 0.9 * middle, "the last column is the crown of the head"


def test_a_readers_own_outline_is_perfect():
    for case in tumour_cases(DATA, part="calibrate")[:2]:
        truth = open_tumour(case)[2]

        def reader(scan, truth=truth):
            chance = truth.astype(np.float32)
            ml = float(truth.sum() * np.prod(scan.spacing_mm)) / 1000
            return Result(
                picture=scan.with_voxels(chance),
                spread=scan.with_voxels(0 * chance),
                verdict=Verdict("show"),
                measures=tuple(Measure(n, ml, "ml", "") for n in "abc"),
                provenance=Provenance(
                    task="segment",
                    weights_sha256=None,
                    input_sha256=scan.sha256,
                    seed=0,
                    options=(),
                    version="0",
                ),
            )

        row = measure_case(case, reader)
        assert row["dice"] == row["lesion_f1"] == 1
        assert row["missed"] == row["false"] == row["hausdorff_95_mm"] == 0


def test_every_slice_of_the_list_is_there():
    opened = list(empty_slices(DATA))
    assert [name for name, _ in opened] == list(empty_names())
    assert all(scan.voxels.shape == (512, 512, 1) for _, scan in opened)


def test_the_readers_of_the_example_outlined_the_same_tumour():
    folder = DATA / "lidc_0001"
    outlines = read_outlines(folder / "069.xml")
    assert [nodule.reader for nodule in outlines] == [1, 2, 3, 4]
    scan = read(folder)
    middle = outlines[0].contours[len(outlines[0].contours) // 2]
    column, row = middle.points.mean(axis=0)
    x, y, _ = (scan.affine @ [column, row, 0, 1])[:3]
    inside = Finding((float(x), float(y), middle.z_mm), 30.0, 0.9, (0.8, 1.0))
    assert all(hits(inside, nodule, scan) for nodule in outlines)
    beside = Finding((float(x) + 40, float(y), middle.z_mm), 30.0, 0.9, (0.8, 1.0))
    assert not any(hits(beside, nodule, scan) for nodule in outlines)
    # what they outlined is dense, as a tumour is; lung is at -850 HU
    slice_ = round((middle.z_mm - scan.affine[2, 3]) / scan.spacing_mm[2])
    columns, rows = middle.points.astype(int).T
    box = scan.voxels[columns.min() : columns.max(), rows.min() : rows.max(), slice_]
    assert np.median(box) > -300
