"""Numbers as a reader expects them."""

import pytest

from vesalius.report.words import change, noise_change, number
from vesalius.result import Measure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3.14159, "\N{MINUS SIGN}3.14"),
        (100.0, "100"),
        (0.000123456, "0.000123"),
        (1e-15, "0"),
        (1234.5, "1234"),
        (123456, "123\N{NO-BREAK SPACE}456"),
    ],
)
def test_a_number_has_few_digits_and_no_exponent(value, text):
    assert number(value) == text


def test_a_change_is_told_in_percent():
    assert change(20, 25).startswith("25")
    assert change(20, 25).endswith("more")
    assert change(0, 5) == ""


def test_noise_is_told_in_one_unit_or_not_at_all():
    before, after = (
        Measure("noise before", 9.0, "HU", ""),
        Measure("noise after", 3.0, "HU", ""),
    )
    assert noise_change((after, before)) == (before, after)
    assert noise_change((before,)) is None
    assert noise_change((before, Measure("noise after", 3.0, "%", ""))) is None
