"""Checkup: what this machine has, and what would fail on it."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import gettempdir

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-image",
    "pydicom",
    "highdicom",
    "nibabel",
    "safetensors",
)
# What pydicom asks to decode each kind of pixel data, by the module that does it.
DECODERS = {
    "JPEG baseline, extended (12 bits), lossless": "gdcm",
    "JPEG 2000": "openjpeg",
    "JPEG-LS": "jpeg_ls",
    "RLE": "rle",
}
GIB = 2**30
LEAST_DISK_GIB = 1.0
LEAST_MEMORY_GIB = 3.0  # a scan of 512 x 512 x 300 takes up to 2.5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: "versions", "device", "memory", "decoders", "weights" or "disk".
        name: What was looked at.
        found: What is there.
        fault: What would fail and what to do; empty where nothing would.
    """

    area: str
    name: str
    found: str
    fault: str = ""


def examine() -> tuple[Finding, ...]:
    """Look at everything that a run needs, one area after the other."""
    return tuple(finding for area in AREAS for finding in area())


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "vesalius", version("vesalius"))
    yield Finding("versions", "Python", platform.python_version())
    for name in PACKAGES:
        try:
            yield Finding("versions", name, version(name))
        except PackageNotFoundError:
            yield Finding("versions", name, "missing", "install vesalius again")


def _devices() -> Iterator[Finding]:
    import torch  # late, so that --help is instant

    cores = len(os.sched_getaffinity(0))
    said = os.environ.get("OMP_NUM_THREADS", "not set")
    yield Finding("device", "cpu", f"{cores} processors, {platform.machine()}")
    yield Finding("device", "OMP_NUM_THREADS", said)
    yield Finding("device", "threads of torch", str(torch.get_num_threads()))
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    yield Finding("device", "cuda", gpu)


def _memory() -> Iterator[Finding]:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    fault = "" if whole >= LEAST_MEMORY_GIB else "a large CT would not fit"
    yield Finding(
        "memory", "of the machine", f"{whole:.1f} GiB, {free:.1f} free", fault
    )


def _decoders() -> Iterator[Finding]:
    for name, module in DECODERS.items():
        try:
            import_module(module)
        except ImportError:
            fault = "DICOM compressed so cannot be read; install vesalius again"
            yield Finding("decoders", name, "missing", fault)
        else:
            yield Finding("decoders", name, "ready")


def _weights() -> Iterator[Finding]:
    from vesalius import weights
    from vesalius.errors import VesaliusError

    if not weights.names():
        fault = "nothing can be denoised; install vesalius again"
        yield Finding("weights", "models", "none in the box", fault)
    for name in weights.names():
        try:
            weights.load(name)
        except VesaliusError as error:
            yield Finding("weights", name, "unusable", str(error))
        else:
            yield Finding("weights", name, "as shipped")


def _disk() -> Iterator[Finding]:
    for name, folder in (("this folder", Path()), ("temporary files", gettempdir())):
        free = shutil.disk_usage(folder).free / GIB
        fault = ""
        if free < LEAST_DISK_GIB:
            fault = "a result may not fit; free some space"
        elif not os.access(folder, os.W_OK):
            fault = "nothing can be written here; choose another with --out"
        yield Finding("disk", name, f"{free:.1f} GiB free", fault)


AREAS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _versions,
    _devices,
    _memory,
    _decoders,
    _weights,
    _disk,
)
