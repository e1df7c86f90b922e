"""Zip: what colleagues pack, and what is packed to do harm."""

import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

import dicom_cases as cases
from vesalius.errors import FormatError, ScanError
from vesalius.io.archives import inflated
from vesalius.io.dicom import read_dicom

SOFT = cases.soft()


@pytest.fixture
def folder(tmp_path):
    return cases.write(cases.series(SOFT), tmp_path / "series")


def packed(folder, path, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"My scan/{file.name}")
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_zip_is_read_like_its_folder(folder, tmp_path, method):
    scan = read_dicom(packed(folder, tmp_path / "scan.zip", method))
    np.testing.assert_array_equal(scan.voxels, SOFT)
    assert scan.notes == ()


def test_shadow_files_of_a_mac_are_counted_and_left(folder, tmp_path):
    path = packed(folder, tmp_path / "scan.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("My scan/.DS_Store", bytes(600))
        for file in folder.iterdir():
            archive.writestr(f"__MACOSX/My scan/._{file.name}", b"Mac OS X" * 20)
    scan = read_dicom(path)
    np.testing.assert_array_equal(scan.voxels, SOFT)
    assert any("7 x a shadow file" in note for note in scan.notes)


def test_nothing_is_unpacked_to_disk(folder, tmp_path, monkeypatch):
    path = packed(folder, tmp_path / "scan.zip")
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("TMPDIR", str(empty))
    monkeypatch.chdir(empty)
    read_dicom(path)
    assert not list(empty.iterdir())


def test_a_zip_bomb_is_refused_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("vesalius.io.archives.ALWAYS_ALLOWED_BYTES", 2**20)
    d = cases.image(SOFT[:, :, 0])
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        cases.save(d, tmp_path / "one.dcm")
        with archive.open("one.dcm", "w") as member:
            member.write((tmp_path / "one.dcm").read_bytes())
            for _ in range(20):
                member.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(FormatError, match="fill the memory"):
        read_dicom(path)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


def test_an_encrypted_zip_is_named(folder, tmp_path):
    path = packed(folder, tmp_path / "scan.zip")
    content = bytearray(path.read_bytes())
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(magic)
        while place >= 0:
            content[place + flags : place + flags + 2] = struct.pack("<H", 1)
            place = content.find(magic, place + 4)
    path.write_bytes(content)
    with pytest.raises(ScanError, match="encrypted"):
        read_dicom(path)


def test_a_damaged_zip_is_named(folder, tmp_path):
    path = packed(folder, tmp_path / "scan.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read_dicom(path)


def test_a_zip_without_a_scan_is_named(tmp_path):
    path = tmp_path / "scan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no scan")
        archive.writestr("b.xml", "<no/>")
    with pytest.raises(FormatError, match="1 x a text file, 1 x an XML file"):
        read_dicom(path)
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(ScanError, match="empty"):
        read_dicom(path)


def test_inflating_stops_where_it_is_told():
    packer = zlib.compressobj(wbits=-15)
    stream = packer.compress(bytes(1000)) + packer.flush()
    assert inflated(stream, 1000) == (bytes(1000), True)
    assert inflated(stream, 2000) == (bytes(1000), True)
    assert inflated(stream, 10) == (bytes(10), False)
