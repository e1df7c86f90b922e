"""Architectures, one file each: modules and nothing else."""

from vesalius.nets.coded import Coded, Drawn
from vesalius.nets.critic import Critic
from vesalius.nets.known import network_of
from vesalius.nets.restorer import Restorer
from vesalius.nets.segmenter import Segmenter, Segmenters

__all__ = [
    "Coded",
    "Critic",
    "Drawn",
    "Restorer",
    "Segmenter",
    "Segmenters",
    "network_of",
]
