"""The shipped models: a card and a file of weights each, checked before use."""

from vesalius.weights.shelf import card, load, names

__all__ = ["card", "load", "names"]
