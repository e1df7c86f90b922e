"""Doubt: an order in which nothing with a warning comes after what has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.governance.doubt import UNSURE_FROM, doubt_of

share = st.floats(0, 1)


def told(outcome="show", findings=(), measures=(), checks=()):
    return {
        "verdict": {"outcome": outcome},
        "findings": [
            {"probability": p, "interval": [min(a, b), max(a, b)]}
            for p, a, b in findings
        ],
        "measures": [{"name": name, "value": value} for name, value in measures],
        "checks": [{"outcome": outcome} for outcome in checks],
    }


records = st.builds(
    told,
    st.sampled_from(["show", "warn", "withhold"]),
    st.lists(st.tuples(share, share, share), max_size=4),
    st.lists(
        st.tuples(
            st.sampled_from(["spread", "noise before", "volume, upper end", "other"]),
            st.none() | st.floats(0, 1e6),
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from(["show", "warn"]), max_size=4),
)


@given(records)
def test_every_answer_has_a_doubt_and_a_warning_comes_before_none(record):
    doubt = doubt_of(record)
    outcome = record["verdict"]["outcome"]
    ranges = {"show": (0, UNSURE_FROM), "warn": (UNSURE_FROM, 1), "withhold": (1, 1.1)}
    low, high = ranges[outcome]
    assert low <= doubt < high


@pytest.mark.parametrize(
    ("sure", "unsure"),
    [
        (told(findings=[(0.95, 0.9, 1)]), told(findings=[(0.55, 0.5, 0.6)])),
        (told(findings=[(0.95, 0.9, 1)]), told(findings=[(0.95, 0.2, 1)])),
        (
            told(measures=[("spread", 2), ("noise before", 20)]),
            told(measures=[("spread", 12), ("noise before", 20)]),
        ),
        (
            told(measures=[("volume, lower end", 9), ("volume, upper end", 10)]),
            told(measures=[("volume, lower end", 2), ("volume, upper end", 10)]),
        ),
        (
            told(measures=[("spread in the head", 90), ("range in the head", 2000)]),
            told(measures=[("spread in the head", 300), ("range in the head", 2000)]),
        ),
        (told(checks=["show", "show"]), told(checks=["show", "warn"])),
        (
            told(findings=[(0.99, 0.98, 1)]),
            told(findings=[(0.99, 0.98, 1), (0.5, 0, 1)]),
        ),
    ],
)
def test_the_least_sure_number_decides(sure, unsure):
    assert doubt_of(sure) < doubt_of(unsure)


def test_a_record_that_lacks_everything_speaks_for_nothing():
    assert doubt_of({"verdict": {"outcome": "show"}}) == 0
    none = told(measures=[("spread", None), ("noise before", 0)])
    assert doubt_of(none) == 0
