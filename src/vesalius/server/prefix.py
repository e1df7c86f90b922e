"""Prefix: the desk below a path that a proxy puts before every address."""

from starlette.types import ASGIApp, Receive, Scope, Send


def below(app: ASGIApp, path: str) -> ASGIApp:
    """Serve an application below a path.

    A proxy may send the path along or take it off: both are answered alike.

    Args:
        app: Knows nothing of it.
        path: "/desk"; empty for none.
    """

    async def prefixed(scope: Scope, receive: Receive, send: Send) -> None:
        if path and scope["type"] == "http":
            asked = scope["path"]
            if asked != path and not asked.startswith(f"{path}/"):
                asked = path + asked
            scope = {**scope, "root_path": path, "path": asked}
        await app(scope, receive, send)

    return prefixed
