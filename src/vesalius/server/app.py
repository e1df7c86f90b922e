"""App: the desk as one web application."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import monotonic

from fastapi import Depends, FastAPI, Request, Response

from vesalius.server import pages
from vesalius.server.desk import Desk
from vesalius.server.doors import check_doors, pass_door, session_of
from vesalius.server.logbook import REQUEST, new_request, note_request
from vesalius.server.prefix import below
from vesalius.server.problems import Problem, refuse, unknown
from vesalius.server.routes import (
    audit,
    corrections,
    health,
    jobs,
    learn,
    models,
    projects,
    results,
    reviews,
    scans,
    session,
    statistics,
    subjects,
    uploads,
    users,
    verbs,
    volumes,
    worklist,
)

NOUNS = (
    health,
    session,
    users,
    projects,
    uploads,
    scans,
    verbs,
    jobs,
    models,
    results,
    volumes,
    worklist,  # before the reviews: its /events is none of their ids
    reviews,
    statistics,
    corrections,
    subjects,
    audit,
    learn,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GoOn = Callable[[Request], Awaitable[Response]]
ROUTERS = (pages.ROUTER, *(noun.ROUTER for noun in NOUNS))
ANSWERS = (401, 403, 404, 409, 422, 429, 503, 507)

# Nothing from elsewhere, nothing inline, in nobody's frame.
HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "connect-src 'self'",
            "font-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STRICT = {"Strict-Transport-Security": "max-age=31536000"}
UNCACHED = {"Cache-Control": "no-store"}


def create_app(desk: Desk) -> FastAPI:
    """Build the application around an open desk.

    Args:
        desk: `open_desk` opens one.

    Raises:
        ConfigError: A route is in no row of the role matrix, or a row has no route.
    """
    app = FastAPI(
        title="Vesalius",
        version=version("vesalius"),
        docs_url=None,  # those pages load from elsewhere
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(pass_door)],
        responses={code: {"model": Problem} for code in ANSWERS},
    )
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    refuse(app)
    check_doors(app)
    set_on_all = {**HEADERS, **(STRICT if desk.settings.is_secure else {})}

    @app.middleware("http")
    async def guard(request: Request, go_on: GoOn) -> Response:
        response = await _noted(request, go_on)
        response.headers.update(set_on_all)
        if request.url.path.startswith(f"{desk.settings.path}/api"):
            response.headers.update(UNCACHED)
        return response

    app.add_middleware(below, path=desk.settings.path)  # the outermost: added last
    return app


async def _noted(request: Request, go_on: GoOn) -> Response:
    """Have a request answered, and write down that it was; never what it said.

    An error that nobody foresaw ends here: further out it would be printed with its
    words, and those may quote a patient.
    """
    name, begun, error = new_request(), monotonic(), None
    try:
        response = await go_on(request)
    except Exception as unforeseen:  # noqa: BLE001  (nothing may fall through)
        error, response = unforeseen, unknown()
    route = request.scope.get("route")
    session = session_of(request)
    note_request(
        name,
        request.method if request.method in METHODS else "",
        getattr(route, "path_format", ""),
        response.status_code,
        1000 * (monotonic() - begun),
        session.account.id if session else "",
        error,
    )
    response.headers[REQUEST] = name
    return response
