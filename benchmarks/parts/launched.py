"""Launched: run a command from a small process; say what it took, as JSON.

Linux counts the memory of the process that starts another into the other's peak, so a
benchmark that holds a scan must not start what it measures.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any


def launched(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a command; say how long it took and the most memory it held.

    Args:
        command: As at a prompt.
        environment: Of the command.

    Returns:
        "code", "total_s" by the clock, "processor_s", "peak_mb" of resident memory,
        libraries in it.
    """
    words = [sys.executable, "-I", "-S", __file__, *command]
    done = subprocess.run(words, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def _measured(command: Sequence[str]) -> dict[str, Any]:
    begun = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet)
    _, status, used = os.wait4(process.pid, 0)  # of this one process, and no other
    total = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "code": process.returncode,
        "total_s": round(total, 2),
        "processor_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1000),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured(sys.argv[1:])) + "\n")
