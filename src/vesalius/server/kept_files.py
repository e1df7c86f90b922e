"""Kept files: a file as an answer, whole or a range; errors in the desk's shape."""

from typing import Any

from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from vesalius.server.problems import Problem, refused_range

RANGES = (400, 416)  # what the framework says of a range that is none, or lies beyond
RANGED: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range that was asked for"},
    400: {"model": Problem, "description": "The range is none"},
    416: {"model": Problem, "description": "The range lies beyond the end"},
}


class KeptFile(FileResponse):
    """A file of the desk; the `Range` of a request is honoured (RFC 9110, section 14).

    Limits:
        Of several ranges at once the answer is `multipart/byteranges`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; where the range cannot be had, send words and a next step."""
        is_refused = False

        async def told(message: Message) -> None:
            nonlocal is_refused
            begins = message["type"] == "http.response.start"
            if begins and message["status"] in RANGES:
                is_refused = True
                size = self.headers.get("content-length")  # of the whole file
                answer = refused_range(message["status"], size)
                await answer(scope, receive, send)
            elif not is_refused:
                await send(message)

        await super().__call__(scope, receive, told)
