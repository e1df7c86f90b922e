"""Commands that look and change nothing: series, doctor."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE, NO_WEIGHTS, UNUSABLE
from vesalius.cli.table import table
from vesalius.cli.terminal import say

if TYPE_CHECKING:
    from vesalius.io import SeriesEntry


def series(path: given.Place, as_json: given.AsJson = False) -> int:
    """List the DICOM series at a place, with the UIDs that --series takes."""
    from vesalius.io import list_series  # late, so that --help is instant

    entries = list_series(path)
    if as_json:
        shown = [asdict(entry) for entry in entries]
        say(json.dumps(shown, indent=2, ensure_ascii=False))
        return DONE
    heads = ("UID", "modality", "description", "slices", "size", "spacing (mm)", "")
    say(table(heads, [_row(entry) for entry in entries]))
    return DONE


def doctor(as_json: given.AsJson = False) -> int:
    """Say what this machine has, and what would fail on it."""
    from vesalius.cli.checkup import examine

    findings = examine()
    if as_json:
        shown = [asdict(finding) for finding in findings]
        say(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        rows = [(f.area, f.name, f.found) for f in findings]
        say(table(("area", "what", "found"), rows))
        faults = [f for f in findings if f.fault]
        for fault in faults:
            say(f"would fail: {fault.name}: {fault.fault}")
        if not faults:
            say("nothing found that would fail")
    areas = {f.area for f in findings if f.fault}
    if "weights" in areas:
        return NO_WEIGHTS
    return UNUSABLE if areas else DONE


def _row(entry: "SeriesEntry") -> tuple[str, ...]:
    spacing = " x ".join(f"{edge:.4g}" for edge in entry.spacing_mm or ())
    return (
        entry.uid,
        entry.modality,
        entry.description,
        f"{entry.slices}",
        f"{entry.columns} x {entry.rows}",
        spacing,
        "" if entry.readable else entry.reason,
    )
