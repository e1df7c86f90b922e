"""Manifest: a user's own scans as a table, one line a scan."""

import csv
from pathlib import Path

from vesalius.errors import ConfigError
from vesalius.evaluate.cases import Case, Spacing
from vesalius.evaluate.split import PARTS, Split, split
from vesalius.volume import CONTRASTS, MODALITIES

NAME = "manifest.csv"
COLUMNS = ("patient", "file", "modality", "contrast", "split")
OPTIONAL = ("spacing_mm",)
TEMPLATE = (
    (*COLUMNS, *OPTIONAL),
    ("patient-1", "scans/one.nii.gz", "MR", "T1w", "train", ""),
    ("patient-2", "scans/two", "CT", "", "calibrate", ""),
    ("patient-3", "scans/three.png", "CT", "", "test", "0.7 0.7 2.5"),
)

_KNOWN = {"modality": MODALITIES, "contrast": ("", *CONTRASTS), "split": ("", *PARTS)}


def read_manifest(file: Path) -> tuple[Case, ...]:
    """Read a table of scans.

    Args:
        file: CSV in UTF-8 with the columns `COLUMNS` and perhaps `OPTIONAL`; files
            are relative to its folder. `contrast` may be empty. `split` is filled
            in on every line, or on none: then the patients are ranked as those of
            any data set.

    Returns:
        The cases, sorted by label.

    Raises:
        ConfigError: A column is missing, a word unknown, a file not there, or a
            patient stands in two parts. The message names the line.
    """
    with file.open(newline="", encoding="utf-8-sig") as lines:
        table = csv.DictReader(lines)
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise ConfigError(f"the manifest lacks the column {', '.join(missing)}")
        rows = [_known_words(row) for row in table]
    if not rows:
        raise ConfigError("the manifest has no line below its head")
    for line, row in enumerate(rows, start=2):
        _check(row, file.parent, line)
    parts = _parts(rows)
    cases = [
        Case(
            file.stem,
            row["patient"],
            f"{line}-{Path(row['file']).name.split('.')[0]}",
            parts.part_of(row["patient"]),
            file.parent / row["file"],
            row["modality"],
            row["contrast"] or None,
            _spacing(row.get("spacing_mm", ""), line),
        )
        for line, row in enumerate(rows, start=2)
    ]
    return tuple(sorted(cases, key=lambda case: case.label))


def write_template(file: Path) -> None:
    """Write an example manifest for a user to fill in.

    Args:
        file: Where to.

    Raises:
        ConfigError: Something is there already.
    """
    if file.exists():
        raise ConfigError(f"{file.name} exists; give the template another name")
    with file.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines, lineterminator="\n").writerows(TEMPLATE)


def _known_words(row: dict[str, str]) -> dict[str, str]:
    """Strip a line's cells, and spell the words we know as we spell them."""
    cells = {name: (cell or "").strip() for name, cell in row.items() if name}
    for column, known in _KNOWN.items():
        spelt = {word.casefold(): word for word in known}
        cells[column] = spelt.get(cells[column].casefold(), cells[column])
    return cells


def _check(row: dict[str, str], folder: Path, line: int) -> None:
    if not row["patient"]:
        raise ConfigError(f"line {line} of the manifest names no patient")
    for column, known in _KNOWN.items():
        if row[column] not in known:
            words = ", ".join(word or "nothing" for word in known)
            raise ConfigError(
                f"line {line} of the manifest: {column} is none of {words}"
            )
    if not row["file"] or not (folder / row["file"]).exists():
        raise ConfigError(f"line {line} of the manifest: the file is not there")


def _parts(rows: list[dict[str, str]]) -> Split:
    """Take the split as written, or make it where no line has one."""
    written = {(row["patient"], row["split"]) for row in rows}
    if not any(part for _, part in written):
        return split(patient for patient, _ in written)
    if not all(part for _, part in written):
        raise ConfigError("the manifest fills in split on some lines only")
    if len(written) != len({patient for patient, _ in written}):
        raise ConfigError("a patient of the manifest stands in two parts of the split")
    members = [sorted(p for p, part in written if part == name) for name in PARTS]
    return Split(*(tuple(names) for names in members))


def _spacing(text: str, line: int) -> Spacing | None:
    if not text:
        return None
    try:
        i, j, k = (float(edge) for edge in text.split())
    except ValueError:
        raise ConfigError(
            f"line {line} of the manifest: spacing_mm is three numbers with blanks "
            "between them, 0.7 0.7 2.5"
        ) from None
    return i, j, k
