"""EDF and BDF read by pyEDFlib, edfio and MNE, too: the same samples and the same start, and where not, why.

Files that are not written here may be given in a folder, ``FALTUNG_PEER_FILES``: the source distribution of pyEDFlib
has eight.
"""

from __future__ import annotations

import os
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ReadError
from pipeline.io import open_reader

pyedflib = pytest.importorskip("pyedflib", reason="pyEDFlib is not installed; it comes with the extra 'instruments'")
START = datetime(2024, 6, 30, 22, 0, 30)
FILES = sorted(p for p in Path(os.environ.get("FALTUNG_PEER_FILES", "none")).rglob("*") if p.suffix in (".edf", ".bdf"))


def signals(path):
    """Samples, rate and clocks of each, in the order of the file."""
    names, found = [()], {}
    try:
        with open_reader(path):
            pass
    except ReadError as several:
        names = [(name,) for name in several.signals]
    for source in names:
        with open_reader(path, source=source) as reader:
            x = np.concatenate(list(reader.blocks(999)))
            found |= {name: (x[:, i], reader.info.fs, reader.info.clocks) for i, name in enumerate(reader.info.names)}
    return found


def written(path, rates, bdf=False, start=START):
    """By pyEDFlib: noise of each rate, 4 s of it."""
    draw = np.random.default_rng(1)
    kind = pyedflib.FILETYPE_BDFPLUS if bdf else pyedflib.FILETYPE_EDFPLUS
    with pyedflib.EdfWriter(str(path), len(rates), file_type=kind) as file:
        file.setStartdatetime(start)
        top = 8_388_607 if bdf else 32_767
        for i, rate in enumerate(rates):
            file.setSignalHeader(i, {
                "label": f"S{i}", "dimension": "uV", "sample_frequency": rate, "physical_max": 500.0 + i,
                "physical_min": -500.0, "digital_max": top, "digital_min": -top - 1, "transducer": "", "prefilter": "",
            })  # fmt: skip
        file.writeSamples([draw.uniform(-400, 400, 4 * rate) for rate in rates])
    return path


def compare(path, start=START):
    ours = signals(path)
    with pyedflib.EdfReader(str(path)) as theirs:
        # to pyEDFlib the annotations of a file that does not call itself EDF+ are a signal
        rows = [i for i in range(theirs.signals_in_file) if "Annotations" not in theirs.getLabel(i)]
        for i, (x, fs, clocks) in zip(rows, ours.values(), strict=True):
            np.testing.assert_allclose(x, theirs.readSignal(i), rtol=0, atol=1e-12 * max(1, abs(x).max()))
            assert fs == theirs.getSampleFrequency(i)
            told = clocks[0].local(0)[:26]
            # pyEDFlib has the fraction of a second ten times too small: it is held against edfio's, below
            expected = start.isoformat(timespec="microseconds") if start else theirs.getStartdatetime().isoformat()[:19]
            assert told.startswith(expected)


@pytest.mark.parametrize("bdf", [False, True])
@pytest.mark.parametrize("rates", [[100, 100], [256, 1, 50]])
def test_what_pyedflib_writes(tmp_path, bdf, rates):
    compare(written(tmp_path / ("a.bdf" if bdf else "a.edf"), rates, bdf))


@pytest.mark.parametrize("micro", [0, 250_000, 394_531])
def test_the_start_is_that_of_edfio_and_pyedflib_has_the_fraction_ten_times_too_small(tmp_path, micro):
    edfio = pytest.importorskip("edfio", reason="edfio is not installed")
    x = np.random.default_rng(2).uniform(-90, 90, 512)
    true = START + timedelta(microseconds=micro)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = edfio.Recording(startdate=true.date())
        signal = edfio.EdfSignal(x, 128, label="C", physical_range=(-100, 100))
        edfio.Edf([signal], recording=recording, starttime=true.time()).write(tmp_path / "a.edf")
        theirs = edfio.read_edf(tmp_path / "a.edf")
    clock = signals(tmp_path / "a.edf")["C"][2][0]
    assert clock.local(0) == true.isoformat(timespec="microseconds")
    assert theirs.starttime == true.time()
    with pyedflib.EdfReader(str(tmp_path / "a.edf")) as wrong:
        told = wrong.getStartdatetime()
    assert told == START + timedelta(microseconds=micro // 10)


def test_mne_has_the_same_samples_and_drops_the_fraction_of_the_start(tmp_path):
    mne = pytest.importorskip("mne", reason="MNE is not installed; it comes with the extra 'instruments'")
    path = written(tmp_path / "a.edf", [100, 100])
    raw = mne.io.read_raw_edf(path, verbose="error")
    ours = signals(path)
    for i, (x, fs, _) in enumerate(ours.values()):
        np.testing.assert_allclose(x, raw.get_data(i)[0] * 1e6, rtol=0, atol=1e-9)  # MNE gives volts
        assert fs == raw.info["sfreq"]
    assert raw.info["meas_date"] == START.replace(tzinfo=UTC)  # the format tells no zone: MNE says UTC, the plugin none


@pytest.mark.skipif(not FILES, reason="FALTUNG_PEER_FILES names no folder with EDF or BDF files")
@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_files_of_others(path):
    compare(path, start=None)
