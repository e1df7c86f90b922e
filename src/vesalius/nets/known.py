"""Known: which architecture a file of weights is of."""

from torch import Tensor, nn

from vesalius.nets.coded import Coded, Drawn
from vesalius.nets.restorer import Restorer

INSIDE = "restorer."


def network_of(tensors: dict[str, Tensor]) -> nn.Module:
    """Build the network that weights are of, and fill it.

    Args:
        tensors: Weights by name, in any precision.

    Returns:
        In evaluation mode, without gradients; from three slices and the noise's SD
        to the picture and its two widths, with `multiple` as a property.

    Raises:
        KeyError: They are of no architecture here.
        RuntimeError: Some are missing, or of another shape.
    """
    full = {name: tensor.float() for name, tensor in tensors.items()}
    inner = {
        name.removeprefix(INSIDE): tensor
        for name, tensor in full.items()
        if name.startswith(INSIDE)
    }
    restorer = Restorer.shaped_like(inner or full)
    if not inner:
        restorer.load_state_dict(full)
        return restorer.eval().requires_grad_(False)
    coded = Coded(restorer)
    coded.load_state_dict(full)
    return Drawn(coded).eval().requires_grad_(False)
