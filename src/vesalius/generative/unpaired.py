"""Unpaired: what ties two translators together where no picture has its pair."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

Picture = Float[Tensor, "n 1 y x"]
Function = Callable[[Tensor], Tensor]


def weighted_distance(one: Picture, other: Picture, weight: Picture) -> Tensor:
    r"""Return the weighted mean absolute difference.

    $$\sum w\,|a - b| / \sum w$$

    Args:
        one: Pictures.
        other: As many.
        weight: How much a pixel counts.
    """
    return (weight * (one - other).abs()).sum() / weight.sum()


def round_trip(real: Picture, there: Function, back: Function) -> tuple[Tensor, Tensor]:
    """Send a picture to the other modality and home again.

    Args:
        real: Scans of one modality.
        there: From them to the other modality.
        back: From the other modality home.

    Returns:
        What was made on the way, and what came home; where both functions are right
        it equals what left.

    Source:
        Zhu et al. 2017, ICCV (cycle consistency). doi:10.1109/ICCV.2017.244
    """
    made = there(real)
    return made, back(made)
