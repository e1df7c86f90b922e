"""Ours: the denoiser as a user runs it, or one whose training is not over."""

from collections.abc import Callable
from pathlib import Path

from vesalius import weights
from vesalius.card import Card
from vesalius.nets import network_of
from vesalius.tasks.denoise import MODELS, denoise, denoise_by
from vesalius.volume import Volume
from vesalius.weights.models import Model

OURS = "ours"
Denoiser = Callable[[Volume], Volume]


def in_the_box(scan: Volume) -> Volume:
    """Denoise with the weights that are shipped; the noise level is not told."""
    return _shown(denoise(scan, device="cpu").picture)


def fingerprint_of(modality: str) -> str | None:
    """Return the shipped weights' hash."""
    return weights.card(MODELS[modality]).weights_sha256


def from_checkpoint(file: Path, modality: str) -> Denoiser:
    """Return the denoiser that a training has reached, its moving average.

    Args:
        file: What `train` wrote.
        modality: MR or CT.
    """
    # Late: `train` brings the libraries of its own extra.
    from vesalius.train.checkpoint import load_checkpoint

    net = network_of(load_checkpoint(file).average)
    model = Model(open_card(modality), net.eval().requires_grad_(False))
    return lambda scan: _shown(denoise_by(scan, model).picture)


def _shown(picture: Volume | None) -> Volume:
    if picture is None:
        raise SystemExit("the card withholds a test scan: nothing can be measured")
    return picture


def open_card(modality: str) -> Card:
    """Return a card that lets every scan pass: a training has none yet."""
    return Card(
        name=f"checkpoint-{modality.lower()}",
        task="denoise",
        summary="A training that is not over.",
        modalities=(modality,),
        units="HU" if modality == "CT" else "a.u.",
        spacing_range_mm=(0.01, 100.0),
        field_of_view_mm=(1.0, 10_000.0),
        intensity_range=(-1e5, 1e6),
        contrasts=(),
        licence="none",
        limits=(),
    )
