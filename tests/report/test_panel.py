"""The README's before and after."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vesalius.errors import GeometryError
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
