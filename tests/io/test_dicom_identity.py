"""No word about the patient stays in a file, and nothing of the picture is lost."""

from datetime import date

import numpy as np
import pydicom
import pytest
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from vesalius.errors import FormatError
from vesalius.io import read
from vesalius.io.dicom_identity import (
    SHARED_BY_MANY,
    SPOKEN_BY_MACHINES,
    bare_meta,
    given_back,
    joined,
    named,
    set_apart,
)
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head

TOKEN = "Quetzalcoatl"
WORDS = {"LO", "SH", "LT", "ST", "UT", "PN", "UC", "UR", "AE"}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    scan = head(shape=(24, 32, 3), spacing_mm=(8.0, 8.0, 8.0)).truth
    write_phantom_dicom(scan, folder, seed=1)
    return folder


def planted(file):
    """A header with the token in every field of the dictionary that takes words."""
    header = pydicom.dcmread(file)
    for tag, (vr, *_) in DicomDictionary.items():
        keyword = keyword_for_tag(tag)
        kept = keyword in SPOKEN_BY_MACHINES
        if vr in WORDS and keyword and not kept and tag >> 16 not in (0, 2, 4):
            header.add(DataElement(tag, vr, TOKEN))
    inner = Dataset()
    inner.add_new(0x00400254, "LO", TOKEN)
    deeper = Dataset()
    deeper.PersonName = TOKEN
    inner.PersonIdentificationCodeSequence = [deeper]
    header.RequestAttributesSequence = [inner]
    block = header.private_block(0x0099, f"{TOKEN} 1", create=True)
    block.add_new(1, "LO", TOKEN)
    block.add_new(2, "UN", TOKEN.encode())
    header.PatientBirthDate = "19370501"
    header.file_meta.SourceApplicationEntityTitle = TOKEN[:16]
    header.file_meta.ImplementationVersionName = TOKEN[:16]
    header.preamble = TOKEN.encode().ljust(128, b"\0")
    return header


def saved(bare, whole, file):
    alone = Dataset(bare)  # a file's preamble is no part of its data set
    alone.file_meta = bare_meta(whole)
    alone.save_as(file, enforce_file_format=True)
    return file


def test_no_word_stays_wherever_it_stood(series, tmp_path):
    whole = planted(next(series.iterdir()))
    bare, taken = set_apart(whole)
    file = saved(bare, whole, tmp_path / "bare.dcm")
    content = file.read_bytes()
    for part in (TOKEN.encode(), TOKEN[:8].encode(), b"19370501"):
        assert part not in content
    assert TOKEN in taken
    assert named(whole) == (TOKEN, TOKEN, "19370501")
    assert whole.RequestAttributesSequence[0][0x00400254].value == TOKEN


def test_the_picture_is_what_it_was(series, tmp_path):
    for number, file in enumerate(sorted(series.iterdir())):
        whole = planted(file)
        saved(set_apart(whole)[0], whole, tmp_path / f"{number}.dcm")
    one, two = read(series), read(tmp_path)
    np.testing.assert_array_equal(one.voxels, two.voxels)
    np.testing.assert_array_equal(one.affine, two.affine)
    assert (one.modality, one.contrast, one.units) == (
        two.modality,
        two.contrast,
        two.units,
    )


def test_what_was_taken_can_be_put_back(series):
    whole = planted(next(series.iterdir()))
    bare, taken = set_apart(whole)
    again = joined(bare, taken)
    assert str(again.PatientName) == TOKEN
    assert again.InstitutionName == TOKEN
    assert again.PatientBirthDate == "19370501"
    assert again.ContrastBolusAgent == TOKEN
    assert "PatientName" not in bare  # `bare` stays bare
    other, _ = set_apart(planted(sorted(series.iterdir())[1]))
    assert str(joined(other, taken).PatientName) == TOKEN
    with pytest.raises(FormatError, match="cannot be read"):
        joined(bare, "{not json")


def test_a_derived_object_gets_its_patient_and_keeps_its_own_words():
    source = Dataset()
    source.PatientName, source.PatientID, source.StudyID = "Zoë^A", "4711", "7"
    source.SeriesDescription, source.ImageComments = "routine", "of the first slice"
    _, taken = set_apart(source)
    made = Dataset()
    made.SeriesDescription = "AI output, denoised, not reviewed"
    made.ContentDescription = "AI output"
    whole = given_back(made, taken, "accepted and signed")
    assert (whole.PatientName, whole.PatientID, whole.StudyID) == ("Zoë^A", "4711", "7")
    assert whole.SeriesDescription == (
        "AI output, denoised, accepted and signed: routine"
    )
    assert whole.ContentDescription == "AI output"
    assert "ImageComments" not in whole
    assert whole.SpecificCharacterSet == "ISO_IR 192"  # holds every name
    assert "PatientName" not in made
    assert len(given_back(made, taken, "x" * 80).SeriesDescription) == 64
    with pytest.raises(FormatError):
        given_back(made, "no JSON", "signed")


def test_what_many_people_share_and_what_machines_say_stays():
    header = Dataset()
    header.PatientSex, header.PatientAge = "F", "042Y"
    header.Manufacturer, header.SequenceName = "Maker", "*tfl3d1"
    header.EchoTime, header.StudyDate = "3.1", date(2026, 1, 2).strftime("%Y%m%d")
    header.StudyInstanceUID = generate_uid()
    bare, taken = set_apart(header)
    assert bare == header
    assert taken == "{}"
    assert {"PatientSex"} <= SHARED_BY_MANY


def test_whether_contrast_was_given_stays_known():
    header = Dataset()
    header.ContrastBolusAgent = f"5 ml to {TOKEN}"
    bare, _ = set_apart(header)
    assert bare.ContrastBolusAgent == "given"
    header.ContrastBolusAgent = ""
    assert not set_apart(header)[0].get("ContrastBolusAgent")
