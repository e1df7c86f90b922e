"""Doors: who may pass, decided by the role matrix before any route is asked."""

from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request

from vesalius.errors import ConfigError
from vesalius.server.accounts import SignedIn, is_meant, whose
from vesalius.server.desk import Desk
from vesalius.server.problems import NotAllowed
from vesalius.server.roles import ANYBODY, MATRIX, may

COOKIE, CSRF = "vesalius-session", "X-Vesalius-CSRF"
SAFE = frozenset({"GET", "HEAD"})  # methods that change nothing
FREE = frozenset({"POST /api/session", "POST /api/session/first"})  # no session yet


def desk_of(request: Request) -> Desk:
    """Return the desk that serves a request."""
    return cast("Desk", request.app.state.desk)


def session_of(request: Request) -> SignedIn | None:
    """Return whose session a request is of, as `pass_door` found it."""
    return cast("SignedIn | None", getattr(request.state, "session", None))


def pass_door(request: Request) -> None:
    """Let a request through, or refuse it.

    Raises:
        NotAllowed: 401 without a session where one is needed, 403 without the role or
            the token that a page of ours sends with a change.
    """
    route = key_of(request)
    desk = desk_of(request)
    token = request.cookies.get(COOKIE)
    session = None
    if token:
        with desk.change() as (connection, _):
            session = whose(connection, token, desk.now(), desk.settings)
    request.state.session = session
    if MATRIX[route] is not ANYBODY and session is None:
        raise NotAllowed(401, "you are not signed in, or your session has ended")
    changes = request.method not in SAFE and route not in FREE
    if session and changes and not is_meant(session, request.headers.get(CSRF, "")):
        raise NotAllowed(403, "this change does not come from a page of this desk")
    if not may(session.account.roles if session else frozenset(), route):
        raise NotAllowed(403, "your account has no role that may do this")


def key_of(request: Request) -> str:
    """Return the matrix row of a request."""
    route = request.scope["route"]
    return f"{request.method} {route.path}"


def check_doors(app: FastAPI) -> None:
    """Refuse an application with a route that is in no row, or a row without a route.

    Raises:
        ConfigError: Names them.
    """
    found = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    astray = sorted(found ^ MATRIX.keys())
    if astray:
        raise ConfigError(f"routes and role matrix differ in {', '.join(astray)}")


def _signed_in(request: Request) -> SignedIn:
    session = session_of(request)
    if session is None:
        raise NotAllowed(401, "you are not signed in, or your session has ended")
    return session


TheDesk = Annotated[Desk, Depends(desk_of)]
Whose = Annotated[SignedIn | None, Depends(session_of)]
Own = Annotated[SignedIn, Depends(_signed_in)]
