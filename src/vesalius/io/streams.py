"""Streams: voxels out of a file, compressed or not, in bounded memory."""

import bz2
import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from backports import zstd
from jaxtyping import Float32

from vesalius.errors import FormatError, ScanError

MOST_VOXELS = 2**30  # 4 GiB as float32; 512 x 512 x 4096 fits
CHUNK_VOXELS = 2**21  # 16 MiB while they are scaled in double precision
LONGEST_TAIL = 2**26  # read after the voxels for the checksum that stands at the end
# A scan has noise and shrinks 2 to 20 times, a masked one perhaps 100 times; gzip
# can reach 1032. Small files may shrink as they like.
MOST_INFLATION = 200
ALWAYS_ALLOWED_BYTES = 2**28
EXACT_BELOW = 2**24  # float32 holds every whole number up to here

_MAGICS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}


def open_plain(path: Path) -> io.BufferedIOBase:
    """Open a file for reading, inflated by what it is and not by what it is called."""
    with path.open("rb") as stream:
        start = stream.read(4)
    for magic, opener in _MAGICS.items():
        if start.startswith(magic):
            return cast(io.BufferedIOBase, opener(path, "rb"))
    return path.open("rb")


def inflating(stream: io.BufferedIOBase, encoding: str) -> io.BufferedIOBase:
    """Inflate the rest of an open stream.

    Args:
        stream: Standing where the compressed part starts.
        encoding: "raw", "gzip", "bzip2" or "zlib".

    Returns:
        A stream of what was compressed; closing it leaves the first one open.
    """
    if encoding == "gzip":
        return gzip.GzipFile(fileobj=stream)
    if encoding == "bzip2":
        return bz2.BZ2File(stream)
    if encoding == "zlib":
        return io.BufferedReader(_Zlib(stream))
    return stream


def skip(stream: io.BufferedIOBase, count: int) -> None:
    """Pass over bytes before the voxels.

    Raises:
        FormatError: There are fewer, or absurdly many.
    """
    if not 0 <= count <= LONGEST_TAIL:
        raise FormatError(
            f"the header says that voxels start {count} bytes further on; it is damaged"
        )
    if len(stream.read(count)) < count:
        raise FormatError("the file ends before its voxels start; copy it again")


def read_voxels(
    stream: io.BufferedIOBase,
    shape: tuple[int, ...],
    kind: np.dtype,
    *,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> Float32[np.ndarray, "i j k"]:
    """Read a volume whose first axis runs fastest, chunk by chunk.

    Args:
        stream: Standing at the first voxel.
        shape: Length of the three axes.
        kind: How one voxel is stored.
        slope: Multiplied with what is stored.
        intercept: Added after that.

    Returns:
        Intensities; where the file holds NaN or infinity, so does this.

    Raises:
        FormatError: The file ends before the voxels do, goes on far beyond them, or
            its checksum does not match.
    """
    count = int(np.prod(shape))
    flat = np.empty(count, np.float32)
    scaled = (slope, intercept) != (1.0, 0.0)
    for start in range(0, count, CHUNK_VOXELS):
        part = flat[start : start + CHUNK_VOXELS]
        stored = np.frombuffer(_exactly(stream, part.size * kind.itemsize), kind)
        with np.errstate(over="ignore", invalid="ignore"):  # counted as infinite later
            part[:] = (
                stored.astype(np.float64) * slope + intercept if scaled else stored
            )
    _finish(stream)
    return flat.reshape(shape, order="F")


def refuse_too_many(shape: tuple[int, ...], item_bytes: int, stored_bytes: int) -> None:
    """Refuse a header that asks for more than a scan can need, before memory is taken.

    Args:
        shape: Length of each axis.
        item_bytes: Bytes of one voxel.
        stored_bytes: Length of the file, compressed or not.

    Raises:
        ScanError: It is larger than any scan we can work on.
        FormatError: So few bytes cannot hold a scan of this size.
    """
    count = int(np.prod([int(length) for length in shape], dtype=object))
    size = " x ".join(str(length) for length in shape)
    if count > MOST_VOXELS:
        raise ScanError(
            f"{size} voxels are more than the {MOST_VOXELS} we can work on; crop it"
        )
    bytes_needed = count * item_bytes
    if bytes_needed > max(ALWAYS_ALLOWED_BYTES, MOST_INFLATION * stored_bytes):
        raise FormatError(
            f"the header promises {size} voxels, but the file has only {stored_bytes} "
            "bytes: it is empty, damaged, or made to fill the memory"
        )


def rounding_notes(
    voxels: Float32[np.ndarray, "i j k"], kind: np.dtype
) -> tuple[str, ...]:
    """Say so where the stored type is wider than ours and the values need it."""
    wide = kind.kind in "iu" and kind.itemsize > 2
    if (
        not wide
        or max(abs(float(voxels.max())), abs(float(voxels.min()))) <= EXACT_BELOW
    ):
        return ()
    return (f"Whole numbers above {EXACT_BELOW} were rounded to 32-bit floats.",)


def bytes_in(path: Path) -> int:
    """Length of a file on disk."""
    return path.stat().st_size


class _Zlib(io.RawIOBase):
    """A zlib stream as a file: `zlib` itself only knows buffers."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(
            wbits=47
        )  # a zlib or a gzip header, MetaIO's own call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        space = memoryview(cast(bytearray, buffer)).cast("B")
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._stream.read(2**16)
            plain = self._inflater.decompress(packed, len(space))
            if plain:
                space[: len(plain)] = plain
                return len(plain)
            if not packed:
                raise EOFError("the compressed part ends too early")
        return 0


def _exactly(stream: io.BufferedIOBase, count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise FormatError("the file ends before its voxels do; copy it again")
    return content


def _finish(stream: io.BufferedIOBase) -> None:
    """Read on to the end, where a compressed file keeps its checksum."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        return  # not compressed: there is none
    left = LONGEST_TAIL
    while left > 0:
        tail = stream.read(min(left, 2**20))
        if not tail:
            return
        left -= len(tail)
    raise FormatError(
        "the file goes on far beyond the voxels that its header promises; it is "
        "damaged, or made to fill the memory"
    )
