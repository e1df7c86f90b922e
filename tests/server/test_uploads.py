"""Uploads piece by piece: resumed, never in clear, never too much."""

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.errors import ConfigError, FormatError, OutputError
from vesalius.server import uploads as module
from vesalius.server.uploads import Uploads
from vesalius.server.vault import Vault

TEXT = b"DOE^JANE " * 400


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path / "in", Vault(b"v" * 32), most=10_000)


def sent(uploads, name="up-1", pieces=(1000, 1000, 1600), upto=None):
    uploads.begin(name, len(TEXT))
    at = 0
    for length in pieces[:upto]:
        at = uploads.add(name, at, TEXT[at : at + length], size=len(TEXT))
    return at


def test_pieces_come_together_as_they_were(uploads):
    assert sent(uploads) == len(TEXT)
    with uploads.whole("up-1") as opened:
        assert opened.read() == TEXT
    uploads.drop("up-1")
    with pytest.raises(ConfigError, match="no such upload"):
        uploads.received("up-1")


def test_nothing_lies_there_in_clear(uploads, tmp_path):
    sent(uploads)
    with uploads.whole("up-1") as opened:
        assert opened.read(8) == b"DOE^JANE"
        found = [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()]
    assert found
    assert not any(b"DOE" in content for content in found)


def test_an_upload_is_gone_on_with_after_a_restart(uploads, tmp_path):
    at = sent(uploads, upto=2)
    again = Uploads(tmp_path / "in", Vault(b"v" * 32), most=10_000)
    assert again.received("up-1") == at == 2000
    # the answer to the last piece was lost: it is sent once more
    assert again.add("up-1", 1000, TEXT[1000:2000], size=len(TEXT)) == 2000
    assert again.add("up-1", at, TEXT[at:], size=len(TEXT)) == len(TEXT)
    with again.whole("up-1") as opened:
        assert opened.read() == TEXT


@pytest.mark.parametrize(
    ("at", "piece"),
    [
        (0, TEXT[:999]),  # other than what is there
        (0, b"x" * 1000),
        (500, TEXT[500:700]),  # within a piece
        (3000, TEXT[3000:]),  # a gap
        (2000, TEXT[2000:] + b"more"),  # past the end
        (-5, TEXT[:5]),
        (2000, b""),
    ],
)
def test_a_piece_that_does_not_fit_is_refused_and_changes_nothing(uploads, at, piece):
    sent(uploads, upto=2)
    with pytest.raises(ConfigError):
        uploads.add("up-1", at, piece, size=len(TEXT))
    assert uploads.received("up-1") == 2000


def test_too_much_is_refused_before_it_comes(uploads, monkeypatch):
    with pytest.raises(ConfigError, match="1 to 10000 bytes"):
        uploads.begin("up-2", 10_001)
    with pytest.raises(ConfigError):
        uploads.begin("up-2", 0)
    full = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: full)
    with pytest.raises(OutputError, match="no room"):
        uploads.begin("up-2", 900)
    with pytest.raises(ConfigError, match="no such upload"):
        uploads.received("up-2")


def test_a_full_disk_loses_nothing_that_was_acknowledged(uploads, monkeypatch):
    at = sent(uploads, upto=1)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(OutputError, match="disk is full"):
            uploads.add("up-1", at, TEXT[at:2000], size=len(TEXT))
    assert uploads.received("up-1") == at
    assert uploads.add("up-1", at, TEXT[at:2000], size=len(TEXT)) == 2000


def test_an_altered_piece_is_not_read(uploads, tmp_path):
    sent(uploads)
    first, second, _ = sorted((tmp_path / "in" / "up-1").iterdir())
    both = first.read_bytes(), second.read_bytes()
    first.write_bytes(both[1])  # pieces swapped: each is sealed for its place
    with pytest.raises(FormatError, match="altered"), uploads.whole("up-1"):
        pass


@pytest.mark.parametrize("name", ["../up-1", "up/1", ".", "", "up 1"])
def test_a_name_leads_nowhere_else(uploads, name):
    with pytest.raises(ConfigError, match="no such upload"):
        uploads.received(name)
    with pytest.raises(ConfigError):
        uploads.begin(name, 5)


def test_what_stopped_half_way_is_found_and_dropped(uploads):
    sent(uploads, upto=1)
    now = datetime.now(UTC)
    assert uploads.left(now - timedelta(hours=1)) == ()
    assert uploads.left(now + timedelta(hours=1)) == ("up-1",)
