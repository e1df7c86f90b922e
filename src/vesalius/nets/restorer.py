"""Restorer: a residual U-Net that takes noise out of three neighbouring slices."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

NEIGHBOURS = 1  # slices seen on either side of the one that is restored
INPUTS = 2 * NEIGHBOURS + 2  # the slices, and the map of the noise's SD
FOLD = 2  # pixels folded into channels along x and y: most work at half size
LEAST_NOISE = 1e-6  # a clean picture leaves no doubt, and divides nothing by zero
HEADS = 3  # the picture, and how far its 5th and 95th percentile lie from it


class Block(nn.Module):
    """Two convolutions around a rectifier, added to what came in; no bias.

    Without bias and normalisation the block is homogeneous: f(a x) = a f(x).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Float[Tensor, "n c y x"]) -> Float[Tensor, "n c y x"]:
        """Return x + second(relu(first(x)))."""
        return x + self.second(functional.relu(self.first(x)))


class Restorer(nn.Module):
    """Estimate a clean slice, and how unsure the estimate is.

    A U-Net of residual blocks on pixels folded two by two into channels. It has no
    bias and no normalisation, so that scaling the input scales the output: the
    intensity scale of a scan, arbitrary in MR, cannot matter, and it generalises
    over noise levels.

    How unsure it is, a head of three convolutions says in SD of the noise. It sees
    the features but does not shape them, so the picture is as good as without it. A
    single bias-free convolution in its place was worse than one width for all.

    Args:
        widths: Channels at half, quarter, eighth size; one number a level.
        depth: Residual blocks a level on the way down, and on the way up.

    Source:
        Mohan et al. 2020, ICLR, bias-free denoisers; Zhang et al. 2018, IEEE TIP
        27(9):4608-4622, folded pixels and the noise map (FFDNet).
        doi:10.1109/TIP.2018.2839891
    """

    def __init__(self, widths: tuple[int, ...] = (48, 96, 160), depth: int = 2) -> None:
        super().__init__()
        self.widths, self.depth = widths, depth
        folded = FOLD * FOLD
        self.stem = nn.Conv2d(INPUTS * folded, widths[0], 3, padding=1, bias=False)
        self.down = nn.ModuleList(_blocks(width, depth) for width in widths)
        self.shrink = nn.ModuleList(
            nn.Conv2d(wide, narrow, 2, stride=2, bias=False)
            for wide, narrow in itertools.pairwise(widths)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(narrow, wide, 2, stride=2, bias=False)
            for wide, narrow in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(_blocks(width, depth) for width in widths[:-1])
        self.mean = nn.Conv2d(widths[0], folded, 3, padding=1, bias=False)
        self.doubt = _doubt(widths[0], 2 * folded)
        nn.init.zeros_(self.mean.weight)  # starts as the identity on the scan

    @classmethod
    def shaped_like(cls, tensors: dict[str, Tensor]) -> "Restorer":
        """Build the network that these weights fit.

        Raises:
            KeyError: They are of another network.
        """
        widths = [tensors["stem.weight"].shape[0]]
        while f"shrink.{len(widths) - 1}.weight" in tensors:
            widths.append(tensors[f"shrink.{len(widths) - 1}.weight"].shape[0])
        inner = [name for name in tensors if name.startswith("down.0.")]
        return cls(tuple(widths), depth=len(inner) // 2)

    @property
    def multiple(self) -> int:
        """Both sides of the input must be a multiple of this many pixels."""
        return FOLD * 2 ** (len(self.widths) - 1)

    def forward(
        self,
        slices: Float[Tensor, "n 3 y x"],
        noise: Float[Tensor, "n 1 y x"],
    ) -> Float[Tensor, "n 3 y x"]:
        """Return the clean middle slice, and the widths below and above it.

        Args:
            slices: The slice in the middle of its neighbours, in the scan's units.
            noise: SD of the noise in the same units.

        Returns:
            Channel 0 the estimate, in the scan's units; 1 and 2, not negative, how
            far the 5th and the 95th percentile lie below and above it.
        """
        features = self.features(slices, noise)
        change = functional.pixel_shuffle(self.mean(features), FOLD)
        middle = slices[:, NEIGHBOURS : NEIGHBOURS + 1]
        widths = self._widths(features.detach(), noise)
        return torch.cat([middle + change, widths], dim=1)

    def _widths(
        self, features: Float[Tensor, "n c h w"], noise: Float[Tensor, "n 1 y x"]
    ) -> Float[Tensor, "n 2 y x"]:
        """Say how unsure, in SD of the noise: scaling the scan scales the widths."""
        unit = noise.clamp_min(LEAST_NOISE)
        seen = torch.asinh(features / functional.avg_pool2d(unit, FOLD))
        steps = functional.softplus(self.doubt(seen))
        return unit * functional.pixel_shuffle(steps, FOLD)

    def features(
        self,
        slices: Float[Tensor, "n s y x"],
        noise: Float[Tensor, "n 1 y x"],
    ) -> Float[Tensor, "n c h w"]:
        """Return what the last level knows, at half size."""
        x = self.stem(functional.pixel_unshuffle(torch.cat([slices, noise], 1), FOLD))
        kept = []
        for blocks, shrink in zip(self.down[:-1], self.shrink, strict=True):
            x = blocks(x)
            kept.append(x)
            x = shrink(x)
        x = self.down[-1](x)
        steps = zip(self.grow, self.up, kept, strict=True)
        for grow, blocks, skip in reversed(list(steps)):
            x = blocks(grow(x) + skip)
        return x


def _blocks(width: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(depth)))


def _doubt(width: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, channels, 3, padding=1),
    )
