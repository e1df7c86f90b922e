"""A denoiser whose effect is known gets the figures it deserves."""

import csv
from dataclasses import fields, replace

import numpy as np
import pytest

from vesalius.errors import ConfigError, OutputError
from vesalius.evaluate import evaluate_denoise
from vesalius.evaluate.cases import Case
from vesalius.evaluate.denoise import NOISE, Row, cells, middle, seed_of, with_noise
from vesalius.io import write_volume
from vesalius.physics.phantom import head, noisy_disc
from vesalius.quality.fidelity import head_mask, psnr
from vesalius.result import Provenance, Result, Verdict

PATIENTS = tuple(f"P{n}" for n in range(5))  # by the rule three train, one tests


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for n, patient in enumerate(PATIENTS):
        scan = head((48, 56, 5), (3.6, 3.6, 8.0), seed=n).truth
        (folder / "lgg" / patient).mkdir(parents=True)
        write_volume(scan, folder / "lgg" / patient / "flair.nii.gz")
    return folder


def answer(scan, voxels, outcome="show"):
    origin = Provenance(
        task="denoise",
        weights_sha256=None,
        input_sha256=scan.sha256,
        seed=0,
        options=(),
        version="0",
    )
    if outcome == "withhold":
        return Result(verdict=Verdict("withhold", ("no",)), provenance=origin)
    return Result(
        picture=scan.with_voxels(voxels),
        spread=scan.with_voxels(np.full_like(voxels, 1e6)),
        verdict=Verdict("show"),
        provenance=origin,
    )


def nothing(scan):
    return answer(scan, scan.voxels)


def refusing(scan):
    return answer(scan, scan.voxels, "withhold")


def test_doing_nothing_gains_nothing_and_a_vast_spread_covers_all(data):
    found = evaluate_denoise(data, task=nothing)
    assert [(c["modality"], c["noise"]) for c in found["cells"]] == [
        ("MR", noise) for noise in NOISE["MR"]
    ]
    for cell in found["cells"]:
        assert (cell["patients"], cell["scans"], cell["withheld"]) == (1, 1, 0)
        assert cell["psnr_body"] == cell["psnr_before"]
        assert cell["coverage"]["mean"] == 1
    values = [cell["psnr_body"]["value"] for cell in found["cells"]]
    assert values == sorted(values, reverse=True)
    # Noise of 5 % of the maximum is 26 dB below it; in the dark it is a little less.
    assert found["cells"][1]["psnr_body"]["value"] == pytest.approx(26, abs=1)


def test_only_the_part_asked_for_is_measured(data):
    measured = evaluate_denoise(data, task=nothing, part="train")
    assert measured["cells"][0]["patients"] == 3
    tested = {row["patient"] for row in evaluate_denoise(data, task=nothing)["rows"]}
    assert not tested & {row["patient"] for row in measured["rows"]}


def test_the_csv_has_a_row_a_scan_and_noise_and_is_never_overwritten(data, tmp_path):
    file = tmp_path / "rows.csv"
    told = []
    found = evaluate_denoise(
        data,
        task=nothing,
        predictions=file,
        progress=lambda *done: told.append(done),
    )
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == [f.name for f in fields(Row)]
    assert len(rows) == len(found["rows"]) == len(NOISE["MR"])
    assert float(rows[0]["psnr_body"]) == found["rows"][0]["psnr_body"]
    assert told == [(1, 1)]
    with pytest.raises(OutputError, match=r"rows\.csv exists"):
        evaluate_denoise(data, task=nothing, predictions=file)
    with pytest.raises(OutputError, match="no folder"):
        evaluate_denoise(data, task=nothing, predictions=tmp_path / "no" / "a.csv")


def test_withheld_scans_are_counted_and_not_averaged(data):
    for cell in evaluate_denoise(data, task=refusing)["cells"]:
        assert (cell["withheld"], cell["patients"]) == (1, 0)
        assert "psnr_body" not in cell


def test_nothing_to_measure_is_refused(tmp_path):
    write_volume(noisy_disc(seed=0, side=16), tmp_path / "a.nii.gz")
    (tmp_path / "manifest.csv").write_text(
        "patient,file,modality,contrast,split\np,a.nii.gz,CT,,train\n"
    )
    with pytest.raises(ConfigError, match="part test"):
        evaluate_denoise(tmp_path, task=nothing)


def test_patients_with_many_scans_weigh_as_much_as_others():
    row = Row("lgg", "a", "flair", "MR", 0.05, 3, "show", 1.0, psnr_body=30.0)
    rows = [row, replace(row, scan="t1", psnr_body=40.0)]
    rows.append(replace(row, patient="b", psnr_body=20.0))
    (cell,) = cells(rows)
    assert cell["psnr_body"]["value"] == pytest.approx((35 + 20) / 2)


def test_noise_is_replayable_and_as_strong_as_told(data):
    case = Case("lgg", "P0", "flair", "test", data, "MR")
    truth = head((96, 112, 4), (1.8, 1.8, 8.0), seed=0).truth
    peak = float(truth.voxels.max())
    once, again = (
        with_noise(truth, 0.05, seed_of(case, 0.05), peak).voxels for _ in range(2)
    )
    assert np.array_equal(once, again)
    assert seed_of(case, 0.05) != seed_of(case, 0.10)
    bright = truth.voxels > 0.5 * peak
    assert (once - truth.voxels)[bright].std() == pytest.approx(0.05 * peak, rel=0.05)
    assert psnr(truth.voxels, once, peak, head_mask(truth)) < 27


def test_a_lower_dose_is_noisier_on_any_axis():
    scan = noisy_disc(seed=0, side=32, noise_hu=1.0)
    turned = replace(
        scan,
        voxels=np.ascontiguousarray(np.moveaxis(scan.voxels, 2, 0)),
        affine=np.diag([2.0, 1.0, 1.0, 1.0]),
    )
    for each in (scan, turned):
        more, less = (
            (with_noise(each, dose, 0, 0.0).voxels - each.voxels).std()
            for dose in (0.5, 0.1)
        )
        assert 0 < more < less


def test_the_middle_lies_where_it_lay():
    scan = noisy_disc(seed=0, side=16)
    cut = middle(scan, 2)
    assert cut.voxels.shape == (16, 16, 2)
    assert np.array_equal(cut.voxels, scan.voxels[:, :, 3:5])
    place = scan.affine @ [0, 0, 3, 1]
    assert np.allclose(cut.affine @ [0, 0, 0, 1], place)
    assert middle(scan, 100).voxels.shape == scan.voxels.shape
