"""Segmenter: a residual U-Net that says for each pixel whether it is tumour."""

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

FOLD = 2  # pixels folded into channels along x and y: most work at half size


class NormedBlock(nn.Module):
    """Two convolutions with batch normalisation, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: Float[Tensor, "n c y x"]) -> Float[Tensor, "n c y x"]:
        """Return relu(x + norm(second(relu(norm(first(x))))))."""
        inner = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(x + self.second_norm(self.second(inner)))


class Segmenter(nn.Module):
    """Say how likely each pixel is to be tumour, at full and at coarser sizes.

    Args:
        channels: What is seen of a slice.
        widths: Channels at half, quarter, eighth size; one number a level.

    Source:
        Ronneberger et al. 2015, MICCAI (U-Net); Lee et al. 2015, AISTATS (deep
        supervision). doi:10.1007/978-3-319-24574-4_28
    """

    def __init__(
        self, channels: int = 7, widths: tuple[int, ...] = (32, 64, 128, 192)
    ) -> None:
        super().__init__()
        self.channels, self.widths = channels, widths
        folded = FOLD * FOLD
        self.stem = nn.Conv2d(channels * folded, widths[0], 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.down = nn.ModuleList(NormedBlock(width) for width in widths)
        self.shrink = nn.ModuleList(
            nn.Conv2d(wide, narrow, 2, stride=2)
            for wide, narrow in itertools.pairwise(widths)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(narrow, wide, 2, stride=2)
            for wide, narrow in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(NormedBlock(width) for width in widths[:-1])
        self.out = nn.Conv2d(widths[0], folded, 3, padding=1)
        self.coarse_out = nn.ModuleList(nn.Conv2d(w, 1, 1) for w in widths[1:-1])

    @classmethod
    def shaped_like(cls, tensors: dict[str, Tensor]) -> "Segmenter":
        """Build the network that these weights fit.

        Raises:
            KeyError: They are of another network.
        """
        stem = tensors["stem.weight"]
        widths = [stem.shape[0]]
        while f"shrink.{len(widths) - 1}.weight" in tensors:
            widths.append(tensors[f"shrink.{len(widths) - 1}.weight"].shape[0])
        return cls(stem.shape[1] // FOLD**2, tuple(widths))

    @property
    def multiple(self) -> int:
        """Both sides of the input must be a multiple of this many pixels."""
        return FOLD * 2 ** (len(self.widths) - 1)

    def forward(self, seen: Float[Tensor, "n c y x"]) -> Float[Tensor, "n 1 y x"]:
        """Return log-odds of tumour.

        Args:
            seen: Channels of slices.
        """
        return functional.pixel_shuffle(self.out(self._levels(seen)[0]), FOLD)

    def at_every_size(
        self, seen: Float[Tensor, "n c y x"]
    ) -> tuple[Float[Tensor, "n 1 h w"], ...]:
        """Return log-odds at full size and at quarter, eighth: for training.

        Args:
            seen: Channels of slices.
        """
        levels = self._levels(seen)
        full = functional.pixel_shuffle(self.out(levels[0]), FOLD)
        pairs = zip(self.coarse_out, levels[1:], strict=True)
        return (full, *(out(level) for out, level in pairs))

    def _levels(self, seen: Float[Tensor, "n c y x"]) -> list[Tensor]:
        """Return what each level on the way up knows, finest first."""
        folded = functional.pixel_unshuffle(seen, FOLD)
        x = functional.relu(self.stem_norm(self.stem(folded)))
        kept = []
        for block, shrink in zip(self.down[:-1], self.shrink, strict=True):
            x = block(x)
            kept.append(x)
            x = shrink(x)
        x = self.down[-1](x)
        levels = []
        steps = zip(self.grow, self.up, kept, strict=True)
        for grow, block, skip in reversed(list(steps)):
            x = block(grow(x) + skip)
            levels.append(x)
        return levels[::-1]


class Segmenters(nn.Module):
    """Several segmenters that were trained apart: the mean of what they say.

    Args:
        members: Networks that see the same channels.

    Source:
        Lakshminarayanan et al. 2017, NeurIPS (deep ensembles).
    """

    def __init__(self, members: Sequence[Segmenter]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, seen: Float[Tensor, "n c y x"]) -> Float[Tensor, "n 1 y x"]:
        """Return the probability of tumour.

        Args:
            seen: Channels of slices.
        """
        chances = [member(seen).sigmoid() for member in self.members]
        return torch.stack(chances).mean(0)
