"""Colours mean what the legend says."""

from base64 import b64decode
from io import BytesIO

import numpy as np
from PIL import Image

from vesalius.report import paint
from vesalius.report.windows import Window


def test_a_window_runs_from_black_to_white_and_outside_is_black():
    picture = np.array([[-50.0, 0.0, 50.0, 100.0, 900.0, np.nan]], np.float32)
    image = paint.grey(Window("", 0.0, 100.0, ""))(picture)
    assert np.asarray(image).tolist() == [[0, 0, 128, 255, 255, 0]]


def test_a_difference_is_orange_above_zero_blue_below_and_dark_at_zero():
    picture = np.array([[-10.0, 0.0, 10.0]], np.float32)
    pixels = np.asarray(paint.differences(10.0)(picture).convert("RGB")).astype(int)
    (low_r, _, low_b), zero, (high_r, _, high_b) = pixels[0]
    assert low_b > low_r
    assert high_r > high_b
    assert zero.max() < 24


def test_a_difference_scale_is_symmetric():
    ramp = np.linspace(-10, 10, 21, dtype=np.float32)[None]
    pixels = np.asarray(paint.differences(10.0)(ramp))[0].astype(int)
    np.testing.assert_allclose(pixels + pixels[::-1], 255, atol=1)  # rounding


def test_more_is_lighter():
    ramp = np.linspace(0, 10, 50, dtype=np.float32)[None]
    grey = np.asarray(paint.amounts(10.0)(ramp).convert("L")).astype(int)[0]
    assert (np.diff(grey) >= 0).all()


def test_a_data_uri_holds_every_pixel_unless_told_to_compress():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8)
    head, body = paint.data_uri(Image.fromarray(pixels), None).split(",")
    assert head == "data:image/webp;base64"
    seen = Image.open(BytesIO(b64decode(body))).convert("L")
    assert np.array_equal(np.asarray(seen), pixels)
    assert len(paint.data_uri(Image.fromarray(pixels), 60)) < len(body)


def test_a_large_picture_shrinks_by_the_mean_of_blocks():
    picture = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert paint.shrunk(picture, 4) is picture
    assert paint.shrunk(picture, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]
