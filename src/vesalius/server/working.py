"""Working: from the queue to a result that is kept, whole or not at all."""

import json
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from vesalius.errors import ConfigError, WeightsError
from vesalius.server import queue
from vesalius.server.accounts import DESK, account_of
from vesalius.server.desk import WORKING, Desk
from vesalius.server.executing import Executor, WorkError
from vesalius.server.job import Job
from vesalius.server.model_versions import (
    files_of_version,
    models_kept,
    note_model,
    version_served,
)
from vesalius.server.models import SUSPENDED
from vesalius.server.performing import (
    SUFFIX,
    GivenUp,
    Kept,
    Task,
    code_of,
    model_of,
)
from vesalius.server.results import keep_result
from vesalius.server.reviews import open_review, supersede
from vesalius.server.scans import Scan, find_scan

TOLD_EVERY_S = 1.0  # a note of progress takes the database's lock
RECORD = "result.json"


def work_once(desk: Desk, executor: Executor, worker: str) -> Job | None:
    """Do the job that has waited longest.

    Its files are kept first, then its result, its end and the record are written
    together: a crash leaves files that nothing refers to, and the job waits again.

    Args:
        desk: Holds the queue.
        executor: Does the work.
        worker: This worker's name.

    Returns:
        The job as it ended; None where none waited.

    Raises:
        OutputError: The disk or the database cannot be written; the job stays this
            worker's until `queue.recover` lets it wait again.
    """
    with desk.change() as (connection, record):
        job = queue.take(connection, record, worker, desk.now())
    if job is None:
        return None
    with desk.look() as connection:
        scan = find_scan(connection, job.wish.scan or "")
    with tempfile.TemporaryDirectory(dir=desk.settings.data, prefix=WORKING) as room:
        try:
            task = _task(desk, job, scan, Path(room))
            executor.run(task, _Teller(desk, job, worker))
        except GivenUp:
            return _as_it_is(desk, job)
        except WorkError as error:
            return _fail(desk, job, worker, error)
        return _keep(desk, job, scan, worker, task.out)


class _Teller:
    """Notes how far a job is, now and then; says whether it is still wanted."""

    def __init__(self, desk: Desk, job: Job, worker: str) -> None:
        self._desk, self._job, self._worker = desk, job, worker
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, stage: str, done: int, total: int) -> bool:
        if self._desk.stopping.is_set():
            return False
        now = self._desk.now().timestamp()
        if stage == self._last[0] and now - self._last[1] < TOLD_EVERY_S:
            return True
        self._last = stage, now
        with self._desk.change() as (connection, _):
            return queue.tell(
                connection, self._job.id, self._worker, stage, done, total
            )


def _task(desk: Desk, job: Job, scan: Scan, room: Path) -> Task:
    # Kept files have no ending, and readers look at one.
    source = room / f"scan{SUFFIX[scan.form]}"
    source.symlink_to(desk.objects.path(scan.object_sha256).absolute())
    said = {} if scan.form == "dicom" else {"modality": scan.modality}
    if scan.form != "dicom" and scan.contrast:
        said["contrast"] = scan.contrast
    options = {name: str(value) for name, value in job.wish.options.items()}
    model = _model(desk, job, scan, options)
    return Task(job.wish.verb, source, room / "out", said, options, model)


def _model(desk: Desk, job: Job, scan: Scan, options: dict[str, str]) -> Kept:
    """Take the version that is served, and note so; one that is suspended does none."""
    name = job.wish.model or model_of(job.wish.verb, scan.modality, options)
    try:
        with desk.look() as connection:
            is_known = name in models_kept(connection)
        if not is_known:
            note_model(desk, name)
        with desk.change() as (connection, _):
            version = version_served(connection, name)
            if version.suspended:
                raise WorkError(SUSPENDED, f"{name} is suspended")
            queue.use(connection, job.id, name, version.weights_sha256)
        return files_of_version(desk.objects, version)
    except (WeightsError, ConfigError) as error:
        raise WorkError(code_of(error), str(error)) from error


def _keep(desk: Desk, job: Job, scan: Scan, worker: str, out: Path) -> Job:
    files = {}
    for file in sorted(found for found in out.rglob("*") if found.is_file()):
        with file.open("rb") as opened:
            files[file.relative_to(out).as_posix()] = desk.objects.put(opened).digest
    told: dict[str, Any] = json.loads((out / RECORD).read_text(encoding="utf-8"))
    words = json.dumps({"files": files}, sort_keys=True, indent=1).encode()
    digest = desk.objects.put(BytesIO(words)).digest
    with desk.change() as (connection, record):
        try:
            done = queue.finish(connection, record, job.id, worker, digest, desk.now())
        except ConfigError:  # given up, or another worker's by now: drop what came
            return queue.find(connection, job.id)
        found = keep_result(connection, record, done, scan, told, desk.now())
        open_review(connection, found, desk.now())
        # A demo's work is asked for by the desk itself, which has no account.
        by = DESK if done.by == DESK.id else account_of(connection, done.by)
        supersede(connection, record, found, by, desk.now())
        return done


def _fail(desk: Desk, job: Job, worker: str, error: WorkError) -> Job:
    with desk.change() as (connection, record):
        try:
            return queue.fail(
                connection, record, job.id, worker, error.code, desk.now()
            )
        except ConfigError:
            return queue.find(connection, job.id)


def _as_it_is(desk: Desk, job: Job) -> Job:
    with desk.look() as connection:
        return queue.find(connection, job.id)
