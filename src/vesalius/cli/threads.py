"""Threads: how many a command may use, said before torch is loaded."""

import os


def use_threads(count: int | None) -> int:
    """Set how many threads the arithmetic uses.

    Args:
        count: As asked for; by default OMP_NUM_THREADS, else one a processor.

    Returns:
        The number in use.
    """
    number = count or _asked_for() or len(os.sched_getaffinity(0))
    # Read by OpenMP and OpenBLAS when they are loaded: numpy, scipy and torch follow.
    os.environ["OMP_NUM_THREADS"] = str(number)
    import torch

    torch.set_num_threads(number)
    return number


def _asked_for() -> int | None:
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(said) if said.isdecimal() and int(said) > 0 else None
