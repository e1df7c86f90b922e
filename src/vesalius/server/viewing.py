"""Viewing: volumes for a screen, each made once, in a process that may be lost."""

import json
import logging
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import select

from vesalius.errors import FormatError, VesaliusError
from vesalius.server.children import child, said_by
from vesalius.server.desk import VIEWING, Desk
from vesalius.server.results import files_of, find_result
from vesalius.server.scans import find_scan
from vesalius.server.schema import RESULTS, SCANS
from vesalius.server.turns import NotReadyError
from vesalius.server.views import (
    Form,
    Quality,
    Source,
    View,
    find_view,
    keep_view,
    source_of_scan,
    sources_of,
)

MEMORY, SECONDS = 3072 * 2**20, 300
LOST = (
    "this cannot be made ready for a screen: it takes more memory or time than a "
    "picture, or is damaged"
)
SUFFIX = {Form.PACKED: ".zip", Form.SERIES: ".dcm"}

_log = logging.getLogger(__name__)


def view(desk: Desk, source: Source, quality: Quality) -> View:
    """Return a volume for a screen; make it where that was not done yet.

    Args:
        desk: Keeps it.
        source: What it is made from.
        quality: How much of it.

    Raises:
        NotReadyError: Others wait for theirs: ask again.
        FormatError: What is kept cannot be read.
        OutputError: The disk is full.
    """
    found = _look(desk, source, quality)
    if found is not None:
        return found
    with desk.turns.one():
        found = _look(desk, source, quality)
        return found or _make(desk, source)[quality]


def prepare(desk: Desk, done: set[str]) -> bool:
    """Make the views of the latest scan or answer that lacks them.

    Args:
        desk: Keeps them.
        done: Ids of those that need no look; grows.

    Returns:
        Whether there was one.
    """
    with desk.look() as connection:
        names = [
            name
            for table in (SCANS, RESULTS)
            for name in connection.execute(
                select(table.c.id).order_by(table.c.made.desc())
            ).scalars()
            if name not in done
        ]
    if not names:
        return False
    done.add(names[0])
    try:
        for source in _sources(desk, names[0]):
            view(desk, source, Quality.PREVIEW)
    except NotReadyError:  # the next look finds it again
        done.discard(names[0])
        return False
    except VesaliusError as error:  # said again to whoever asks for it
        _log.warning("no view: %s: %s", type(error).__name__, error)
    return True


def _sources(desk: Desk, name: str) -> tuple[Source, ...]:
    with desk.look() as connection:
        if name.startswith("s-"):
            return (source_of_scan(find_scan(connection, name)),)
        found = find_result(connection, name)
        scan = find_scan(connection, found.scan)
    return tuple(
        sources_of(found, scan, files_of(desk.objects, found.output_sha256)).values()
    )


def _look(desk: Desk, source: Source, quality: Quality) -> View | None:
    with desk.look() as connection:
        found = find_view(connection, source, quality)
    # A backup leaves out what can be made again: a restored desk lacks the file.
    return found if found and desk.objects.has(found.object_sha256) else None


def _make(desk: Desk, source: Source) -> dict[Quality, View]:
    with tempfile.TemporaryDirectory(dir=desk.settings.data, prefix=VIEWING) as place:
        room, out = Path(place) / "from", Path(place) / "out"
        room.mkdir()
        out.mkdir()
        ending = SUFFIX.get(source.form, ".nii.gz")
        for number, digest in enumerate(source.objects):
            kept = desk.objects.path(digest).absolute()
            (room / f"{number:06d}{ending}").symlink_to(kept)
        told = _asked(desk, source, room, out)
        views = {}
        for quality in Quality:
            with (out / f"{quality}.nii.gz").open("rb") as opened:
                digest = desk.objects.put(opened).digest
            is_whole = quality is Quality.FULL or told["is_whole"]
            views[quality] = View(digest, is_whole)
    with desk.change() as (connection, _):
        for quality, made in views.items():
            keep_view(connection, source, quality, made, desk.now())
    return views


def _asked(desk: Desk, source: Source, room: Path, out: Path) -> dict[str, Any]:
    wish = {
        "form": source.form,
        "modality": source.modality,
        "room": str(room),
        "out": str(out),
        "memory": MEMORY,
        "seconds": SECONDS,
    }
    with child("vesalius.server.viewing_child", wish) as process:
        end = monotonic() + 2 * SECONDS
        for line in said_by(process):
            if line.endswith("\n"):
                answer: dict[str, Any] = json.loads(line)
                break
            if desk.stopping.is_set():
                raise NotReadyError
            if monotonic() > end:
                answer = {"error": LOST}
                break
        else:
            answer = {"error": LOST}
    if "error" in answer:
        raise FormatError(answer["error"])
    return answer
