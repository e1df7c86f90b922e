"""Precision: whether this processor trains faster in 16 bits, measured, not assumed."""

import platform
from functools import cache
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

WORTH_IT = 1.2  # below this gain the simpler arithmetic wins
ROUNDS = 3


@cache
def faster_precision() -> torch.dtype:
    """Time one convolution forwards and backwards in both precisions, once a process.

    Returns:
        `torch.bfloat16` where it is at least 1.2 times as fast, else `torch.float32`:
        without avx512_bf16 or AMX it is 2.5 times slower, whatever the flags say.
    """
    full, half = (min(_seconds(dtype) for _ in range(ROUNDS)) for dtype in _KINDS)
    return torch.bfloat16 if full > WORTH_IT * half else torch.float32


def machine() -> str:
    """Name the processor and the threads that compute, for a card."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} thread(s)"


_KINDS = (torch.float32, torch.bfloat16)


def _seconds(dtype: torch.dtype) -> float:
    net = nn.Conv2d(32, 32, 3, padding=1, bias=False)
    x = torch.ones(2, 32, 64, 64)
    start = perf_counter()
    half = torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16)
    with torch.enable_grad(), half:
        net(x).square().mean().backward()
    return perf_counter() - start
