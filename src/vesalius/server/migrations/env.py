"""Run the steps on the connection that `bring_up` brings, in its own transaction."""

from alembic import context

from vesalius.server.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA
)
context.run_migrations()
