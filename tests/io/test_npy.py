"""A NumPy array is numbers and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as draw

from vesalius.errors import FormatError, GeometryError, ScanError
from vesalius.io.npy import read_npy


def saved(path, array):
    np.save(path, array)
    return path


@given(
    array=draw.arrays(
        st.sampled_from(["u1", "<i2", ">i2", "<i4", "<f4", ">f8"]),
        draw.array_shapes(min_dims=2, max_dims=3, max_side=6),
        elements=st.integers(0, 100),
    ),
    fortran=st.booleans(),
)
@settings(max_examples=40)
def test_axes_and_values_are_the_arrays_own(tmp_path_factory, array, fortran):
    path = tmp_path_factory.mktemp("npy") / "scan.npy"
    carried = read_npy(saved(path, np.asfortranarray(array) if fortran else array))
    np.testing.assert_array_equal(np.squeeze(carried.voxels), np.squeeze(array))
    assert carried.voxels.shape[: array.ndim] == array.shape
    assert carried.affine is None
    assert carried.units is None
    assert not carried.sides_known


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.zeros((3, 3, 3), np.complex64), FormatError, "complex"),
        (np.zeros((3, 3, 3), bool), FormatError, "real numbers"),
        (np.array([["a", "b"]]), FormatError, "real numbers"),
        (np.zeros((3, 3), [("R", "u1"), ("G", "u1")]), FormatError, "real numbers"),
        (np.array([[{}, []]], object), FormatError, "real numbers"),
        (np.zeros((3, 3, 3, 3)), GeometryError, "4 axes"),
        (np.zeros(3), GeometryError, "1 axes"),
        (np.zeros((3, 0, 3)), GeometryError, "volume"),
    ],
)
def test_what_is_no_volume_is_refused_by_name(tmp_path, array, error, words):
    with pytest.raises(error, match=words):
        read_npy(saved(tmp_path / "scan.npy", array))


def test_a_pickle_in_disguise_is_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    np.save(tmp_path / "trap.npy", np.array([[Trap()]], object), allow_pickle=True)
    with pytest.raises(FormatError):
        read_npy(tmp_path / "trap.npy")


@given(kept=st.floats(0, 1, exclude_max=True), flip=st.none() | st.integers(1, 255))
@settings(max_examples=60)
def test_a_damaged_file_is_read_or_refused_never_worse(tmp_path_factory, kept, flip):
    path = saved(tmp_path_factory.mktemp("cut") / "scan.npy", np.eye(6, dtype="i2"))
    content = bytearray(path.read_bytes())
    place = int(kept * len(content))
    if flip is None:
        path.write_bytes(content[:place])
        with pytest.raises(ScanError):
            read_npy(path)
        return
    content[place] ^= flip
    path.write_bytes(content)
    try:
        assert read_npy(path).voxels.ndim == 3
    except ScanError:
        return


def test_a_header_that_promises_a_giant_is_refused(tmp_path):
    path = tmp_path / "bomb.npy"
    header = {"descr": "<f4", "fortran_order": False, "shape": (30_000,) * 3}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(ScanError, match="crop"):
        read_npy(path)
