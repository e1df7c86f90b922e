"""The record on the command line: sound or not, exported, told as a story."""

import ast
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.cli import main
from vesalius.errors import ConfigError, OutputError, RecordError
from vesalius.governance.audit import Event, append, prepare
from vesalius.governance.audit_check import (
    DATABASE,
    PUBLIC,
    check_folder,
    exported,
    read_checkpoint,
)
from vesalius.governance.handed_out import hand_out
from vesalius.governance.signing import Signer
from vesalius.governance.story import SENTENCES, told_of_case

SOURCE = Path(__file__).parents[2] / "src" / "vesalius"
CASE = "case-abc"
DIGEST = "ab" * 32


@pytest.fixture
def folder(tmp_path):
    """A desk's folder: an account, and a case that was worked on."""
    home = tmp_path / "desk"
    home.mkdir()
    signer = Signer(b"k" * 32)
    (home / PUBLIC).write_text(signer.public.hex())
    anna = {"who": "u-1", "role": "reader"}
    system = {"who": "system", "role": "system"}
    events = [
        Event(**anna, what="session.begun", about="u-1"),
        Event(**anna, what="job.queued", case=CASE, input_sha256=DIGEST),
        Event(**system, what="job.begun", case=CASE, input_sha256=DIGEST),
        Event(**system, what="job.interrupted", case=CASE, why="worker-lost"),
        Event(**system, what="job.done", case=CASE, output_sha256="cd" * 32),
    ]
    with closing(sqlite3.connect(home / DATABASE)) as database:

        def execute(statement, values):
            return database.execute(statement, values).fetchall()

        database.execute("CREATE TABLE users (id TEXT, name TEXT)")
        database.execute("INSERT INTO users VALUES ('u-1', 'anna')")
        prepare(execute)
        for minute, event in enumerate(events):
            now = datetime(2026, 3, 1, 9, minute, tzinfo=UTC)
            append(execute, signer, event, now=lambda now=now: now)
        database.commit()
    return home


def bend(folder, statement):
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        database.execute(statement)
        database.commit()


def test_a_case_is_told_in_sentences_with_names_and_digests(folder):
    story = told_of_case(folder, CASE)
    assert story[0] == (
        "1. 01 Mar 2026, 09:01:00 UTC: anna, as reader, asked for the work to be done "
        "[from abababababab]."
    )
    assert "The system lost the work half-way" in story[2]
    assert "because the process that worked on it is gone" in story[2]
    assert story[3].endswith("finished the work [giving cdcdcdcdcdcd].")
    with pytest.raises(ConfigError, match="nothing of this case"):
        told_of_case(folder, "case-other")


def test_every_event_that_the_desk_writes_has_a_sentence():
    codes = set()
    for file in SOURCE.glob("server/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "")
            if called in ("_event", "event_of", "Event", "_moved"):
                words = [*node.args, *(k.value for k in node.keywords)]
                words = [w for w in words if isinstance(w, ast.Constant)]
                codes |= {w.value for w in words if isinstance(w.value, str)}
    codes = {code for code in codes if "." in code}
    assert {"job.done", "user.added"} <= codes
    assert codes <= SENTENCES.keys()


def test_an_export_proves_itself_and_what_comes_after(folder, tmp_path):
    file = tmp_path / "record.json"
    hand_out(exported(folder), file)
    kept = read_checkpoint(file)
    assert kept.count == 5
    assert len(json.loads(file.read_text())["entries"]) == 5
    assert check_folder(folder, kept).bad is None
    bend(folder, "DELETE FROM audit WHERE number = 4")
    assert check_folder(folder).bad is None  # nobody could see it
    assert check_folder(folder, kept).bad == 4  # but for the checkpoint
    with pytest.raises(OutputError, match="exists"):
        hand_out("other", file)
    assert list(tmp_path.glob(".draft*")) == []


def test_a_bent_record_is_not_passed_on(folder):
    bend(folder, "UPDATE audit SET entry = root WHERE number = 1")
    with pytest.raises(RecordError, match="entry 1 is not sound"):
        exported(folder)


def test_the_command_line_checks_exports_and_tells(folder, tmp_path, capfd):
    file = tmp_path / "kept.json"
    assert main(["audit", "verify", str(folder)]) == 0
    assert "sound: 5 entries" in capfd.readouterr().out
    assert main(["audit", "export", str(folder), "-o", str(file)]) == 0
    assert main(["audit", "verify", str(folder), "--checkpoint", str(file)]) == 0
    assert "the checkpoint of 5 with them" in capfd.readouterr().out
    assert main(["audit", "show", CASE, "--data", str(folder)]) == 0
    assert "asked for the work" in capfd.readouterr().out
    bend(folder, "UPDATE audit SET signature = root WHERE number = 2")
    assert main(["audit", "verify", str(folder)]) == 1
    assert "NOT SOUND at entry 2" in capfd.readouterr().out
    assert main(["audit", "verify", str(folder), "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["bad"] == 2
    assert main(["audit", "export", str(folder), "-o", str(tmp_path / "no.json")]) == 2
    assert not (tmp_path / "no.json").exists()
    assert main(["audit", "show", CASE, "--data", str(tmp_path / "none")]) == 2
