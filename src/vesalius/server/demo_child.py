"""Demo, the child: one of the demo's scans, as a sender would send it.

Started by `demo.py` with one line of JSON; answers with the name of the file it made.
"""

import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from pydicom import dcmread

from vesalius.errors import ScanError
from vesalius.server.children import live_with_parent

SEED = 7
NOISE = 0.05  # SD over the maximum
GLIOMA = "lgg"


def main() -> int:
    """Make the scan that the line on standard input names."""
    wish = live_with_parent()
    make = MAKERS[wish["name"]]
    made = make(Path(wish["data"]), Path(wish["out"]), wish["patient"])
    sys.stdout.write(f"{made.name}\n")
    return 0


def _phantom(data: Path, out: Path, patient: Sequence[str]) -> Path:
    from vesalius.io.dicom_phantom import write_phantom_dicom
    from vesalius.physics.phantom import head, scan

    series = out / "drawn"
    series.mkdir()
    write_phantom_dicom(
        scan(head(seed=SEED), noise=NOISE, seed=SEED), series, seed=SEED
    )
    return _series(series, out, patient)


def _series(data: Path, out: Path, patient: Sequence[str]) -> Path:
    """Pack a series whose patient becomes the invented one."""
    packed = out / "series.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(data.glob("*.dcm")):
            header = dcmread(file)
            header.PatientName, header.PatientID, header.PatientBirthDate = patient
            content = BytesIO()
            header.save_as(content)
            archive.writestr(file.name, content.getvalue())
    return packed


def _tumour(data: Path, out: Path, patient: Sequence[str]) -> Path:
    """Take a patient whom no model has seen; the whole set says who that is."""
    from vesalius.evaluate.data import collected, open_case
    from vesalius.io.writing import write_volume

    cases = [case for case in collected(data.parent) if case.collection == GLIOMA]
    unseen = [case for case in cases if (case.part, case.name) == ("test", "flair")]
    if not unseen:
        raise ScanError("there is no test patient")
    file = out / "flair.nii.gz"
    write_volume(open_case(unseen[0]), file)
    return file


MAKERS: Mapping[str, Callable[[Path, Path, Sequence[str]], Path]] = MappingProxyType(
    {"phantom": _phantom, "tumour": _tumour, "head": _series, "chest": _series}
)

if __name__ == "__main__":
    raise SystemExit(main())
