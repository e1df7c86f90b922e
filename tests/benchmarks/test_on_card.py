"""A measured table takes the place of the one with its title, and of no other."""

import shutil

from parts.on_card import BOX, put

from vesalius.card import Table
from vesalius.weights.cards import read_card


def test_a_table_replaces_its_own_kind(tmp_path):
    shutil.copy(BOX / "denoise-mr.toml", tmp_path)
    before = read_card(tmp_path / "denoise-mr.toml")
    first = Table("Measured", ("what", "how much"), (("one", "1"),))
    second = Table("Measured", ("what", "how much"), (("one", "2"),))
    put([first], "denoise-mr", tmp_path)
    put([second], "denoise-mr", tmp_path)
    after = read_card(tmp_path / "denoise-mr.toml")
    assert after.tables == (*before.tables, second)
    assert after.figures == before.figures
    assert after.weights_sha256 == before.weights_sha256
