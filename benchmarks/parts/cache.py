"""Cache: what took long to compute, kept by all that it depends on."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Float

Array = Float[np.ndarray, "..."]


@dataclass(frozen=True, eq=False)
class Answer:
    """A denoised slice, or a simulated scan, and what it cost.

    Attributes:
        picture: The answer.
        seconds: Of the processor, when it was computed.
    """

    picture: Array
    seconds: float


def remembered(
    folder: Path, label: str, question: dict[str, object], ask: Callable[[], Array]
) -> Answer:
    """Return the kept answer to a question, or ask and keep it.

    Args:
        folder: Where answers lie.
        label: Begins the file's name, for people.
        question: All that the answer depends on, a fingerprint of the input too.
        ask: Computes the answer.
    """
    words = json.dumps(question, sort_keys=True)
    code = sha256(words.encode()).hexdigest()[:20]
    file = folder / f"{label}-{code}.npz"
    if file.exists():
        with np.load(file) as kept:
            return Answer(kept["answer"].astype(np.float64), float(kept["seconds"]))
    begun = time.process_time()
    answer = Answer(np.asarray(ask()), time.process_time() - begun)
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{os.getpid()}-{file.name}")
    kept = answer.picture.astype(np.float32)
    np.savez_compressed(draft, answer=kept, seconds=answer.seconds)
    draft.replace(file)
    return Answer(kept.astype(np.float64), answer.seconds)


def fingerprint(array: Array) -> str:
    """Return a short hash of an array's content."""
    return sha256(np.ascontiguousarray(array)).hexdigest()[:16]
