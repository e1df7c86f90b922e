"""Logbook: what the service writes down of itself, a line of JSON each.

It names routes, never addresses: those hold ids of cases. It names kinds of errors and
where they arose, never their words: those may quote what was sent.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType
from typing import Any

REQUEST = "X-Vesalius-Request"
FIELDS = "fields"  # of a record: what the line says beside its message
ID_BYTES = 8
PACKAGE = Path(__file__).parents[1]
NOTHING: Mapping[str, Any] = MappingProxyType({})

_log = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """Writes each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception its kind alone."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "by": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, NOTHING),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = kind_of(record.exc_info[1])
        return json.dumps(told)


def new_request() -> str:
    """Return a name for a request; one that a client sends might be a patient's."""
    return secrets.token_hex(ID_BYTES)


def note_request(
    request: str,
    method: str,
    route: str,
    status: int,
    took_ms: float,
    account: str,
    error: BaseException | None = None,
) -> None:
    """Write down that a request was answered.

    Args:
        request: Its name.
        method: Of HTTP.
        route: As the role matrix has it; empty where no route was found.
        status: Of the answer.
        took_ms: Until the answer began.
        account: Id of who asked; empty where nobody was signed in.
        error: What nobody foresaw.
    """
    told: dict[str, Any] = {
        "request": request,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(took_ms, 1),
        "account": account,
    }
    if error is not None:
        told |= {"error": kind_of(error), "at": places_of(error)}
    level = logging.INFO if error is None else logging.ERROR
    _log.log(level, "answered", extra={FIELDS: told})


def kind_of(error: BaseException) -> str:
    """Return an error's name without its words."""
    return type(error).__name__


def places_of(error: BaseException) -> list[str]:
    """Return where an error passed through this package, the outermost first.

    Args:
        error: As it was caught.
    """
    frames = ((frame.f_code, line) for frame, line in walk_tb(error.__traceback__))
    return [
        f"{Path(code.co_filename).relative_to(PACKAGE)}:{line}"
        for code, line in frames
        if Path(code.co_filename).is_relative_to(PACKAGE)
    ]
