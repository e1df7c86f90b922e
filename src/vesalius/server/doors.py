"""Doors: who may pass, decided by the role matrix before any route is asked."""

from datetime import timedelta
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request

from vesalius.errors import ConfigError
from vesalius.server.database import reading
from vesalius.server.desk import Desk
from vesalius.server.problems import NotAllowed
from vesalius.server.roles import ANYBODY, MATRIX, may
from vesalius.server.sessions import SignedIn, digest_of, is_meant, note_use, whose

COOKIE, CSRF = "vesalius-session", "X-Vesalius-CSRF"
SAFE = frozenset({"GET", "HEAD"})  # methods that change nothing
NOTED_EVERY = timedelta(minutes=1)  # so much earlier a session may end than it should
MOST_NOTED = 10_000
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
    session = _found(desk, token) if token else None
    request.state.session = session
    if MATRIX[route] is not ANYBODY and session is None:
        raise NotAllowed(401, "you are not signed in, or your session has ended")
    changes = request.method not in SAFE and route not in FREE
    if session and changes and not is_meant(session, request.headers.get(CSRF, "")):
        raise NotAllowed(403, "this change does not come from a page of this desk")
    if not may(session.account.roles if session else frozenset(), route):
        raise NotAllowed(403, "your account has no role that may do this")


def _found(desk: Desk, token: str) -> SignedIn | None:
    """Look whose session it is; note its use once a minute, not at each request.

    Every note takes the database's one lock: thirty readers who scroll would wait for
    each other.
    """
    now, name = desk.now(), digest_of(token)
    with reading(desk.engine) as connection:
        session = whose(connection, token, now, desk.settings)
    if session is None:
        desk.used.pop(name, None)
        return None
    noted = desk.used.get(name)
    if noted is None or not noted <= now < noted + NOTED_EVERY:
        with desk.change() as (connection, _):
            note_use(connection, token, now, desk.settings)
        if len(desk.used) > MOST_NOTED:
            desk.used.clear()
        desk.used[name] = now
    return session


def key_of(request: Request) -> str:
    """Return the matrix row of a request."""
    route = request.scope["route"]
    return f"{request.method} {route.path_format}"


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
