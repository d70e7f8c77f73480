"""SOFA written by sofar, read by sofar and pyfar, too, and as a hall that is heard: the same taps, at their delays."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.signal import fftconvolve

from pipeline import Pipeline, Reverb
from pipeline.io import open_reader

sofar = pytest.importorskip("sofar", reason="sofar is not installed; it comes with the extra 'instruments'")
FS = 48_000


def hall(path, delay=None, taps=2400):
    """Two measurements of a hall with decaying noise; ``delay`` of shape (1 or 2, receivers) in samples."""
    draw = np.random.default_rng(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = sofar.Sofa("GeneralFIR")
        receivers = 4
        decay = np.exp(-np.arange(taps) / 400)
        made.Data_IR = draw.normal(size=(2, receivers, taps)) * decay
        made.Data_SamplingRate = FS
        made.Data_Delay = np.zeros((1, receivers)) if delay is None else np.asarray(delay, float)
        made.ReceiverPosition = np.zeros((receivers, 3))
        made.SourcePosition = np.array([[0.0, 0, 1.2], [30, 0, 1.2]])
        sofar.write_sofa(str(path), made)
        return sofar.read_sofa(str(path), verbose=False)


def delayed(made, m):
    """Taps with their delays as the standard has it, of sofar's reading: (frames, receivers)."""
    delay = np.rint(np.broadcast_to(made.Data_Delay, (2, made.Data_IR.shape[1]))[m]).astype(int)
    out = np.zeros((made.Data_IR.shape[2] + delay.max(), len(delay)))
    for r, first in enumerate(delay):
        out[first : first + made.Data_IR.shape[2], r] = made.Data_IR[m, r]
    return out


DELAYS = [None, [[0, 17, 480, 5000]], [[3, 0, 1, 2], [100, 200, 300.4, 7200]]]


@pytest.mark.parametrize("delay", DELAYS, ids=["none", "one for all", "one a measurement"])
@pytest.mark.parametrize("m", [0, 1])
def test_taps_are_those_of_sofar_at_the_delays_of_sofar(tmp_path, delay, m):
    made = hall(tmp_path / "hall.sofa", delay)
    with open_reader(tmp_path / "hall.sofa", source=[("0,0,1.2", "30,0,1.2")[m]]) as reader:
        got = reader.read(1 << 20)
        assert reader.info.fs == made.Data_SamplingRate
    np.testing.assert_array_equal(got, delayed(made, m))


@pytest.mark.parametrize("delay", DELAYS, ids=["none", "one for all", "one a measurement"])
@pytest.mark.parametrize("m", [0, 1])
def test_a_hall_as_ir_is_heard_when_and_as_sofar_tells(tmp_path, delay, m):
    made = hall(tmp_path / "hall.sofa", delay=delay)
    x = np.random.default_rng(9).normal(size=6000)
    hall_of = Reverb(ir=tmp_path / "hall.sofa", source=("0,0,1.2", "30,0,1.2")[m], normalize="none")
    dry = np.repeat(x[:, None], made.Data_IR.shape[1], 1)
    got = Pipeline([hall_of])(dry, fs=FS)
    expected = fftconvolve(dry, delayed(made, m), axes=0)[: len(got)]
    np.testing.assert_allclose(got, expected, atol=1e-9 * abs(expected).max())
    first = np.rint(np.broadcast_to(made.Data_Delay, (2, 4))[m]).astype(int)
    for r in range(4):
        assert abs(got[: first[r], r]).max(initial=0) < 1e-9 * abs(expected).max()


def test_responses_of_several_emitters_are_in_the_order_of_sofar(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = sofar.Sofa("GeneralFIR-E")
        made.Data_IR = np.random.default_rng(3).normal(size=(1, 2, 50, 3))  # measurements, receivers, taps, emitters
        made.Data_SamplingRate, made.Data_Delay = FS, np.array([[[0, 5, 9], [1, 0, 0]]], float)
        made.ReceiverPosition, made.EmitterPosition = np.zeros((2, 3)), np.zeros((3, 3))
        sofar.write_sofa(str(tmp_path / "e.sofa"), made)
        told = sofar.read_sofa(str(tmp_path / "e.sofa"), verbose=False)
    with open_reader(tmp_path / "e.sofa") as reader:
        got, names = reader.read(1 << 20), reader.info.names
    for c, name in enumerate(names):
        r, e = int(name[1]) - 1, int(name[3]) - 1
        first = int(told.Data_Delay[0, r, e])
        np.testing.assert_array_equal(got[first : first + 50, c], told.Data_IR[0, r, :, e])
        assert not got[:first, c].any()


def test_pyfar_has_the_same_taps_and_leaves_the_delays_out(tmp_path):
    pyfar = pytest.importorskip("pyfar", reason="pyfar is not installed; it comes with the extra 'instruments'")
    delay = [[0, 17, 480, 5000]]
    hall(tmp_path / "hall.sofa", delay=delay)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pyfar.io.read_sofa(str(tmp_path / "hall.sofa"))[0]
    with open_reader(tmp_path / "hall.sofa", source=["30,0,1.2"]) as reader:
        got = reader.read(1 << 20)
    for r, first in enumerate(delay[0]):
        np.testing.assert_array_equal(got[first : first + theirs.n_samples, r], theirs.time[1, r])
        assert not got[:first, r].any()
