"""Translator: a residual U-Net that turns slices of one modality into another's."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

GROUPS = 8
HEADS = 4  # of the attention at the bottom
DILATIONS = (1, 2, 4)  # at the bottom: a sixteenth of the size, so all of a head
OUTPUTS = 3  # the picture, and how far its 5th and 95th percentile lie from it


class NormedStep(nn.Module):
    """Two convolutions after normalisation, added to what came in.

    Args:
        width: Channels.
        dilation: Pixels between the points of the first convolution.
    """

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first_norm = nn.GroupNorm(GROUPS, width)
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second_norm = nn.GroupNorm(GROUPS, width)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Float[Tensor, "n c y x"]) -> Float[Tensor, "n c y x"]:
        """Return x + second(silu(norm(first(silu(norm(x))))))."""
        there = not torch.is_grad_enabled()  # a fifth of the time is new memory
        inner = self.first(functional.silu(self.first_norm(x), inplace=there)).float()
        return x + self.second(functional.silu(self.second_norm(inner), inplace=there))


class Attention(nn.Module):
    """Self-attention over all pixels of a small picture, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width)
        self.asked = nn.Conv2d(width, 3 * width, 1)
        self.told = nn.Conv2d(width, width, 1)

    def forward(self, x: Float[Tensor, "n c y x"]) -> Float[Tensor, "n c y x"]:
        """Return x + told(attention(norm(x)))."""
        n, c, h, w = x.shape
        parts = self.asked(self.norm(x)).reshape(n, 3, HEADS, c // HEADS, h * w)
        query, key, value = parts.transpose(3, 4).unbind(1)
        seen = functional.scaled_dot_product_attention(query, key, value)
        return x + self.told(seen.transpose(2, 3).reshape(n, c, h, w))


class Translator(nn.Module):
    """Say what a slice would look like in another modality, and how unsure that is.

    Args:
        channels: What is seen of a slice.
        widths: Channels at full, half, quarter size; one number a level.

    Source:
        Ronneberger et al. 2015, MICCAI (U-Net). doi:10.1007/978-3-319-24574-4_28
    """

    def __init__(
        self, channels: int, widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    ) -> None:
        super().__init__()
        self.channels, self.widths = channels, widths
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(NormedStep(width) for width in widths[:-1])
        self.shrink = nn.ModuleList(
            nn.Conv2d(wide, narrow, 3, stride=2, padding=1)
            for wide, narrow in itertools.pairwise(widths)
        )
        bottom = widths[-1]
        self.middle = nn.Sequential(
            *(NormedStep(bottom, dilation) for dilation in DILATIONS),
            Attention(bottom),
            NormedStep(bottom),
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(narrow, wide, 1) for wide, narrow in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(NormedStep(width) for width in widths[:-1])
        self.out = nn.Conv2d(widths[0], 1, 3, padding=1)
        self.doubt = nn.Sequential(
            nn.Conv2d(widths[0], widths[0], 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(widths[0], OUTPUTS - 1, 3, padding=1),
        )

    @classmethod
    def shaped_like(cls, tensors: dict[str, Tensor]) -> "Translator":
        """Build the network that these weights fit.

        Raises:
            KeyError: They are of another network.
        """
        stem = tensors["stem.weight"]
        widths = [stem.shape[0]]
        while f"shrink.{len(widths) - 1}.weight" in tensors:
            widths.append(tensors[f"shrink.{len(widths) - 1}.weight"].shape[0])
        return cls(stem.shape[1], tuple(widths))

    @property
    def multiple(self) -> int:
        """Both sides of the input must be a multiple of this many pixels."""
        return int(2 ** (len(self.widths) - 1))

    def forward(self, seen: Float[Tensor, "n c y x"]) -> Float[Tensor, "n 3 y x"]:
        """Return the picture, and the widths below and above it.

        Args:
            seen: Channels of slices.

        Returns:
            Channel 0 the estimate in the network's units; 1 and 2, not negative,
            how far the 5th and the 95th percentile lie below and above it. They see
            the features but do not shape them.
        """
        features = self.features(seen)
        with torch.autocast(seen.device.type, enabled=False):  # 16 bits are too coarse
            widths = functional.softplus(self.doubt(features.detach()))
            return torch.cat([self.out(functional.silu(features)), widths], dim=1)

    def features(self, seen: Float[Tensor, "n c y x"]) -> Float[Tensor, "n w y x"]:
        """Return what the last level knows, at full size."""
        x = self.stem(seen).float()
        kept = []
        for step, shrink in zip(self.down, self.shrink, strict=True):
            x = step(x)
            kept.append(x)
            x = shrink(x).float()
        x = self.middle(x)
        levels = zip(self.grow, self.up, kept, strict=True)
        for grow, step, skip in reversed(list(levels)):
            larger = functional.interpolate(
                grow(x), scale_factor=2.0, mode="bilinear", align_corners=False
            )
            x = step(larger + skip)
        return x
