"""Uploads: a scan sent piece by piece, gone on with after a dropped connection."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from vesalius.errors import ConfigError
from vesalius.server.doors import Own, TheDesk
from vesalius.server.receiving import (
    Stage,
    Upload,
    add_piece,
    begin,
    end,
    find,
    give_up,
)
from vesalius.server.uploads import MOST_PIECE

ROUTER = APIRouter(prefix="/api/uploads", tags=["uploads"])

Word = Annotated[str, Field(max_length=16)]


class New(BaseModel):
    """What is to be sent. The file's own name stays with the sender.

    Attributes:
        project: Where it belongs.
        ending: Of its name.
        size: Bytes.
        modality: Of a NIfTI: "MR" or "CT".
        contrast: Of a NIfTI: "T1w", "T1ce", "T2w" or "FLAIR".
    """

    project: Annotated[str, Field(max_length=40)]
    ending: Literal[".zip", ".dcm", ".nii", ".nii.gz"]
    size: int
    modality: Word = ""
    contrast: Word = ""


class Told(BaseModel):
    """An upload, as pages show it.

    Attributes:
        id: Its name.
        stage: Where it stands.
        size: Bytes in all.
        received: Bytes that are there: where the next piece begins.
        piece: Bytes that a piece has at most.
        reason: Why it was refused, or what of it was left out.
        scans: What came of it.
    """

    id: str
    stage: Stage
    size: int
    received: int
    piece: int = MOST_PIECE
    reason: str
    scans: list[str]


class There(BaseModel):
    """How many bytes are there."""

    received: int


@ROUTER.post("", status_code=201)
def start(new: New, desk: TheDesk, session: Own) -> Told:
    """Begin to send a scan."""
    said = {"modality": new.modality, "contrast": new.contrast}
    made = begin(desk, session.account, new.project, new.ending, new.size, said)
    return _told(made, 0)


@ROUTER.get("/{upload}")
def look(upload: str, desk: TheDesk, session: Own) -> Told:
    """Say how far an upload is."""
    with desk.look() as connection:
        found = find(connection, upload, session.account)
    coming = found.stage is Stage.COMING
    return _told(found, desk.uploads.received(upload) if coming else found.size)


async def _piece(request: Request) -> bytes:
    """Read a body, but not into memory without end."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_PIECE:
            raise ConfigError(f"a piece has 1 to {MOST_PIECE} bytes")
        parts.append(part)
    return b"".join(parts)


BYTES = {"schema": {"type": "string", "format": "binary"}}
CONTENT = {"application/octet-stream": BYTES}
RAW = {"requestBody": {"required": True, "content": CONTENT}}


@ROUTER.put("/{upload}/pieces/{at}", openapi_extra=RAW)
def add(
    upload: str,
    at: Annotated[int, Path(ge=0)],
    piece: Annotated[bytes, Depends(_piece)],
    desk: TheDesk,
    session: Own,
) -> There:
    """Send the next piece; one that is there already may be sent again."""
    return There(received=add_piece(desk, session.account, upload, at, piece))


@ROUTER.post("/{upload}/end")
def finish(upload: str, desk: TheDesk, session: Own) -> Told:
    """Say that all has been sent."""
    return _told(end(desk, session.account, upload), 0)


@ROUTER.delete("/{upload}", status_code=204)
def forget(upload: str, desk: TheDesk, session: Own) -> None:
    """Give an upload up."""
    give_up(desk, session.account, upload)


def _told(found: Upload, received: int) -> Told:
    return Told(
        id=found.id,
        stage=found.stage,
        size=found.size,
        received=received if found.stage is Stage.COMING else found.size,
        reason=found.reason,
        scans=list(found.scans),
    )
