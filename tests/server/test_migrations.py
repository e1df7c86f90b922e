"""The tables grow step by step: to what the code says, whole or not at all."""

import pytest

pytest.importorskip("alembic", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from vesalius.errors import ConfigError
from vesalius.server.database import open_database, reading, writing
from vesalius.server.migrations import FOLDER, bring_up
from vesalius.server.schema import METADATA


@pytest.fixture
def engine(tmp_path):
    return open_database(tmp_path / "desk.sqlite")


def test_the_steps_lead_to_the_tables_that_the_code_uses(engine):
    with writing(engine) as connection:
        assert bring_up(connection)
    with writing(engine) as connection:
        assert not bring_up(connection)  # a second start has nothing to do
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        assert set(METADATA.tables) <= set(inspect(connection).get_table_names())


def test_a_start_that_fails_leaves_the_tables_as_they_were(engine):
    def failing():
        with writing(engine) as connection:
            bring_up(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == []


def test_what_a_newer_version_wrote_is_left_alone(engine):
    with writing(engine) as connection:
        bring_up(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with writing(engine) as connection, pytest.raises(ConfigError, match="newer"):
        bring_up(connection)


def test_every_step_says_what_it_does_and_follows_the_one_before():
    steps = sorted((FOLDER / "versions").glob("step_*.py"))
    assert [step.stem for step in steps] == [
        f"step_{n:04d}" for n in range(1, len(steps) + 1)
    ]
    for number, step in enumerate(steps, 1):
        text = step.read_text()
        before = f'"{number - 1:04d}"' if number > 1 else "None"
        assert f'revision, down_revision = "{number:04d}", {before}' in text
        assert "def downgrade" not in text  # forward only: a backup goes back
