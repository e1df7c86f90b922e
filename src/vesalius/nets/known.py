"""Known: which architecture a file of weights is of."""

from torch import Tensor, nn

from vesalius.nets.coded import Coded, Drawn
from vesalius.nets.nodule_coder import NoduleCoder, NoduleCoders
from vesalius.nets.restorer import Restorer
from vesalius.nets.segmenter import Segmenter, Segmenters
from vesalius.nets.translator import Translator

INSIDE = "restorer."
MEMBER = "members.{}."
JUDGE = "judge.0.weight"


def network_of(tensors: dict[str, Tensor]) -> nn.Module:
    """Build the network that weights are of, and fill it.

    Args:
        tensors: Weights by name, in any precision.

    Returns:
        In evaluation mode, without gradients. A restorer goes from three slices and
        the noise's SD to the picture and its two widths, with `multiple` as a
        property; segmenters from channels of slices to the probability of tumour;
        translators from channels to the picture and its two widths; nodule coders
        from patches to what they say of them.

    Raises:
        KeyError: They are of no architecture here.
        RuntimeError: Some are missing, or of another shape.
    """
    full = {name: tensor.float() for name, tensor in tensors.items()}
    members = _members(full)
    if members:
        kind = NoduleCoders if isinstance(members[0], NoduleCoder) else Segmenters
        return kind(members).eval().requires_grad_(False)  # type: ignore[arg-type]
    if "middle.0.first.weight" in full:
        translator = Translator.shaped_like(full)
        translator.load_state_dict(full)
        return translator.eval().requires_grad_(False)
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


def alone(tensors: dict[str, Tensor], number: int) -> dict[str, Tensor]:
    """Take one of several networks that ship together, as the only one of them.

    Args:
        tensors: Weights of all by name.
        number: Which, from 0.
    """
    own, first = MEMBER.format(number), MEMBER.format(0)
    return {
        first + name.removeprefix(own): tensor
        for name, tensor in tensors.items()
        if name.startswith(own)
    }


def together(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give a single network's weights the names they have among several.

    Args:
        tensors: Of one network, or of several that stay as they are.
    """
    prefix = MEMBER.format(0)
    if any(name.startswith(prefix) for name in tensors):
        return tensors
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _members(full: dict[str, Tensor]) -> list[Segmenter] | list[NoduleCoder]:
    members: list[Segmenter] | list[NoduleCoder] = []
    while any(name.startswith(MEMBER.format(len(members))) for name in full):
        prefix = MEMBER.format(len(members))
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in full.items()
            if name.startswith(prefix)
        }
        kind = NoduleCoder if JUDGE in own else Segmenter
        member = kind.shaped_like(own)
        counts = {  # of batches seen in training: of no use afterwards, and not kept
            name: count
            for name, count in member.state_dict().items()
            if name.endswith("num_batches_tracked")
        }
        member.load_state_dict(own | counts)
        members.append(member)  # type: ignore[arg-type]
    return members
