"""Work, the child: one verb on one scan, in a process that may be lost.

Started by `executing.py` with one line of JSON; tells how far it is in lines of JSON,
the last of which has no stage. It ends when its standard input does: with its parent.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from vesalius.errors import VesaliusError
from vesalius.server.children import live_with_parent
from vesalius.server.performing import Kept, Task, code_of, perform


def main() -> int:
    """Do what the line on standard input says."""
    wish = live_with_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (wish["memory"], wish["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(10)
    task = Task(
        verb=wish["verb"],
        source=Path(wish["source"]),
        out=Path(wish["out"]),
        said=wish["said"],
        options=wish["options"],
        model=Kept(*map(Path, wish["model"])) if wish["model"] else None,
    )
    try:
        import torch

        torch.set_num_threads(1)
        perform(task, _told)
        _say({})
    except VesaliusError as error:
        _say({"code": code_of(error), "words": str(error)})
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        words = "this scan is too large for the memory that work may take here"
        _say({"code": "too-large", "words": words})
    return 0


def _told(stage: str, done: int, total: int) -> bool:
    _say({"stage": stage, "done": done, "total": total})
    return True


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
