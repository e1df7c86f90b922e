"""Descent: one step of the optimiser, as functions over plain tensors.

Convolutions follow their orthogonalised momentum (Muon), which needed about half the
steps of Adam here; everything else, and the first and last layers, follow Adam.
"""

import torch
from torch import Tensor, nn

from vesalius.train.precision import faster_precision

State = dict[str, Tensor]

MOMENTUM = 0.95
BETAS = (0.9, 0.99)
EPSILON = 1e-8
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # Jordan 2024, tuned for five rounds
ROUNDS = 5
EDGES = frozenset(
    {"stem", "mean", "doubt", "prior", "posterior", "critic", "out", "coarse_out"}
)


def descend(
    named: dict[str, nn.Parameter],
    state: State,
    *,
    step: int,
    rate: float,
    matrix_rate: float,
) -> None:
    """Move every parameter that has a gradient one step downhill, in place.

    Args:
        named: The parameters by name, their gradients filled.
        state: The optimiser's memory; filled on the first step, kept by the caller.
        step: Counted from 1.
        rate: Learning rate of Adam.
        matrix_rate: Learning rate of Muon, in units of the layer's spectral norm.

    Source:
        Kingma and Ba 2015, ICLR (Adam); Jordan et al. 2024,
        kellerjordan.github.io/posts/muon (Muon).
    """
    with torch.no_grad():
        for name, parameter in named.items():
            if parameter.grad is None:
                continue
            if is_inner(name, parameter):
                _muon(name, parameter, state, matrix_rate)
            else:
                _adam(name, parameter, state, step, rate)


def is_inner(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is a convolution between hidden features."""
    return parameter.ndim == 4 and EDGES.isdisjoint(name.split("."))


def orthogonalise(matrix: Tensor) -> Tensor:
    """Bring a matrix's singular values near one, keeping its directions.

    Args:
        matrix: Any two-dimensional tensor.

    Returns:
        A matrix like it, singular values between about 0.7 and 1.2.
    """
    a, b, c = NEWTON_SCHULZ
    x = (matrix / (matrix.norm() + 1e-7)).to(faster_precision())  # 16 bits do
    flip = x.shape[0] > x.shape[1]
    x = x.T if flip else x
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if flip else x).to(matrix.dtype)


def _muon(name: str, parameter: nn.Parameter, state: State, rate: float) -> None:
    gradient = parameter.grad
    assert_gradient = gradient if gradient is not None else torch.zeros_like(parameter)
    momentum = state.setdefault(f"{name}.momentum", torch.zeros_like(parameter))
    momentum.lerp_(assert_gradient, 1 - MOMENTUM)
    ahead = assert_gradient.lerp(momentum, MOMENTUM)
    flat = ahead.flatten(1)
    # A step of RMS 0.2 a weight, as Adam's; so that both rates mean the same.
    scale = 0.2 * max(flat.shape) ** 0.5
    parameter.add_(orthogonalise(flat).reshape(parameter.shape), alpha=-rate * scale)


def _adam(
    name: str, parameter: nn.Parameter, state: State, step: int, rate: float
) -> None:
    gradient = parameter.grad
    first = state.setdefault(f"{name}.first", torch.zeros_like(parameter))
    second = state.setdefault(f"{name}.second", torch.zeros_like(parameter))
    if gradient is None:
        return
    first.lerp_(gradient, 1 - BETAS[0])
    second.lerp_(gradient.square(), 1 - BETAS[1])
    root = (second / (1 - BETAS[1] ** step)).sqrt_().add_(EPSILON)
    parameter.addcdiv_(first / (1 - BETAS[0] ** step), root, value=-rate)
