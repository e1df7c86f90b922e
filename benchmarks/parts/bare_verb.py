"""Bare verb: the seconds of a verb alone, without start, reading and report.

Run as a script it measures one verb on one scan and writes one line of JSON.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOM = Path(__file__).parents[1]


def bare(verb: str, scan: Path, said: dict[str, Any], threads: int) -> dict[str, float]:
    """Measure a verb in a fresh process.

    Args:
        verb: "translate", "segment" or "detect".
        scan: A file or a folder.
        said: What the file does not say: modality, contrast.
        threads: Of the processor.

    Returns:
        "read_s", "first_s", the verb with the model's opening, and "verb_s", the verb
        on a scan that comes after it.

    Raises:
        SystemExit: The process failed.
    """
    words = [sys.executable, __file__, verb, str(scan), json.dumps(said)]
    done = subprocess.run(words, env=on(threads), capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        raise SystemExit(f"{verb} alone failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def on(threads: int) -> dict[str, str]:
    """Return an environment in which no thread spins and so many work."""
    limits = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    return {**os.environ, **limits}


def _measured(verb: str, scan: str, said: dict[str, Any]) -> dict[str, float]:
    from vesalius import tasks
    from vesalius.io import read

    run = getattr(tasks, verb)
    marks = [time.perf_counter()]
    opened = read(Path(scan), **said)
    marks.append(time.perf_counter())
    for _ in range(2):
        run(opened)
        marks.append(time.perf_counter())
    spans = [round(b - a, 2) for a, b in itertools.pairwise(marks)]
    return dict(zip(("read_s", "first_s", "verb_s"), spans, strict=True))


if __name__ == "__main__":
    sys.path[0] = str(ROOM)  # not this folder: its names would hide others
    found = _measured(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
    sys.stdout.write(json.dumps(found) + "\n")
