"""Architectures, one file each: modules and nothing else."""

from vesalius.nets.coded import Coded, Drawn
from vesalius.nets.critic import Critic
from vesalius.nets.known import network_of
from vesalius.nets.nodule_coder import NoduleCoder, NoduleCoders
from vesalius.nets.restorer import Restorer
from vesalius.nets.segmenter import Segmenter, Segmenters
from vesalius.nets.translator import Translator

__all__ = [
    "Coded",
    "Critic",
    "Drawn",
    "NoduleCoder",
    "NoduleCoders",
    "Restorer",
    "Segmenter",
    "Segmenters",
    "Translator",
    "network_of",
]
