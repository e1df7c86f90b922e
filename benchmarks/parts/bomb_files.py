"""Bomb files: small uploads that ask whoever opens them for a lot."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from openjpeg.utils import encode_array
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned

Made = tuple[bytes, str]  # content, and how its name ends

GIGABYTE, BLOCK = 2**30, bytes(2**24)
SIDE = 65_535  # the most that Rows and Columns hold
J2K_SIDE = 60_000
LEVELS, COPIES = 5, 10  # of zips in zips
OVERLAPPING, MEMBERS = 3_000, 250_000
FRAMES, DEEP = 20_000, 20_000
NIFTI_HEADER, FLOAT, FLOAT_BITS = 348, 16, 32


def zip_in_zip() -> Made:
    """A zip of ten zips of ten zips ... of zeros, five levels deep."""
    content, name = _zipped({"a.dcm": bytes(GIGABYTE // 64)}), "0.zip"
    for level in range(LEVELS):
        inside = {f"{copy}-{name}": content for copy in range(COPIES)}
        content, name = _zipped(inside), f"{level}.zip"
    return content, ".zip"


def zip_of_zeros() -> Made:
    """A DICOM file's first bytes, then zeros: two gigabytes in two megabytes."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.dcm", "w", force_zip64=True) as onto,
    ):
        onto.write(bytes(128) + b"DICM")
        for _ in range(2 * GIGABYTE // len(BLOCK)):
            onto.write(BLOCK)
    return content.getvalue(), ".zip"


def zip_of_one_file_many_times() -> Made:
    """Thousands of entries that share one compressed body (Fifield 2019)."""
    body = _zipped({"a.dcm": _dicom_start()})
    list_at = body.index(b"PK\x01\x02")
    size = len(body) - list_at - 22
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, OVERLAPPING, OVERLAPPING,
        size * OVERLAPPING, list_at, 0,
    )  # fmt: skip
    row = body[list_at : list_at + size]
    return body[:list_at] + row * OVERLAPPING + end, ".zip"


def zip_of_too_many() -> Made:
    """More files than any study has."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(MEMBERS):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    return content.getvalue(), ".zip"


def gzip_nifti() -> Made:
    """A NIfTI whose header promises 2.7 terabytes of voxels."""
    return gzip.compress(_nifti((30_000, 30_000, 3_000)) + bytes(2**26)), ".nii.gz"


def gzip_nifti_of_zeros() -> Made:
    """A NIfTI of 4 gigabytes of zeros: as many as its header says."""
    start = _nifti((1_024, 1_024, 1_023))
    return _gzipped_zeros(start, 4 * GIGABYTE), ".nii.gz"


def gzip_nifti_endless() -> Made:
    """A NIfTI of 64 voxels, and 4 gigabytes that follow them."""
    return _gzipped_zeros(_nifti((4, 4, 4)), 4 * GIGABYTE), ".nii.gz"


def gzip_nifti_far() -> Made:
    """A NIfTI whose voxels begin after 4 gigabytes of nothing."""
    start = _nifti((4, 4, 4), offset=4.0 * GIGABYTE)
    return _gzipped_zeros(start, 4 * GIGABYTE), ".nii.gz"


def deflated_dicom() -> Made:
    """A deflated DICOM image of 64 x 64, with a gigabyte of pixels."""
    return _deflated(64, 64, GIGABYTE), ".dcm"


def deflated_dicom_large() -> Made:
    """A deflated DICOM image that says itself how large it is: 65,535 squared."""
    return _deflated(SIDE, SIDE, GIGABYTE), ".dcm"


def deflated_dicom_header() -> Made:
    """A deflated DICOM image with a gigabyte of zeros before its pixels."""
    image = _image(16, 16)
    image.add_new(0x00091001, "OB", bytes(GIGABYTE))
    image.add_new(0x00090010, "LO", "NOBODY")
    return _saved(image, DeflatedExplicitVRLittleEndian), ".dcm"


def rle_dicom() -> Made:
    """An RLE image of 65,535 squared, in runs of 128 zeros."""
    image = _image(SIDE, SIDE)
    return _packed(image, [_rle(SIDE * SIDE)], RLELossless), ".dcm"


def rle_dicom_more() -> Made:
    """An RLE image of 64 x 64 whose run-lengths hold four gigabytes."""
    return _packed(_image(64, 64), [_rle(4 * GIGABYTE // 64)], RLELossless), ".dcm"


def rle_dicom_frames() -> Made:
    """20,000 frames of 1,024 squared, of a few bytes each."""
    image = _image(1_024, 1_024)
    image.NumberOfFrames = FRAMES
    return _packed(image, [_rle(2_048)] * FRAMES, RLELossless), ".dcm"


def j2k_dicom() -> Made:
    """A JPEG 2000 image whose codestream says 60,000 squared, and the header too."""
    return _j2k(J2K_SIDE), ".dcm"


def j2k_dicom_hidden() -> Made:
    """A JPEG 2000 image of 64 x 64 whose codestream says 60,000 squared."""
    return _j2k(64), ".dcm"


def native_dicom_frames() -> Made:
    """An image that says it has 2,147,483,647 frames."""
    image = _image(64, 64)
    image.NumberOfFrames = 2**31 - 1
    return _saved(image, ExplicitVRLittleEndian), ".dcm"


def nested_dicom() -> Made:
    """A sequence in a sequence, 20,000 deep."""
    image = _image(16, 16)
    start, pixels = _saved(image, ExplicitVRLittleEndian).split(b"\xe0\x7f\x10\x00", 1)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    opened = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + item
    closed = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return start + opened * DEEP + closed * DEEP + b"\xe0\x7f\x10\x00" + pixels, ".dcm"


BOMBS: dict[str, Callable[[], Made]] = {
    bomb.__name__.replace("_", " "): bomb
    for bomb in (
        zip_in_zip, zip_of_zeros, zip_of_one_file_many_times, zip_of_too_many,
        gzip_nifti, gzip_nifti_of_zeros, gzip_nifti_endless, gzip_nifti_far,
        deflated_dicom, deflated_dicom_large, deflated_dicom_header,
        rle_dicom, rle_dicom_more, rle_dicom_frames,
        j2k_dicom, j2k_dicom_hidden, native_dicom_frames, nested_dicom,
    )
}  # fmt: skip


def _zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in files.items():
            archive.writestr(zipfile.ZipInfo(name), held, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _gzipped_zeros(start: bytes, zeros: int) -> bytes:
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    parts = [packer.compress(start)]
    parts += [packer.compress(BLOCK) for _ in range(zeros // len(BLOCK))]
    return b"".join([*parts, packer.flush()])


def _nifti(shape: tuple[int, int, int], offset: float = 352.0) -> bytes:
    """Return a NIfTI-1 header of 32-bit floats, 1 mm wide."""
    said = bytearray(NIFTI_HEADER + 4)
    struct.pack_into("<i", said, 0, NIFTI_HEADER)
    struct.pack_into("<8h", said, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<2h", said, 70, FLOAT, FLOAT_BITS)
    struct.pack_into("<8f", said, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<3f", said, 108, offset, 1, 0)
    struct.pack_into("<2h", said, 252, 0, 1)
    struct.pack_into("<12f", said, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    said[123] = 2  # millimetres
    said[344:348] = b"n+1\0"
    return bytes(said)


def _dicom_start() -> bytes:
    return bytes(128) + b"DICM" + bytes(GIGABYTE // 64)


def _image(rows: int, columns: int) -> Dataset:
    """Return one slice of a phantom, which says to have so many pixels."""
    with TemporaryDirectory() as folder:
        truth = head(shape=(16, 16, 2), spacing_mm=(12.0, 12.0, 12.0), contrast="T1w")
        write_phantom_dicom(scanned(truth, noise=0.05, seed=1), folder, seed=1)
        image = dcmread(sorted(Path(folder).iterdir())[0])
    image.Rows, image.Columns = rows, columns
    return image


def _saved(image: Dataset, syntax: UID) -> bytes:
    image.file_meta.TransferSyntaxUID = syntax
    content = io.BytesIO()
    image.save_as(content, enforce_file_format=True)
    return content.getvalue()


def _packed(image: Dataset, frames: list[bytes], syntax: UID) -> bytes:
    image.PixelData = encapsulate(frames, has_bot=False)
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    return _saved(image, syntax)


def _deflated(rows: int, columns: int, pixels: int) -> bytes:
    image = _image(rows, columns)
    image.PixelData = bytes(pixels)
    return _saved(image, DeflatedExplicitVRLittleEndian)


def _rle(pixels: int) -> bytes:
    """Return 16-bit zeros as two segments of runs (PS3.5, annex G)."""
    segment = b"\x81\x00" * -(-pixels // 128)
    segment += bytes(len(segment) % 2)
    places = (2, 64, 64 + len(segment), *[0] * 13)
    return struct.pack("<16L", *places) + 2 * segment


def _j2k(said: int) -> bytes:
    """Return an image whose codestream says to be 60,000 pixels wide and high."""
    stream = bytearray(encode_array(np.zeros((64, 64), np.uint16), bits_stored=16))
    at = stream.index(b"\xff\x51") + 6  # SIZ: marker, length, capabilities; then sizes
    struct.pack_into(">2L", stream, at, J2K_SIDE, J2K_SIDE)
    struct.pack_into(">2L", stream, at + 16, J2K_SIDE, J2K_SIDE)  # of one tile
    return _packed(_image(said, said), [bytes(stream)], JPEG2000Lossless)
