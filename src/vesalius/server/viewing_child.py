"""Viewing, the child: a scan or an answer as volumes for a screen.

Started by `viewing.py` with one line of JSON; answers with one. What it reads came from
outside, so it works within limits and may be lost.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from vesalius.errors import FormatError, VesaliusError
from vesalius.server.children import live_with_parent

HALF = 0.5


def main() -> int:
    """Write the volumes that the line on standard input asks for."""
    wish = live_with_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (wish["memory"], wish["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (wish["seconds"], wish["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(10)
    try:
        answer = _made(wish)
    except VesaliusError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "this is too large to be shown"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    return 0


def _made(wish: dict[str, Any]) -> dict[str, Any]:
    from vesalius.io.screen import write_full, write_preview

    volume = _volume(wish["form"], Path(wish["room"]), wish["modality"])
    out = Path(wish["out"])
    write_full(volume, out / "full.nii.gz")
    return {"is_whole": not write_preview(volume, out / "preview.nii.gz")}


def _volume(form: str, room: Path, modality: str) -> Any:
    from vesalius.io import read

    if form == "series":
        return read(room)
    first, *more = sorted(room.iterdir())
    if form == "packed":
        return read(first)
    volume = _own(first, modality)
    if form == "nifti":
        return volume
    mask, doubt = volume.voxels > HALF, _own(more[0], modality).voxels > HALF
    chosen = mask & ~doubt if form == "certain" else mask | doubt
    return volume.with_voxels(chosen.astype("float32"))


def _own(file: Path, modality: str) -> Any:
    """Read a volume that we wrote; `read` refuses a mask of nothing as no scan."""
    from vesalius.io.nifti import read_nifti
    from vesalius.volume import Volume

    told = read_nifti(file)
    if told.affine is None:
        raise FormatError("this volume does not say where it lies")
    units = "HU" if modality == "CT" else "a.u."
    return Volume(
        told.voxels, told.affine, units, modality, sides_known=told.sides_known
    )


if __name__ == "__main__":
    raise SystemExit(main())
