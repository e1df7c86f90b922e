"""Delivery: a folder of files arrives whole, or not at all.

The place is tried before the work begins. The files are written to a draft on the same
disk and moved at the end; what a killed run left behind, the next run clears away.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from vesalius.errors import OutputError
from vesalius.io.exchange import RECORD, exchange, refuse_foreign, undo, written_before

Source = str | Path | Sequence[str | Path] | None

PROBE_BYTES = 2**16  # a full disk often has room for an empty folder
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LOCKS = {errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "its disk is read-only",
    errno.ENOTDIR: "a file stands where a folder should",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "its links lead round in a circle",
}
# What is known of an answer before it is made. A stranger's file of that name is
# found before the work, not after it.
_USUAL = ("report.html", RECORD, "picture.nii.gz", "spread.nii.gz", "imagined.nii.gz")


@contextmanager
def deliver(
    folder: str | Path, *, source: Source = None, overwrite: bool = False
) -> Iterator[Path]:
    """Lend a draft folder whose files arrive in `folder` together, at the end.

    Before anything is lent the place is tried: it can be made or written to, it is no
    file, it does not touch the input, no other run is writing there, and the disk has
    room. If the block raises, or is interrupted, `folder` and its parents are as they
    were. A run that was killed leaves a hidden draft beside `folder`, which the next
    run for the same folder removes.

    Args:
        folder: Where the files go. Made if absent, with its parents.
        source: The input or inputs; `folder` may not be, hold or lie in one.
        overwrite: Whether `folder` may hold something. Files that an earlier run
            listed in its `result.json` go; no other file is touched.

    Yields:
        An empty folder on the same disk.

    Raises:
        OutputError: The place cannot be used, the disk is full, or a file that is
            not ours has the name of one to be written.

    Example:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp()) / "new" / "out"
        >>> with deliver(out) as draft:
        ...     _ = (draft / "report.html").write_text("all is well")
        >>> [file.name for file in out.iterdir()]
        ['report.html']
    """
    place = _place(folder)
    _refuse_input(place, source)
    _refuse_taken(place, overwrite=overwrite)
    with full_disk_named(), _parents_of(place), _workshop(place) as workshop:
        draft = workshop / "new"
        draft.mkdir()
        _refuse_taken(place, overwrite=overwrite)  # by a run just finished
        _try_out(place, draft, overwrite=overwrite)
        yield draft
        _refuse_taken(place, overwrite=overwrite)  # by anybody, meanwhile
        _hand_over(place, workshop)


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn what a full or read-only disk raises into the one line about it.

    Raises:
        OutputError: In place of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or error.errno == errno.EROFS:
            raise unusable(error) from error
        raise


def unusable(error: OSError) -> OutputError:
    """Say in one line why a place cannot be written, without its path.

    Args:
        error: What the operating system said.
    """
    if error.errno in _FULL:
        return OutputError(
            "the disk of the output folder is full; free some space or choose a folder "
            "on another disk"
        )
    why = _REASONS.get(error.errno or 0, error.strerror or "unknown reason")
    return OutputError(
        f"the output folder cannot be written ({why}); choose one you own, on a disk "
        "with space left"
    )


# Before the work


def _place(folder: str | Path) -> Path:
    if "\0" in str(folder) or not str(folder):
        raise OutputError("the output folder's name is unusable; choose another")
    place = Path(os.path.realpath(folder))  # unlike resolve, it survives link loops
    try:
        os.lstat(place)
    except FileNotFoundError:
        return place
    except OSError as error:
        raise unusable(error) from error
    if not place.is_dir():
        raise OutputError(
            f"{_name(place)} is a file, not a folder; choose another output folder"
        )
    return place


def _refuse_input(place: Path, source: Source) -> None:
    if source is None:
        return
    for one in [source] if isinstance(source, str | Path) else source:
        scan = Path(os.path.realpath(one))
        if place == scan:
            how = "is the input itself"
        elif place in scan.parents:
            how = "holds the input"
        elif scan in place.parents:
            how = "lies inside the input"
        else:
            continue
        raise OutputError(
            f"the output folder {how}; choose one outside it, so that no scan is ever "
            "written over"
        )


def _refuse_taken(place: Path, *, overwrite: bool) -> None:
    try:
        names = [file.name for file in place.iterdir()] if place.is_dir() else []
    except OSError as error:
        raise unusable(error) from error
    if [name for name in names if name != _workshop_name(place)] and not overwrite:
        raise OutputError(
            f"the output folder {_name(place)} is not empty; choose another, or "
            "overwrite (--overwrite) what an earlier run wrote there"
        )


def _try_out(place: Path, draft: Path, *, overwrite: bool) -> None:
    probe = draft / "probe"
    probe.write_bytes(b"\xff" * PROBE_BYTES)
    probe.unlink()
    if not place.is_dir():
        return
    if not os.access(place, os.W_OK | os.X_OK):
        raise unusable(PermissionError(errno.EACCES, "permission denied"))
    if overwrite:
        refuse_foreign(place, _USUAL, written_before(place))


@contextmanager
def _parents_of(place: Path) -> Iterator[None]:
    """Make the folders above `place`; take away again what stayed empty."""
    missing = [parent for parent in place.parents if not os.path.lexists(parent)]
    made: list[Path] = []
    try:
        try:
            for parent in reversed(missing):
                with suppress(FileExistsError):  # another run was quicker
                    parent.mkdir()
                    made.append(parent)
        except OSError as error:
            raise unusable(error) from error
        yield
    except BaseException:
        for parent in reversed(made):
            with suppress(OSError):  # somebody else uses it by now
                parent.rmdir()
        raise


# The draft and its lock


@contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """Lend a locked folder for the draft: beside `place`, or in it where that fails.

    The lock is the kernel's, on the folder itself: it dies with the process, so a
    folder that can be locked was left by a run that was killed.
    """
    workshop, lock = _locked(place)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        os.close(lock)


def _locked(place: Path) -> tuple[Path, int]:
    name = _workshop_name(place)
    beside, inside = place.parent / name, place / name
    try:
        if place.is_dir() and place.parent.stat().st_dev != place.stat().st_dev:
            return _lock(inside, place)  # a mount point: beside it is another disk
        return _lock(beside, place)
    except PermissionError as error:
        if not place.is_dir():
            raise unusable(error) from error
    except OSError as error:
        raise unusable(error) from error
    try:
        return _lock(inside, place)
    except OSError as error:
        raise unusable(error) from error


def _lock(workshop: Path, place: Path) -> tuple[Path, int]:
    """Make the folder if need be, lock it, and clear it of an earlier run's draft."""
    made = _made(workshop)
    lock = os.open(workshop, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _hold(lock, workshop, made=made)
        undo(workshop, place)  # of a run that was killed while it moved files
        for left in workshop.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    except BaseException:
        os.close(lock)
        raise
    return workshop, lock


def _made(workshop: Path) -> bool:
    try:
        workshop.mkdir()
    except FileExistsError:
        return False
    return True


def _hold(lock: int, workshop: Path, *, made: bool) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS and made:
            return  # this disk has no locks: who makes the folder has it
        raise OutputError(
            "another run is writing to this output folder; wait for it, or choose "
            f"another (if none is running, delete {workshop.name} beside it)"
        ) from error
    held = os.fstat(lock)
    if not workshop.is_dir() or workshop.stat().st_ino != held.st_ino:
        raise OutputError(
            "another run has just written to this output folder; look at its answer, "
            "or choose another folder"
        )


def _workshop_name(place: Path) -> str:
    return f".vesalius-draft-{sha256(os.fsencode(place.name)).hexdigest()[:16]}"


# After it


def _hand_over(place: Path, workshop: Path) -> None:
    if place.is_dir():
        exchange(workshop, place)
        return
    try:
        (workshop / "new").rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise
        raise OutputError(
            f"something else was put at {_name(place)} meanwhile; it was left as it "
            "is, choose another output folder"
        ) from error


def _name(place: Path) -> str:
    return repr(place.name.encode("utf-8", "replace").decode()[:80])
