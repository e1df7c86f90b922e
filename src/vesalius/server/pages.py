"""Pages: the dashboard as it was built, served beside the API it speaks with."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathPart
from fastapi.responses import FileResponse, HTMLResponse, Response

from vesalius.server.projects import AbsentError

ROUTER = APIRouter(tags=["pages"])
BUILT = Path(__file__).parent / "static"
# A built file's name holds a digest of what is in it: it never changes.
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
ASK_EACH_TIME = {"Cache-Control": "no-cache"}
MEDIA = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
}
# Plain: it has to do without the style sheet that was not built either.
NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Vesalius</title></head><body>
<h1>The pages of this desk have not been built</h1>
<p>The desk itself works: its API answers below <code>api/</code>.</p>
<p>Stop it, run <code>make pages</code> in the clone, and start it again. An installed
wheel has its pages with it: if you see this there, install it again.</p>
</body></html>
"""


@ROUTER.get("/", response_class=HTMLResponse)
def index() -> Response:
    """Return the page; what it shows stands behind the # of its address."""
    page = BUILT / "index.html"
    if not page.is_file():
        return HTMLResponse(NOT_BUILT, 503, headers=ASK_EACH_TIME)
    return FileResponse(page, media_type="text/html", headers=ASK_EACH_TIME)


@ROUTER.get("/assets/{name}", response_class=Response)
def asset(
    name: Annotated[str, PathPart(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$")],
) -> Response:
    """Return a script, style or picture of the page."""
    file = BUILT / "assets" / name
    media = MEDIA.get(file.suffix)
    if media is None or not file.is_file():
        raise AbsentError
    return FileResponse(file, media_type=media, headers=FOR_EVER)
