"""WFDB records read by the package wfdb, too: the same samples to the last bit, and where not, why."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from records import encoded, header, line, noise, record, segments

from pipeline.io import open_reader

wfdb = pytest.importorskip("wfdb", reason="the package wfdb is not installed; it comes with the extra 'instruments'")
SHARED = Path(__file__).parents[4] / "shared/data/timeseries/ecg"


def ours(path, **how):
    with open_reader(path.with_suffix(".hea"), gaps="nan", **how) as reader:
        return np.concatenate(list(reader.blocks(777))), reader.info


def theirs(path, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wfdb.rdrecord(str(path.with_suffix("")), **how)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("how", ["8", "16", "24", "32", "61", "80", "160", "212", "310", "311", "508", "516", "524"])
def test_every_format(tmp_path, how, channels):
    digits = np.cumsum(noise(how, 200, channels), 0) if how == "8" else noise(how, 200, channels)
    path = record(tmp_path / "a", digits, how, gain="123.5(7)/uV")
    np.testing.assert_array_equal(ours(path)[0], theirs(path).p_signal)


@pytest.mark.parametrize("how", ["16", "24", "32", "80", "212", "508", "516", "524"])
def test_what_wfdb_writes(tmp_path, how):
    x = np.cumsum(np.random.default_rng(1).normal(size=(501, 2)), 0)
    x[100:110, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fields = {"fs": 62.4725, "units": ["mV", "uV"], "sig_name": ["A b", "C"], "fmt": [how] * 2}
        wfdb.wrsamp("w", p_signal=x, write_dir=str(tmp_path), **fields)
    got, info = ours(tmp_path / "w")
    read = theirs(tmp_path / "w")
    np.testing.assert_array_equal(got, read.p_signal)
    assert np.isnan(got[100:110, 0]).all()
    assert (info.fs, info.names) == (read.fs, tuple(read.sig_name))


def test_several_samples_a_frame_and_a_skew(tmp_path):
    fast, slow = noise("16", 60, 4), noise("16", 60, 1)
    (tmp_path / "a.dat").write_bytes(encoded("16", np.concatenate([fast, slow], 1).reshape(-1)))
    path = header(tmp_path / "a", [line(how="16x4:2", name="F"), line(name="S")], frames=60)
    read = theirs(path, smooth_frames=False).e_p_signal
    got = ours(path, source=["F"])[0][:, 0]
    np.testing.assert_array_equal(got[:-8], read[0][:-8])
    assert np.isnan(got[-8:]).all()  # wfdb counts them in frames, not in samples, and puts 0 in six of the eight
    np.testing.assert_array_equal(ours(path, source=["S"])[0][:, 0], read[1])


def test_segments_of_a_variable_layout(tmp_path):
    x = noise("16", 120, 2)
    header(tmp_path / "r_layout", [line("~", "0", name="II"), line("~", "0", name="ABP")], frames=0)
    record(tmp_path / "r_1", x[:40], names=["II", "ABP"])
    record(tmp_path / "r_2", x[80:, 1:], names=["ABP"])
    path = segments(tmp_path / "r", [("r_layout", 0), ("r_1", 40), ("~", 40), ("r_2", 40)], 2, frames=120)
    np.testing.assert_array_equal(ours(path)[0], theirs(path).p_signal)


@pytest.mark.parametrize("when", ["14:30:15 01/02/2003", "14:30:15.25 01/02/2003", "9:05:01.000125 31/12/1999"])
def test_the_start(tmp_path, when):
    path = record(tmp_path / "a", noise("16", 20, 1), when=when)
    assert ours(path)[1].clocks[0].local(0) == theirs(path).base_datetime.isoformat(timespec="microseconds")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings beside the project are not there")
def test_a_real_record():
    got, info = ours(SHARED / "100")
    read = theirs(SHARED / "100")
    np.testing.assert_array_equal(got, read.p_signal)
    assert (info.fs, info.names) == (360.0, ("MLII", "V5"))
