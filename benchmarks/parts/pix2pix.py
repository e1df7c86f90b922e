"""pix2pix: the published paired translator, as a peer trained as long as ours.

U-Net of eight halvings on 256 pixels, a discriminator of 70-pixel patches, L1 weight
100, Adam 2e-4, batch 1, as in the paper; the learning rate falls over the second half.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

SIDE = 256
L1_WEIGHT = 100.0
RATE, BETAS = 2e-4, (0.5, 0.999)
WIDTHS = (64, 128, 256, 512, 512, 512, 512, 512)
DROPPED = 3  # of the innermost steps up, dropout stays on while training


class Unet256(nn.Module):
    """The generator.

    Args:
        channels: What is seen of a slice.
        width: Channels of the first level; 64 in the paper.

    Source:
        Isola et al. 2017, CVPR. doi:10.1109/CVPR.2017.632
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        widths = [w * width // WIDTHS[0] for w in WIDTHS]
        ways = [channels, *widths]
        last = len(widths) - 1
        self.down = nn.ModuleList(
            _down(ways[n], ways[n + 1], first=n == 0, last=n == last)
            for n in range(len(widths))
        )
        self.up = nn.ModuleList(
            _up(
                widths[n] * (1 if n == last else 2),
                widths[n - 1],
                dropped=last - DROPPED < n < last,
            )
            for n in range(last, 0, -1)
        )
        self.out = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], 1, 4, 2, 1), nn.Tanh()
        )

    def forward(self, seen: Float[Tensor, "n c y x"]) -> Float[Tensor, "n 1 y x"]:
        """Return the picture, from -1 to 1.

        Args:
            seen: 256 pixels a side.
        """
        kept = []
        x = seen
        for step in self.down:
            x = step(x)
            kept.append(x)
        x = kept.pop()
        for step in self.up:
            x = torch.cat([step(x), kept.pop()], dim=1)
        with torch.autocast(seen.device.type, enabled=False):  # 16 bits: steps of 8 HU
            return self.out(x.float())


class Patches70(nn.Module):
    """The discriminator: scores overlapping patches of 70 pixels.

    Args:
        channels: What is seen of a slice.
        width: Channels of the first layer; 64 in the paper.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        ways = [width, 2 * width, 4 * width, 8 * width]
        layers = [nn.Conv2d(channels + 1, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for n in range(3):
            stride = 2 if n < 2 else 1
            layers += [
                nn.Conv2d(ways[n], ways[n + 1], 4, stride, 1, bias=False),
                nn.BatchNorm2d(ways[n + 1]),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(ways[-1], 1, 4, 1, 1))

    def forward(self, seen: Tensor, picture: Tensor) -> Tensor:
        """Return a score a patch.

        Args:
            seen: What the generator saw.
            picture: The true one or the generator's.
        """
        return self.layers(torch.cat([seen, picture], dim=1))


def losses(
    seen: Tensor, wanted: Tensor, made: Tensor, judge: nn.Module
) -> tuple[Tensor, Tensor]:
    """Return the generator's loss and the discriminator's, as the paper has them.

    Args:
        seen: What the generator saw.
        wanted: The true picture, from -1 to 1.
        made: The generator's.
        judge: The discriminator.
    """
    passed = judge(seen, made)
    fooled = functional.binary_cross_entropy_with_logits(
        passed, torch.ones_like(passed)
    )
    own = fooled + L1_WEIGHT * functional.l1_loss(made, wanted)
    real, fake = judge(seen, wanted), judge(seen, made.detach())
    caught = 0.5 * (
        functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
        + functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    )
    return own, caught


def _down(narrow: int, wide: int, *, first: bool, last: bool) -> nn.Sequential:
    layers: list[nn.Module] = [] if first else [nn.LeakyReLU(0.2)]
    layers.append(nn.Conv2d(narrow, wide, 4, 2, 1, bias=first or last))
    if not first and not last:
        layers.append(nn.BatchNorm2d(wide))
    return nn.Sequential(*layers)


def _up(wide: int, narrow: int, *, dropped: bool) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ReLU(),
        nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False),
        nn.BatchNorm2d(narrow),
    ]
    if dropped:
        layers.append(nn.Dropout(0.5))
    return nn.Sequential(*layers)
