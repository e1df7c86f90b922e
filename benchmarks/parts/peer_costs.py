"""Peer costs: what fitting a peer and asking it took, its answers kept on the way."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from parts.cache import fingerprint, remembered
from parts.fitted import Fitted
from parts.machine import described, versions_of

LIBRARIES = ("numpy", "scipy", "scikit-image", "scikit-learn", "simpleitk", "torch")


class Meter:
    """Ask a peer, remember its answers, add up processor seconds.

    Args:
        cache: Where answers lie, so that a run that was stopped goes on.
        peer: The peer's name.
        kind: "traditional" or "generative".
    """

    def __init__(self, cache: Path, peer: str, kind: str = "traditional") -> None:
        self._cache, self._peer, self._kind = cache, peer, kind
        self._fitting, self._asking, self._cases = 0.0, 0.0, 0

    def fitted(self, fit: Callable[[], Fitted]) -> Fitted:
        """Fit, on the clock."""
        begun = time.process_time()
        found = fit()
        self._fitting += time.process_time() - begun
        return found

    def answered(
        self,
        fitted: Fitted,
        seen: np.ndarray,
        ask: Callable[[], np.ndarray],
        *,
        plane: str = "",
        each: int = 1,
    ) -> np.ndarray:
        """Return the kept answer to what is seen, or ask and keep it.

        Args:
            fitted: The peer; its dials are a part of the question.
            seen: The case.
            ask: Computes the answer.
            plane: Which of several fits was asked.
            each: Cases in it.
        """
        question = {
            "peer": self._peer,
            "plane": plane,
            "dials": dict(fitted.dials),
            "seen": fingerprint(seen),
            "libraries": versions_of(LIBRARIES),
        }
        answer = remembered(self._cache, self._peer.split(",")[0], question, ask)
        self._asking += answer.seconds
        self._cases += each
        return answer.picture

    def told(self, dials: Mapping[str, object], **more: Any) -> dict[str, Any]:
        """Return the record that lies beside the answers."""
        return {
            "name": self._peer,
            "kind": self._kind,
            "dials": dict(dials),
            "fit_minutes": round(self._fitting / 60, 2),
            "seconds_a_case": round(self._asking / max(self._cases, 1), 4),
            "machine": described(),
            "versions": versions_of(LIBRARIES),
            **more,
        }
