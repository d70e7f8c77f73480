"""MiniSEED and SAC of ObsPy's own tests, read by both: the same samples at the same times, and where not, why."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ReadError
from pipeline.io import open_reader

obspy = pytest.importorskip("obspy", reason="ObsPy is not installed; it comes with the extra 'instruments'")
DATA = Path(obspy.__file__).parent / "io"

OTHERWISE = {
    "fullASCII_bigEndian.mseed": "text, which is no signal",
    "fullASCII_littleEndian.mseed": "text, which is no signal",
    "smallASCII_bigEndian.mseed": "text, which is no signal",
    "smallASCII_littleEndian.mseed": "text, which is no signal",
    "rt130_sr0_cropped.mseed": "logs without a rate, which are no signal",
    "microsecond_wrap.mseed": "a time that pymseed refuses: its fraction is 1 s",
    "gecko_non_ascii_header.ms": "a location with a byte that is no ASCII: ObsPy calls it A, pymseed nothing",
}
"""Files that ObsPy reads and the plugin does not, or by another name."""


def files(kind):
    found = sorted((DATA / kind / "tests/data").rglob("*"))
    return [pytest.param(path, id=path.name) for path in found if path.is_file()]


def theirs(path, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return obspy.read(path, format=kind)
        except Exception:
            pytest.skip("ObsPy cannot read it, either")


def ours(path):
    """Samples and clock of every signal, by its name."""
    names, found = [()], {}
    try:
        with open_reader(path, gaps="nan", truncated="accept"):
            pass
    except ReadError as several:
        if not several.signals:
            raise
        names = [(name,) for name in several.signals]
    for source in names:
        with open_reader(path, gaps="nan", truncated="accept", source=source) as reader:
            x, clocks = np.concatenate(list(reader.blocks(1 << 16))), reader.info.clocks
            for i, name in enumerate(reader.info.names):
                found[name] = (x[:, i], clocks[i if i < len(clocks) else 0])
    return found


def frame_at(clock, ns):
    """The frame of a time, of the last piece that has begun."""
    i = max(0, bisect_right(clock.starts, ns + round(0.5e9 / clock.fs)) - 1)
    return clock.frames[i] + round((ns - clock.starts[i]) * clock.fs / 1e9)


@pytest.mark.parametrize("path", files("mseed"))
def test_miniseed(path):
    traces = theirs(path, "MSEED")
    if path.name in OTHERWISE:
        try:
            named = set(ours(path))
        except ReadError:
            named = set()
        assert not named & {trace.id for trace in traces}, f"read as ObsPy reads it now, no more {OTHERWISE[path.name]}"
        return
    found = ours(path)
    for trace in traces:
        x, clock = found[trace.id]
        frame = frame_at(clock, trace.stats.starttime.ns)
        np.testing.assert_array_equal(x[frame : frame + trace.stats.npts], trace.data.astype(float))
        assert abs(clock.ns(frame) - trace.stats.starttime.ns) <= 1000
        assert clock.fs == pytest.approx(trace.stats.sampling_rate, rel=1e-12)


@pytest.mark.parametrize("path", files("sac"))
def test_sac(path):
    trace = theirs(path, "SAC")[0]
    if not trace.stats.npts:
        pytest.skip("it has no sample")
    with open_reader(path) as reader:
        x = reader.read(1 << 22)[:, 0]
        np.testing.assert_array_equal(x, trace.data.astype(float))
        # ObsPy rounds the step to a microsecond, and so the rate
        assert reader.info.fs == pytest.approx(trace.stats.sampling_rate, rel=1e-6 * max(1.0, reader.info.fs))
        if reader.info.clocks:
            # b is stored in single precision: the plugin takes the shortest number that it can stand for
            single = 1e9 * np.spacing(np.float32(abs(trace.stats.sac.b)))
            assert abs(reader.info.clocks[0].ns(0) - trace.stats.starttime.ns) <= 1000 + single
