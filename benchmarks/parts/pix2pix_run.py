"""pix2pix, run: trained on our pairs by the clock, and asked, either way."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from parts.pix2pix import BETAS, RATE, SIDE, Patches70, Unet256, losses
from vesalius.anatomy.head_slice import Place
from vesalius.evaluate.pairs import HIGHEST_HU, LOWEST_HU
from vesalius.nets import Translator
from vesalius.tasks.ways import BRIGHTEST_AU, CT_TO_MR, MR_TO_CT, Way
from vesalius.train.loop import Source
from vesalius.train.precision import faster_precision

# From -1 to 1 of the losses, in the picture's units.
RANGES = {MR_TO_CT.to: (LOWEST_HU, HIGHEST_HU), CT_TO_MR.to: (0.0, BRIGHTEST_AU)}
INSIDE = 0.5  # a pixel's weight in the outline is above it
KEEP_S = 300.0  # between two checkpoints
HOLD = 0.5  # share of the time after which the rate falls

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Told = Callable[[str], None]


class AsPicture(nn.Module):
    """Our network as pix2pix's generator: its picture alone, from -1 to 1.

    Args:
        net: A translator.
        way: Which way it translates.
    """

    def __init__(self, net: Translator, way: Way) -> None:
        super().__init__()
        self.net, self.unit = net, way.unit / _half(way)

    def forward(self, seen: Tensor) -> Tensor:
        """Return the picture."""
        return self.net(seen)[:, :1] * self.unit - 1


@dataclass(frozen=True)
class Plan:
    """A training.

    Attributes:
        minutes: On the clock, over all runs.
        device: "cpu" or "cuda".
        batch: Crops a step; 1 in the paper.
        seed: Of everything drawn.
    """

    minutes: float
    device: str = "cpu"
    batch: int = 1
    seed: int = 1


def generator(ours: bool, widths: tuple[int, ...], way: Way) -> nn.Module:
    """Build the paper's U-Net, or our network in its place.

    Args:
        ours: Whether it is our network.
        widths: Of ours.
        way: Which way it translates.
    """
    if ours:
        return AsPicture(Translator(way.channels, widths), way)
    return Unet256(way.channels)


def train(
    net: nn.Module, source: Source, plan: Plan, file: Path, told: Told, way: Way
) -> tuple[int, float]:
    """Train against a discriminator until the minutes are over.

    Both see what ours sees, drawn and altered as for ours; the truth is empty outside
    the head's outline.

    Args:
        net: The generator; trained in place.
        source: Of pairs.
        plan: How long, and where.
        file: The checkpoint; gone on with if it is there.
        told: Hears how far it is.
        way: Which way the network translates.

    Returns:
        Steps done, and minutes that a processor worked, over all runs: on a busy
        machine they are fewer than the clock's.
    """
    torch.manual_seed(plan.seed)
    judge = Patches70(way.channels)
    both = nn.ModuleDict({"net": net, "judge": judge}).to(plan.device).train()
    both.to(memory_format=torch.channels_last)
    rates = [torch.optim.Adam(m.parameters(), RATE, BETAS) for m in (net, judge)]
    step, before, worked = _gone_on(both, rates, file)
    begun = kept = time.perf_counter()
    worked -= time.process_time()
    while (spent := before + time.perf_counter() - begun) < 60 * plan.minutes:
        share = spent / (60 * plan.minutes)
        for optimiser in rates:
            optimiser.param_groups[0]["lr"] = RATE * min(1, (1 - share) / (1 - HOLD))
        seen, wanted = _drawn(source, plan, step, way)
        torch.manual_seed(plan.seed + (step << 20))
        error = _stepped(net, judge, rates, seen, wanted)
        step += 1
        told(f"step {step}, {spent / 60:.1f} of {plan.minutes:g} min, L1 {error:.4f}")
        if time.perf_counter() - kept > KEEP_S:
            kept = time.perf_counter()
            spans = (before + kept - begun, worked + time.process_time())
            _keep(both, rates, file, step, spans)
    spans = (before + time.perf_counter() - begun, worked + time.process_time())
    _keep(both, rates, file, step, spans)
    return step, spans[1] / 60


def asked(
    net: nn.Module, slice_: Plane, plane: str, way: Way, device: str = "cpu"
) -> Plane:
    """Ask the paper's U-Net for a slice: the 256 pixels around the head.

    Normalised by the slice's own statistics, as in the paper; without dropout, whose
    noise would only cost it.

    Args:
        net: `Unet256`, trained.
        slice_: Of a head of at most 256 pixels.
        plane: How it lies.
        way: Which way the network translates.
        device: Where the network lies.

    Returns:
        The picture in its units; empty beyond the 256 pixels.
    """
    outline = way.outlined(slice_)
    seen = way.seen(slice_, outline, Place(plane), way.bright([slice_], [outline]))
    rows, columns = _window(outline, 0), _window(outline, 1)
    padded = np.pad(seen, ((0, 0), (SIDE, SIDE), (SIDE, SIDE)))
    box = np.s_[rows + SIDE : rows + 2 * SIDE, columns + SIDE : columns + 2 * SIDE]
    part = padded[:, *box].copy()
    net.train()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.eval()
    with torch.no_grad():
        made = net(torch.from_numpy(part)[None].to(device))[0, 0].cpu().numpy()
    lowest, _ = RANGES[way.to]
    height, width = slice_.shape
    whole = np.full((height + 2 * SIDE, width + 2 * SIDE), lowest)
    whole[box] = (made + 1) * _half(way) + lowest
    return whole[SIDE:-SIDE, SIDE:-SIDE].astype(np.float32)


def _half(way: Way) -> float:
    """Return one unit of the losses in the picture's units."""
    lowest, highest = RANGES[way.to]
    return (highest - lowest) / 2


def _window(outline: Mask, axis: int) -> int:
    """Return where 256 pixels around the outline's middle begin; before 0 too."""
    held = np.flatnonzero(outline.any(axis=1 - axis))
    first, last = (held[0], held[-1]) if held.size else (0, outline.shape[axis] - 1)
    return int(first + last + 1) // 2 - SIDE // 2


def _drawn(source: Source, plan: Plan, step: int, way: Way) -> tuple[Tensor, Tensor]:
    batch = source.draw(plan.batch, SIDE, np.random.default_rng([plan.seed, step]))
    inside = np.where(batch.weight > INSIDE, batch.wanted, 0)
    wanted = np.clip(inside * (way.unit / _half(way)) - 1, -1, 1).astype(np.float32)
    shown, truth = (torch.from_numpy(part) for part in (batch.seen, wanted))
    return shown.to(plan.device), truth.to(plan.device)


def _stepped(
    net: nn.Module,
    judge: nn.Module,
    rates: list[torch.optim.Adam],
    seen: Tensor,
    wanted: Tensor,
) -> float:
    """Take one step of either; what the judge gets of the generator's loss is lost."""
    kind = faster_precision()  # as in our own training
    with torch.autocast(seen.device.type, kind, enabled=kind is torch.bfloat16):
        made = net(seen)
        own, caught = losses(seen, wanted, made, judge)
    rates[0].zero_grad()
    own.backward()
    rates[1].zero_grad()
    caught.backward()
    for optimiser in rates:
        optimiser.step()
    return float((made.detach() - wanted).abs().mean())


def _keep(
    both: nn.Module,
    rates: list[torch.optim.Adam],
    file: Path,
    step: int,
    spans: tuple[float, float],
) -> None:
    tensors = {f"nets/{k}": t for k, t in both.state_dict().items()}
    for number, optimiser in enumerate(rates):
        for n, memory in optimiser.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{n}/{k}": t for k, t in memory.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    told = json.dumps({"step": step, "seconds": spans[0], "worked": spans[1]})
    whole = {
        name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()
    }
    save_file(whole, draft, metadata={"training": told})
    draft.replace(file)


def _gone_on(
    both: nn.Module, rates: list[torch.optim.Adam], file: Path
) -> tuple[int, float, float]:
    """Go on from a checkpoint: its steps, seconds by the clock and of a processor."""
    if not file.exists():
        return 0, 0.0, 0.0
    tensors = load_file(file)
    nets = {k[5:]: t for k, t in tensors.items() if k.startswith("nets/")}
    both.load_state_dict(nets)
    for number, optimiser in enumerate(rates):
        state = optimiser.state_dict()
        for name, tensor in tensors.items():
            kind, *rest = name.split("/")
            if kind == "adam" and rest[0] == str(number):
                state["state"].setdefault(int(rest[1]), {})[rest[2]] = tensor
        optimiser.load_state_dict(state)
    with safe_open(file, "pt") as opened:
        told = json.loads(opened.metadata()["training"])
    return int(told["step"]), float(told["seconds"]), float(told["worked"])
