"""What the box holds, for people and for programs."""

import json

import pytest

from vesalius.card import Card, DataUse, Figure, Table, Training
from vesalius.cli import main
from vesalius.errors import ConfigError, WeightsError

CARD = Card(
    name="denoise-test",
    task="denoise",
    summary="Takes noise off.",
    modalities=("MR",),
    units="a.u.",
    spacing_range_mm=(0.4, 6.0),
    field_of_view_mm=(60.0, 600.0),
    intensity_range=(0.0, 70000.0),
    contrasts=(),
    licence="CC BY-NC-SA 4.0",
    limits=("Not for metal.", "Not for children."),
    figures=(
        Figure("PSNR in the head", 34.25, 33.0, 35.5, "dB", 15),
        Figure("RMSE of the one patient", 20.0, 20.0, 20.0, "HU", 1),
    ),
    tables=(Table("Lesions", ("mm", "recovered"), (("3", "0.61"), ("12", "0.97"))),),
    data=(DataUse("lgg", 44, "CC BY-NC-SA 4.0", "Buda et al. 2019"),),
    training=Training(
        recipe="denoise-test",
        seed=1,
        minutes=60.0,
        steps=1000,
        parameters=600_000,
        energy_kj=12.0,
        energy_basis="estimated",
        machine="a processor",
        targets="clean slices",
    ),
    weights_sha256="ab" * 32,
)


@pytest.fixture
def box(monkeypatch):
    def card(name):
        if name != CARD.name:
            raise ConfigError(f"there is no model {name!r}; the box holds {CARD.name}")
        return CARD

    monkeypatch.setattr("vesalius.weights.names", lambda: (CARD.name,))
    monkeypatch.setattr("vesalius.weights.card", card)


def test_every_model_is_listed_with_the_licence_of_its_weights(box, capfd):
    assert main(["models"]) == 0
    heads, row = capfd.readouterr().out.splitlines()
    assert "licence of the weights" in heads
    assert row.split(maxsplit=3) == ["denoise-test", "denoise", "MR", CARD.licence]


def test_models_as_json(box, capfd):
    assert main(["models", "--json"]) == 0
    (model,) = json.loads(capfd.readouterr().out)
    assert (model["name"], model["licence"]) == (CARD.name, CARD.licence)


def test_a_card_says_all_that_it_holds(box, capfd):
    assert main(["card", "denoise-test"]) == 0
    said = capfd.readouterr().out
    for words in (
        "denoise-test: Takes noise off.",
        "0.4 to 6 mm",
        "- Not for metal.",
        "34.25 dB (33 to 35.5)",
        "20 HU",
        "0.97",
        "Buda et al. 2019",
        "estimated",
    ):
        assert words in said
    assert "20 HU (" not in said, "one patient has no interval"


def test_a_card_as_json(box, capfd):
    assert main(["card", "denoise-test", "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["training"]["seed"] == 1
    assert shown["figures"][0]["patients"] == 15


def test_an_unknown_model_is_2_and_names_the_known(box, capfd):
    assert main(["card", "denoise-mri"]) == 2
    assert "the box holds denoise-test" in capfd.readouterr().err


def test_the_shipped_cards_can_be_shown(capfd):
    from vesalius import weights

    for name in weights.names():
        assert main(["card", name]) == 0
        assert name in capfd.readouterr().out


# Doctor


@pytest.fixture
def weights_load(box, monkeypatch):
    def behave(error=None):
        def load(name):
            if error is not None:
                raise error
            return {}

        monkeypatch.setattr("vesalius.weights.load", load)

    return behave


def test_the_doctor_finds_nothing_on_a_good_machine(weights_load, capfd):
    weights_load()
    assert main(["doctor"]) == 0
    said = capfd.readouterr().out
    assert "nothing found that would fail" in said
    for word in ("torch", "cuda", "threads of torch", "JPEG-LS", "denoise-test", "GiB"):
        assert word in said


def test_the_doctor_finds_altered_weights(weights_load, capfd):
    weights_load(WeightsError("the weights are not the ones of the card"))
    assert main(["doctor"]) == 4
    said = capfd.readouterr().out
    assert "would fail: denoise-test: the weights are not the ones" in said


def test_the_doctor_finds_a_missing_decoder_and_a_full_disk(
    weights_load, monkeypatch, capfd
):
    weights_load()
    decoders = {"JPEG 2000": "no_such_module"}
    monkeypatch.setattr("vesalius.cli.checkup.DECODERS", decoders)
    monkeypatch.setattr("vesalius.cli.checkup.LEAST_DISK_GIB", 1e9)
    assert main(["doctor", "--json"]) == 2
    found = json.loads(capfd.readouterr().out)
    faults = {one["name"] for one in found if one["fault"]}
    assert faults == {"JPEG 2000", "this folder", "temporary files"}
