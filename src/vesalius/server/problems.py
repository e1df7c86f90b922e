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
from vesalius.server.accounts import SignInError

NOT_FOUND = "there is nothing here"
# The first that fits decides.
STATUS: tuple[tuple[type[VesaliusError], int], ...] = (
    (SignInError, 401),
    (ReviewError, 409),
    (ScanError, 422),
    (ConfigError, 422),
    (RecordError, 503),
    (OutputError, 507),
    (WeightsError, 503),
    (VesaliusError, 422),
)
NEXT = {
    401: "sign in, then try again",
    403: "ask an administrator for the role that this needs",
    404: "look whether the address is right; what is not yours is not shown",
    405: "look at the list of routes",
    409: "load it again and look at it before you decide",
    422: "change what is named, then send it again",
    429: "wait as long as Retry-After says",
    503: "tell your administrator: nothing was done",
    507: "tell your administrator: nothing was done",
}


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
    app.add_exception_handler(Exception, _unknown)


async def _said(request: Request, error: Exception) -> JSONResponse:
    status = next(code for kind, code in STATUS if isinstance(error, kind))
    if isinstance(error, SignInError) and error.wait:
        seconds = str(ceil(error.wait.total_seconds()))
        return _answer(429, str(error), headers={"Retry-After": seconds})
    return _answer(status, str(error))


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


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    return _answer(500, "something went wrong here, and it is in the log")


def _answer(
    status: int,
    what: str,
    *,
    expected: str = "",
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        what=what,
        expected=expected,
        next=NEXT.get(status, "try again; if it stays so, tell your administrator"),
    )
    return JSONResponse(problem.model_dump(), status, headers)
