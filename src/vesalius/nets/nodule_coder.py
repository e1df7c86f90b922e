"""Nodule coder: reconstructs normal lung, and says from the rest what is a nodule."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

SIDE = 48  # pixels of a patch: four halvings leave three
CODE = 48  # numbers that a patch is said in
GROUPS = 8


class Said(NamedTuple):
    """What the coder says of patches.

    Attributes:
        log_odds: Of a nodule.
        rebuilt: The patch, as the code knows it.
        mean: Of the code.
        log_sd: Of the code.
    """

    log_odds: Tensor
    rebuilt: Tensor
    mean: Tensor
    log_sd: Tensor


class NoduleCoder(nn.Module):
    """A variational autoencoder of lung patches with a classifier on code and error.

    Args:
        widths: Channels at 24, 12, 6 and 3 pixels a side.

    Source:
        Kingma and Welling 2014, ICLR (VAE); Kingma et al. 2014, NeurIPS
        (semi-supervised VAE). arXiv:1312.6114, arXiv:1406.5298
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96, 128)) -> None:
        super().__init__()
        self.widths = widths
        ways = [1, *widths]
        self.down = nn.ModuleList(_halving(a, b) for a, b in itertools.pairwise(ways))
        last = widths[-1] * (SIDE // 2 ** len(widths)) ** 2
        self.coded = nn.Linear(last, 2 * CODE)
        self.opened = nn.Linear(CODE, last)
        back = ways[::-1]
        self.up = nn.ModuleList(_doubling(a, b) for a, b in itertools.pairwise(back))
        self.error = nn.Sequential(_halving(2, 16), _halving(16, 32), _halving(32, 32))
        judged = CODE + widths[-1] + 32
        self.judge = nn.Sequential(
            nn.Linear(judged, 64), nn.SiLU(), nn.Dropout(0.3), nn.Linear(64, 1)
        )

    @classmethod
    def shaped_like(cls, tensors: dict[str, Tensor]) -> "NoduleCoder":
        """Build the network that these weights fit.

        Raises:
            KeyError: They are of another network.
        """
        widths: list[int] = []
        while f"down.{len(widths)}.0.weight" in tensors:
            widths.append(tensors[f"down.{len(widths)}.0.weight"].shape[0])
        if not widths:
            raise KeyError("down.0.0.weight")
        return cls(tuple(widths))

    def forward(
        self,
        patches: Float[Tensor, "n 1 y x"],
        noise: Float[Tensor, "n c"] | None = None,
    ) -> Said:
        """Rebuild patches, and judge them by their code and by what was not rebuilt.

        Args:
            patches: 48 pixels a side, from 0 to 1.
            noise: Standard normal, to draw the code; the mean is taken without.
        """
        x = patches
        for step in self.down:
            x = step(x)
        mean, log_sd = self.coded(x.flatten(1)).chunk(2, dim=1)
        log_sd = log_sd.clamp(-6, 2)
        code = mean if noise is None else mean + log_sd.exp() * noise
        rebuilt = self._rebuilt(code)
        left = (patches - rebuilt).detach()
        error = self.error(torch.cat([left, patches], dim=1)).amax(dim=(2, 3))
        known = torch.cat([mean, x.amax(dim=(2, 3)), error], dim=1)
        return Said(self.judge(known)[:, 0], rebuilt, mean, log_sd)

    def _rebuilt(self, code: Float[Tensor, "n c"]) -> Float[Tensor, "n 1 y x"]:
        side = SIDE // 2 ** len(self.widths)
        x = self.opened(code).unflatten(1, (self.widths[-1], side, side))
        for step in self.up:
            x = step(x)
        return x.sigmoid()


class NoduleCoders(nn.Module):
    """Several coders that were trained apart: the mean of their log-odds.

    Args:
        members: Coders.

    Source:
        Lakshminarayanan et al. 2017, NeurIPS (deep ensembles).
    """

    def __init__(self, members: Sequence[NoduleCoder]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, patches: Float[Tensor, "n 1 y x"]) -> Said:
        """Judge patches by all, rebuild them by the first.

        Args:
            patches: 48 pixels a side, from 0 to 1.
        """
        said = [member(patches) for member in self.members]
        log_odds = torch.stack([one.log_odds for one in said]).mean(0)
        first: Said = said[0]
        return first._replace(log_odds=log_odds)


def _halving(narrow: int, wide: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(narrow, wide, 3, stride=2, padding=1),
        nn.GroupNorm(GROUPS, wide),
        nn.SiLU(),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.GroupNorm(GROUPS, wide),
        nn.SiLU(),
    )


def _doubling(wide: int, narrow: int) -> nn.Sequential:
    grown = nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1)
    if narrow == 1:
        return nn.Sequential(grown)
    return nn.Sequential(grown, nn.GroupNorm(GROUPS, narrow), nn.SiLU())


def centred(patches: Float[Tensor, "n 1 y x"]) -> Float[Tensor, "n 1 48 48"]:
    """Cut or pad patches to 48 pixels a side around their middle.

    Args:
        patches: Larger or smaller ones.
    """
    height, width = patches.shape[2:]
    short = [max(SIDE - width, 0), max(SIDE - height, 0)]
    edges = (short[0] // 2, -(-short[0] // 2), short[1] // 2, -(-short[1] // 2))
    padded = functional.pad(patches, edges, mode="replicate")
    y, x = ((n - SIDE) // 2 for n in padded.shape[2:])
    return padded[:, :, y : y + SIDE, x : x + SIDE]
