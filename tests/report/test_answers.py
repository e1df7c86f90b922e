"""What a result says in words is what the task said in numbers."""

from dataclasses import replace

import numpy as np
import pytest

from vesalius.report.answers import answer
from vesalius.result import Finding, Measure, Verdict


def plain(result):
    told = answer(result)
    return f"{told.headline}. {told.sentence}".replace("\xa0", " ")


def test_a_tumours_volume_and_interval_are_the_measures_own(body, outlined):
    said = zip(
        ("tumour volume", "volume, lower end", "volume, upper end"),
        (12.3, 9.0, 16.0),
        strict=True,
    )
    measures = tuple(Measure(name, value, "ml", "") for name, value in said)
    result = replace(outlined(body(np.eye(3))), measures=measures)
    assert plain(result) == (
        "Tumour volume 12.3 ml. In nine of ten patients the reader's volume lies "
        "between 9 and 16 ml."
    )
    assert "No interval" in plain(replace(result, measures=measures[:1]))
    assert "not told" in plain(replace(result, measures=()))


def test_an_interval_of_no_length_is_none(body, outlined):
    result = outlined(body(np.eye(3)))
    same = tuple(replace(one, value=5.0) for one in result.measures)
    assert "No interval was calibrated" in plain(replace(result, measures=same))


def test_no_tumour_is_said_plainly_and_doubt_beside_it(body, outlined):
    result = outlined(body(np.eye(3)), share=0.5)
    assert plain(result).startswith("No tumour is outlined. This does not mean")
    assert "band of doubt" in plain(result)
    sure = replace(result, spread=result.spread.with_voxels(0 * result.spread.voxels))
    assert "band of doubt" not in plain(sure)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "No nodule found."), (1, "1 nodule found."), (2, "2 nodules found.")],
)
def test_nodules_are_counted(body, nodules, count, words):
    assert plain(nodules(body(np.eye(3), units="HU"), count)).startswith(words)


def test_no_nodule_does_not_mean_that_there_is_none(body, nodules):
    told = plain(nodules(body(np.eye(3), units="HU"), 0))
    assert "Nothing above the model's threshold" in told
    assert "does not mean that there is none" in told


def test_the_most_probable_nodule_is_told_with_its_interval(body, nodules):
    result = nodules(body(np.eye(3), units="HU"))
    first = Finding((0.0, 0.0, 0.0), 5.0, 0.99, (0.97, 1.0))
    result = replace(result, findings=(*result.findings, first))
    assert "most probable has 0.99 (90 % interval 0.97 to 1)" in plain(result)


def test_what_was_imagined_was_not_measured(body, translated):
    assert plain(translated(body(np.eye(3)))) == (
        "Everything in this CT was imagined from MR. No X-ray passed the patient."
    )
    assert "No MR scanner" in plain(translated(body(np.eye(3), units="HU")))


def test_a_withheld_result_and_a_restored_picture_have_no_answer(
    body, denoised, outlined
):
    scan = body(np.eye(3))
    withheld = replace(
        outlined(scan),
        picture=None,
        spread=None,
        verdict=Verdict("withhold", ("It is an X-ray.",)),
    )
    assert answer(withheld) is None
    assert answer(denoised(scan)) is None
