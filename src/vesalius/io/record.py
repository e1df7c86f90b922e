"""Record: what `result.json` says, for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from vesalius.card import Card
from vesalius.result import Result
from vesalius.volume import Volume

USE = "research only, not for diagnosis"


def recorded(
    result: Result,
    scan: Volume | None,
    files: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """Write the record of a result as JSON that every parser takes.

    Args:
        result: What a task returned.
        scan: What it was given; None where the caller no longer has it.
        files: Names of what was written, relative to the record's folder, the
            record's own among them: what `--overwrite` may replace.
        notes: What writing found worth telling, no patient text.

    Returns:
        The text, in UTF-8's letters, ending with a line break. A number that is
        none (NaN, infinity) is null.
    """
    provenance = asdict(result.provenance)
    provenance["options"] = dict(result.provenance.options)
    input_scan = scan if scan is not None else result.picture
    record = {
        "ai_output": True,
        "use": USE,
        "verdict": asdict(result.verdict),
        "checks": [asdict(check) for check in result.checks],
        "measures": [asdict(measure) for measure in result.measures],
        "tables": [asdict(table) for table in result.tables],
        "findings": [asdict(finding) for finding in result.findings],
        "input": None if input_scan is None else _facts(input_scan),
        "card": None if result.card is None else _card(result.card),
        "provenance": provenance,
        "notes": list(notes),
        "files": sorted(files),
    }
    text = json.dumps(
        _plain(record), indent=2, ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "replace")
    return text.decode("utf-8") + "\n"


def _facts(scan: Volume) -> dict[str, object]:
    return {
        "shape": scan.voxels.shape,
        "spacing_mm": scan.spacing_mm,
        "modality": scan.modality,
        "contrast": scan.contrast,
        "units": scan.units,
        "sides_known": scan.sides_known,
        "notes": scan.notes,
    }


def _card(card: Card) -> dict[str, object]:
    return {
        "name": card.name,
        "task": card.task,
        "summary": card.summary,
        "licence": card.licence,
        "limits": card.limits,
        "weights_sha256": card.weights_sha256,
    }


def _plain(value: object) -> object:
    """Turn tuples to lists, NumPy's numbers to Python's, and what is none to null."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, int):
        return int(value)
    number = float(str(value)) if not isinstance(value, float) else float(value)
    return number if math.isfinite(number) else None
