"""A model that is not what was shipped is not used."""

from dataclasses import replace
from hashlib import sha256

import pytest
import torch
from safetensors.torch import save

from vesalius import weights
from vesalius.card import Card, DataUse, Figure, Table, Training
from vesalius.errors import ConfigError, WeightsError
from vesalius.weights import shelf
from vesalius.weights.cards import read_card, write_card

CARD = Card(
    name="own",
    task="denoise",
    summary='It says "ä", and more.',
    modalities=("MR",),
    units="a.u.",
    spacing_range_mm=(0.2, 8.0),
    field_of_view_mm=(40.0, 500.0),
    intensity_range=(0.0, 1e9),
    contrasts=(),
    licence="Apache-2.0",
    limits=("none but these",),
    spread_multipliers=((0.03, 1.1), (0.1, 0.9)),
    unfamiliarity_limit=2.5,
    region="head",
    figures=(Figure("PSNR", 33.0, 32.5, 33.5, "dB", 15),),
    tables=(Table("survival", ("size", "share"), (("3 mm", "0.5"),)),),
    data=(DataUse("lgg", 44, "CC BY-NC-SA 4.0", "TCGA"),),
    training=Training("own", 1, 2.5, 100, 10, 3.0, "estimated", "a CPU", "as they are"),
)


@pytest.fixture
def box(tmp_path, monkeypatch):
    content = save({"stem.weight": torch.ones(2, 2).half()})
    (tmp_path / "own.safetensors").write_bytes(content)
    card = replace(CARD, weights_sha256=sha256(content).hexdigest())
    write_card(card, tmp_path / "own.toml")
    monkeypatch.setattr(shelf, "SHELF", tmp_path)
    shelf._card.cache_clear()
    yield tmp_path
    shelf._card.cache_clear()


def test_a_card_is_read_back_as_it_was_written(tmp_path):
    write_card(CARD, tmp_path / "own.toml")
    assert read_card(tmp_path / "own.toml") == CARD
    assert [file.name for file in tmp_path.iterdir()] == ["own.toml"]


def test_weights_are_had_by_name_in_full_precision(box):
    assert weights.names() == ("own",)
    assert weights.load("own")["stem.weight"].dtype is torch.float32


def test_altered_weights_are_refused(box):
    file = box / "own.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="altered"):
        weights.load("own")


def test_missing_weights_and_a_damaged_card_are_named(box):
    (box / "own.safetensors").unlink()
    with pytest.raises(WeightsError, match="missing"):
        weights.load("own")
    shelf._card.cache_clear()
    (box / "own.toml").write_text("name = ")
    with pytest.raises(WeightsError, match="damaged"):
        weights.card("own")


def test_an_unknown_model_is_told_which_there_are(box):
    with pytest.raises(ConfigError, match="the box holds own"):
        weights.card("other")


def test_a_card_with_a_key_too_many_is_refused(tmp_path):
    write_card(CARD, tmp_path / "own.toml")
    text = (tmp_path / "own.toml").read_text()
    (tmp_path / "own.toml").write_text("colour = 1\n" + text)
    with pytest.raises(ConfigError, match="no colour"):
        read_card(tmp_path / "own.toml")
