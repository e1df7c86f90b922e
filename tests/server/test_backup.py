"""Backup and restore: consistent under writes, whole or refused, keys apart."""

import io
import json
import shutil
import sqlite3
import tarfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from argon2 import PasswordHasher

from vesalius.cli import main
from vesalius.errors import FormatError
from vesalius.governance.audit import entries
from vesalius.governance.audit_check import check_folder, exported, read_checkpoint
from vesalius.server import passwords, queue
from vesalius.server.accounts import add_account
from vesalius.server.archive import MANIFEST, objects_of, read_keys
from vesalius.server.backup import back_up
from vesalius.server.database import executed
from vesalius.server.desk import open_desk
from vesalius.server.intake import Arrived
from vesalius.server.job import Wish
from vesalius.server.lock import alone
from vesalius.server.objects import Objects
from vesalius.server.projects import add_project
from vesalius.server.receiving import add_piece, begin, end, waiting
from vesalius.server.restoring import restore
from vesalius.server.results import keep_result
from vesalius.server.reviews import open_review
from vesalius.server.roles import Role
from vesalius.server.scans import Sender, identity_of, keep_scan
from vesalius.server.settings import Settings
from vesalius.server.vault import ENVIRONMENT, Identity

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORD = "correct horse battery"
LONGEST_S = 60.0
SECRET = "QUAXOLOTL"
TOLD = {
    "provenance": {"model": "m", "weights_sha256": "ef" * 32, "version": "0.1"},
    "verdict": {"outcome": "show"},
}


def quiet(done, total):
    """Nobody watches."""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A desk with a reader, a project, a result, and an upload that is coming."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    desk, _ = open_desk(Settings(data=tmp_path / "desk"))
    with desk.change() as (connection, record):
        roles = [Role.READER, Role.STEWARD]
        desk.anna = add_account(connection, record, "anna", WORD, roles, NOW)
        desk.project = add_project(connection, record, "Study", NOW, desk.anna).id
    add_result(desk, 0)
    send(desk, b"the first piece", is_all=False)
    return desk


def add_result(desk, number):
    """A scan and what came of it, as intake and work leave them."""
    scan_file = desk.objects.put(io.BytesIO(b"scan %d" % number)).digest
    picture = desk.objects.put(io.BytesIO(b"picture %d" % number)).digest
    listed = json.dumps({"files": {"picture": picture}}).encode()
    output = desk.objects.put(io.BytesIO(listed)).digest
    arrived = Arrived(
        file=desk.settings.data,
        form="nifti",
        uid="",
        modality="MR",
        contrast="FLAIR",
        shape=(4, 4, 2),
        spacing_mm=(1.0, 1.0, 1.0),
        sha256=f"{number:064x}",
        notes=(),
        identity=Identity(SECRET, str(number), ""),
        taken="{}",
    )
    with desk.change() as (connection, record):
        sender = Sender(desk.project, "up-1", desk.anna, NOW)
        scan, _ = keep_scan(connection, record, desk.vault, arrived, scan_file, sender)
        wish = Wish(scan.project, scan.case, "segment", scan.scan_sha256, {}, scan.id)
        queue.submit(connection, record, wish, desk.anna, NOW)
        job = queue.take(connection, record, "w", NOW)
        job = queue.finish(connection, record, job.id, "w", output, NOW)
        found = keep_result(connection, record, job, scan, TOLD, NOW)
        open_review(connection, found, NOW)


def send(desk, piece, *, is_all):
    size = len(piece) + (not is_all)
    upload = begin(desk, desk.anna, desk.project, ".zip", size, {}).id
    add_piece(desk, desk.anna, upload, 0, piece)
    if is_all:
        end(desk, desk.anna, upload)
    return upload


def lacking(folder):
    """What the database of a data folder refers to, and is not there whole."""
    objects = Objects(folder / "objects")
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        wanted = objects_of(database, lambda d: objects.path(d).read_bytes())
    return [digest for digest in wanted if not objects.is_whole(digest)]


def test_a_desk_comes_back_with_its_record_its_patients_and_what_was_coming(
    desk, tmp_path, capfd
):
    folder, out, keys = desk.settings.data, tmp_path / "b.tar", tmp_path / "keys"
    early = tmp_path / "early.json"
    early.write_text(exported(folder))
    assert main(["backup", str(folder), "-o", str(out), "--with-keys", str(keys)]) == 0
    assert out.stat().st_mode & 0o777 == keys.stat().st_mode & 0o777 == 0o600
    add_result(desk, 99)  # after it: not in it
    copy = tmp_path / "copy"
    copy.mkdir()  # an empty folder will do
    words = ["--keys", str(keys), "--checkpoint", str(early)]
    assert main(["restore", str(out), str(copy), *words]) == 0
    told = capfd.readouterr().out
    assert "its record is sound" in told
    assert "missing" not in told
    assert check_folder(copy, read_checkpoint(early)).bad is None
    assert lacking(copy) == []
    again, token = open_desk(Settings(data=copy))
    assert token == ""
    with again.change() as (connection, record):
        whats = [event.what for _, event in entries(executed(connection))]
        assert whats[-2:] == ["desk.backed-up", "desk.restored"]
        scans = connection.exec_driver_sql('SELECT id, "case" FROM scans').all()
        assert len(scans) == 1
        found = identity_of(connection, record, again.vault, scans[0][1], desk.anna)
        assert found.name == SECRET
        (upload,) = connection.exec_driver_sql("SELECT id FROM uploads").scalars()
    with again.uploads.whole(upload) as opened:
        assert opened.read() == b"the first piece"
    open_desk(Settings(data=copy))
    with again.look() as connection:  # it was said once
        whats = [event.what for _, event in entries(executed(connection))]
    assert whats.count("desk.restored") == 1
    assert check_folder(copy, read_checkpoint(early)).bad is None


def test_without_the_keys_a_backup_tells_nobody_who_the_patients_are(
    desk, tmp_path, capfd
):
    folder, out = desk.settings.data, tmp_path / "b.tar"
    assert main(["backup", str(folder), "-o", str(out)]) == 0
    assert "the keys are not in it" in capfd.readouterr().out
    content = out.read_bytes()
    for name in ("record.key", "vault.key"):
        assert (folder / name).read_bytes() not in content
    assert SECRET.encode() not in content
    copy = tmp_path / "copy"
    assert main(["restore", str(out), str(copy)]) == 0
    told = capfd.readouterr().out
    assert "put record.key into it" in told
    assert "put vault.key into it" in told
    assert main(["user", "list", "--data", str(copy)]) == 2
    for name in ("record.key", "vault.key"):
        shutil.copy2(folder / name, copy / name)
    assert main(["user", "list", "--data", str(copy)]) == 0


def test_the_keys_of_another_desk_are_refused(desk, tmp_path, monkeypatch):
    out, keys, wrong = (tmp_path / name for name in ("b.tar", "keys", "wrong"))
    back_up(desk.settings.data, out, quiet, keys=keys)
    other, _ = open_desk(Settings(data=tmp_path / "other"))
    back_up(other.settings.data, tmp_path / "o.tar", quiet, keys=wrong)
    for name in ("record", "vault"):
        mixed = {**read_keys_of(keys), name: read_keys_of(wrong)[name]}
        file = tmp_path / f"mixed-{name}"
        file.write_text(json.dumps(mixed))
        words = ["restore", str(out), str(tmp_path / "copy"), "--keys", str(file)]
        assert main(words) == 2
        assert not (tmp_path / "copy").exists()


def read_keys_of(file):
    return {name: key.hex() for name, key in read_keys(file.read_text()).items()}


class Writers:
    """Threads that keep a desk busy until they are told to stop."""

    def __init__(self, desk):
        self.desk, self.stop, self.counts = desk, threading.Event(), {}
        steps = (self.add, self.upload)
        self.threads = [threading.Thread(target=self.repeat, args=(s,)) for s in steps]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def go_on(self):
        """Wait until each has written once more, however busy the machine is."""
        before = dict(self.counts)
        end = time.monotonic() + LONGEST_S
        for name in ("add", "upload"):
            while self.counts.get(name, 0) <= before.get(name, 0):
                assert time.monotonic() < end, f"{name} stands still"
                time.sleep(0.005)

    def repeat(self, step):
        number = 1
        while not self.stop.is_set():
            step(number)
            self.counts[step.__name__] = number
            number += 1

    def add(self, number):
        add_result(self.desk, number)

    def upload(self, number):
        name = send(self.desk, b"piece %d" % number, is_all=True)
        if number % 2:  # as the reader does: the end is written, the pieces dropped
            with self.desk.change() as (connection, _):
                chosen = f"UPDATE uploads SET state = 'kept' WHERE id = '{name}'"
                connection.exec_driver_sql(chosen)
            self.desk.uploads.drop(name)


def test_a_backup_under_writes_is_of_one_moment(desk, tmp_path):
    """Writers go on; whatever the copied database refers to is in the copy."""
    folder, counts = desk.settings.data, []
    files = [tmp_path / f"{number}.tar" for number in range(5)]
    with Writers(desk) as writers:
        for file in files:
            writers.go_on()  # neither stands still, or has died
            back_up(folder, file, quiet, keys=file.with_suffix(".keys"))
        writers.go_on()
    for file in files:
        copy = file.with_suffix("")
        restore(file, copy, quiet, keys=file.with_suffix(".keys"))
        assert lacking(copy) == []
        again, _ = open_desk(Settings(data=copy))
        for name in waiting(again):
            with again.uploads.whole(name) as opened:
                assert opened.read().startswith(b"piece")
        assert check_folder(copy).bad is None
        counts.append(check_folder(copy).count)
    assert counts == sorted(set(counts))
    assert check_folder(folder).bad is None
    assert not list(folder.glob("backing-up-*"))


@pytest.fixture
def packed(desk, tmp_path):
    out = tmp_path / "b.tar"
    back_up(desk.settings.data, out, quiet)
    return out


def members(file):
    with tarfile.open(file) as archive:
        return [(m.name, m.offset_data, m.size) for m in archive.getmembers()]


def test_a_backup_cut_short_anywhere_is_refused_by_name(packed, tmp_path):
    content = packed.read_bytes()
    for name, start, size in members(packed):
        cut = tmp_path / "cut.tar"
        cut.write_bytes(content[: start + size // 2])
        refused(cut, tmp_path / "copy", name)
        cut.write_bytes(content[: start - 512])  # before its header
        refused(cut, tmp_path / "copy", name)


def test_a_changed_byte_is_refused_by_name(packed, tmp_path):
    content = packed.read_bytes()
    for name, start, size in members(packed):
        if name == MANIFEST:
            continue
        bent = bytearray(content)
        bent[start + size // 2] ^= 1
        (tmp_path / "bent.tar").write_bytes(bent)
        refused(tmp_path / "bent.tar", tmp_path / "copy", name)


def refused(file, folder, name):
    with pytest.raises(FormatError) as caught:
        restore(file, folder, quiet)
    assert name in str(caught.value) or "no backup" in str(caught.value)
    assert not folder.exists()
    assert not list(folder.parent.glob(f".{folder.name}-*"))


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "objects/aa/../../../x", "record.key"]
)
def test_a_manifest_with_other_names_is_refused(packed, tmp_path, name):
    bent = tmp_path / "bent.tar"
    with tarfile.open(packed) as archive, tarfile.open(bent, "w") as onto:
        manifest = json.loads(archive.extractfile(MANIFEST).read())
        manifest["members"][0]["name"] = name
        words = json.dumps(manifest).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(words)
        onto.addfile(entry, io.BytesIO(words))
    with pytest.raises(FormatError, match="damaged"):
        restore(bent, tmp_path / "copy", quiet)


def test_a_record_that_was_bent_before_is_not_backed_up(desk, tmp_path, capfd):
    file = desk.settings.data / "desk.sqlite"
    with closing(sqlite3.connect(file)) as database:
        words = "UPDATE audit SET entry = CAST(replace(entry, 'user', 'used') AS BLOB)"
        database.execute(words)
        database.commit()
    out = tmp_path / "b.tar"
    assert main(["backup", str(desk.settings.data), "-o", str(out)]) == 2
    assert "entry 0" in capfd.readouterr().err
    assert not out.exists()


def test_a_file_that_the_disk_altered_or_lost_is_named(desk, tmp_path):
    out = tmp_path / "b.tar"
    with closing(sqlite3.connect(desk.settings.data / "desk.sqlite")) as database:
        (digest,) = database.execute("SELECT object_sha256 FROM scans").fetchone()
    place = desk.objects.path(digest)
    content = place.read_bytes()
    place.chmod(0o600)
    place.write_bytes(content[::-1])
    with pytest.raises(FormatError, match=digest[2:]):
        back_up(desk.settings.data, out, quiet)
    place.unlink()
    with pytest.raises(FormatError, match=digest):
        back_up(desk.settings.data, out, quiet)
    assert not out.exists()


def test_nothing_is_written_over(desk, packed, tmp_path, capfd):
    folder = str(desk.settings.data)
    keys = tmp_path / "keys"
    keys.write_text("mine")
    assert main(["backup", folder, "-o", str(packed)]) == 2
    other = str(tmp_path / "other.tar")
    assert main(["backup", folder, "-o", other, "--with-keys", str(keys)]) == 2
    assert keys.read_text() == "mine"
    assert main(["restore", str(packed), folder]) == 2
    assert "not empty" in capfd.readouterr().err
    assert main(["backup", str(tmp_path), "-o", other]) == 2
    with alone(desk.settings.data, "backup.lock"):
        assert main(["backup", folder, "-o", other]) == 2
    text = tmp_path / "text"
    text.write_text("no tar")
    assert main(["restore", str(text), str(tmp_path / "copy")]) == 2
    assert main(["restore", str(packed), str(tmp_path / "c"), "--keys", str(text)]) == 2
    assert not (tmp_path / "copy").exists()
