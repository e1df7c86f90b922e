"""Files found and parsed: folders, bare files, every encoding, and bombs."""

import gc
import os
import tracemalloc
import zlib

import numpy as np
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

import dicom_cases as cases
from vesalius.errors import FormatError, ScanError
from vesalius.io.archives import StoredFile
from vesalius.io.dicom import read_dicom
from vesalius.io.dicom_files import called, open_files

SOFT = cases.soft()


def encoded(d, *, implicit=False, little=True) -> bytes:
    """The data set alone, without preamble or file meta."""
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = implicit, little
    write_dataset(out, d)
    return out.getvalue()


def file_of(d, syntax, body: bytes) -> bytes:
    d.file_meta.TransferSyntaxUID = syntax
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    out = DicomBytesIO()
    write_file_meta_info(out, d.file_meta)
    return bytes(128) + b"DICM" + out.getvalue() + body


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def peak_of(path) -> int:
    tracemalloc.start()
    with pytest.raises(ScanError):
        read_dicom(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


# Encodings


@pytest.mark.parametrize("implicit", [False, True])
def test_a_file_without_preamble_is_read(tmp_path, implicit):
    for k, d in enumerate(cases.series(SOFT)):
        (tmp_path / f"{k}").write_bytes(encoded(d, implicit=implicit))
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


def test_implicit_value_representations_are_read(tmp_path):
    for k, d in enumerate(cases.series(SOFT)):
        body = encoded(d, implicit=True)
        (tmp_path / f"{k}").write_bytes(file_of(d, ImplicitVRLittleEndian, body))
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


def test_big_endian_is_read(tmp_path):
    slices = cases.series(SOFT)
    for k, d in enumerate(slices):
        d.PixelData = SOFT[:, :, k].T.astype(">u2").tobytes()
        body = encoded(d, little=False)
        (tmp_path / f"{k}").write_bytes(file_of(d, ExplicitVRBigEndian, body))
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


def test_a_deflated_data_set_is_read(tmp_path):
    for k, d in enumerate(cases.series(SOFT)):
        body = deflated(encoded(d))
        (tmp_path / f"{k}").write_bytes(
            file_of(d, DeflatedExplicitVRLittleEndian, body)
        )
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


# Bombs


def bomb(d, mebibytes: int, path):
    """A deflated data set that goes on with zeros; the packed block repeats."""
    packer = zlib.compressobj(9, wbits=-15)
    start = packer.compress(encoded(d)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = start + block * mebibytes + packer.flush()
    path.write_bytes(file_of(d, DeflatedExplicitVRLittleEndian, body))
    return path


def test_a_deflated_header_without_end_is_refused_in_bounded_memory(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    del d.PixelData
    d.add_new(0x00431029, "OB", b"")
    path = bomb(d, 400, tmp_path / "bomb.dcm")
    content = path.read_bytes()
    assert len(content) < 2**20
    assert peak_of(path) < 100 << 20


def test_pixels_that_promise_more_than_they_hold_are_refused_before_they_are_read(
    tmp_path,
):
    d = cases.image(SOFT[:, :, 0])
    d.Rows = d.Columns = 30000
    path = bomb(d, 400, tmp_path / "bomb.dcm")
    assert peak_of(path) < 100 << 20
    with pytest.raises(FormatError, match="fill the memory"):
        read_dicom(path)


def test_what_is_deflated_beyond_the_pixels_is_never_inflated(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    path = bomb(d, 400, tmp_path / "bomb.dcm")
    tracemalloc.start()
    np.testing.assert_array_equal(read_dicom(path).voxels[:, :, 0], SOFT[:, :, 0])
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_damaged_deflate_is_refused(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    packed = deflated(encoded(d))
    for body in (packed[: len(packed) // 2], packed[:40] + b"\xff" * 100):
        path = tmp_path / "one.dcm"
        path.write_bytes(file_of(d, DeflatedExplicitVRLittleEndian, body))
        with pytest.raises(FormatError, match="deflated part"):
            read_dicom(path)


# Folders


def test_slices_in_folders_at_any_depth_and_with_any_name_are_one_series(tmp_path):
    for k, d in enumerate(cases.series(SOFT)):
        cases.save(d, tmp_path / "Aufnähme 1" / f"Ordner {k % 2}" / f"Größe {k}")
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


def test_links_that_loop_and_links_into_nowhere_are_left(tmp_path):
    folder = cases.write(cases.series(SOFT), tmp_path / "series")
    (folder / "again").symlink_to(folder, target_is_directory=True)
    (folder / "gone.dcm").symlink_to(tmp_path / "nowhere")
    (folder / "itself").symlink_to(folder / "itself")
    assert read_dicom(folder).voxels.shape == SOFT.shape


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ScanError, match="empty"):
        read_dicom(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_closed_folder_is_named(tmp_path):
    folder = cases.write(cases.series(SOFT), tmp_path / "series")
    (folder / "closed").mkdir(mode=0)
    with pytest.raises(ScanError, match="permission"):
        read_dicom(folder)


def test_many_small_files_are_looked_at_once_each(tmp_path, monkeypatch):
    for number in range(300):
        (tmp_path / f"{number}.txt").write_text("no scan")
    opened = []
    honest = StoredFile.__init__

    def counting(self, parts, size, opener):
        honest(self, parts, size, lambda: (opened.append(parts), opener())[1])

    monkeypatch.setattr(StoredFile, "__init__", counting)
    with pytest.raises(FormatError, match="300 x a text file"):
        read_dicom(tmp_path)
    assert len(opened) == len(set(opened)) == 300


# Names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("IM0003.dcm", "the file IM0003.dcm"),
        ("1-001.dcm", "the file 1-001.dcm"),
        ("0065", "the file 0065"),
        ("Thistlewood_3.dcm", "file 3 of 9 (in order of their names)"),
        ("Barnaby", "file 3 of 9 (in order of their names)"),
        ("19310704.dcm", "file 3 of 9 (in order of their names)"),
    ],
)
def test_a_file_is_named_only_where_its_name_can_name_nobody(name, said):
    assert called(StoredFile((name,), 0, open), 3, 9) == said


def test_garbage_is_collected_again_after_an_error(tmp_path):
    (tmp_path / "one").write_bytes(b"none")

    def stumble():
        with open_files(tmp_path):
            assert not gc.isenabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert gc.isenabled()
