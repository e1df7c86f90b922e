"""OpenAPI: what the dashboard's types are generated from, written without a server."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from vesalius.server.app import create_app
from vesalius.server.desk import open_desk
from vesalius.server.settings import Settings


def document() -> dict[str, Any]:
    """Describe every route; an empty desk is opened for it, and goes again."""
    with tempfile.TemporaryDirectory(prefix="vesalius-openapi-") as folder:
        desk, _ = open_desk(Settings(data=Path(folder) / "desk"))
        try:
            return create_app(desk).openapi()
        finally:
            desk.engine.dispose()


def write_document(file: Path) -> bool:
    """Write the document, if it is not what the file holds already.

    Args:
        file: JSON, UTF-8.

    Returns:
        Whether it was written.
    """
    words = json.dumps(document(), indent=1, sort_keys=True) + "\n"
    if file.exists() and file.read_text(encoding="utf-8") == words:
        return False
    file.write_text(words, encoding="utf-8")
    return True


if __name__ == "__main__":
    write_document(Path(sys.argv[1]))
