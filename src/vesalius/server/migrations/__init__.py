"""Migrations: how the desk's tables came to be, one step a change, forward only."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from vesalius.errors import ConfigError

FOLDER = Path(__file__).parent


def bring_up(connection: Connection) -> bool:
    """Bring a database to this version's tables, whichever version wrote it.

    Args:
        connection: Within a block that writes: all steps are done, or none is.

    Returns:
        Whether there was anything to do.

    Raises:
        ConfigError: A newer version has written it.
    """
    config = Config()
    config.set_main_option("script_location", FOLDER.as_posix().replace("%", "%%"))
    config.attributes["connection"] = connection
    steps = ScriptDirectory.from_config(config)
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in {
        step.revision for step in steps.walk_revisions()
    }:
        raise ConfigError(
            "a newer version of this program has written the data folder: install "
            "that version, or restore a backup from before"
        )
    if now == steps.get_current_head():
        return False
    command.upgrade(config, "head")
    return True
