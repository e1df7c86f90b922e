"""Volumes: scans and answers as a screen shows them, and the numbers beside them."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel

from vesalius.errors import VesaliusError
from vesalius.governance.review import Review, is_final
from vesalius.server.accounts import Account
from vesalius.server.desk import Desk
from vesalius.server.doors import Own, TheDesk
from vesalius.server.kept_files import RANGED, KeptFile
from vesalius.server.model_versions import files_of_version, versions_of
from vesalius.server.projects import AbsentError
from vesalius.server.results import Found, files_of, find_result
from vesalius.server.reviews import find_review, refuse_unseen
from vesalius.server.routes.results import LABEL, label_of
from vesalius.server.scans import Scan, find_scan
from vesalius.server.viewing import view
from vesalius.server.views import Quality, Source, source_of_scan, sources_of
from vesalius.weights.cards import read_card

ROUTER = APIRouter(prefix="/api", tags=["volumes"])
QUALITY = "X-Vesalius-Quality"
RECORD = "result.json"
PARTS: dict[int | str, dict[str, Any]] = {
    **RANGED,
    304: {"description": "It is still the one whose ETag was sent"},
}

Wanted = Annotated[Quality, Query()]
Version = Annotated[str, Query(pattern="^([0-9a-f]{64})?$")]
Known = Annotated[str, Header(alias="If-None-Match", max_length=400)]


class Figure(BaseModel):
    """One number measured on held-out patients, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    patients: int


class Made(BaseModel):
    """What made an answer.

    Attributes:
        name: The model's.
        limits: When not to trust it.
        figures: How it did on patients it never saw; none where the card of these very
            weights is not at hand.
    """

    name: str
    task: str
    summary: str
    licence: str
    limits: list[str]
    weights_sha256: str
    figures: list[Figure]


class Told(BaseModel):
    """An answer's numbers, as its record has them (`docs/reference/output.md`).

    Attributes:
        label: What stands on it until it is signed; empty then.
        version: The answer that the numbers are of.
        volumes: Names of its volumes.
        card: Of the model; None where no trained weights were used.
    """

    label: str
    version: str
    volumes: list[str]
    verdict: dict[str, Any]
    checks: list[dict[str, Any]]
    measures: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    input: dict[str, Any] | None
    card: Made | None
    provenance: dict[str, Any]
    notes: list[str]


@ROUTER.get("/scans/{scan}/volume", response_class=KeptFile, responses=PARTS)
def look_at_scan(
    scan: str,
    desk: TheDesk,
    session: Own,
    quality: Wanted = Quality.FULL,
    known: Known = "",
) -> Response:
    """Return a scan's voxels, no word of its patient; of a range that is asked for."""
    with desk.look() as connection:
        found = find_scan(connection, scan, session.account)
    return _sent(desk, source_of_scan(found), quality, known, "")


@ROUTER.get(
    "/results/{result}/volumes/{name}", response_class=KeptFile, responses=PARTS
)
def look_at_answer(
    result: str,
    name: str,
    desk: TheDesk,
    session: Own,
    quality: Wanted = Quality.FULL,
    version: Version = "",
    known: Known = "",
) -> Response:
    """Return one of an answer's volumes, to whoever the answer was shown to."""
    found, scan, review = _shown(desk, result, session.account, version)
    own = files_of(desk.objects, version or review.digest)
    files = {**files_of(desk.objects, found.output_sha256), **own}
    source = sources_of(found, scan, files).get(name)
    if source is None:
        raise AbsentError
    return _sent(desk, source, quality, known, label_of(is_final(review)))


@ROUTER.get("/results/{result}/told")
def look_at_numbers(result: str, desk: TheDesk, session: Own) -> Told:
    """Return an answer's numbers, to whoever the answer was shown to."""
    found, scan, review = _shown(desk, result, session.account)
    files = files_of(desk.objects, found.output_sha256)
    if RECORD not in files:
        raise AbsentError
    told = json.loads(desk.objects.path(files[RECORD]).read_text(encoding="utf-8"))
    return Told(
        label=label_of(is_final(review)),
        version=found.output_sha256,
        volumes=sorted(sources_of(found, scan, files)),
        verdict=told["verdict"],
        checks=told["checks"],
        measures=told["measures"],
        tables=told["tables"],
        findings=told["findings"],
        input=told["input"],
        card=_card(desk, told["card"]),
        provenance=told["provenance"],
        notes=told["notes"],
    )


def _shown(
    desk: Desk, result: str, account: Account, version: str = ""
) -> tuple[Found, Scan, Review]:
    """Return an answer that was shown to whoever asks, or refuse."""
    with desk.look() as connection:
        found = find_result(connection, result, account)
        review = find_review(connection, result)
        refuse_unseen(review, account, version)
        return found, find_scan(connection, found.scan), review


def _sent(
    desk: Desk, source: Source, quality: Quality, known: str, label: str
) -> Response:
    made = view(desk, source, quality)
    tag = f'"{made.object_sha256}"'
    told = {
        "ETag": tag,
        QUALITY: Quality.FULL if made.is_whole else Quality.PREVIEW,
        **({LABEL: label} if label else {}),
    }
    if tag in known:
        return Response(status_code=304, headers=told)
    path = desk.objects.path(made.object_sha256)
    return KeptFile(path, media_type="application/gzip", headers=told)


def _card(desk: Desk, told: dict[str, Any] | None) -> Made | None:
    """Return the card that the answer keeps, with the figures of these very weights."""
    if told is None:
        return None
    with desk.look() as connection:
        versions = versions_of(connection, told["name"])
    kept = [one for one in versions if one.weights_sha256 == told["weights_sha256"]]
    try:
        card = files_of_version(desk.objects, kept[0]).card if kept else None
        figures = read_card(card).figures if card else ()
    except VesaliusError:  # the copy is lost: the answer can be read without it
        figures = ()
    return Made(
        **{key: told[key] for key in ("name", "task", "summary", "licence", "limits")},
        weights_sha256=told["weights_sha256"] or "",
        figures=[Figure(**vars(one)) for one in figures],
    )
