"""Samples: two real scans that travel with the package."""

import shutil
from pathlib import Path

from vesalius.errors import ConfigError
from vesalius.io.delivery import deliver, unusable

BOX = Path(__file__).parent / "boxed"
NAMES = ("head-mr", "chest-ct")
SOURCES = "SOURCES.md"


def unpack_sample(name: str, folder: str | Path) -> tuple[str, ...]:
    """Copy a real scan out of the box: 24 DICOM slices and where they come from.

    Args:
        name: "head-mr", a child's head, T1w, MIT; "chest-ct", a chest with a nodule of
            33 mm, CC BY 3.0. Both patients were in training.
        folder: Made if absent; files of the same names are replaced.

    Returns:
        The names of the files, relative to `folder`.

    Raises:
        ConfigError: There is no such sample.
        OutputError: The folder cannot be written.

    Example:
        >>> import tempfile, vesalius
        >>> folder = tempfile.mkdtemp()
        >>> len(unpack_sample("head-mr", folder))
        25
        >>> vesalius.read(folder).voxels.shape
        (256, 256, 24)
    """
    if name not in NAMES:
        raise ConfigError(f"there is no sample {name!r}; there are {', '.join(NAMES)}")
    files = [*sorted((BOX / name).glob("*.dcm")), BOX / SOURCES]
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, place / file.name)
    except OSError as error:
        raise unusable(error) from error
    return tuple(file.name for file in files)


def sample(name: str, folder: str | Path) -> tuple[str, ...]:
    """Deliver a real scan from the box to a new folder, whole or not at all.

    Args:
        name: As for `unpack_sample`.
        folder: Made if absent; refused if it holds something.

    Returns:
        The names of the files, relative to `folder`.

    Raises:
        ConfigError: There is no such sample.
        OutputError: The folder cannot be written.
    """
    with deliver(folder) as draft:
        return unpack_sample(name, draft)
