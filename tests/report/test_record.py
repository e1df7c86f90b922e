"""What is told of scan, model and origin."""

import numpy as np
import pytest

from vesalius.card import Training
from vesalius.report import record
from vesalius.result import Energy, Finding, Provenance
from vesalius.volume import Volume

SCAN = Volume(np.ones((4, 5, 6), np.float32), np.eye(4), "a.u.", "MR", "T1w")
ORIGIN = Provenance(
    task="denoise",
    weights_sha256=None,
    input_sha256="cd" * 32,
    seed=3,
    options=(("strength", 0.25),),
    version="1.2.3",
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/data/Smith^John/series", "series"),
        ("C:\\patients\\Smith\\scan.nii.gz", "scan.nii.gz"),
        ("scan\n\x1b[31m.nii", "scan[31m.nii"),
        ("folder/", "folder"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_source_is_called_by_the_last_part_of_its_path(given, shown):
    assert record.facts(SCAN, given)[-1] == shown


def test_a_scan_without_a_name_is_told_by_its_grid():
    assert record.facts(SCAN, "")[0] == "MR T1w"
    assert len(record.facts(SCAN, "")) == 2


def test_provenance_says_all_that_repeats_a_result():
    rows = dict(record.provenance(ORIGIN))
    assert rows["Scan, SHA-256"] == "cd" * 32
    assert rows["Seed"] == "3"
    assert rows["Options"] == "strength = 0.25"
    assert rows["Energy"] == "not metered"
    assert "no trained weights" in rows["Model"]


def test_energy_says_whether_it_was_measured():
    from dataclasses import replace

    metered = replace(ORIGIN, energy=Energy(12.5, "estimated"))
    assert dict(record.provenance(metered))["Energy"].endswith("(estimated)")


def test_a_finding_is_placed_by_letters():
    where, size, probability, interval = record.finding(
        Finding((-10.0, 4.0, -2.5), 6.0, 0.8, (0.6, 0.9))
    )
    assert where.replace("\xa0", " ") == "L 10, A 4, I 2.5"
    assert size.endswith("mm")
    assert (probability, interval) == ("0.8", "0.6 to 0.9")


def test_a_card_gives_intervals_and_admits_where_there_is_none(denoised):
    from dataclasses import replace

    card = denoised(SCAN).card
    how = Training("r", 0, 60.0, 20_000, 600_000, 90.0, "estimated", "a CPU", "as is")
    told = record.card(replace(card, training=how))
    (_, gain, interval, patients), (_, _, none, _) = told.figures
    assert (interval.replace("\xa0", " "), patients) == ("0.41 to 0.83 dB", "21")
    assert gain.startswith("0.62")
    assert none == "none: one patient"
    assert dict(told.training)["Energy"].endswith("(estimated)")
    assert record.card(card).training == ()
