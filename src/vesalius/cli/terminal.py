"""The terminal: what is said on stdout, and one line at most on stderr."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

# The user's own stderr while a command runs and fd 2 leads nowhere.
STDERR: ContextVar[TextIO | None] = ContextVar("STDERR", default=None)
LONGEST_LINE = 690  # bytes on stderr, with room for the line's end


@contextmanager
def hushed() -> Iterator[TextIO]:
    """Lend the user's stderr; what libraries write there meanwhile goes nowhere.

    Their warnings may quote a patient's name, and C code writes past Python: so the
    file descriptor itself is turned away.

    Yields:
        The stream for our own line and for progress.
    """
    _open_what_is_closed()
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    kept, spare = os.dup(2), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    stream = os.fdopen(kept, "w", encoding=encoding, errors="backslashreplace")
    lent = STDERR.set(stream)
    try:
        yield stream
    finally:
        STDERR.reset(lent)
        with suppress(OSError):  # a full disk or a closed pipe: nobody can be told
            stream.close()
        os.dup2(spare, 2)
        os.close(spare)


def say(text: str) -> None:
    """Print to stdout; a reader who left early (`| head`) is no fault of the work."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _drop_stdout()


def tell(line: str, stderr: TextIO) -> None:
    """Print the one line; where nobody listens, the exit code still says it."""
    with suppress(OSError):
        stderr.write(f"{line}\n")
        stderr.flush()


def close_stdout() -> None:
    """Flush what is left, so that the interpreter finds nothing to complain about."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _drop_stdout()


def one_line(text: str, arguments: list[str]) -> str:
    """Make a message fit for stderr.

    Args:
        text: What to say.
        arguments: The words of the command; of a path among them only the last
            component is repeated, the folders may be named after a patient.

    Returns:
        One printable line of at most `LONGEST_LINE` bytes.
    """
    for word in sorted(arguments, key=len, reverse=True):
        if "/" in word and Path(word).name:
            text = text.replace(word, Path(word).name)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    content = line.encode(errors="replace")
    if len(content) <= LONGEST_LINE:
        return line
    return content[: LONGEST_LINE - 3].decode(errors="ignore") + "..."


def _open_what_is_closed() -> None:
    """Fill closed places, or the next file opened would take what we print."""
    for place in (0, 1, 2):
        try:
            os.fstat(place)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    # Python has None there, and prints meant for stderr would land on stdout.
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that lacks a character still gets the rest
        reconfigure(errors="replace")


def _drop_stdout() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
