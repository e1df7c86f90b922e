"""Intake: from what was sent to scans that the desk keeps, read by a child process.

A file may be made to fill the memory, to loop, or to crash a decoder. So it is read by
a process with limits, that holds nothing and may be lost; what is wrong with the file
comes back in words.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from time import monotonic
from typing import IO, Any

from vesalius.errors import FormatError
from vesalius.server.children import child, said_by
from vesalius.server.performing import GivenUp
from vesalius.server.vault import Identity

MEGABYTE = 2**20
MOST_TRIES = 3
UNREADABLE = (
    "what was sent cannot be read: it takes more memory or time than a scan, or is "
    "damaged; nothing was kept"
)


@dataclass(frozen=True)
class Limits:
    """What reading one upload may take.

    Attributes:
        memory: Bytes of data in memory.
        seconds: Of a processor; twice as many by the clock.
        disk: Bytes of one file that comes of it.
    """

    memory: int = 3072 * MEGABYTE
    seconds: int = 600
    disk: int = 8192 * MEGABYTE


@dataclass(frozen=True, repr=False)
class Arrived:
    """One scan of an upload; never shown by `repr`: it knows the patient.

    Attributes:
        file: The scan without its patient's identity: a zip of DICOM, or a NIfTI.
        form: "dicom" or "nifti".
        uid: SeriesInstanceUID; empty for a NIfTI.
        modality: DICOM's term.
        contrast: Where the file, or the sender, says one.
        shape: Voxels.
        spacing_mm: Their edges.
        sha256: Of its intensities and their place.
        notes: What reading it brought to light.
        identity: Who the patient is.
        taken: What was taken out of its files, to be put back on export.
    """

    file: Path
    form: str
    uid: str
    modality: str
    contrast: str | None
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    sha256: str
    notes: tuple[str, ...]
    identity: Identity
    taken: str


def read_upload(
    upload: IO[bytes],
    ending: str,
    out: Path,
    *,
    said: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> tuple[tuple[Arrived, ...], tuple[str, ...]]:
    """Read an upload in a process of its own.

    Args:
        upload: A file, without a name at best.
        ending: Of its name: ".zip", ".dcm", ".nii" or ".nii.gz".
        out: An empty folder for the scans, as they are kept.
        said: "modality" and "contrast" of a NIfTI, which does not say them.
        limits: What it may take.
        wanted: Whether it is still to be read.

    Returns:
        The scans, and why other series could not be read.

    Raises:
        FormatError: It is damaged, no scan, or takes more than it may; nothing of it
            is in `out`.
    """
    may = limits or Limits()
    wish: dict[str, Any] = {
        "fd": upload.fileno(),
        "ending": ending,
        "out": str(out),
        "memory": may.memory,
        "seconds": may.seconds,
        "disk": may.disk,
        **(said or {}),
    }
    answer = _asked(wish, 2 * may.seconds, wanted)
    if "error" in answer:
        _clear(out)
        raise FormatError(answer["error"])
    scans = tuple(_arrived(told, out) for told in answer["scans"])
    return scans, tuple(answer["left_out"])


def _asked(
    wish: dict[str, Any], seconds: int, wanted: Callable[[], bool]
) -> dict[str, Any]:
    """Have a child read it; where the child was killed, another one, three times."""
    for _ in range(MOST_TRIES):
        try:
            answer = _asked_once(wish, seconds, wanted)
        except FormatError:
            _clear(Path(wish["out"]))
            raise
        if answer is not None:
            return answer
        _clear(Path(wish["out"]))
    raise FormatError(UNREADABLE)


def _asked_once(
    wish: dict[str, Any], seconds: int, wanted: Callable[[], bool]
) -> dict[str, Any] | None:
    with child("vesalius.server.intake_child", wish, files=(wish["fd"],)) as process:
        end = monotonic() + seconds
        for line in said_by(process):
            if line.endswith("\n"):
                answer: dict[str, Any] = json.loads(line)
                return answer
            if not wanted():
                raise GivenUp
            if monotonic() > end:
                raise FormatError(
                    "reading this took too long: it is damaged, or made to; nothing "
                    "was kept"
                )
        if process.wait() == -SIGKILL:
            return None
    raise FormatError(UNREADABLE)


def _arrived(told: Mapping[str, Any], out: Path) -> Arrived:
    name, number, born = told["identity"]
    return Arrived(
        file=out / told["file"],
        form=told["form"],
        uid=told["uid"],
        modality=told["modality"],
        contrast=told["contrast"],
        shape=tuple(told["shape"]),
        spacing_mm=tuple(told["spacing_mm"]),
        sha256=told["sha256"],
        notes=tuple(told["notes"]),
        identity=Identity(name, number, born),
        taken=told["taken"],
    )


def _clear(out: Path) -> None:
    """Remove what a child that was lost has left."""
    for file in sorted(out.rglob("*"), reverse=True):
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        else:
            file.unlink()
