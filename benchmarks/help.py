"""Claim: `vesalius --help` answers in under 0.4 s on an idle machine.

Wall-clock time of the whole process, files warm. The result says how busy the machine
was (a busy one proves nothing) and how long a processor worked, which it moves less.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from parts.machine import described
from parts.written import write_results

RUNS = 15
LIMIT_S = 0.4
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Time the command and write the result as JSON; 1 where it takes too long."""
    command = [str(Path(sys.executable).with_name("vesalius")), "--help"]
    _timed(command)  # the first may find its files cold
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = [_timed(command) for _ in range(RUNS)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    result = {
        "claim": __doc__.splitlines()[0],
        "machine": described(),
        "runs": RUNS,
        "median_s": round(median(seconds), 3),
        "slowest_s": round(max(seconds), 3),
        "processor_s": round(worked / RUNS, 3),
        "limit_s": LIMIT_S,
    }
    write_results(RESULTS, "help", result)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return int(result["median_s"] > LIMIT_S)


def _timed(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
