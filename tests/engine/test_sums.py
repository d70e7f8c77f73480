"""Sums over the steps of a chain, worked out by hand: latency, tail, memory; and blocks that share a buffer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.dsp.transforms import library_for
from pipeline.engine.options import Options
from pipeline.engine.plan import Plan, make_plan
from pipeline.engine.stream import stream
from pipeline.stages.base import Format, Stage
from pipeline.stages.convolve import Convolve
from pipeline.stages.resample import Resample

MONO = Format(48_000.0, 1)


def taps(length: int, origin: int = 0) -> Stage:
    values = np.random.default_rng(length).standard_normal(length).tolist()
    return Convolve.model_validate({"taps": values, "origin": origin})


@pytest.mark.parametrize("fuse", [True, False])
def test_latency_and_tail_are_sums_whether_the_kernels_are_one_or_not(fuse: bool) -> None:
    plan = make_plan([taps(9, 2), taps(20, 5), taps(4)], MONO, Options(fuse=fuse))
    assert (plan.latency, plan.tail) == (2 + 5, 6 + 14 + 3)
    assert plan.frames_out(100) == 100 + 23
    assert [(step.latency, step.tail) for step in plan.steps] == ([(7, 23)] if fuse else [(2, 6), (7, 20), (7, 23)])
    x = np.random.default_rng(1).standard_normal((100, 1))
    y = np.concatenate(list(stream(plan, [x])))
    full = x[:, 0]
    for stage in plan.stages:
        assert stage.kernel is not None
        full = np.convolve(full, stage.kernel.taps)
    assert np.abs(y[:, 0] - full[7:]).max() < 1e-12 * np.abs(full).max()


@pytest.mark.parametrize(("length", "tail"), [(1, 0), (2, 1), (3, 1), (4, 2)])
def test_a_tail_is_rounded_up_to_whole_frames_of_a_lower_rate(length: int, tail: int) -> None:
    """Half of a frame that still sounds is a frame."""
    half = Resample.model_validate({"fs": "24 kHz"})
    alone = make_plan([half], MONO)
    assert make_plan([taps(length), half], MONO).tail == tail + alone.tail


def plan_of(length: int, threads: int) -> Plan:
    return make_plan([taps(length)], MONO, Options(threads=threads))


@pytest.mark.parametrize("length", [3000, 400_000])
def test_each_thread_more_has_its_own_group_of_blocks(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spectra at work, and the frames that come back, unless these lie in the spectra; where a processor is free.

    Under way are a region, an output and, in partitions, the spectra of the past.
    """
    monkeypatch.setattr("pipeline.engine.memory.usable_processors", lambda: 8)
    (step,) = plan_of(length, 3).steps
    method = step.method
    assert method is not None
    assert (method.partitions > 1) == (length == 400_000)
    frames, spectra = method.group * method.block, method.group * method.n_fft
    under_way = (method.n_fft - method.block + frames) + frames + (spectra if method.partitions > 1 else 0)
    arrays = 1 if library_for(method.n_fft) == "opencv" else 2
    more = plan_of(length, 4).memory() - plan_of(length, 3).memory()
    assert more == pytest.approx(1.4 * 8 * (arrays * spectra + under_way), abs=2)


@pytest.mark.parametrize(("precision", "bytes_a_sample"), [("single", 4), ("double", 8)])
def test_a_block_from_a_file_has_as_many_bytes_in_either_precision(precision: str, bytes_a_sample: int) -> None:
    fmt = Format(8000.0, 1, precision)
    assert make_plan([taps(9)], fmt, Options(precision=precision)).block * bytes_a_sample == 1 << 19
    assert make_plan([taps(9)], fmt, Options(precision=precision, hop=64)).block == 64


def test_spectra_of_the_past_are_kept_for_as_many_groups_as_the_kernel_reaches() -> None:
    """A kernel in partitions needs its taps twice, its spectra, and those of the signal that it sees."""
    (step,) = plan_of(400_000, 1).steps
    method = step.method
    assert method is not None
    seen = (1 + -(-(method.partitions - 1) // method.group)) * method.group * method.n_fft
    responses = method.partitions * method.n_fft
    assert plan_of(400_000, 1).memory() - (60 << 20) > 1.4 * 8 * (2 * 400_000 + seen + responses)


def test_held_edges_of_a_signal_whose_blocks_share_a_buffer() -> None:
    x = np.arange(1.0, 31.0)[:, None]
    plan = make_plan([taps(9, 6)], MONO, Options(edges="hold"))

    def shared() -> Iterator[np.ndarray]:
        buffer = np.empty((10, 1))
        for start in range(0, 30, 10):
            buffer[:] = x[start : start + 10]
            yield buffer
        buffer[:] = -1e6
        yield buffer[:0]

    assert np.array_equal(np.concatenate(list(stream(plan, shared()))), np.concatenate(list(stream(plan, [x]))))
