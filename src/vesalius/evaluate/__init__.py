"""Does it hold? Data sets, the one split, and a verb measured over patients.

What is named here is loaded when it is first used: each verb needs other libraries.
"""

from importlib import import_module
from typing import TYPE_CHECKING

# At once: a function of its file's name must come after the file, or it is hidden.
from vesalius.evaluate.split import split

if TYPE_CHECKING:
    from vesalius.evaluate.denoise import evaluate_denoise
    from vesalius.evaluate.detect import evaluate_detect
    from vesalius.evaluate.segment import evaluate_segment
    from vesalius.evaluate.translate import evaluate_translate

__all__ = [
    "evaluate_denoise",
    "evaluate_detect",
    "evaluate_segment",
    "evaluate_translate",
    "split",
]

_HOME = {
    "evaluate_denoise": "vesalius.evaluate.denoise",
    "evaluate_detect": "vesalius.evaluate.detect",
    "evaluate_segment": "vesalius.evaluate.segment",
    "evaluate_translate": "vesalius.evaluate.translate",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first used, as `vesalius` itself does."""
    if name not in _HOME:
        raise AttributeError(f"module 'vesalius.evaluate' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return __all__
