"""The record: nothing is bent unnoticed, and nothing is done that it cannot hold."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.errors import ConfigError, FormatError, OutputError, RecordError
from vesalius.governance.audit import (
    Event,
    append,
    checkpoint,
    entries,
    is_genuine,
    prepare,
)
from vesalius.governance.audit_check import (
    DATABASE,
    PUBLIC,
    check_folder,
    read_checkpoint,
    written,
)
from vesalius.governance.signing import Signer, is_signed, make_key, open_key

SIGNER, STRANGER = Signer(b"\x01" * 32), Signer(b"\x02" * 32)
COUNT = 11
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def event(number=0):
    return Event(
        who="u-1", role="reader", what="case.opened", case=f"case-{number % 3}"
    )


def executed(database):
    return lambda statement, values: database.execute(statement, values).fetchall()


def fill(folder, signer=SIGNER, count=COUNT):
    """Write a record of some entries, a minute apart."""
    database = sqlite3.connect(folder / DATABASE, isolation_level=None)
    execute = executed(database)
    prepare(execute)
    for number in range(count):
        when = BEGUN + timedelta(minutes=number)
        append(execute, signer, event(number), now=lambda when=when: when)
    (folder / PUBLIC).write_text(signer.public.hex())
    return database, execute


@pytest.fixture
def record(tmp_path):
    database, execute = fill(tmp_path)
    yield tmp_path, database, execute
    database.close()


def test_a_record_is_sound_and_read_back(record):
    folder, _, execute = record
    found = check_folder(folder)
    assert (found.count, found.bad, found.reason) == (COUNT, None, "")
    kept = checkpoint(execute, SIGNER)
    assert kept.root == found.root
    assert check_folder(folder, kept) == found
    assert [number for number, _ in entries(execute, case="case-1")] == [1, 4, 7, 10]
    assert {e.case for _, e in entries(execute, case="case-1")} == {"case-1"}


def edited(database):
    text = database.execute("SELECT entry FROM audit WHERE number = 4").fetchone()[0]
    bent = text.replace(b"case-1", b"case-2")
    database.execute("UPDATE audit SET entry = ? WHERE number = 4", (bent,))


def deleted(database):
    database.execute("DELETE FROM audit WHERE number = 4")


def closed_up(database):
    deleted(database)
    database.execute("UPDATE audit SET number = -number WHERE number > 4")
    database.execute("UPDATE audit SET number = -number - 1 WHERE number < 0")


def inserted(database):
    database.execute("UPDATE audit SET number = -number WHERE number >= 4")
    database.execute("UPDATE audit SET number = 1 - number WHERE number < 0")
    database.execute(
        "INSERT INTO audit SELECT 4, entry, peaks, root, signature FROM audit "
        "WHERE number = 3"
    )


def swapped(database):
    for a, b in ((4, -1), (5, 4), (-1, 5)):
        database.execute("UPDATE audit SET number = ? WHERE number = ?", (b, a))


def unsigned(database):
    database.execute("UPDATE audit SET signature = zeroblob(64) WHERE number = 4")


def no_longer_json(database):
    database.execute("UPDATE audit SET entry = x'00ff' WHERE number = 4")


@pytest.mark.parametrize(
    "bend",
    [edited, deleted, closed_up, inserted, swapped, unsigned, no_longer_json],
    ids=lambda bend: bend.__name__,
)
def test_what_was_bent_is_found_with_its_number(record, bend):
    folder, database, _ = record
    bend(database)
    found = check_folder(folder)
    assert found.bad == 4
    assert found.reason


def test_an_end_cut_off_is_betrayed_by_a_checkpoint(record):
    folder, database, execute = record
    kept = checkpoint(execute, SIGNER)
    database.execute("DELETE FROM audit WHERE number >= 7")
    assert check_folder(folder).bad is None  # nobody can tell from the rest
    found = check_folder(folder, kept)
    assert found.bad == 7
    assert "cut off" in found.reason


def test_a_record_rolled_back_and_gone_on_with_is_betrayed_too(record):
    folder, database, execute = record
    kept = checkpoint(execute, SIGNER)
    database.execute("DELETE FROM audit WHERE number >= 7")
    for _ in range(6):
        append(execute, SIGNER, event(2))
    assert check_folder(folder).bad is None
    found = check_folder(folder, kept)
    assert found.bad == kept.count - 1
    assert "signed anew" in found.reason


def test_another_key_is_found_at_the_first_entry_it_signed(record, tmp_path_factory):
    folder, database, execute = record
    kept = checkpoint(execute, SIGNER)
    database.execute("DELETE FROM audit WHERE number >= 7")
    append(execute, STRANGER, event())
    assert check_folder(folder).bad == 7
    assert check_folder(folder, kept).bad == 7
    other = tmp_path_factory.mktemp("other")
    fill(other, STRANGER)[0].close()
    assert check_folder(other).bad is None  # all of it, and the key beside it
    assert check_folder(other, kept).bad == 0


def test_a_record_goes_on_after_its_checkpoint(record):
    folder, _, execute = record
    kept = checkpoint(execute, SIGNER)
    append(execute, SIGNER, event())
    assert check_folder(folder, kept).bad is None


def test_an_empty_record_is_sound(tmp_path):
    database, execute = fill(tmp_path, count=0)
    kept = checkpoint(execute, SIGNER)
    assert check_folder(tmp_path, kept).count == 0
    append(execute, SIGNER, event())
    assert check_folder(tmp_path, kept).bad is None
    database.close()


def test_checkpoints_are_written_read_and_not_believed(record, tmp_path):
    _, _, execute = record
    kept = checkpoint(execute, SIGNER)
    file = tmp_path / "kept.json"
    file.write_text(written(kept))
    assert read_checkpoint(file) == kept
    assert not is_genuine(replace(kept, count=kept.count - 1))
    assert not is_genuine(replace(kept, public=STRANGER.public.hex()))
    assert not is_genuine(replace(kept, root="no hash"))
    file.write_text(written(replace(kept, count=3)))
    with pytest.raises(FormatError, match="does not hold"):
        read_checkpoint(file)
    file.write_text("{}")
    with pytest.raises(FormatError, match="no checkpoint"):
        read_checkpoint(file)


def test_time_never_goes_back(tmp_path):
    database, execute = fill(tmp_path, count=3)
    append(execute, SIGNER, event(), now=lambda: BEGUN - timedelta(days=400))
    times = [e.when for _, e in entries(execute)]
    assert times == sorted(times)
    assert check_folder(tmp_path).bad is None
    database.close()


def test_what_cannot_be_recorded_raises_and_leaves_nothing(record):
    _, database, execute = record
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(RecordError, match="nothing was done"):
        append(execute, SIGNER, event())
    database.execute("PRAGMA query_only = OFF")
    assert len(list(entries(execute))) == COUNT


def test_an_entry_given_up_with_its_change_is_not_in_the_record(record):
    folder, database, execute = record
    database.execute("BEGIN")
    append(execute, SIGNER, event())
    database.execute("ROLLBACK")
    assert check_folder(folder).count == COUNT


@pytest.mark.parametrize(
    "wrong",
    [
        {"who": "Jane Doe"},
        {"what": ""},
        {"why": "the patient, Jane Doe, asked"},
        {"case": "DOE^JANE"},
        {"input_sha256": "abc"},
    ],
    ids=str,
)
def test_an_event_takes_codes_and_no_persons_words(wrong):
    with pytest.raises(ConfigError):
        replace(event(), **wrong)


def test_an_entry_with_foreign_keys_is_refused(record):
    folder, database, execute = record
    bent = json.dumps({"who": "u", "role": "r", "what": "w", "name": "x"}).encode()
    database.execute("UPDATE audit SET entry = ? WHERE number = 0", (bent,))
    with pytest.raises(RecordError, match="no entry"):
        list(entries(execute))
    assert check_folder(folder).bad == 0


def test_a_folder_without_a_record_or_a_key_says_so(tmp_path, record):
    folder, _, execute = record
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ConfigError, match=r"desk\.sqlite"):
        check_folder(empty)
    (empty / DATABASE).write_bytes(b"no database at all, but long enough for one")
    (empty / PUBLIC).write_text(SIGNER.public.hex())
    with pytest.raises(FormatError, match="cannot be read"):
        check_folder(empty)
    (folder / PUBLIC).unlink()
    with pytest.raises(ConfigError, match="no key"):
        check_folder(folder)
    assert check_folder(folder, checkpoint(execute, SIGNER)).bad is None


def test_keys_are_their_owners_alone_and_never_written_over(tmp_path):
    file = tmp_path / "key"
    made = make_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_key(file).public == made.public
    assert is_signed(b"words", made.sign(b"words"), made.public)
    assert not is_signed(b"other", made.sign(b"words"), made.public)
    assert not is_signed(b"words", b"short", made.public)
    with pytest.raises(OutputError, match="never written over"):
        make_key(file)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        open_key(file)
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(ConfigError, match="32 bytes"):
        open_key(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        open_key(tmp_path / "none")
    with pytest.raises(OutputError, match="cannot be written"):
        make_key(tmp_path / "no" / "key")
