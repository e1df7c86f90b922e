"""Every bad input: one line that says what to do, a code, and nothing written."""

import gzip
import resource
import shutil
import zipfile
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from vesalius.cli import main
from vesalius.cli.terminal import LONGEST_LINE
from vesalius.io import write_volume

SECRETS = ("Quillfeather", "Ottoline", "ZZ-774190", "19470213")
RNG = np.random.default_rng(0)
VOXELS = RNG.normal(500, 90, (24, 20, 4)).astype(np.float32)
BOMB_MB = 3000  # unpacked; a few on disk


@pytest.fixture
def series(tmp_path):
    """A small series with a patient, as a scanner would write it."""
    from vesalius.io.dicom_phantom import write_phantom_dicom
    from vesalius.volume import Volume

    folder = tmp_path / "Quillfeather Ottoline" / "series"
    folder.mkdir(parents=True)
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    write_phantom_dicom(Volume(VOXELS, affine, "a.u.", "MR", "T1w"), folder, seed=0)
    for path in folder.iterdir():
        change(path, PatientName="Quillfeather^Ottoline", PatientID="ZZ-774190")
        change(path, PatientBirthDate="19470213")
    return folder


def change(path, **values):
    slices = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(slices, name, value)
    slices.save_as(path)


def nifti(path, voxels=VOXELS, units="mm"):
    image = nib.Nifti1Image(voxels, np.diag([1.0, 1.0, 5.0, 1.0]))
    image.header.set_xyzt_units(units)
    nib.save(image, path)
    return path


# Makers: each returns the input and further words of the command.


def empty_folder(folder, series):
    (folder / "empty").mkdir()
    return folder / "empty", ()


def absent(folder, series):
    return series / "absent.nii.gz", ()


def text_named_dcm(folder, series):
    (folder / "notes.dcm").write_text("Quillfeather^Ottoline was here")
    return folder / "notes.dcm", ()


def unknown_format(folder, series):
    (folder / "scan.docx").write_bytes(b"PK\x03\x04 and no more")
    return folder / "scan.docx", ()


def truncated_dicom(folder, series):
    for path in series.iterdir():
        path.write_bytes(path.read_bytes()[:-300])
    return series, ()


def truncated_nifti(folder, series):
    path = nifti(folder / "scan.nii")
    path.write_bytes(path.read_bytes()[:-300])
    return path, ("--modality", "MR")


def truncated_gzip(folder, series):
    path = nifti(folder / "scan.nii.gz")
    path.write_bytes(path.read_bytes()[:-300])
    return path, ("--modality", "MR")


def nan_voxels(folder, series):
    voxels = VOXELS.copy()
    voxels[3, 3, 1] = np.nan
    return nifti(folder / "scan.nii", voxels), ("--modality", "MR")


def infinite_voxels(folder, series):
    voxels = VOXELS.copy()
    voxels[3, 3, 1] = np.inf
    return nifti(folder / "scan.nii", voxels), ("--modality", "MR")


def mostly_nan_and_to_be_filled(folder, series):
    voxels = VOXELS.copy()
    voxels[:12] = np.nan
    return nifti(folder / "scan.nii", voxels), ("--modality", "MR", "--fill-nan")


def constant_image(folder, series):
    return nifti(folder / "scan.nii", np.full_like(VOXELS, 7)), ("--modality", "MR")


def one_pixel(folder, series):
    return nifti(folder / "scan.nii", VOXELS[:1, :1, :1]), ("--modality", "MR")


def four_dimensions(folder, series):
    voxels = np.stack([VOXELS, VOXELS + 1], -1)
    return nifti(folder / "scan.nii", voxels), ("--modality", "MR")


def colour(folder, series):
    pixels = RNG.integers(0, 255, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    return folder / "photo.png", ("--modality", "MR", "--spacing-mm", "1", "1", "1")


def missing_spacing(folder, series):
    Image.fromarray(VOXELS[:, :, 0].astype(np.uint8)).save(folder / "slice.png")
    return folder / "slice.png", ("--modality", "MR")


def missing_modality(folder, series):
    return nifti(folder / "scan.nii"), ()


def contradicted_modality(folder, series):
    return series, ("--modality", "CT")


def unknown_modality(folder, series):
    return nifti(folder / "scan.nii"), ("--modality", "MRI")


def microns(folder, series):
    return nifti(folder / "scan.nii", units="micron"), ("--modality", "MR")


def two_series(folder, series):
    uid = generate_uid(entropy_srcs=["another"])
    for path in sorted(series.iterdir()):
        shutil.copy(path, series / f"other-{path.name}")
        change(
            series / f"other-{path.name}",
            SeriesInstanceUID=uid,
            SOPInstanceUID=generate_uid(entropy_srcs=[path.name]),
        )
    return series, ()


def missing_slice(folder, series):
    sorted(series.iterdir())[1].unlink()
    return series, ()


def unknown_series(folder, series):
    return series, ("--series", "1.2.3")


def zeros_deflated(megabytes):
    """Deflate zeros in blocks that stand alone, so that one is enough."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    return block * megabytes + end


def gzip_bomb(folder, series):
    header = nifti(folder / "scan.nii").read_bytes()[:352]
    member = gzip.compress(bytes(2**24))
    bomb = gzip.compress(header) + member * (BOMB_MB // 16)
    (folder / "bomb.nii.gz").write_bytes(bomb)
    return folder / "bomb.nii.gz", ("--modality", "MR")


def zip_bomb(folder, series):
    path = folder / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as box,
        box.open("series/IM1.dcm", "w") as stream,
    ):
        for _ in range(BOMB_MB // 5):
            stream.write(bytes(2**20))
    return path, ()


def deflated_dicom_bomb(folder, series):
    """Make a slice whose pixels are what its header says, and far too many."""
    slices = pydicom.dcmread(min(series.iterdir()))
    slices.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    slices.Rows = slices.Columns = side = 2**15
    del slices.PixelData
    path = folder / "bomb.dcm"
    slices.save_as(path)
    content = path.read_bytes()
    start = 144 + pydicom.dcmread(path).file_meta.FileMetaInformationGroupLength
    pixels = b"\xe0\x7f\x10\x00OW\x00\x00" + (2 * side * side).to_bytes(4, "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = packer.compress(zlib.decompress(content[start:], -zlib.MAX_WBITS) + pixels)
    first += packer.flush(zlib.Z_FULL_FLUSH)
    zeros = zeros_deflated(2 * side * side // 2**20)
    path.write_bytes(content[:start] + first + zeros)
    return path, ()


BAD = {
    empty_folder: "",
    absent: "",
    text_named_dcm: "",
    unknown_format: "",
    truncated_dicom: "damaged|ends before|copy it again",
    truncated_nifti: "ends before|copy it again",
    truncated_gzip: "damaged|ends before|copy it again",
    nan_voxels: "NaN|infinite",
    infinite_voxels: "NaN|infinite",
    mostly_nan_and_to_be_filled: "NaN|infinite",
    constant_image: "same value",
    one_pixel: "pixel",
    four_dimensions: "4-D|four|volumes",
    colour: "colour|RGB",
    missing_spacing: "--spacing-mm",
    missing_modality: "--modality",
    contradicted_modality: "--modality",
    unknown_modality: "MR",
    microns: "mm",
    two_series: "--series",
    missing_slice: "slice",
    unknown_series: "series",
    gzip_bomb: "",
    zip_bomb: "",
    deflated_dicom_bomb: "",
}


@pytest.fixture
def bounded_memory():
    """Let this process grow by 1.5 GB and no further: a bomb must not go off."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + 1536 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bad_input_is_refused_in_one_line(
    make, series, tmp_path, capfd, bounded_memory
):
    source, options = make(tmp_path, series)
    out = tmp_path / "new" / "out"
    assert main(["denoise", str(source), "-o", str(out), *options]) == 2
    said, complained = capfd.readouterr()
    assert complained.count("\n") == 1
    assert complained.startswith("error: ")
    assert len(complained.encode()) <= LONGEST_LINE + 1
    assert any(word in complained for word in BAD[make].split("|")), complained
    assert not [secret for secret in SECRETS if secret in said + complained]
    assert str(source.parent) not in complained
    assert not out.parent.exists()


def test_two_series_are_a_table_on_stdout(series, tmp_path, capfd):
    two_series(tmp_path, series)
    main(["denoise", str(series), "-o", str(tmp_path / "out")])
    said = capfd.readouterr().out
    uids = {str(pydicom.dcmread(path).SeriesInstanceUID) for path in series.iterdir()}
    assert len(uids) == 2
    assert all(uid in said for uid in uids)


def test_the_series_are_listed(series, tmp_path, capfd):
    two_series(tmp_path, series)
    assert main(["series", str(series)]) == 0
    said, complained = capfd.readouterr()
    assert complained == ""
    assert said.count("MR") >= 2
    assert not [secret for secret in SECRETS if secret in said]


def test_an_unusable_place_to_list_is_2(tmp_path, capfd):
    assert main(["series", str(tmp_path / "absent")]) == 2
    assert capfd.readouterr().err.count("\n") == 1


# Places that cannot be written


def test_a_file_is_no_folder_to_write_in(series, tmp_path, capfd):
    (tmp_path / "file").touch()
    assert main(["denoise", str(series), "-o", str(tmp_path / "file" / "out")]) == 2
    assert "folder" in capfd.readouterr().err


def test_a_place_that_may_not_be_written(series, capfd):
    assert main(["denoise", str(series), "-o", "/proc/vesalius-out"]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_a_full_disk_is_found_and_leaves_nothing(series, tmp_path, capfd):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        code = main(["denoise", str(series), "-o", str(tmp_path / "out")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    assert "disk" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


# Models


@pytest.mark.parametrize(
    "words", [["card", "denoise-x"], ["train", "denoise-x", "--data", "d"]]
)
def test_an_unknown_model_or_recipe_is_2(words, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_altered_weights_are_4_and_nothing_is_written(tmp_path, capfd, monkeypatch):
    from vesalius.physics import phantom
    from vesalius.weights import shelf
    from vesalius.weights.models import open_model

    open_model.cache_clear()  # another test may have opened the whole one
    head = phantom.head((96, 112, 3), (2.0, 2.0, 5.0), seed=3)
    write_volume(phantom.scan(head, seed=3), tmp_path / "head.nii.gz")

    box = tmp_path / "box"
    shutil.copytree(shelf.SHELF, box)
    for path in box.glob("*.safetensors"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    monkeypatch.setattr(shelf, "SHELF", box)
    words = [str(tmp_path / "head.nii.gz"), "--modality", "MR"]
    assert main(["denoise", *words, "-o", str(tmp_path / "out")]) == 4
    assert "altered" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
