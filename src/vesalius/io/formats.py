"""Formats: which reader a path is for, told by what lies there and then by its name."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from vesalius.errors import ConfigError, FormatError, ScanError
from vesalius.io.carried import Carried

Reader = Callable[[Path], Carried]

_SUFFIXES = {
    ".nii": "NIfTI",
    ".hdr": "NIfTI",
    ".img": "NIfTI",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".npy": "NumPy",
}
_PACKED = (".gz", ".bz2", ".zst")
_PICTURES = ("PNG", "TIFF", "JPEG")
_REFUSED = {
    ".gii": "GIFTI holds surfaces, not voxels",
    ".mgz": "FreeSurfer's format is not read; convert it with mri_convert to .nii.gz",
    ".mgh": "FreeSurfer's format is not read; convert it with mri_convert to .nii.gz",
    ".mnc": "MINC is not read; convert it with mnc2nii to .nii",
    ".npz": "an .npz archive may hold many arrays; save the scan's as .npy",
    ".gif": "GIF has 256 colours; save the picture as PNG or TIFF",
    ".bmp": "BMP is not read; save the picture as PNG or TIFF",
    ".webp": "WebP is not read; save the picture as PNG or TIFF",
}
WE_READ = "DICOM, NIfTI, NRRD, MHA, PNG, TIFF, JPEG and .npy"


def reader_of(path: Path, series: str | None) -> Reader:
    """Choose the reader of one path, its options bound.

    Args:
        path: A file or a folder that exists.
        series: Which series of a DICOM folder; other formats have none.

    Raises:
        FormatError: Nothing there is a format we read.
        ScanError: It is absent, empty, no plain file, or holds several scans.
        ConfigError: A series is named where there can be none.
    """
    kind = kind_of(path)
    if kind == "DICOM":
        return lambda found: _read_dicom(found, series)
    if series is not None:
        raise ConfigError(f"a {kind} file holds no series; leave out --series")
    return _READERS[kind]


def kind_of(path: Path) -> str:
    """Say what lies at a path: "DICOM", "NIfTI", "NRRD", "PNG" and so on.

    Args:
        path: A file or a folder that exists.

    Raises:
        FormatError: Nothing there is a format we read.
        ScanError: It is absent, empty, no plain file, or holds several scans.
    """
    return _kind_of_folder(path) if _is_folder(path) else _kind_of_file(path)


def lone_file(path: Path) -> Path:
    """Follow a folder with one file of such a format in it to that file."""
    if not path.is_dir():
        return path
    kinds = _scans_in(path)
    return next(file for file, kind in kinds.items() if kind not in _PICTURES)


def _is_folder(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # absent, a link to itself, a name too long
        raise ScanError(
            "there is no file or folder at this path that can be opened; check its "
            "spelling and its permissions"
        ) from error
    if stat.S_ISDIR(mode):
        return True
    if not stat.S_ISREG(mode):
        raise ScanError("this is no plain file; save the scan to disk first")
    if path.stat().st_size == 0:
        raise FormatError("the file is empty; copy it again from where it came from")
    return False


def _kind_of_file(path: Path) -> str:
    if _has_dicom_magic(path):
        return "DICOM"
    for suffix in path.suffixes[-2:]:
        if suffix.lower() in _REFUSED:
            raise FormatError(f"{_REFUSED[suffix.lower()]}; we read {WE_READ}")
    return _kind_by_name(path) or "DICOM"  # whose reader says why not


def _kind_by_name(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes] or [""]
    packed = len(suffixes) > 1 and suffixes[-1] in _PACKED
    kind = _SUFFIXES.get(suffixes[-2] if packed else suffixes[-1])
    return kind if not packed or kind == "NIfTI" else None


def _kind_of_folder(folder: Path) -> str:
    """DICOM where any is; else the one kind of scan that lies on the first level."""
    scans = _scans_in(folder)
    if any(_is_dicom(file) for file in _files_below(folder) if file not in scans):
        return "DICOM"
    counts = Counter(scans.values())
    if not counts:
        return "DICOM"  # whose reader says what else lies there
    if len(counts) > 1:
        found = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        raise ScanError(f"several kinds of scan lie here ({found}); give one file")
    kind, number = counts.popitem()
    if number > 1 and kind not in _PICTURES:
        raise ScanError(
            f"{number} {kind} files lie in this folder; give the one you mean, or "
            "several of one patient one after the other"
        )
    return kind


def _scans_in(folder: Path) -> dict[Path, str]:
    """What its name says is a scan, on the first level; a pair counts once."""
    kinds = {
        file: kind
        for file in _plain_files(folder)
        if (kind := _kind_by_name(file)) is not None
    }
    headers = {file.stem for file in kinds if file.suffix.lower() == ".hdr"}
    return {
        file: kind
        for file, kind in kinds.items()
        if not (file.suffix.lower() == ".img" and file.stem in headers)
    }


def _plain_files(folder: Path) -> list[Path]:
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise ScanError(
            "this folder may not be opened; ask its owner for read permission"
        ) from error
    return [file for file in files if not file.name.startswith(".") and file.is_file()]


def _files_below(folder: Path) -> Iterator[Path]:
    """Every plain file at any depth; links to folders may loop, and are left."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if not name.startswith(".") and file.is_file():
                yield file


def _is_dicom(file: Path) -> bool:
    return file.suffix.lower() in (".dcm", ".ima") or _has_dicom_magic(file)


def _has_dicom_magic(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False


# Each reader brings its library along, so none is loaded before it is needed.


def _read_dicom(path: Path, series: str | None) -> Carried:
    from vesalius.io.dicom import read_dicom

    return read_dicom(path, series)


def _read_nifti(path: Path) -> Carried:
    from vesalius.io.nifti import read_nifti

    return read_nifti(lone_file(path))


def _read_itk(path: Path) -> Carried:
    from vesalius.io.itk import read_itk

    return read_itk(lone_file(path))


def _read_pictures(path: Path) -> Carried:
    from vesalius.io.pictures import read_pictures

    return read_pictures(path)


def _read_npy(path: Path) -> Carried:
    from vesalius.io.npy import read_npy

    return read_npy(lone_file(path))


_READERS: dict[str, Reader] = {
    "NIfTI": _read_nifti,
    "NRRD": _read_itk,
    "MetaImage": _read_itk,
    "PNG": _read_pictures,
    "TIFF": _read_pictures,
    "JPEG": _read_pictures,
    "NumPy": _read_npy,
}
