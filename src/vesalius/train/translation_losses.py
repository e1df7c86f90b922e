"""Translation losses: what one step of each kind of translation training lowers."""

import torch
from torch import Tensor, nn

from vesalius.generative.regression import pinball
from vesalius.train.pairs import PairBatch

QUANTILES_COUNT = 0.1  # their head sees detached features: it cannot harm the picture
OUTER = 0.95


def median_and_quantiles(net: nn.Module, batch: PairBatch) -> Tensor:
    """Return the L1 error in the head, and the pinball losses of the two widths.

    Args:
        net: From channels to picture, lower and upper width.
        batch: Crops.
    """
    wanted, weight = torch.from_numpy(batch.wanted), torch.from_numpy(batch.weight)
    answer: Tensor = net(torch.from_numpy(batch.seen))
    estimate, below, above = answer[:, :1], answer[:, 1:2], answer[:, 2:]
    error = (wanted - estimate).detach()
    doubt = pinball(error, above, OUTER) + pinball(-error, below, OUTER)
    lost = (wanted - estimate).abs() + QUANTILES_COUNT * doubt
    return (weight * lost).sum() / weight.sum()
