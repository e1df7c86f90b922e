"""DICOM fragments: compressed frames put together, whatever the offset table says."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from pydicom.encaps import generate_fragments

from vesalius.errors import FormatError

# How the code stream of one frame starts: JPEG and JPEG-LS, JPEG 2000, the same in JP2.
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")
_JPEG_FRAMES = {  # SOF markers, which state the size: ISO 10918-1 B.2.2, 14495-1 C.2.2
    *range(0xC0, 0xC4),
    *range(0xC5, 0xC8),
    *range(0xC9, 0xCC),
    *range(0xCD, 0xD0),
    0xF7,
}


def joined(encapsulated: bytes, count: int) -> list[bytes]:
    """Sort the fragments of compressed pixel data into frames.

    Where a code stream starts is believed first, then one fragment a frame, then the
    basic offset table: tables are often empty, and sometimes false (PS3.5 A.4).

    Args:
        encapsulated: The value of the pixel data, with its offset table.
        count: How many frames there must be.

    Raises:
        FormatError: The fragments do not make that many.
    """
    items = list(generate_fragments(encapsulated))
    table, fragments = (items[0], items[1:]) if items else (b"", [])
    if not fragments:
        raise FormatError("the compressed pixel data is empty")
    if count == 1:
        return [b"".join(fragments)]
    for cuts in (
        [n for n, part in enumerate(fragments) if part.startswith(_STARTS)],
        list(range(len(fragments))),
        _cuts_of_table(table, fragments),
    ):
        if len(cuts) == count and cuts[0] == 0:
            return [b"".join(fragments[a:b]) for a, b in pairwise([*cuts, None])]
    raise FormatError(
        f"{len(fragments)} fragments of compressed pixel data cannot be sorted into "
        f"{count} frames, as the offset table is missing or false; have it compressed "
        "again"
    )


def stated_size(frame: bytes) -> tuple[int, int] | None:
    """Read rows and columns from a code stream; None where it has no such words.

    Args:
        frame: One compressed frame.
    """
    start = frame.find(_STARTS[1])
    if 0 <= start < 4096 and not frame.startswith(_STARTS[0]):
        right, bottom, left, top = np.frombuffer(frame, ">u4", 4, start + 8).tolist()
        return bottom - top, right - left
    if not frame.startswith(_STARTS[0]):
        return None
    place = 2
    while place + 9 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in _JPEG_FRAMES:
            rows, columns = np.frombuffer(frame, ">u2", 2, place + 5).tolist()
            return rows, columns
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    return None


def _cuts_of_table(table: bytes, fragments: Sequence[bytes]) -> list[int]:
    """Which fragments the table says start a frame; none where it points elsewhere."""
    starts = [0, *accumulate(len(part) + 8 for part in fragments)]
    number = {start: n for n, start in enumerate(starts[:-1])}
    offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4").tolist()
    cuts = [number.get(offset, -1) for offset in offsets]
    return [] if -1 in cuts or cuts != sorted(set(cuts)) else cuts
