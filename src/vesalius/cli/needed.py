"""Needed: what a command cannot do without, and how to get it."""

from importlib.util import find_spec

from vesalius.errors import ConfigError


def needs(module: str, extra: str) -> None:
    """Refuse where a library of an extra is missing, and say how to get it.

    Args:
        module: To be imported.
        extra: It belongs to this extra of the package.

    Raises:
        ConfigError: It is not installed.
    """
    if find_spec(module) is None:
        raise ConfigError(
            f"this command needs the extra {extra}: pip install 'vesalius[{extra}]'"
        )
