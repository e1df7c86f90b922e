"""Several scans in one command: each to a folder of its own, and one ending."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vesalius.cli.ending import exit_code, gravest, say_result, verdict_code
from vesalius.cli.terminal import say
from vesalius.errors import OutputError, VesaliusError

if TYPE_CHECKING:
    from vesalius.result import Result

Carry = Callable[[Path, Path], "Result"]
PACKED = {".gz", ".bz2", ".zst"}  # what may stand after .nii


def carry_each(
    inputs: Sequence[Path], out: Path, carry: Carry, *, overwrite: bool, as_json: bool
) -> int:
    """Carry each scan to its own folder; what fails does not stop the others.

    Args:
        inputs: Two scans or more.
        out: Holds one folder a scan, named after it.
        carry: Takes a scan and its folder.
        overwrite: Whether `out` may hold something.
        as_json: Print an array of records instead of words.

    Returns:
        The exit code of the gravest ending.

    Raises:
        VesaliusError: The first of the gravest kind, with the number of scans that
            failed; the others are carried all the same.
    """
    if not overwrite:
        _refuse_what_is_there(out)
    names = folder_names(inputs)
    codes: list[int] = []
    failed: list[tuple[str, VesaliusError]] = []
    records: list[object] = []
    for source, name in zip(inputs, names, strict=True):
        try:
            result = carry(source, out / name)
        except VesaliusError as error:
            failed.append((name, error))
            continue
        codes.append(verdict_code(result))
        if as_json:
            text = (out / name / "result.json").read_text(encoding="utf-8")
            records.append(json.loads(text))
        else:
            say(f"{name}:")
            say_result(result, out / name)
    if as_json:
        say(json.dumps(records, indent=2, ensure_ascii=False))
    if failed:
        _refuse(failed, len(inputs))
    return gravest(codes)


def folder_names(inputs: Sequence[Path]) -> list[str]:
    """Name a folder after each scan: its last component, its endings left out.

    Example:
        >>> folder_names([Path("a/t1.nii.gz"), Path("b/t1.nii"), Path("chest")])
        ['t1', 't1-2', 'chest']
    """
    names: list[str] = []
    for source in inputs:
        name = plain = _stem(source)
        count = 1
        while name.casefold() in {taken.casefold() for taken in names}:
            count += 1
            name = f"{plain}-{count}"
        names.append(name)
    return names


def _stem(source: Path) -> str:
    path = Path(source.resolve().name or "scan")
    if source.is_dir() or not source.suffix:
        return path.name
    return Path(path.stem).stem if path.suffix in PACKED else path.stem


def _refuse(failed: list[tuple[str, VesaliusError]], count: int) -> None:
    grave = gravest([exit_code(error) for _, error in failed])
    name, error = next(pair for pair in failed if exit_code(pair[1]) == grave)
    raise type(error)(
        f"{len(failed)} of {count} scans could not be carried through; {name}: {error}"
    ) from error


def _refuse_what_is_there(out: Path) -> None:
    try:
        taken = out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise OutputError(
            "OUT cannot be looked into; choose a folder of your own"
        ) from error
    if taken:
        raise OutputError(
            "OUT is not empty; choose another, or give --overwrite to replace what an "
            "earlier run wrote there"
        )
