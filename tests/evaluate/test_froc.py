"""The curve of a detector whose answers are known."""

import json

import numpy as np
import pytest
from scipy import ndimage

from evaluate.chest_cases import chest
from vesalius.errors import ScanError
from vesalius.evaluate.froc import (
    Drawn,
    Marks,
    curve,
    for_json,
    froc_table,
    mark,
    point_at,
    point_at_rate,
)
from vesalius.result import Finding, Provenance, Result, Verdict

MARKS = Marks(
    scans=4,
    withheld=1,
    nodules=(
        Drawn(5.0, False, 0.9),
        Drawn(5.0, True, 0.4),
        Drawn(5.0, False, -1.0),
        Drawn(10.0, False, 0.8),
        Drawn(10.0, True, 0.6),
    ),
    false=(0.7, 0.5, 0.5, 0.1),
)


def test_sensitivity_and_alarms_at_a_threshold():
    point = point_at(MARKS, 0.5)
    assert point.false_per_scan == 3 / 4
    assert point.all_sizes.value == 3 / 5
    assert dict(point.by_size)[5.0].value == pytest.approx(1 / 3)
    assert dict(point.by_size)[10.0].value == 1
    assert dict(point.by_size)[10.0].low < 1
    # what was never a candidate is not found at any threshold
    assert point_at(MARKS, 0.0).all_sizes.value == 4 / 5


def test_a_rate_allows_no_more_alarms_than_it_says():
    for rate in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 8.0):
        assert point_at_rate(MARKS, rate).false_per_scan <= rate
    assert point_at_rate(MARKS, 0.0).all_sizes.value == 2 / 5
    assert point_at_rate(MARKS, 0.25).all_sizes.value == 3 / 5
    # two of the same probability come together, or not at all
    assert point_at_rate(MARKS, 0.5).false_per_scan == 0.25
    assert point_at_rate(MARKS, 8.0).all_sizes.value == 4 / 5


def test_a_curve_only_rises():
    points = curve(MARKS)
    alarms = [p.false_per_scan for p in points]
    found = [p.all_sizes.value for p in points]
    assert alarms == sorted(alarms)
    assert found == sorted(found)
    assert (alarms[-1], found[-1]) == (1.0, 0.8)


def test_json_and_table_have_all_sizes():
    told = json.loads(json.dumps(for_json(MARKS, threshold=0.5)))
    assert told["at_threshold"]["by_size"]["10"]["value"] == 1
    assert told["at_threshold"]["at_wall"]["value"] == 0.5
    assert (told["scans"], told["withheld"], told["nodules"]) == (4, 1, 5)
    assert len(told["at_rates"]) == 7
    low, high = (told["at_rates"][n]["all_sizes"]["value"] for n in (0, -1))
    assert low <= told["mean_over_rates"] <= high
    table = froc_table("FROC", MARKS, threshold=0.5)
    assert [row[0] for row in table.rows] == ["5 mm", "10 mm", "all"]
    assert table.rows[1][1].startswith("100 %")
    assert table.rows[2][-1] == "5"


# A detector of everything dense between the ribs, and of one place that is nothing.


def answered(scan, findings):
    origin = Provenance(
        task="detect",
        weights_sha256=None,
        input_sha256=scan.sha256,
        seed=0,
        options=(),
        version="0",
    )
    return Result(
        picture=scan, findings=findings, verdict=Verdict("show"), provenance=origin
    )


def dense(scan):
    empty = chest(scan.voxels.shape, scan.spacing_mm)
    pieces, count = ndimage.label(scan.voxels - empty.voxels > 300)
    sizes = ndimage.sum_labels(np.ones(pieces.shape), pieces, range(1, count + 1))
    middles = ndimage.center_of_mass(pieces > 0, pieces, range(1, count + 1))
    found = [
        Finding(
            tuple(float(x) for x in (scan.affine @ [*m, 1])[:3]), 5.0, 0.9, (0.0, 1.0)
        )
        for m, size in zip(middles, sizes, strict=True)
        if size > 4  # the smallest nodules are missed
    ]
    nowhere = Finding((0.0, 0.0, 0.0), 5.0, 0.3, (0.0, 1.0))
    return answered(scan, (*found, nowhere))


def test_a_detector_is_marked_by_what_was_drawn():
    edges = (2.5, 2.5, 2.5)
    scans = [(f"chest {n}", chest((120, 96, 32), edges)) for n in range(2)]
    told = []
    marks = mark(dense, scans, draws=2, progress=lambda *done: told.append(done))
    assert marks.scans == 2
    assert marks.false == (0.3, 0.3)
    assert len(marks.nodules) == 2 * 2 * 8
    scores = {n.diameter_mm: [] for n in marks.nodules}
    for nodule in marks.nodules:
        scores[nodule.diameter_mm].append(nodule.score)
    assert set(scores[3.0]) == {-1.0}
    free = [n.score for n in marks.nodules if n.diameter_mm >= 8 and not n.at_wall]
    assert set(free) == {0.9}
    assert told[-1] == (2, 0)


def test_a_scan_that_is_refused_counts_as_withheld():
    def refusing(scan):
        raise ScanError("there are no lungs to be seen in this scan")

    assert mark(refusing, [("one", chest())]) == Marks(0, 1, (), ())
