"""Predictions: a table of one row a case, never written over an older one."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from vesalius.errors import OutputError


def refuse_existing(file: Path | None) -> None:
    """Say before the work begins that its table could not be written.

    Args:
        file: Where to; None where none is asked for.

    Raises:
        OutputError: It exists already, or its folder does not.
    """
    if file is None:
        return
    if file.exists():
        raise OutputError(f"{file.name} exists; give the predictions another name")
    if not file.absolute().parent.is_dir():
        raise OutputError(f"there is no folder to write {file.name} to; make it first")


def write_rows(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], file: Path | None
) -> None:
    """Write rows as CSV.

    Args:
        rows: What a row does not have, or None, is left empty.
        columns: Their heads, in order.
        file: Must not exist; None writes nothing.

    Raises:
        OutputError: It exists, or cannot be written.
    """
    if file is None:
        return
    try:
        with file.open("x", newline="", encoding="utf-8") as lines:
            table = csv.DictWriter(lines, columns, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    except OSError as error:
        raise OutputError(
            f"{file.name} cannot be written; choose another place"
        ) from error
