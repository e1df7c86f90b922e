"""What people do at the desk, in a browser; each journey is a file in `web/e2e`."""

import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pytest
from safetensors.numpy import load, save

from server.desks import (
    NOW,
    RIGHT,
    flair,
    keep_nifti,
    opened,
    outlined,
    quicken,
    restored,
    worked,
)
from vesalius.governance.audit_check import DATABASE
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.io.writing import write_volume
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server.accounts import add_account
from vesalius.server.model_versions import note_models
from vesalius.server.projects import add_project, set_member
from vesalius.server.roles import Role
from vesalius.weights import shelf
from vesalius.weights.cards import read_card, write_card
from web.browsing import ENDLESS, SERVE, WORD, serving

MODEL = "denoise-mr"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A desk with people at it; nothing has come in yet."""
    quicken(monkeypatch)
    return opened(tmp_path / "desk")


@pytest.fixture
def answered(desk, tmp_path):
    """The same with two answers of one scan that wait."""
    keep_nifti(desk, flair(), tmp_path)
    desk.found = worked(desk, "denoise", restored)
    worked(desk, "segment", outlined)
    return desk


def served(desk, program=SERVE):
    """Let go of a desk that was filled here, and serve it."""
    desk.engine.dispose()
    return serving(desk.settings.data, program)


def person(desk, name, *roles):
    """Add somebody who sees the project's cases."""
    with desk.change() as (connection, record):
        made = add_account(connection, record, name, WORD, roles, NOW)
        set_member(connection, record, desk.project.id, made.id, True, desk.anna)


def keep_earlier_version(desk, folder, monkeypatch):
    """Have a model kept as it was before the version in the box; return its digest."""
    real = shelf.SHELF
    tensors = load((real / f"{MODEL}.safetensors").read_bytes())
    content = save({key: tensor * 0.5 for key, tensor in tensors.items()})
    digest = sha256(content).hexdigest()
    folder.mkdir()
    (folder / f"{MODEL}.safetensors").write_bytes(content)
    card = replace(read_card(real / f"{MODEL}.toml"), weights_sha256=digest)
    write_card(card, folder / f"{MODEL}.toml")
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "SHELF", folder)
        shelf._card.cache_clear()
        assert note_models(desk) == {}
    shelf._card.cache_clear()
    return digest


def test_from_the_first_link_to_a_project_that_people_see(tmp_path, travel):
    with serving(tmp_path / "new") as address:
        travel("first", address)


def test_an_administrator_suspends_a_model_and_rolls_back(
    desk, travel, tmp_path, monkeypatch
):
    earlier = keep_earlier_version(desk, tmp_path / "box", monkeypatch)
    with served(desk) as address:
        travel("administrator", address, model=MODEL, earlier=earlier)


def test_an_auditor_finds_a_case_and_verifies_the_record(answered, travel):
    case = answered.scan.case
    with served(answered) as address:
        travel("auditor", address, case=case)


def test_an_auditor_is_told_of_one_byte_that_was_changed(answered, travel):
    answered.engine.dispose()
    file = answered.settings.data / DATABASE
    with closing(sqlite3.connect(file)) as database, database:
        chosen = "FROM audit WHERE number = 5"
        (entry,) = database.execute(f"SELECT entry {chosen}").fetchone()
        bent = entry.replace(b"user", b"usee", 1)
        assert bent != entry
        database.execute("UPDATE audit SET entry = ? WHERE number = 5", (bent,))
    with served(answered) as address:
        travel("auditor", address, case=answered.scan.case, bad=5)


def test_a_learner_signs_only_after_the_course(answered, travel):
    person(answered, "lena", Role.READER, Role.REVIEWER)
    found = answered.found
    facts = {"result": found.id, "digest": found.output_sha256, "right": RIGHT}
    with served(answered) as address:
        travel("learner", address, **facts)


def test_a_steward_brings_scans_in_and_asks_for_work(desk, travel, tmp_path):
    with desk.change() as (connection, record):
        stella = add_account(connection, record, "stella", WORD, [Role.STEWARD], NOW)
        add_project(connection, record, "Heads", NOW, stella)
    truth = head(shape=(40, 48, 4), spacing_mm=(5.0, 5.0, 8.0), contrast="T1w")
    series = tmp_path / "series"
    series.mkdir()
    write_phantom_dicom(scanned(truth, noise=0.05), series, seed=1)
    files = sorted(str(file) for file in series.iterdir())
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as archive:
        for number, file in enumerate(files):
            archive.write(file, f"{number}.dcm")
    write_volume(flair(), tmp_path / "scan.nii.gz")
    facts = {"files": files}
    facts |= {"zip": str(tmp_path / "series.zip")}
    facts |= {"nifti": str(tmp_path / "scan.nii.gz")}
    with served(desk, ENDLESS) as address:
        travel("steward", address, **facts)


def test_a_reader_walks_the_worklist_by_keyboard_and_on_a_phone(answered, travel):
    with served(answered) as address:
        travel("reader", address, case=answered.scan.case)
