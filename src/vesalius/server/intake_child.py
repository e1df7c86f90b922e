"""Intake, the child: read what was sent, in a process that may be lost.

Started by `intake.py` with one line of JSON; answers with one. What it learns of the
patient goes through the pipe alone, never to the disk. It ends when its standard input
does: with its parent.
"""

import json
import os
import resource
import shutil
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from vesalius.errors import FormatError, VesaliusError
from vesalius.server.children import live_with_parent

TAKEN = (".zip", ".dcm", ".nii", ".nii.gz")


def main() -> int:
    """Read one upload as the line on standard input says."""
    wish = live_with_parent()
    _bound(wish["memory"], wish["seconds"], wish["disk"])
    try:
        answer = _read(wish)
    except VesaliusError as error:
        answer = {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        words = "this does not fit into the memory that reading a scan may take"
        answer = {"error": words, "kind": FormatError.__name__}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _bound(memory: int, seconds: int, disk: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(10)


def _read(wish: dict[str, Any]) -> dict[str, Any]:
    out, ending = Path(wish["out"]), wish["ending"]
    if ending not in TAKEN:
        raise FormatError(
            f"a scan is sent as {', '.join(TAKEN)}; pack a folder into a zip"
        )
    # The upload has no name; readers look at one. A link's says nothing of a patient.
    link = out / f"upload{ending}"
    link.symlink_to(f"/proc/self/fd/{wish['fd']}")
    try:
        if ending == ".zip" and not zipfile.is_zipfile(link):
            raise FormatError("the zip archive is damaged or cut short; send it again")
        if ending in (".zip", ".dcm"):
            return _dicom(link, out)
        return _nifti(link, out, wish)
    finally:
        link.unlink()


def _dicom(link: Path, out: Path) -> dict[str, Any]:
    from vesalius.io.dicom_bare import write_bare

    scans, left_out = [], []
    with tempfile.TemporaryDirectory(dir=out) as room:
        for number, bare in enumerate(write_bare(link, Path(room))):
            try:
                told = _told(bare.folder)
            except VesaliusError as error:
                left_out.append(str(error))
                continue
            file = f"{number}.zip"
            _pack(bare.folder, out / file)
            scans.append(
                {
                    **told,
                    "file": file,
                    "form": "dicom",
                    "uid": bare.uid,
                    "identity": bare.identity,
                    "taken": bare.taken,
                }
            )
    if not scans:
        raise FormatError(f"nothing here can be read as a scan: {left_out[0]}")
    return {"scans": scans, "left_out": left_out}


def _nifti(link: Path, out: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """Read a NIfTI, and write it anew: its header's free text may name somebody."""
    from vesalius.io import read
    from vesalius.io.writing import write_volume

    said = {key: wish[key] for key in ("modality", "contrast") if wish.get(key)}
    scan = read(link, **said)
    write_volume(scan, out / "0.nii.gz")
    told = {**_described(scan), "file": "0.nii.gz", "form": "nifti", "uid": ""}
    return {
        "scans": [{**told, "identity": ["", "", ""], "taken": "{}"}],
        "left_out": [],
    }


def _told(folder: Path) -> dict[str, Any]:
    from vesalius.io import read

    return _described(read(folder))


def _described(scan: Any) -> dict[str, Any]:
    return {
        "modality": scan.modality,
        "contrast": scan.contrast,
        "shape": list(scan.voxels.shape),
        "spacing_mm": [round(float(edge), 4) for edge in scan.spacing_mm],
        "sha256": scan.sha256,
        "notes": list(scan.notes),
    }


def _pack(folder: Path, file: Path) -> None:
    """Pack a series; times are left out, so that the same scan has the same bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for found in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(found.name)
            entry.external_attr = 0o640 << 16
            with found.open("rb") as source, archive.open(entry, "w") as onto:
                shutil.copyfileobj(source, onto, 2**20)
    shutil.rmtree(folder)


if __name__ == "__main__":
    raise SystemExit(main())
