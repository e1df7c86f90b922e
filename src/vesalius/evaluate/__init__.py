"""Does it hold? Data sets, the one split, and a verb measured over patients."""

from vesalius.evaluate.denoise import evaluate_denoise
from vesalius.evaluate.split import split

__all__ = ["evaluate_denoise", "split"]
