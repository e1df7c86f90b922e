"""Conflicts: what cannot be done as things stand, and what would change that."""

from vesalius.errors import VesaliusError


class ConflictError(VesaliusError):
    """It cannot be done now.

    Attributes:
        then: What to do instead, or first.
    """

    def __init__(self, words: str, then: str) -> None:
        super().__init__(words)
        self.then = then
