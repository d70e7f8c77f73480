"""SOFA files made here with h5py: axes by the convention, delays applied, measurements by position and number."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from faltung_room import SOFA

from pipeline import Pipeline, Reverb
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader


def sofa(path, ir, kind="FIR", delay=None, positions=None, fs=48_000.0):
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"], file.attrs["DataType"] = "SOFA", kind
        file["Data.IR"] = ir
        file["Data.SamplingRate"] = [fs]
        file["Data.SamplingRate"].attrs["Units"] = np.bytes_("hertz")
        if delay is not None:
            file["Data.Delay"] = np.asarray(delay, float)
        if positions is not None:
            file["SourcePosition"] = np.asarray(positions, float)
    return path


def noise(*shape):
    return np.random.default_rng(len(shape)).uniform(-1, 1, shape)


def read(path, **how):
    with open_reader(path, **how) as reader:
        return reader.read(1 << 20), reader.info, reader.warnings


def test_contract(tmp_path):
    ir = noise(1, 2, 300)
    check_reader(SOFA, sofa(tmp_path / "a.sofa", ir), ir[0].T, 48_000.0)


def test_each_convention_has_its_own_order_of_axes(tmp_path):
    ir = noise(1, 2, 50, 3)  # M R N E
    expected = np.stack([ir[0, r, :, e] for r in range(2) for e in range(3)], 1)
    fir_e, info, _ = read(sofa(tmp_path / "a.sofa", ir, "FIR-E"))
    fire, _, _ = read(sofa(tmp_path / "b.sofa", ir.transpose(0, 1, 3, 2), "FIRE"))
    np.testing.assert_array_equal(fir_e, expected)
    np.testing.assert_array_equal(fire, expected)
    assert info.names == ("R1E1", "R1E2", "R1E3", "R2E1", "R2E2", "R2E3")


@pytest.mark.parametrize("rows", [1, 3], ids=["one for all", "one a measurement"])
def test_delays_are_applied_also_such_as_are_longer_than_the_response(tmp_path, rows):
    ir, delay = noise(3, 2, 20), np.array([[5.0, 200.0], [0, 0], [7.4, 3.6]])[:rows]
    path = sofa(tmp_path / "a.sofa", ir, delay=delay, positions=[[0, 0, 1], [30, 0, 1], [60, 0, 1]])
    got, _, warnings = read(path, source=["60,0,1"])
    at = [7, 4] if rows == 3 else [5, 200]
    expected = np.zeros((20 + max(at), 2))
    for c in range(2):
        expected[at[c] : at[c] + 20, c] = ir[2, c]
    np.testing.assert_array_equal(got, expected)
    assert any("delays of the file are applied" in one and ("rounded" in one) == (rows == 3) for one in warnings)


def test_a_measurement_is_chosen_by_position_or_number_and_never_by_chance(tmp_path):
    ir = noise(3, 1, 20)
    path = sofa(tmp_path / "a.sofa", ir, positions=[[0, 0, 1.2], [30, 0, 1.2], [30, 45, 1.2]])
    with pytest.raises(ReadError, match=r"holds 3 signals, 0,0,1.2, 30,0,1.2, 30,45,1.2; choose with source:") as told:
        open_reader(path)
    assert told.value.signals == ("0,0,1.2", "30,0,1.2", "30,45,1.2")
    for source, m in (("30,45,1.2", 2), ("#1", 1)):
        np.testing.assert_array_equal(read(path, source=[source])[0][:, 0], ir[m, 0])
    with pytest.raises(ReadError, match="there is no measurement '10,0,1' among 3"):
        open_reader(path, source=["10,0,1"])


def test_as_the_response_of_a_room_it_comes_when_it_came(tmp_path):
    ir = noise(1, 1, 30)
    path = sofa(tmp_path / "hall.sofa", ir, delay=[[480.0]])
    x = np.zeros(600)
    x[0] = 1
    y = Pipeline([Reverb(ir=path, normalize="none")])(x, fs=48_000)
    np.testing.assert_allclose(y[480:510], ir[0, 0], atol=1e-12)
    assert abs(y[:480]).max() < 1e-12


def test_one_of_several_as_the_response_of_a_room(tmp_path):
    ir = noise(3, 1, 30)
    path = sofa(tmp_path / "hall.sofa", ir, positions=[[0, 0, 1], [30, 0, 1], [60, 0, 1]])
    y = Pipeline([Reverb(ir=path, source="30,0,1", normalize="none")])(np.eye(1, 40)[0], fs=48_000)
    np.testing.assert_allclose(y[:30], ir[1, 0], atol=1e-12)


@pytest.mark.parametrize("kind", ["TF", "SOS", ""])
def test_what_is_no_impulse_response_is_refused(tmp_path, kind):
    with pytest.raises(ReadError, match="impulse responses are FIR, FIR-E, FIRE"):
        open_reader(sofa(tmp_path / "a.sofa", noise(1, 1, 9), kind))


def test_what_only_a_table_can_be_asked_is_refused_and_never_passed_over(tmp_path):
    path = sofa(tmp_path / "a.sofa", noise(1, 1, 9))
    with pytest.raises(ReadError, match="is sampled at 48000 Hz, fs says 50 Hz; leave fs out"):
        open_reader(path, fs=50.0)
    with pytest.raises(UsageError, match="columns and time_column are for tables, this is SOFA"):
        open_reader(path, columns=[0])


def test_a_hall_of_another_rate_is_brought_to_that_of_the_signal(tmp_path):
    path = sofa(tmp_path / "hall.sofa", np.eye(1, 4000)[None] * 1.0, delay=[[480.0]])
    y = Pipeline([Reverb(ir=path, resample=True, normalize="none")])(np.eye(1, 400)[0], fs=24_000)
    assert int(np.abs(y).argmax()) == 240
