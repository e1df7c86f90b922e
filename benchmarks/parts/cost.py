"""Cost: seconds a slice and peak memory, each method alone in a process of its own.

Run as a script it measures one method and writes one line of JSON.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

THREADS = 2
SLICES, FEW = 12, 3  # of 256 x 256 pixels; few for the slow
SIDE, LEVEL = 256, 0.05
ROOM = Path(__file__).parents[1]


def cost_of(method: str, checkpoint: Path | None = None) -> dict[str, float]:
    """Measure one method in a fresh process with two threads.

    Args:
        method: A peer's name, or "ours".
        checkpoint: In place of the shipped weights.

    Returns:
        "seconds" by the clock and "processor_seconds" for one 256 x 256 slice, after
        a first slice that is not counted; "peak_mb", the largest resident memory of
        the process, Python and libraries included.
    """
    words = [sys.executable, __file__, method]
    words += [str(checkpoint)] if checkpoint else []
    # Spinning threads would count time on a busy machine that is nobody's work.
    threads = {name: str(THREADS) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
    where = {**os.environ, **threads, "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(words, env=where, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _scan(slices: int):
    import numpy as np

    from vesalius.physics.noise import rician
    from vesalius.physics.phantom import head

    truth = head(shape=(SIDE, SIDE, slices), seed=0).truth
    sigma = LEVEL * float(truth.voxels.max())
    noisy = rician(truth.voxels, sigma, np.random.default_rng(0))
    return truth.with_voxels(noisy), sigma


def _ours(checkpoint: Path | None) -> tuple[Callable[[], object], int]:
    from parts.ours import from_checkpoint, in_the_box

    denoiser = from_checkpoint(checkpoint, "MR") if checkpoint else in_the_box
    scan, _ = _scan(SLICES)
    first, _ = _scan(1)
    denoiser(first)
    return lambda: denoiser(scan), SLICES


def _peer(name: str) -> tuple[Callable[[], object], int]:
    from parts.peers import MR_PEERS, Noise, bm3d

    peer = next(peer for peer in MR_PEERS if peer.name == name)
    clean = partial(bm3d, threads=THREADS) if peer.slow else peer.clean
    count = FEW if peer.slow else SLICES
    scan, sigma = _scan(count)
    span = float(scan.voxels.max())
    noise = Noise(sigma / span)
    slices = [scan.voxels[:, :, k] / span for k in range(count)]
    clean(slices[0][:64, :64], noise, 1.0)
    return lambda: [clean(one, noise, 1.0) for one in slices], count


def _measured(work: Callable[[], object], slices: int) -> dict[str, float]:
    begun, used = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": round(wall / slices, 4),
        "processor_seconds": round(cpu / slices, 4),
        "peak_mb": round(peak_kb / 1000),
    }


if __name__ == "__main__":
    sys.path[0] = str(ROOM)  # not this folder: its names would hide others
    from parts.ours import OURS

    given = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    task = _ours(given) if sys.argv[1] == OURS else _peer(sys.argv[1])
    sys.stdout.write(json.dumps(_measured(*task)) + "\n")
