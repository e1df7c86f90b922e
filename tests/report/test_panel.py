"""The README's before and after."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vesalius.errors import ConfigError, GeometryError
from vesalius.report.panel import before_after


def width(png):
    image = Image.open(BytesIO(png))
    assert image.format == "PNG"
    return image.width


def test_a_panel_grows_by_the_truth_where_it_is_known(body, denoised):
    scan = body(np.eye(3))
    result = denoised(scan)
    plain, known = before_after(scan, result), before_after(scan, result, scan)
    assert width(known) == pytest.approx(width(plain) * 5 / 4, rel=0.02)


def test_a_panel_is_the_same_every_time(body, denoised):
    scan = body(np.eye(3), units="HU")
    assert before_after(scan, denoised(scan)) == before_after(scan, denoised(scan))


def test_a_panel_needs_a_picture_and_a_truth_on_its_grid(body, denoised):
    scan = body(np.eye(3))
    with pytest.raises(GeometryError, match="no picture"):
        before_after(scan, denoised(scan, "withhold", ("no",)))
    with pytest.raises(GeometryError, match="truth"):
        before_after(scan, denoised(scan), body(np.diag([1, 1, -1])))


def test_a_panel_shows_what_the_verb_answers(body, outlined, nodules, translated):
    mr, ct = body(np.eye(3)), body(np.eye(3), units="HU")
    # Scan, outline, doubt, probability; scan, marks; source, imagined, spread.
    one = width(before_after(ct, nodules(ct, 0)))
    for scan, result, tiles in (
        (mr, outlined(mr), 4),
        (ct, nodules(ct), 2),
        (mr, translated(mr), 3),
    ):
        png = before_after(scan, result)
        assert width(png) == pytest.approx(tiles * one, rel=0.05)


def test_marks_are_drawn_in_a_panel(body, nodules):
    scan = body(np.eye(3), units="HU")
    pixels = np.asarray(Image.open(BytesIO(before_after(scan, nodules(scan)))))
    left, right = np.array_split(pixels.astype(int), 2, axis=1)
    blue = [(half[..., 2] - half[..., 0] > 60).sum() for half in (left, right)]
    assert blue[0] == 0 < blue[1]


def test_only_a_restored_scan_has_a_truth_beside_it(body, nodules):
    scan = body(np.eye(3), units="HU")
    with pytest.raises(ConfigError, match="leave the truth out"):
        before_after(scan, nodules(scan), scan)
