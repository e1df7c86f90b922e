"""Written: what a run found, as JSON for programs and as a page for people."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vesalius.io import write_text


def write_results(
    folder: Path, name: str, results: Mapping[str, Any], page: str | None = None
) -> None:
    """Write `name.json`, and `name.md` where there is a page; each whole or not at all.

    Args:
        folder: Made if absent.
        name: Of the benchmark.
        results: What JSON can hold.
        page: Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(json.dumps(results, indent=1) + "\n", folder / f"{name}.json")
    if page is not None:
        write_text(page, folder / f"{name}.md")
