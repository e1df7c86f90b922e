"""Machine: where numbers were measured, without a name that leads to a person."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("torch", "numpy", "scipy", "scikit-image", "bm3d", "bm4d")
CPU_FACTS = Path("/proc/cpuinfo")


def described() -> dict[str, object]:
    """Return the processor, its threads, the load, and the libraries' versions."""
    return {
        "processor": _processor(),
        "threads": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 1),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        ),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": versions_of(LIBRARIES),
    }


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of those libraries that are installed."""
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    if CPU_FACTS.exists():
        for line in CPU_FACTS.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
