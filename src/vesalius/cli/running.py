"""Running: from words to an exit code, whatever happens on the way."""

import errno
import gc
import os
import sys
from pathlib import Path
from signal import Signals

from typer.exceptions import TyperException

from vesalius.cli.commands import app
from vesalius.cli.ending import DONE, INTERNAL, INTERRUPTED, UNUSABLE, exit_code
from vesalius.cli.terminal import close_stdout, hushed, one_line, say, tell
from vesalius.errors import SeriesError, VesaliusError

HOME = Path(__file__).parents[1]
# New objects between two searches for rubbish; Python's own 700 search again and again
# while libraries are loaded, which took a fifth of 1.5 s.
SEARCH_AFTER = 50_000
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
OUT_OF_MEMORY = (
    "this machine has too little memory for this scan; close other programs, cut the "
    "scan into parts, or use a machine with more"
)


def run(arguments: list[str] | None, received: list[Signals]) -> int:
    """Run the words and turn every ending into a code and at most one line.

    Args:
        arguments: The words after `vesalius`; by default those of this process.
        received: Signals that asked to stop, filled in while this runs.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if arguments is None else arguments
    # libgomp's threads spin while they wait: on a busy machine two were up to 35 times
    # slower than one. Read when torch is loaded, so it is said before.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    often = gc.get_threshold()
    gc.set_threshold(SEARCH_AFTER, *often[1:])
    with hushed() as stderr:
        try:
            return _invoke(words)
        except SystemExit as stop:  # typer's way when nobody reads stdout any more
            early = isinstance(stop.__context__, BrokenPipeError)
            return DONE if early else int(stop.code or DONE)
        except BaseException as error:  # noqa: BLE001  (nothing may end in a traceback)
            # A broken import may turn the interruption into an error of its own.
            code, text = (128 + received[0], "interrupted") if received else _why(error)
            if isinstance(error, SeriesError):
                say(error.table)
            tell(one_line(text, words), stderr)
            return code
        finally:
            gc.set_threshold(*often)
            close_stdout()


def _invoke(words: list[str]) -> int:
    code = app(words or ["--help"], prog_name="vesalius", standalone_mode=False)
    if code == INTERRUPTED:  # typer's own word for KeyboardInterrupt
        raise KeyboardInterrupt
    return UNUSABLE if not words else int(code or 0)


def _why(error: BaseException) -> tuple[int, str]:
    """Return the exit code of an error, and what to say."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, VesaliusError):
        return exit_code(error), f"error: {error}"
    if isinstance(error, TyperException):
        usage = error.format_message().replace("Value error, ", "").rstrip(".")
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "vesalius"
        return UNUSABLE, f"error: {usage}; {command} --help says what can be given"
    return _foreign(error)


def _foreign(error: BaseException) -> tuple[int, str]:
    """Name the cause of an error that is not ours, without a word of its own text."""
    # torch has no class of its own for a processor that is out of memory.
    words = f"{type(error).__name__} {error}"
    full = ("MemoryError", "OutOfMemory", "allocate memory")
    if any(sign in words for sign in full):
        return UNUSABLE, f"error: {OUT_OF_MEMORY}"
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return UNUSABLE, "error: the disk is full; free some space or choose another"
    if isinstance(error, OSError) and error.strerror:
        return UNUSABLE, (
            f"error: a file could not be read or written ({error.strerror}); look at "
            "its permissions and its disk"
        )
    return INTERNAL, f"internal error: {_place(error)}; please report this line"


def _place(error: BaseException) -> str:
    """Say where it broke, in our own code where it passed there."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno))
        trace = trace.tb_next
    ours = [(path, line) for path, line in frames if HOME in path.parents]
    path, line = (ours or frames)[-1]
    shown = path.relative_to(HOME) if ours else path.name
    return f"{type(error).__name__} in {shown}:{line}"
