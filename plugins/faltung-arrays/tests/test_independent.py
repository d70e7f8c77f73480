"""Samples and times beside those of each field's own reader, on files that others made."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from pipeline.errors import ReadError
from pipeline.io import open_reader

MATLAB = sorted((Path(scipy.io.__file__).parent / "matlab" / "tests" / "data").glob("*.mat"))


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        return np.concatenate(list(reader.blocks(step))), reader.info, reader.warnings


def signals(path, **how):
    """Samples of every signal of a file, by name."""
    try:
        with open_reader(path, **how) as reader:
            names = [reader.info.names[0].partition("[")[0]] if reader.info.names else [None]
    except ReadError as several:
        if not several.signals:
            raise
        names = several.signals
    return {name: read(path, 3, **how, source=[name] if name else [])[0] for name in names}


def members(value, path):
    """Numbers in what loadmat gives, by the paths that they have here."""
    if isinstance(value, scipy.io.matlab.MatlabFunction | scipy.io.matlab.MatlabOpaque):
        return
    if isinstance(value, np.ndarray) and value.dtype.names:
        for k, one in enumerate(value.reshape(-1, order="F")):
            at = f"{path}({k + 1})" if value.size > 1 else path
            for name in value.dtype.names:
                again = re.fullmatch(r"_(\d+)_(\w+)", name)  # scipy's name of a field that is there already
                here = name if again is None else f"{again[2]}#{int(again[1]) + 1}"
                yield from members(one[name], f"{at}/{here}")
    elif isinstance(value, np.ndarray) and value.dtype.kind == "O":
        for k, one in enumerate(value.reshape(-1, order="F")):
            yield from members(one, f"{path}{{{k + 1}}}")
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iufb" and value.size > 1 and value.ndim <= 2:
        yield path, value


@pytest.mark.skipif(not MATLAB, reason="this scipy ships no test data")
@pytest.mark.parametrize("path", MATLAB, ids=lambda path: path.stem)
def test_files_that_matlab_wrote_hold_what_scipy_reads(path):
    head = path.read_bytes()[:128]
    if head[124:126] not in (b"\x00\x01", b"\x01\x00"):
        pytest.skip("is of version 4, or in HDF5, which scipy cannot read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = {name: value for name, value in scipy.io.loadmat(path).items() if not name.startswith("__")}
    except Exception as error:
        pytest.skip(f"scipy cannot read it: {error!r}")
    expected = {name: one for key, value in loaded.items() for name, one in members(value, key)}
    if not expected:
        with pytest.raises(ReadError, match=r"holds no matrix of real numbers|tells no sampling rate"):
            open_reader(path)
        return
    if any(min(x.shape) > 64 for x in expected.values()):
        pytest.skip("has matrices of more channels than are read")
    got = signals(path, fs=1)
    if None in got:
        got = {next(iter(expected)): got[None]}
    assert set(got) == set(expected)
    for name, x in expected.items():
        turned = x.T if x.shape[0] < x.shape[1] else x
        np.testing.assert_array_equal(got[name], turned)


# ---- NWB ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def session(tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed")
    from pynwb.ecephys import LFP, ElectricalSeries

    draw = np.random.default_rng(1)
    zone = timezone(timedelta(hours=-5))
    start = datetime(2024, 3, 1, 12, 0, 0, 123_456, zone)
    reference = datetime(2024, 3, 1, 11, 59, 0, 500_000, zone)
    nwb = pynwb.NWBFile("a session", "id", start, timestamps_reference_time=reference)
    device = nwb.create_device("probe")
    group = nwb.create_electrode_group("shank", "of a probe", "cortex", device)
    for _ in range(4):
        nwb.add_electrode(group=group, location="cortex")
    region = nwb.create_electrode_table_region([0, 1, 2, 3], "all")
    raw = draw.integers(-30000, 30000, (5000, 4)).astype("i2")
    nwb.add_acquisition(ElectricalSeries(
        "ElectricalSeries", raw, region, rate=30_000.0, starting_time=1.25, conversion=1.95e-7, offset=0.5,
        channel_conversion=[1.0, 1.1, 0.9, 1.0],
    ))  # fmt: skip
    lfp = ElectricalSeries("lfp", draw.normal(size=(400, 4)), region, rate=1000 / 3)
    nwb.create_processing_module("ecephys", "fields").add(LFP(lfp))
    stamps = 100 + np.arange(700) / 200 + np.where(np.arange(700) < 300, 0, 12.3456)
    wheel = pynwb.TimeSeries("wheel", draw.normal(size=700), "m", timestamps=stamps)
    nwb.add_acquisition(wheel)
    nwb.add_acquisition(pynwb.TimeSeries("lick", draw.integers(0, 2, 700).astype("i1"), "n.a.", timestamps=wheel))
    path = tmp_path / "a.nwb"
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    return path, reference


def their(path, name):
    import pynwb

    with pynwb.NWBHDF5IO(path, "r") as io:
        nwb = io.read()
        where = nwb.processing["ecephys"]["LFP"].electrical_series if name == "lfp" else nwb.acquisition
        series = where[name]
        stamps = series.get_timestamps()
        return np.asarray(series.get_data_in_units()), np.asarray(stamps), nwb.timestamps_reference_time


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["ElectricalSeries", "lfp", "wheel", "lick"])
def test_series_that_pynwb_wrote_have_the_values_and_times_that_it_reads(session, name):
    path, reference = session
    got, info, _ = read(path, source=[name], gaps="nan")
    values, stamps, told = their(path, name)
    assert told == reference
    kept = np.flatnonzero(~np.isnan(got[:, 0]))
    assert len(kept) == len(stamps)
    np.testing.assert_allclose(got[kept], values.reshape(len(stamps), -1), rtol=1e-12)
    base = round((reference - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000
    ours = np.array([info.clocks[0].ns(int(frame)) for frame in kept]) - base
    assert np.abs(ours / 1e9 - stamps).max() < 2e-9


@pytest.mark.filterwarnings("ignore")
def test_the_signals_of_a_session_are_listed(session):
    names = "acquisition/ElectricalSeries, acquisition/lick, acquisition/wheel, processing/ecephys/LFP/lfp"
    with pytest.raises(ReadError, match=f"holds 4 signals, {names}; choose with source:"):
        open_reader(session[0])
