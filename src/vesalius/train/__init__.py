"""Training: recipe in, model and card out."""

from vesalius.train.make import train

__all__ = ["train"]
