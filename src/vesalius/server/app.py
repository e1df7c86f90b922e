"""App: the desk as one web application."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request, Response

from vesalius.server.desk import Desk
from vesalius.server.doors import check_doors, pass_door
from vesalius.server.problems import Problem, refuse
from vesalius.server.routes import health, session, users

ROUTERS = (health.ROUTER, session.ROUTER, users.ROUTER)
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
        root_path=desk.settings.path,
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
    async def guard(
        request: Request, go_on: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await go_on(request)
        response.headers.update(set_on_all)
        if request.url.path.startswith(f"{desk.settings.path}/api"):
            response.headers.update(UNCACHED)
        return response

    return app
