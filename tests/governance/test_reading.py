"""Readers' habits: shares, agreement, and a warning only where nobody looked."""

import pytest

from vesalius.errors import ConfigError
from vesalius.governance.reading import Decision, by_model, by_reader
from vesalius.governance.review import State

ACCEPTED, CORRECTED, REJECTED = State.ACCEPTED, State.CORRECTED, State.REJECTED


def decided(state=ACCEPTED, seconds=30.0, reader="anna", model="m", **read):
    return Decision(reader, model, state, seconds, **read)


def test_shares_and_times_are_counted_by_reader_and_by_model():
    made = [
        *[decided(seconds=s) for s in (10.0, 20.0)],
        decided(CORRECTED, 60.0),
        decided(REJECTED, 30.0, model="n"),
        decided(reader="ben"),
    ]
    anna, ben = by_reader(made)
    assert (anna.name, anna.decisions, anna.median_s) == ("anna", 4, 25.0)
    assert [anna.accepted.value, anna.corrected.value, anna.rejected.value] == [
        0.5,
        0.25,
        0.25,
    ]
    assert anna.accepted.low < 0.5 < anna.accepted.high
    assert ben.decisions == 1
    assert [(habit.name, habit.decisions) for habit in by_model(made)] == [
        ("m", 4),
        ("n", 1),
    ]
    assert by_reader([]) == ()


@pytest.mark.parametrize(
    ("accepted", "others", "seconds", "warns"),
    [
        (60, 0, 2.0, True),
        (60, 1, 2.0, True),  # 98.4 %
        (60, 2, 2.0, False),  # 96.8 %
        (60, 0, 5.0, False),
        (19, 0, 2.0, False),  # too few to call it a habit
        (20, 0, 2.0, True),
    ],
)
def test_a_warning_needs_haste_and_nothing_refused(accepted, others, seconds, warns):
    made = [decided(seconds=seconds)] * accepted + [decided(REJECTED, seconds)] * others
    (habit,) = by_reader(made)
    assert bool(habit.warning) is warns
    if warns:
        assert str(accepted + others) in habit.warning
    assert by_model(made)[0].warning == ""


def test_agreement_is_of_first_reads_that_took_a_side():
    made = [
        decided(first_read="present", machine="present"),
        decided(first_read="absent", machine="present"),
        decided(REJECTED, first_read="absent", machine="present"),
        decided(first_read="unsure", machine="present"),
        decided(first_read="", machine="present"),
    ]
    (habit,) = by_reader(made)
    assert habit.agreed.count == 3
    assert habit.agreed.value == pytest.approx(1 / 3)
    assert habit.followed.value == pytest.approx(1 / 2)
    (none,) = by_reader([decided()])
    assert none.agreed is None
    assert none.followed is None


@pytest.mark.parametrize(
    "wrong", [{"state": State.SHOWN}, {"first_read": "maybe"}, {"machine": "maybe"}]
)
def test_what_is_no_decision_is_refused(wrong):
    with pytest.raises(ConfigError):
        decided(**wrong)
