"""Architectures, one file each: modules and nothing else."""

from vesalius.nets.coded import Coded
from vesalius.nets.critic import Critic
from vesalius.nets.restorer import Restorer

__all__ = ["Coded", "Critic", "Restorer"]
