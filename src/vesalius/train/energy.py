"""Energy: what a training cost, from a meter where there is one, else estimated."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from vesalius.result import Energy

# A busy server core with its share of memory; Lannelongue et al. 2021, Advanced
# Science 8:2100707, lists 6 to 15 W a core.
WATTS_A_CORE = 12.0
COUNTRY = "DEU"  # CodeCarbon wants one; only its carbon figure, not used, depends on it
JOULES_A_KWH = 3.6e6
METER = Path("/sys/class/powercap/intel-rapl:0/energy_uj")  # CodeCarbon reads it


def start_meter(threads: int) -> Callable[[], Energy]:
    """Begin to count, and return the function that says what was used since.

    Args:
        threads: Threads that compute, for the estimate.

    Returns:
        A function that gives the energy since the last time it was asked; from
        CodeCarbon where it is installed ("measured" where the processor has a
        meter it can read), else estimated at 12 W a thread.
    """
    tracker = _tracker()
    return _estimate(threads) if tracker is None else _meter(tracker)


def _estimate(threads: int) -> Callable[[], Energy]:
    asked = [perf_counter()]

    def read_meter() -> Energy:
        asked.append(perf_counter())
        return Energy(WATTS_A_CORE * threads * (asked[-1] - asked[-2]), "estimated")

    return read_meter


def _meter(tracker: Any) -> Callable[[], Energy]:
    turns = count()
    tracker.start_task(f"{next(turns)}")

    def read_meter() -> Energy:
        used = tracker.stop_task()
        tracker.start_task(f"{next(turns)}")
        joules = float(used.energy_consumed) * JOULES_A_KWH
        return Energy(joules, "measured" if METER.exists() else "estimated")

    return read_meter


def _tracker() -> Any:
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        return None
    return OfflineEmissionsTracker(
        country_iso_code=COUNTRY, output_methods=[], log_level="error"
    )
