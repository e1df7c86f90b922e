"""What is sent is read by a process with limits: scans come out, or a sentence."""

import gzip
import io
import tempfile
import zipfile

import numpy as np
import pydicom
import pytest

pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.errors import FormatError
from vesalius.io import read, write_volume
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.server.intake import MEGABYTE, Limits, read_upload

TOKEN = "Quetzalcoatl"
NUMBER = "Tonatiuh-4711"  # no run of digits that a new UID may hold by chance


@pytest.fixture(scope="module")
def scan():
    return head(shape=(24, 32, 3), spacing_mm=(8.0, 8.0, 8.0)).truth


@pytest.fixture(scope="module")
def series(scan, tmp_path_factory):
    folder = tmp_path_factory.mktemp(TOKEN)
    write_phantom_dicom(scan, folder, seed=1)
    for file in folder.iterdir():
        header = pydicom.dcmread(file)
        header.PatientName, header.PatientID = f"{TOKEN}^A", NUMBER
        header.save_as(file)
    return folder


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def sent(content, ending, out, **more):
    with tempfile.TemporaryFile() as upload:
        upload.write(content)
        upload.flush()
        return read_upload(upload, ending, out, **more)


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_zip_of_dicom_becomes_a_bare_scan_and_its_patient(series, out):
    files = {f"{TOKEN}/{f.name}": f.read_bytes() for f in series.iterdir()}
    (scan,), left_out = sent(zipped(files), ".zip", out)
    assert left_out == ()
    assert (scan.identity.name, scan.identity.number) == (f"{TOKEN}^A", NUMBER)
    assert TOKEN not in repr(scan)
    assert (scan.modality, scan.form, scan.shape) == ("MR", "dicom", (24, 32, 3))
    before = read(series)
    assert scan.sha256 == before.sha256 == read(scan.file).sha256
    content = scan.file.read_bytes()
    assert TOKEN.encode() not in content
    assert NUMBER.encode() not in content
    assert list(out.iterdir()) == [scan.file]
    assert TOKEN in scan.taken


def test_the_same_scan_has_the_same_bytes(series, tmp_path):
    files = {f.name: f.read_bytes() for f in series.iterdir()}
    made = []
    for number in range(2):
        place = tmp_path / f"{number}"
        place.mkdir()
        (scan,), _ = sent(zipped(files), ".zip", place)
        made.append(scan.file.read_bytes())
    assert made[0] == made[1]


def test_a_nifti_is_written_anew_without_its_headers_words(scan, tmp_path, out):
    file = tmp_path / "scan.nii"
    write_volume(scan, file)
    content = bytearray(file.read_bytes())
    content[148 : 148 + len(TOKEN)] = TOKEN.encode()  # descrip
    said = {"modality": "MR", "contrast": "T1w"}
    (arrived,), _ = sent(bytes(content), ".nii", out, said=said)
    again = read(arrived.file, **said)
    np.testing.assert_array_equal(again.voxels, scan.voxels)
    assert TOKEN.encode() not in gzip.decompress(arrived.file.read_bytes())
    assert arrived.contrast == "T1w"


@pytest.mark.parametrize(
    ("content", "ending", "said"),
    [
        (b"not a scan at all", ".zip", "damaged"),
        (b"", ".dcm", "no DICOM image"),
        (zipped({"a.txt": "words"}), ".zip", "no DICOM image"),
        (zipped({"inner.zip": zipped({"deep.zip": b"PK"})}), ".zip", "no DICOM image"),
        (zipped({"../../etc/x.dcm": b"\0" * 200}), ".zip", "no DICOM image"),
        (b"\x1f\x8b" + b"\0" * 50, ".nii.gz", "damaged"),
        (b"MZ", ".exe", "is sent as"),
    ],
)
def test_what_is_no_scan_is_refused_in_words_and_leaves_nothing(
    content, ending, said, out
):
    with pytest.raises(FormatError, match=said):
        sent(content, ending, out)
    assert list(out.iterdir()) == []
    assert not (out.parent.parent / "etc").exists()


def test_a_nifti_that_does_not_say_what_it_is_must_be_told(scan, tmp_path, out):
    file = tmp_path / "scan.nii.gz"
    write_volume(scan, file)
    with pytest.raises(FormatError, match="modality"):
        sent(file.read_bytes(), ".nii.gz", out)


def bombs():
    """Small files that ask for a lot."""
    huge = bytearray(352)
    huge[0:4] = (348).to_bytes(4, "little")
    huge[40:48] = b"".join(n.to_bytes(2, "little") for n in (3, 30000, 30000, 3000))
    huge[70:74] = (16).to_bytes(2, "little") + (32).to_bytes(2, "little")
    huge[344:348] = b"n+1\0"
    packed = gzip.compress(bytes(huge) + bytes(300 * MEGABYTE))
    return {
        "gzip": (packed, ".nii.gz"),
        "zip": (zipped({"a.dcm": bytes(128) + b"DICM" + bytes(200 * 2**20)}), ".zip"),
    }


@pytest.mark.parametrize("name", ["gzip", "zip"])
def test_a_bomb_is_refused_within_its_memory(name, out):
    content, ending = bombs()[name]
    may = Limits(memory=512 * MEGABYTE, seconds=5)
    with pytest.raises(FormatError):
        sent(content, ending, out, said={"modality": "MR"}, limits=may)
    assert list(out.iterdir()) == []


def test_a_child_that_is_lost_for_want_of_memory_says_so(series, out):
    files = {f.name: f.read_bytes() for f in series.iterdir()}
    with pytest.raises(FormatError, match="more memory or time"):
        sent(zipped(files), ".zip", out, limits=Limits(memory=30 * MEGABYTE))
    assert list(out.iterdir()) == []
