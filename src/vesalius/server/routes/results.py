"""Results: what came of jobs, for whom it was shown to."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from vesalius.governance.review import State, is_final, seen
from vesalius.server.doors import Own, TheDesk
from vesalius.server.exporting import export
from vesalius.server.kept_files import RANGED, KeptFile
from vesalius.server.objects import Objects
from vesalius.server.projects import AbsentError
from vesalius.server.results import UNREVIEWED, Found, files_of, find_result, results_of
from vesalius.server.reviews import find_review, refuse_unseen
from vesalius.server.scans import find_scan
from vesalius.server.versions import versions_of

ROUTER = APIRouter(prefix="/api/results", tags=["results"])
LABEL = "X-Vesalius-Label"
BYTES = {"schema": {"type": "string", "format": "binary"}}
ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": BYTES}}}
MEDIA = {
    ".gz": "application/gzip",
    ".json": "application/json",
    ".csv": "text/csv",
    ".html": "text/html",
    ".dcm": "application/dicom",
}


class Told(BaseModel):
    """A result, without its answer.

    Attributes:
        label: What stands on it until it is signed; empty then.
        state: Where its review stands.
    """

    id: str
    scan: str
    job: str
    verb: str
    model: str
    weights_sha256: str
    made: datetime
    state: State
    label: str


class Answer(Told):
    """A result with its answer.

    Attributes:
        output_sha256: Of the machine's answer.
        version: Of the answer as it is now: the same until somebody corrects it.
        outcome: The verdict on the input.
        files: Digests by name: the machine's, and those of the version in their place.
    """

    output_sha256: str
    version: str
    outcome: str
    files: dict[str, str]


class Finding(BaseModel):
    """One thing that was found.

    Attributes:
        position_mm: RAS+.
        size_mm: Longest diameter.
        probability: None of one that a person added.
        interval: 90 %, of the probability.
        by: "machine" or "person".
    """

    position_mm: tuple[float, float, float]
    size_mm: float
    probability: float | None
    interval: tuple[float, float] | None
    by: str


class Version(BaseModel):
    """An answer as the machine gave it, or as a person corrected it.

    Attributes:
        digest: Names it.
        kind: "machine", "mask" or "findings".
        by: The account's name; empty of the machine's.
        volume_ml: Of an outline.
        is_current: Whether it is what is decided on.
    """

    digest: str
    kind: str
    by: str
    made: datetime
    volume_ml: float | None
    findings: list[Finding]
    is_current: bool


@ROUTER.get("")
def list_all(
    scan: Annotated[str, Query(max_length=40)], desk: TheDesk, session: Own
) -> list[Told]:
    """List what came of a scan, the latest first."""
    with desk.look() as connection:
        find_scan(connection, scan, session.account)
        found = results_of(connection, scan)
        states = [find_review(connection, one.id) for one in found]
    return [
        Told(**_told(one, review.state, label_of(is_final(review))))
        for one, review in zip(found, states, strict=True)
    ]


@ROUTER.get("/{result}")
def look(result: str, desk: TheDesk, session: Own) -> Answer:
    """Return an answer, to whoever it was shown to."""
    with desk.look() as connection:
        found = find_result(connection, result, session.account)
        review = find_review(connection, result)
        refuse_unseen(review, session.account)
    return Answer(
        **_told(found, review.state, label_of(is_final(review))),
        output_sha256=found.output_sha256,
        version=review.digest,
        outcome=found.outcome,
        files=_files(desk.objects, found, review.digest),
    )


@ROUTER.get("/{result}/versions")
def versions(result: str, desk: TheDesk, session: Own) -> list[Version]:
    """List an answer's versions, the machine's first: those that one was shown."""
    account = session.account
    with desk.look() as connection:
        found = find_result(connection, result, account)
        review = find_review(connection, result)
        refuse_unseen(review, account, found.output_sha256)
        every = versions_of(connection, desk.objects, found, review)
    own = seen(review, account.id)
    return [
        Version(
            digest=one.digest,
            kind=one.kind,
            by=one.by,
            made=one.made,
            volume_ml=one.volume_ml,
            findings=[Finding(**finding) for finding in one.findings],
            is_current=one.digest == review.digest,
        )
        for one in every
        if one.digest in own
    ]


@ROUTER.get("/{result}/files/{name:path}", response_class=KeptFile, responses=RANGED)
def fetch(
    result: str,
    name: str,
    desk: TheDesk,
    session: Own,
    version: Annotated[str, Query(pattern="^([0-9a-f]{64})?$")] = "",
) -> KeptFile:
    """Return one of an answer's files; a part of it where a range is asked for.

    Of a version that is named, its own files alone; else those of the answer as it is
    now, the machine's where a correction has left them as they were.
    """
    with desk.look() as connection:
        found = find_result(connection, result, session.account)
        review = find_review(connection, result)
        refuse_unseen(review, session.account, version)
    if version:
        digest = files_of(desk.objects, version).get(name)
    else:
        digest = _files(desk.objects, found, review.digest).get(name)
    if digest is None:
        raise AbsentError
    ending = name[name.rfind(".") :] if "." in name else ""
    headers = {"ETag": f'"{digest}"', LABEL: label_of(is_final(review))}
    return KeptFile(
        desk.objects.path(digest),
        media_type=MEDIA.get(ending, "application/octet-stream"),
        headers={key: value for key, value in headers.items() if value},
    )


@ROUTER.get("/{result}/export", response_class=StreamingResponse, responses=ZIP)
def take_out(result: str, desk: TheDesk, session: Own) -> StreamingResponse:
    """Return an answer and what was decided on it, for other systems, in one zip.

    It holds the derived series or the volumes, the outline and the decision as DICOM,
    the patient's identity put back, and the decision as JSON. What nobody has signed
    says so in its name and in itself.
    """
    package = export(desk, session.account, result)
    headers = {
        "Content-Disposition": f'attachment; filename="{package.name}"',
        "Content-Length": str(package.size),
        LABEL: package.label,
    }
    return StreamingResponse(
        package.parts(),
        media_type="application/zip",
        headers={key: value for key, value in headers.items() if value},
    )


def _files(objects: Objects, found: Found, version: str) -> dict[str, str]:
    machines = files_of(objects, found.output_sha256)
    return {**machines, **files_of(objects, version)}


def label_of(is_signed: bool) -> str:
    """Return what stands on a picture until somebody has signed it."""
    return "" if is_signed else UNREVIEWED


def _told(found: Found, state: State, label: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "scan": found.scan,
        "job": found.job,
        "verb": found.verb,
        "model": found.model,
        "weights_sha256": found.weights_sha256,
        "made": found.made,
        "state": state,
        "label": label,
    }
