"""Exchange: the files of an earlier run against those of this one, all or none."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from vesalius.errors import OutputError

RECORD = "result.json"
_PLAN = "plan.json"
_NEW, _OLD = "new", "old"


def written_before(place: Path) -> tuple[str, ...]:
    """Return the names that an earlier run listed in the record it left.

    Args:
        place: A folder; it may hold anything.

    Returns:
        Relative names of files that are still there, the record among them; none
        where there is no record of ours.
    """
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    if not isinstance(record, dict) or not {"verdict", "provenance"} <= record.keys():
        return ()
    files = record.get("files")
    names = [name for name in files or () if isinstance(name, str)]
    return tuple(name for name in names if _is_ours(place, name))


def refuse_foreign(
    place: Path, names: Iterable[str], written: Iterable[str] = ()
) -> None:
    """Refuse to write where a file of somebody else has the name.

    Args:
        place: The output folder.
        names: What will be written, relative to it.
        written: What an earlier run wrote there.

    Raises:
        OutputError: It names the first one, by its last component.
    """
    ours = set(written)
    for name in names:
        file = place / name
        above = [place / folder for folder in _folders(name)]
        blocked = any(
            other.is_symlink() or (other.exists() and not other.is_dir())
            for other in above
        )
        if name not in ours and (blocked or os.path.lexists(file)):
            raise OutputError(
                f"the output folder holds a {file.name} that no run of ours has listed "
                "in its result.json; move it away, or choose another folder"
            )


def exchange(workshop: Path, place: Path) -> None:
    """Move the draft's files into a folder that exists, and the old ones out of it.

    The plan is written down first. Whatever stops the moving, `undo` reads from the
    plan and from the disk what has been moved, and moves it back.

    Args:
        workshop: Holds the draft, `new`.
        place: The output folder.

    Raises:
        OutputError: A file of somebody else has the name of one of ours.
    """
    new = sorted(
        file.relative_to(workshop / _NEW).as_posix()
        for file in (workshop / _NEW).rglob("*")
        if file.is_file()
    )
    old = written_before(place)
    refuse_foreign(place, new, old)
    plan = workshop / _PLAN
    plan.write_text(json.dumps({_NEW: new, _OLD: old}), encoding="utf-8")
    try:
        for name in old:
            _move(place / name, workshop / _OLD / name)
        for name in new:
            _move(workshop / _NEW / name, place / name)
        plan.unlink()
    except BaseException:
        undo(workshop, place)
        raise
    _drop_empty(place, old)


def undo(workshop: Path, place: Path) -> None:
    """Put a folder back as it was before an exchange that did not come to its end.

    Args:
        workshop: Holds the plan; without one there is nothing to undo.
        place: The output folder.
    """
    try:
        plan = json.loads((workshop / _PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in plan[_NEW]:
        draft = workshop / _NEW / name
        if not draft.exists() and (place / name).exists():
            _move(place / name, draft)
    for name in plan[_OLD]:
        if (workshop / _OLD / name).exists():
            _move(workshop / _OLD / name, place / name)
    _drop_empty(place, plan[_NEW])
    (workshop / _PLAN).unlink()


def _is_ours(place: Path, name: str) -> bool:
    """A plain file in the folder itself, whatever the record claims."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\0" in name or not pure.parts:
        return False
    if pure.as_posix() != name:
        return False
    if any((place / parent).is_symlink() for parent in _folders(name)):
        return False
    with suppress(OSError):
        return (place / name).is_file() and not (place / name).is_symlink()
    return False


def _folders(name: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(name).parents if parent.name]


def _move(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    file.rename(target)


def _drop_empty(place: Path, names: Iterable[str]) -> None:
    folders = {folder for name in names for folder in _folders(name)}
    for folder in sorted(folders, key=len, reverse=True):
        with suppress(OSError):  # others' files are in it
            (place / folder).rmdir()
