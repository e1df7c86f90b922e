"""Corrections: an outline drawn anew, findings dismissed or added."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from vesalius.errors import FormatError
from vesalius.server.corrections import (
    WIDEST_MM,
    Added,
    correct_findings,
    correct_mask,
)
from vesalius.server.doors import Own, TheDesk
from vesalius.server.routes.reviews import Digest, Told, told_of

ROUTER = APIRouter(prefix="/api/reviews", tags=["reviews"])

MOST_PACKED = 64 * 2**20  # bytes of a packed mask: far above any that was drawn
BYTES = {"schema": {"type": "string", "format": "binary"}}
RAW = {"requestBody": {"required": True, "content": {"application/gzip": BYTES}}}

Millimetres = Annotated[float, Field(allow_inf_nan=False)]


class Missed(BaseModel):
    """A finding that the machine has missed.

    Attributes:
        position_mm: RAS+, in the scan.
        diameter_mm: The longest.
    """

    position_mm: tuple[Millimetres, Millimetres, Millimetres]
    diameter_mm: Annotated[Millimetres, Field(gt=0, le=WIDEST_MM)]


class Changed(BaseModel):
    """What of a list of findings is changed.

    Attributes:
        digest: Of the version that was looked at.
        dismissed: Which of its findings are none, from 0.
        added: What it lacks.
    """

    digest: Digest
    dismissed: Annotated[list[int], Field(max_length=1000)] = []
    added: Annotated[list[Missed], Field(max_length=100)] = []


async def _packed(request: Request) -> bytes:
    """Read a body, but not into memory without end."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_PACKED:
            raise FormatError(
                f"a packed mask has at most {MOST_PACKED} bytes: send the outline alone"
            )
        parts.append(part)
    return b"".join(parts)


@ROUTER.post("/{result}/correct/mask", openapi_extra=RAW)
def draw(
    result: str,
    digest: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
    packed: Annotated[bytes, Depends(_packed)],
    desk: TheDesk,
    session: Own,
) -> Told:
    """Keep an outline drawn anew: gzip of one byte a voxel, first axis fastest."""
    account = session.account
    after = correct_mask(desk, account, result, digest, packed)
    with desk.look() as connection:
        return told_of(connection, result, after, account)


@ROUTER.post("/{result}/correct/findings")
def change(result: str, changed: Changed, desk: TheDesk, session: Own) -> Told:
    """Keep a list of findings with some dismissed and some added."""
    account, gone = session.account, changed.dismissed
    added = [Added(one.position_mm, one.diameter_mm) for one in changed.added]
    after = correct_findings(desk, account, result, changed.digest, gone, added)
    with desk.look() as connection:
        return told_of(connection, result, after, account)
