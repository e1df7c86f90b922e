"""A translator whose error is known gets the figures it deserves, slice by slice."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from vesalius.anatomy.head_frame import upright_axes
from vesalius.anatomy.head_slice import MR_CHANNELS, Place, mr_channels, outline_slice
from vesalius.card import Card
from vesalius.errors import ConfigError, OutputError, ScanError
from vesalius.evaluate import evaluate_translate
from vesalius.evaluate.directions import DIRECTIONS
from vesalius.evaluate.pairs import (
    AIR_HU,
    HIGHEST_HU,
    PLANES,
    open_pair,
    pair_cases,
    picture_of,
    slice_volume,
)
from vesalius.evaluate.translate import BESIDE, KEYS
from vesalius.nets import Translator
from vesalius.quality.windows import slice_axis
from vesalius.result import Provenance, Result, Verdict
from vesalius.tasks.translate import flipped_rows, translate_by
from vesalius.weights.models import Model

SHAPES = {"axial": (60, 70), "coronal": (60, 50), "sagittal": (70, 50)}
SOFT = 100  # the grey of soft tissue: it stands for 35 HU
HU_A_GREY = (35 - AIR_HU) / SOFT
PATIENTS = ("1BA001", "1BA002", "1BA003", "1BB001", "1BB002")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Heads of soft tissue, bone and a hollow; MR and CT have the same grey values."""
    folder = tmp_path_factory.mktemp("pairs")
    for number, patient in enumerate(PATIENTS):
        home = folder / "mr_ct_pairs" / patient
        home.mkdir(parents=True)
        for plane, shape in SHAPES.items():
            y, x = np.indices(shape)
            away = np.hypot((y - shape[0] / 2) / 26, (x - shape[1] / 2) / (22 + number))
            grey = np.where(away < 1, SOFT, 0)
            grey[(away > 0.8) & (away < 0.9)] = 160
            grey[(away < 0.2)] = 20
            for kind, picture in (
                ("mri", grey),
                ("ct", grey),
                ("mask", 255 * (away < 1)),
            ):
                made = Image.fromarray(picture.astype(np.uint8))
                made.save(home / f"{kind}_{plane}.png")
    return folder


def origin(scan):
    return Provenance(
        task="translate",
        weights_sha256=None,
        input_sha256=scan.sha256,
        seed=0,
        options=(),
        version="0",
    )


def translator(offset=0.0, half=1.0):
    """Return one that is wrong by so many HU everywhere."""

    def translate(scan):
        place = replace(scan, units="HU", modality="CT", contrast=None)
        hu = np.clip(AIR_HU + scan.voxels * HU_A_GREY, AIR_HU, HIGHEST_HU) + offset
        picture = place.with_voxels(hu.astype(np.float32))
        return Result(
            picture=picture,
            spread=place.with_voxels(np.full_like(hu, half, np.float32)),
            imagined=picture,
            verdict=Verdict("show"),
            provenance=origin(scan),
        )

    return translate


def test_the_true_ct_is_perfect_and_an_offset_is_the_error(data):
    found = evaluate_translate(data, task=translator())
    headline = found["cells"][0]
    assert (headline["plane"], headline["centre"]) == ("axial", "all")
    assert (headline["cases"], headline["withheld"], headline["patients"]) == (1, 0, 1)
    assert headline["mae_hu"]["value"] == pytest.approx(0, abs=0.1)
    assert headline["ssim"]["value"] == pytest.approx(1, abs=1e-4)
    assert headline["coverage"]["mean"] == 1
    wrong = evaluate_translate(data, task=translator(offset=40, half=39))["cells"][0]
    assert wrong["mae_hu"]["value"] == pytest.approx(40, abs=0.1)
    assert wrong["mae_bone_hu"]["value"] == pytest.approx(40, abs=0.1)
    assert wrong["coverage"]["mean"] == 0
    json.dumps(found)


def test_cells_are_by_plane_and_centre_and_all_counts_every_patient(data):
    found = evaluate_translate(data, task=translator(), part="all")
    kinds = [(cell["plane"], cell["centre"]) for cell in found["cells"]]
    centres = ("all", "1BA", "1BB")
    assert kinds == [(p, c) for p in PLANES for c in centres] + [("all", "all")]
    assert [cell["patients"] for cell in found["cells"][:3]] == [5, 3, 2]
    assert found["cells"][-1]["cases"] == len(found["rows"]) == 15
    parts = [
        {
            row["patient"]
            for row in evaluate_translate(data, task=translator(), part=p)["rows"]
        }
        for p in ("train", "calibrate", "test")
    ]
    assert [len(part) for part in parts] == [3, 1, 1]
    assert set().union(*parts) == set(PATIENTS)


def test_the_csv_has_a_row_a_slice_and_is_never_overwritten(data, tmp_path):
    file, told = tmp_path / "rows.csv", []
    found = evaluate_translate(
        data,
        task=translator(),
        predictions=file,
        progress=lambda *done: told.append(done),
    )
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == [*KEYS, *DIRECTIONS["ct"].names, *BESIDE]
    assert [row["plane"] for row in rows] == list(PLANES)
    assert float(rows[0]["psnr_db"]) == found["rows"][0]["psnr_db"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(OutputError, match=r"rows\.csv exists"):
        evaluate_translate(data, task=translator(), predictions=file)


def test_what_is_withheld_or_refused_is_counted_and_not_averaged(data):
    def choosy(scan):
        if slice_axis(scan) == 2:
            verdict = Verdict("withhold", ("not this one",))
            return Result(verdict=verdict, provenance=origin(scan))
        if slice_axis(scan) == 1:
            raise ScanError("there is no head to be seen")
        return translator()(scan)

    found = evaluate_translate(data, task=choosy)
    said = {row["plane"]: (row["verdict"], row["reason"]) for row in found["rows"]}
    assert said["axial"] == ("withhold", "not this one")
    assert said["coronal"] == ("refused", "there is no head to be seen")
    assert said["sagittal"] == ("show", "")
    by_plane = {cell["plane"]: cell for cell in found["cells"]}
    assert (by_plane["axial"]["withheld"], by_plane["axial"]["patients"]) == (1, 0)
    assert "mae_hu" not in by_plane["axial"]
    assert (by_plane["all"]["withheld"], by_plane["all"]["cases"]) == (2, 3)


def test_nothing_to_measure_is_refused(tmp_path):
    home = tmp_path / "1BA001"
    home.mkdir()
    for kind in ("mri", "ct", "mask"):
        Image.fromarray(np.zeros((20, 20), np.uint8)).save(home / f"{kind}_axial.png")
    with pytest.raises(ConfigError, match="part test"):
        evaluate_translate(tmp_path, task=translator())


# A slice lies in the body as the set says.


@pytest.mark.parametrize(
    ("plane", "across", "down", "along"),
    [("axial", 2, 0, 1), ("coronal", 1, 0, 2), ("sagittal", 0, 1, 2)],
)
def test_a_slice_lies_in_the_body_as_it_was_cut(plane, across, down, along):
    mr = np.zeros((40, 30), np.float32)
    mr[35, 4] = 1
    volume = slice_volume(mr, plane)
    (up, back, left), flips = upright_axes(volume)
    assert (left, back, up) == (0, 1, 2)
    assert flips == (False, False, False)
    assert slice_axis(volume) == across
    assert (volume.voxels.shape[down], volume.voxels.shape[along]) == (40, 30)
    (place,) = np.argwhere(volume.voxels)
    lps = np.diag([-1, -1, 1, 1]) @ volume.affine @ [*place, 1]
    # down the picture's rows to the left (sagittal: back); along its columns back
    # (coronal and sagittal: up)
    assert (lps[down], lps[along]) == (35, 4)
    assert np.array_equal(picture_of(volume, plane), mr)


# The verb's own path.

CARD = Card(
    name="trial",
    task="translate",
    summary="A trial.",
    modalities=("MR",),
    units="a.u.",
    spacing_range_mm=(0.4, 7.0),
    field_of_view_mm=(20.0, 400.0),
    intensity_range=(-1.0, 1e9),
    contrasts=(),
    licence="Apache-2.0",
    limits=("a trial",),
    spread_multipliers=((0.0, 2.0),),
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    net = Translator(MR_CHANNELS, (8, 8, 16)).eval().requires_grad_(False)
    return Model(CARD, net)


@pytest.mark.parametrize("plane", PLANES)
def test_the_verb_gives_what_the_network_gives_as_it_is_trained(data, model, plane):
    case = pair_cases(data, part="test", plane=plane)[0]
    mr = open_pair(case).mr
    result = translate_by(slice_volume(mr, plane), model)
    outline = outline_slice(mr)
    inside = ndimage.distance_transform_edt(~outline) <= 16
    rows, columns = (np.flatnonzero(inside.any(axis=1 - n)) for n in (0, 1))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    seen = mr_channels(mr, outline, Place(plane))[:, *box]
    edge = ((0, 0), (0, -seen.shape[1] % 4), (0, -seen.shape[2] % 4))

    def asked(channels):
        answer = model.net(torch.from_numpy(np.pad(channels, edge))[None])[0].numpy()
        return answer[:, : seen.shape[1], : seen.shape[2]]

    answer = asked(seen)
    if plane != "sagittal":  # a head's mirror image is a head too
        answer = (answer + asked(flipped_rows(seen))[:, ::-1]) / 2
    hu = np.clip(AIR_HU + 1000 * answer[0], -1024, 3071)
    half = 2.0 * 500 * (answer[1] + answer[2])
    # the same operations on the same pixels, in single precision at 1000 HU
    picture, spread = (picture_of(p, plane) for p in (result.picture, result.spread))
    near = inside[box]
    np.testing.assert_allclose(picture[box][near], hu[near], atol=0.01)
    np.testing.assert_allclose(spread[box][near], half[near], atol=0.01)
    assert (picture[~inside] == -1004).all()
    assert not spread[~inside].any()
    assert np.ptp(hu) > 10


def test_a_network_of_ones_own_is_measured_over_the_set(data, model):
    found = evaluate_translate(data, task=lambda scan: translate_by(scan, model))
    assert {row["verdict"] for row in found["rows"]} == {"show"}
    assert all(row["mae_hu"] > 0 for row in found["rows"])


def backwards(offset=0.0):
    """Return one from CT to MR that is wrong by so many hundredths of the range."""

    def translate(scan):
        assert (scan.modality, scan.units) == ("CT", "HU")
        place = replace(scan, units="a.u.", modality="MR", contrast=None)
        grey = (scan.voxels - AIR_HU) / HU_A_GREY  # the pairs' MR has the same
        inside = grey > 0
        low, high = np.percentile(grey[inside], (1, 99))
        made = 1000 * ((grey - low) / (high - low) + offset / 100)
        picture = place.with_voxels(made.astype(np.float32))
        return Result(
            picture=picture,
            spread=place.with_voxels(np.full_like(made, 1.0, np.float32)),
            imagined=picture,
            verdict=Verdict("show"),
            provenance=origin(scan),
        )

    return translate


def test_ct_to_mr_is_measured_in_shares_of_the_true_range(data, tmp_path):
    file = tmp_path / "rows.csv"
    found = evaluate_translate(data, task=backwards(), to="mr", predictions=file)
    assert found["to"] == "mr"
    assert found["cells"][0]["mae_percent"]["value"] == pytest.approx(0, abs=0.5)
    assert "mae_hu" not in found["cells"][0]
    wrong = evaluate_translate(data, task=backwards(offset=10), to="mr")["cells"][0]
    assert wrong["mae_percent"]["value"] == pytest.approx(10, abs=0.5)
    assert wrong["coverage"]["mean"] == 0
    with file.open(newline="") as lines:
        assert list(next(csv.reader(lines))) == [
            *KEYS,
            *DIRECTIONS["mr"].names,
            *BESIDE,
        ]
