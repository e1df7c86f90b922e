"""Problems: every way the desk says no, in one shape."""

from math import ceil

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from vesalius.errors import (
    ConfigError,
    OutputError,
    RecordError,
    ReviewError,
    ScanError,
    VesaliusError,
    WeightsError,
)
from vesalius.server.conflicts import ConflictError
from vesalius.server.projects import NOT_FOUND, AbsentError
from vesalius.server.sessions import SignInError
from vesalius.server.turns import NotReadyError

# The first that fits decides.
STATUS: tuple[tuple[type[VesaliusError], int], ...] = (
    (SignInError, 401),
    (AbsentError, 404),
    (ReviewError, 409),
    (NotReadyError, 503),
    (ConflictError, 409),
    (ScanError, 422),
    (ConfigError, 422),
    (RecordError, 503),
    (OutputError, 507),
    (WeightsError, 503),
    (VesaliusError, 422),
)
NEXT = {
    400: "ask for bytes as first-last, counted from 0, or for all of it",
    401: "sign in, then try again",
    403: "ask an administrator for the role that this needs",
    404: "look whether the address is right; what is not yours is not shown",
    405: "look at the list of routes",
    409: "load it again and look at it before you decide",
    416: "ask for bytes that are there, or for all of it",
    422: "change what is named, then send it again",
    429: "wait as long as Retry-After says",
    503: "tell your administrator: nothing was done",
    507: "tell your administrator: nothing was done",
}

UNSATISFIABLE = 416


class Problem(BaseModel):
    """What the desk answers when it says no.

    Attributes:
        what: What is wrong.
        expected: What would have been right; empty where that is plain.
        next: What to do.
    """

    what: str
    expected: str = ""
    next: str


class NotAllowed(HTTPException):
    """Somebody who is not signed in, or lacks the role."""


def refuse(app: FastAPI) -> None:
    """Have an application answer every error in one shape.

    Args:
        app: Its handlers are set.
    """
    app.add_exception_handler(VesaliusError, _said)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unfit)


async def _said(request: Request, error: Exception) -> JSONResponse:
    status = next(code for kind, code in STATUS if isinstance(error, kind))
    if isinstance(error, SignInError | NotReadyError) and error.wait:
        status = 429 if isinstance(error, SignInError) else status
        seconds = str(ceil(error.wait.total_seconds()))
        return _answer(status, str(error), headers={"Retry-After": seconds})
    then = error.then if isinstance(error, ConflictError) else ""
    return _answer(status, str(error), then=then)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    told = str(error.detail) if isinstance(error, NotAllowed) else ""
    words = {404: NOT_FOUND, 405: "this address is not used in this way"}
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _answer(status, told or words.get(status, "this cannot be"), headers=headers)


async def _unfit(request: Request, error: Exception) -> JSONResponse:
    """Name the fields, never what was in them: it may be about a patient."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    places = [".".join(str(part) for part in one["loc"]) for one in found]
    kinds = [f"{place}: {one['msg']}" for place, one in zip(places, found, strict=True)]
    what = f"this does not fit: {', '.join(places)}"
    return _answer(422, what, expected="; ".join(kinds))


def refused_range(status: int, size: str | None) -> JSONResponse:
    """Return the answer to a range of a file that cannot be had.

    Args:
        status: 400 where it is none, 416 where it lies beyond the end.
        size: Of the file, in bytes; None where nobody looked.
    """
    if status != UNSATISFIABLE:
        return _answer(status, "this is no range", expected="Range: bytes=0-1023")
    words = f"this range lies beyond the end: there are {size or 'fewer'} bytes"
    headers = {"Content-Range": f"bytes */{size or '*'}"}
    return _answer(status, words, headers=headers)


def unknown() -> JSONResponse:
    """Return the answer to what nobody foresaw."""
    return _answer(500, "something went wrong here, and it is in the log")


def _answer(
    status: int,
    what: str,
    *,
    expected: str = "",
    then: str = "",
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        what=what,
        expected=expected,
        next=then
        or NEXT.get(status, "try again; if it stays so, tell your administrator"),
    )
    return JSONResponse(problem.model_dump(), status, headers)
