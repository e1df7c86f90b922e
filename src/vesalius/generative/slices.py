"""Slices: carry a function of neighbouring slices over a volume, memory bounded."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn import functional

# From slices (1, s, y, x) and the noise's SD (1, 1, y, x) to channels (1, c, y, x).
Function = Callable[[Tensor, Tensor], Tensor]

TILE = 768  # pixels along a side: about 300 MB of features in a small U-Net
OVERLAP = 48  # pixels of context that a tile shares with its neighbour
Span = tuple[slice, slice]
FLIPS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


def over_slices(
    function: Function,
    stack: Float32[np.ndarray, "z y x"],
    level_of: Callable[[int], Float32[np.ndarray, "y x"]],
    *,
    channels: int,
    multiple: int,
    device: str = "cpu",
) -> Iterator[tuple[int, Float32[np.ndarray, "c y x"]]]:
    """Apply a function to every slice and its two neighbours, one slice at a time.

    The outermost slices see themselves where a neighbour is missing. Slices are
    mirrored at their edges up to a multiple the function accepts, and cut into
    overlapping tiles where they are large.

    Args:
        function: From three slices and the noise's SD to channels on the same grid.
        stack: Slices, in the units the function expects.
        level_of: The noise's SD on a slice, by its number, in the same units.
        channels: How many channels the function returns.
        multiple: Both sides of what the function sees are a multiple of this.
        device: Where it computes, "cpu" or "cuda".

    Yields:
        The slice's number and its channels.

    Limits:
        Tiles meet where the function's field of view may exceed the overlap of 48
        pixels; slices up to 768 pixels a side are never cut.
    """
    last = stack.shape[0] - 1
    for z in range(stack.shape[0]):
        near = stack[[max(z - 1, 0), z, min(z + 1, last)]]
        seen = torch.from_numpy(np.ascontiguousarray(near))[None]
        level = torch.from_numpy(np.ascontiguousarray(level_of(z)))[None, None]
        answer = torch.empty(channels, *seen.shape[2:])
        for outer, inner in _tiles(seen.shape[2:]):
            (rows, kept_rows), (columns, kept_columns) = outer
            part = _padded(
                function,
                seen[..., rows, columns],
                level[..., rows, columns],
                multiple,
                device,
            )
            answer[:, inner[0], inner[1]] = part[:, kept_rows, kept_columns]
        yield z, answer.numpy()


def mirrored(function: Function, turns: int) -> Function:
    """Average a function over mirror images of its input: less error, more time.

    Args:
        function: As in `over_slices`.
        turns: How many of the four mirror images; 1 leaves the function alone.

    Source:
        Timofte et al. 2016, CVPR, self-ensemble. doi:10.1109/CVPR.2016.206
    """
    if turns == 1:
        return function

    def averaged(slices: Tensor, level: Tensor) -> Tensor:
        answers = [
            function(slices.flip(axes), level.flip(axes)).flip(axes)
            for axes in FLIPS[:turns]
        ]
        return torch.stack(answers).mean(0)

    return averaged


def _padded(
    function: Function, seen: Tensor, level: Tensor, multiple: int, device: str
) -> Tensor:
    height, width = seen.shape[2:]
    short = (0, -width % multiple, 0, -height % multiple)
    mode = "reflect" if min(height, width) > multiple else "replicate"
    seen = functional.pad(seen, short, mode=mode).to(device)
    level = functional.pad(level, short, mode=mode).to(device)
    with torch.inference_mode():
        return function(seen, level)[0, :, :height, :width].cpu()


def _tiles(shape: torch.Size) -> Iterator[tuple[list[Span], tuple[slice, slice]]]:
    """Yield, for each tile, what it sees and keeps a side, and where that belongs."""
    for inner_y, seen_y, keep_y in _spans(shape[0]):
        for inner_x, seen_x, keep_x in _spans(shape[1]):
            yield [(seen_y, keep_y), (seen_x, keep_x)], (inner_y, inner_x)


def _spans(length: int) -> list[tuple[slice, slice, slice]]:
    """Cut a side: what a tile answers for, what it sees, and which part it keeps."""
    count = -(-length // TILE)
    edges = np.linspace(0, length, count + 1).astype(int).tolist()
    spans = []
    for a, b in itertools.pairwise(edges):
        start = max(a - OVERLAP, 0)
        seen = slice(start, min(b + OVERLAP, length))
        spans.append((slice(a, b), seen, slice(a - start, b - start)))
    return spans
