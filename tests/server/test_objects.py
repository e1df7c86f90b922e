"""Objects: kept whole or not at all, under the name of what they hold."""

import errno
import io
import os
from hashlib import sha256

import pytest

from vesalius.errors import ConfigError, FormatError, OutputError
from vesalius.server.objects import DRAFTS, Objects

WORDS = b"a scan" * 1000
DIGEST = sha256(WORDS).hexdigest()


@pytest.fixture
def kept(tmp_path):
    return Objects(tmp_path / "objects")


def drafts(kept):
    return list((kept._folder / DRAFTS).iterdir())


def test_what_is_put_is_found_under_its_digest(kept):
    assert kept.put(io.BytesIO(WORDS)) == (DIGEST, len(WORDS), True)
    assert kept.path(DIGEST).read_bytes() == WORDS
    assert kept.put(io.BytesIO(WORDS)) == (DIGEST, len(WORDS), False)
    assert list(kept.all()) == [DIGEST]
    assert kept.is_whole(DIGEST)
    assert not drafts(kept)


def test_a_changed_byte_is_seen(kept):
    kept.put(io.BytesIO(WORDS))
    file = kept.path(DIGEST)
    file.chmod(0o640)
    file.write_bytes(b"A" + WORDS[1:])
    assert not kept.is_whole(DIGEST)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", DIGEST.upper(), DIGEST + "0", "a" * 63 + "/"]
)
def test_only_a_digest_is_a_name(kept, name):
    with pytest.raises(ConfigError, match="64 hexadecimal"):
        kept.path(name)


def test_what_is_not_kept_is_said(kept):
    with pytest.raises(ConfigError, match="nothing is kept"):
        kept.path(DIGEST)


def test_more_than_is_taken_leaves_nothing(kept):
    with pytest.raises(FormatError, match="more than the 10 bytes"):
        kept.put(io.BytesIO(WORDS), most=10)
    assert not drafts(kept)
    assert not list(kept.all())


class Broken(io.RawIOBase):
    def read(self, size=-1):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_and_says_what_to_do(kept):
    with pytest.raises(OutputError, match="make room"):
        kept.put(Broken())
    assert not drafts(kept)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Objects(tmp_path / "file" / "objects")


def test_drafts_of_a_crash_and_what_nobody_wants_are_cleared(kept):
    kept.put(io.BytesIO(WORDS))
    other = kept.put(io.BytesIO(b"other")).digest
    (kept._folder / DRAFTS / "half").write_bytes(b"ha")
    assert kept.clear_drafts() == 1
    assert kept.drop_all_but({DIGEST}) == 1
    assert list(kept.all()) == [DIGEST]
    with pytest.raises(ConfigError):
        kept.path(other)
    assert kept.room() > 0
