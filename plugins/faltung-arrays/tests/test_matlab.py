"""MATLAB files of scipy, of h5py and written by hand, against the numbers that went in."""

from __future__ import annotations

import struct
import zlib

import h5py
import numpy as np
import pytest
import scipy.io
from faltung_arrays import MAT

from pipeline.errors import ReadError
from pipeline.io import open_reader
from pipeline.testing import check_reader


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(-5000, 5000, shape)


def mat5(path, *, compressed=True, **variables):
    scipy.io.savemat(path, variables, do_compression=compressed)
    return path


def mat73(path, **variables):
    """As MATLAB stores them: axes turned round, text as numbers, a block of 512 bytes in front."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            text = isinstance(value, str)
            array = np.array([[ord(c)] for c in value], "u2") if text else np.atleast_2d(value).T
            kind = (
                "char" if text else {"float64": "double", "float32": "single"}.get(array.dtype.name, array.dtype.name)
            )
            file.create_dataset(name, data=array).attrs["MATLAB_class"] = np.bytes_(kind)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        return np.concatenate(list(reader.blocks(step))), reader.info, reader.warnings


def element(kind, data, order="<"):
    return struct.pack(f"{order}II", kind, len(data)) + data.ljust(-(-len(data) // 8) * 8, b"\0")


def matrix(name, x, stored, order="<", flags=6):
    dims = np.array(x.shape, f"{order}i4").tobytes()
    kinds = {"i1": 1, "u1": 2, "i2": 3, "i4": 5, "f4": 7, "f8": 9}
    body = element(6, struct.pack(f"{order}II", flags, 0), order) + element(5, dims, order)
    body += element(1, name.encode(), order)
    body += element(kinds[stored], x.astype(f"{order}{stored}").tobytes("F"), order)
    return element(14, body, order)


def by_hand(path, *elements, order="<"):
    mark = b"\x00\x01IM" if order == "<" else b"\x01\x00MI"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + mark + b"".join(elements))
    return path


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize("compressed", [False, True])
def test_contract(tmp_path, dtype, compressed):
    x = (noise(300, 2) % 100).astype(dtype)
    path = mat5(tmp_path / "a.mat", compressed=compressed, fs=250.0, x=x)
    check_reader(MAT, path, x.astype(float), 250.0)
    check_reader(MAT, mat73(tmp_path / "b.mat", x=x, fs=250.0), x.astype(float), 250.0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("stored", ["i1", "u1", "i2", "f4"])
def test_doubles_that_are_stored_as_smaller_numbers_and_in_the_other_byte_order(tmp_path, order, stored):
    x = np.abs(noise(40, 3)) % 100
    path = by_hand(tmp_path / "a.mat", matrix("x", x, stored, order), order=order)
    np.testing.assert_array_equal(read(path, 7, fs=10)[0], x)


@pytest.mark.parametrize("shape", [(4, 1), (1, 4), (3, 1000), (1000, 3)])
@pytest.mark.parametrize("make", [mat5, mat73])
def test_rows_or_columns_are_time_as_they_are_longer(tmp_path, shape, make):
    x = noise(*shape).astype("f8")
    got, info, warnings = read(make(tmp_path / "a.mat", x=x, fs=8.0), 13)
    np.testing.assert_array_equal(got, x if shape[0] > shape[1] else x.T)
    assert (info.container, info.fs) == ("MAT", 8.0)
    assert warnings == ([f"x has shape {shape}; its longer axis is taken for time"] if shape == (3, 1000) else [])


@pytest.mark.parametrize("make", [mat5, mat73])
def test_text_scalars_empty_and_complex_are_no_signals(tmp_path, make):
    x = noise(50).astype("f8")
    how = {"x": x, "Fs": 1 / 3, "start_time": "2024-03-01T12:00:00.5Z", "name": "left"}
    got, info, _ = read(make(tmp_path / "a.mat", **how))
    np.testing.assert_array_equal(got[:, 0], x)
    assert (info.fs, info.clocks[0].utc(3)) == (1 / 3, "2024-03-01T12:00:09.500000Z")
    with pytest.raises(ReadError, match="holds no matrix of real numbers"):
        open_reader(mat5(tmp_path / "b.mat", z=np.ones(9) * 1j, e=np.zeros((0, 0)), t="text"))


def test_an_empty_array_of_7_3_is_the_shape_and_not_the_numbers(tmp_path):
    path = mat73(tmp_path / "a.mat", x=noise(50), fs=10.0, e=np.array([0, 0], "u8"))
    with h5py.File(path, "a") as file:
        file["e"].attrs["MATLAB_empty"] = np.uint8(1)
    assert len(read(path)[0]) == 50


def test_members_of_structs_and_cells_by_path_with_the_rate_of_their_struct(tmp_path):
    a, b, c = noise(50), noise(60, seed=1), noise(70, seed=2)
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = b, c
    many = np.zeros((1, 2), [("x", object), ("fs", object)])
    many["x"][0, 0], many["x"][0, 1], many["fs"][0, 0], many["fs"][0, 1] = b, c, 3.0, 4.0
    path = mat5(tmp_path / "a.mat", eeg={"data": a, "srate": 256.0, "name": "Cz"}, cell=cell, many=many)
    with pytest.raises(ReadError, match=r"holds 5 signals, eeg/data, cell\{1\}, cell\{2\}, many\(1\)/x, many\(2\)/x"):
        open_reader(path)
    for name, x, fs in (("eeg/data", a, 256.0), ("data", a, 256.0), ("many(2)/x", c, 4.0)):
        got, info, _ = read(path, source=[name])
        assert (got[:, 0].tolist(), info.fs) == (x.tolist(), fs)
    assert read(path, source=["cell{2}"], fs=5)[0][:, 0].tolist() == c.tolist()


def test_times_in_milliseconds_beside_a_rate_in_hertz(tmp_path):
    x = noise(2, 500)
    _, info, _ = read(mat5(tmp_path / "a.mat", EEG={"data": x, "srate": 250.0, "times": np.arange(500) * 4.0}))
    assert (info.fs, info.frames, info.channels) == (250.0, 500, 2)


@pytest.mark.parametrize("make", [mat5, mat73])
def test_a_vector_of_times_gives_the_rate_and_its_gaps(tmp_path, make):
    t = np.arange(200) / 48_000 + np.where(np.arange(200) < 90, 0, 1 / 480)
    path = make(tmp_path / "a.mat", sound=noise(200, 2).astype("f8"), t=t)
    with pytest.raises(ReadError, match=r"sound: a gap of 100 frames before frame 190; set gaps"):
        open_reader(path)
    got, info, _ = read(path, gaps="nan")
    assert (info.fs, len(got), int(np.isnan(got[:, 0]).sum())) == (48_000.0, 300, 100)


def test_what_is_cut_or_damaged_is_an_error_of_the_file(tmp_path):
    x = noise(300, 2)
    path = by_hand(tmp_path / "a.mat", matrix("x", x, "i2"), matrix("y", x, "i2"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 300])
    with pytest.raises(ReadError, match=r"a variable at byte \d+ is cut: \d+ of its 1,\d+ bytes"):
        open_reader(path)
    body = zlib.compress(matrix("x", x, "i2"))
    short = struct.pack("<II", 15, len(body) - 9) + body[:-9]
    with pytest.raises(ReadError, match="is cut: its compressed data do not end"):
        open_reader(by_hand(tmp_path / "b.mat", short))
    body = zlib.compress(matrix("x", x, "i2") + bytes(1 << 22))
    with pytest.raises(ReadError, match=r"a variable at byte \d+ is compressed, and longer than it declares"):
        open_reader(by_hand(tmp_path / "d.mat", struct.pack("<II", 15, len(body)) + body))
    lying = matrix("x", x, "i2").replace(np.array(x.shape, "<i4").tobytes(), np.array((301, 2), "<i4").tobytes())
    with pytest.raises(ReadError, match=r"x has shape \(301, 2\) and 600 numbers"):
        open_reader(by_hand(tmp_path / "c.mat", lying))


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_is_an_error_of_the_file_or_does_no_harm(tmp_path, compressed):
    s = {"data": noise(300, 2), "fs": 10.0, "name": "Cz"}
    data = mat5(tmp_path / "a.mat", compressed=compressed, s=s, c=np.array([[1, 2]], object)).read_bytes()
    draw = np.random.default_rng(5)
    failed = foreign = 0
    for _ in range(200):
        raw = bytearray(data)
        for at in draw.integers(128, 400, 3):
            raw[at] ^= 1 << int(draw.integers(8))
        (tmp_path / "b.mat").write_bytes(raw)
        try:
            read(tmp_path / "b.mat")
        except ReadError as error:
            failed += 1
            foreign += error.of_plugin
    assert (failed > 50, foreign) == (True, 0)


def test_a_place_in_a_long_variable_is_found_without_what_lies_before(tmp_path):
    x = noise(200_000, 2).astype("i2")
    with open_reader(mat5(tmp_path / "a.mat", x=x, fs=10.0)) as reader:
        reader.skip(123_456)
        np.testing.assert_array_equal(reader.read(500), x[123_456:123_956])


def test_matlab_7_3_is_what_pymatreader_reads(tmp_path):
    pymatreader = pytest.importorskip("pymatreader", reason="pymatreader is not installed")
    x = np.random.default_rng(1).normal(size=(300, 2))
    path = mat73(tmp_path / "a.mat", x=x, y=x.T[:1], fs=250.0)
    theirs = pymatreader.read_mat(path)
    np.testing.assert_array_equal(read(path, source=["x"])[0], theirs["x"])
    np.testing.assert_array_equal(read(path, source=["y"])[0][:, 0], theirs["y"].reshape(-1))
