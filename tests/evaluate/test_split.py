"""One rule divides the patients, and nobody is in two parts."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.errors import ConfigError
from vesalius.evaluate.split import PARTS, split

IDS = st.sets(st.text(min_size=1, max_size=6), min_size=1, max_size=60)


@given(IDS)
def test_every_patient_is_in_exactly_one_part(ids):
    parts = split(ids)
    members = [p for name in PARTS for p in getattr(parts, name)]
    assert sorted(members) == sorted(ids)
    assert all(p in getattr(parts, parts.part_of(p)) for p in ids)


@given(IDS)
def test_the_parts_are_as_large_as_the_rule_says(ids):
    parts, n = split(ids), len(ids)
    training = 1 if n == 1 else n * 6 // 10
    assert len(parts.train) == training
    assert len(parts.calibrate) == (n - training) // 2


@given(IDS, st.randoms())
def test_neither_order_nor_repetition_matters(ids, random):
    again = [*ids, *ids]
    random.shuffle(again)
    assert split(again) == split(ids)


def test_rank_is_that_of_the_hash():
    ids = [f"p{n}" for n in range(20)]
    ranked = sorted(ids, key=lambda name: sha256(name.encode()).hexdigest())
    parts = split(ids)
    assert list(parts.train + parts.calibrate + parts.test) == ranked


def test_nobody_and_strangers_are_refused():
    with pytest.raises(ConfigError, match="no patient"):
        split([])
    with pytest.raises(ConfigError, match="no part"):
        split(["a", "b"]).part_of("c")
