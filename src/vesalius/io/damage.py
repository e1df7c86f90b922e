"""Damage: what a decoder says about a broken file, in our words and only there.

Decoders quote the file in what they raise, warn and log, and its header may name
a patient.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import NullHandler, getLogger

from vesalius.errors import FormatError, ScanError, VesaliusError

# Each may log a part of the header it stumbles over, at the level that is printed.
for _name in ("PIL", "tifffile", "nibabel"):
    getLogger(_name).addHandler(NullHandler())
    getLogger(_name).propagate = False


@contextmanager
def damage_named(kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one sentence, and keep its warnings quiet.

    Args:
        kind: What is being read, with its article: "the NIfTI file".

    Raises:
        FormatError: The decoder failed, however it said so.
        ScanError: The file may not be opened, or does not fit into memory.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except VesaliusError:
            raise
        except PermissionError as error:
            raise ScanError(
                f"{kind} may not be opened; ask its owner for read permission"
            ) from error
        except MemoryError as error:
            raise ScanError(
                f"{kind} does not fit into this machine's memory; crop it first"
            ) from error
        except Exception as error:
            raise FormatError(
                f"{kind} is damaged, cut short, or not what its name says; copy it "
                "again from where it came from"
            ) from error


@contextmanager
def stderr_closed_to_c() -> Iterator[None]:
    """Keep what C libraries print past Python (libtiff: its errors) off the terminal.

    The descriptor belongs to the whole process: hold this for one picture, no longer.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
