"""Fitted: a peer after its training, and the dials that were found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Fitted:
    """A peer that answers.

    Attributes:
        answer: From a case to the peer's answer.
        dials: What was fixed, tuned or learned, for the record.
    """

    answer: Callable[..., Any]
    dials: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, *asked: Any) -> Any:
        """Answer."""
        return self.answer(*asked)
