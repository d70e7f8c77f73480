"""What no writer does: replace a file unasked, lose what the system took only a part of, or start its clock again."""

from __future__ import annotations

import os
from decimal import Decimal

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.io import OutputFormat, SignalInfo, TimeColumn, open_reader, open_writer, read_signal
from pipeline.io import base as module
from tests.io.helpers import names, noise, save

from .test_sink import CONTAINERS


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_name_that_is_taken_is_refused_by_every_writer(tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"exists already; give overwrite=True, or give another name"):
        open_writer(tmp_path / name, fs=8000, channels=1)
    assert (tmp_path / name).read_bytes() == b"mine"
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_name_that_is_taken_meanwhile_is_refused_by_every_writer(tmp_path, name):
    writer = open_writer(tmp_path / name, fs=8000, channels=1)
    (tmp_path / name).write_bytes(b"mine")
    writer.write(noise(5, 1))
    with pytest.raises(UsageError, match="exists already"):
        writer.commit()
    assert (tmp_path / name).read_bytes() == b"mine"
    assert [new for new in names(tmp_path) if new.endswith(".part")] == []


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_system_that_takes_a_part_of_what_is_written_is_given_the_rest(tmp_path, monkeypatch, name):
    x, real = noise(3000), os.write
    save(tmp_path / name, x)
    whole = (tmp_path / name).read_bytes()
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, memoryview(data)[:777]))
    save(tmp_path / name, x)
    monkeypatch.undo()
    with open_reader(tmp_path / name) as reader:
        assert reader.info.frames == 3000
    if not name.endswith(".ogg"):  # whose serial number is drawn
        assert (tmp_path / name).read_bytes() == whole


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
@pytest.mark.parametrize(("subtype", "dtype"), [("DOUBLE", np.float64), ("FLOAT", np.float32)])
def test_an_array_has_the_precision_that_is_asked_for(tmp_path, name, subtype, dtype):
    x = noise(50)
    save(tmp_path / name, x, fmt=OutputFormat(subtype))
    found = np.load(tmp_path / name)
    array = found["x"] if name.endswith(".npz") else found
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, x.astype(dtype))


@pytest.mark.parametrize("at_a_time", [3, 1 << 15])
def test_times_go_on_from_block_to_block(tmp_path, monkeypatch, at_a_time):
    monkeypatch.setattr(module, "WRITE_FRAMES", at_a_time)
    column = TimeColumn("t", 0, Decimal(5), Decimal("0.25"), digits=2)
    source = SignalInfo(4.0, 1, 10, "CSV", None, ("v",), column)
    save(tmp_path / "y.csv", np.zeros((10, 1)), fs=4.0, source=source, cuts=(4, 4, 9))
    rows = (tmp_path / "y.csv").read_text().splitlines()
    assert rows == ["t,v", *(f"{5 + n / 4:.2f},0.0" for n in range(10))]


def test_the_microseconds_of_a_stamp_are_rounded(tmp_path):
    (tmp_path / "x.csv").write_text("t,v\n2024-01-01 00:00:00,0\n2024-01-01 00:00:01,1\n")
    x, info = read_signal(tmp_path / "x.csv", time_column="t")
    save(tmp_path / "y.csv", np.repeat(x, 2, axis=0), fs=3.0, source=info)
    stamps = [line.partition(",")[0] for line in (tmp_path / "y.csv").read_text().splitlines()[1:]]
    assert [stamp.partition(".")[2] for stamp in stamps] == ["000000", "333333", "666667", "000000"]
