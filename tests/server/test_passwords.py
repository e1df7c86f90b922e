"""Passwords are kept as argon2id, and guessing them takes longer each time."""

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("argon2", reason="of the extra 'server'")

from vesalius.errors import ConfigError
from vesalius.server.passwords import (
    FORGOTTEN,
    FREE_TRIES,
    LONGEST_WAIT,
    Throttle,
    hashed,
    is_dated,
    is_right,
)

GOOD = "correct horse battery"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_password_is_right_or_not_and_never_kept_in_clear():
    kept = hashed(GOOD)
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept
    assert kept != hashed(GOOD)
    assert is_right(GOOD, kept)
    assert not is_right(GOOD + ".", kept)
    assert not is_right(GOOD, "no hash")
    assert not is_dated(kept)
    assert is_dated("$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)


def test_an_account_that_is_not_there_has_no_password():
    assert not is_right("a password that no account has", None)


@pytest.mark.parametrize("password", ["short", "a" * 40, "ab" * 20, "x" * 300, ""])
def test_a_password_that_anybody_guesses_is_refused(password):
    with pytest.raises(ConfigError, match="password"):
        hashed(password)


def failed(count):
    throttle = Throttle()
    for _ in range(count):
        throttle.failed("anna", NOW)
    return throttle


def test_each_failure_after_the_fifth_doubles_the_wait_up_to_a_limit():
    waits = [failed(n).wait("anna", NOW) for n in range(FREE_TRIES + 3)]
    assert waits[:FREE_TRIES] == [timedelta(0)] * FREE_TRIES
    assert waits[FREE_TRIES:] == [timedelta(seconds=s) for s in (2, 4, 8)]
    assert failed(60).wait("anna", NOW) == LONGEST_WAIT
    assert failed(60).wait("ben", NOW) == timedelta(0)


def test_waiting_passes_and_success_and_time_forget():
    throttle = failed(FREE_TRIES)
    assert throttle.wait("anna", NOW + timedelta(seconds=1.5)).total_seconds() == 0.5
    assert throttle.wait("anna", NOW + timedelta(seconds=3)) == timedelta(0)
    throttle.passed("anna")
    assert throttle.wait("anna", NOW) == timedelta(0)
    old = failed(60)
    later = NOW + FORGOTTEN + timedelta(seconds=1)
    assert old.wait("anna", later) == timedelta(0)
    old.failed("anna", later)
    assert old.wait("anna", later) == timedelta(0)


def test_names_tried_at_random_fill_no_memory():
    throttle = Throttle({str(n): (1, NOW) for n in range(10_001)})
    throttle.failed("anna", NOW + 2 * FORGOTTEN)
    assert set(throttle.failures) == {"anna"}
