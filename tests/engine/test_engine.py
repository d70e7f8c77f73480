"""The engine: what it plans, what it groups, and that a run gives exactly what the plan says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest

from pipeline.dsp.methods import choose_method, shape_of
from pipeline.engine.options import Options
from pipeline.engine.plan import Plan, make_plan
from pipeline.engine.spool import Spool
from pipeline.engine.steps import Align, group_kernels
from pipeline.engine.stream import stream
from pipeline.errors import DiskFullError, KernelError, SettingError, SignalError, WriteError
from pipeline.kernel import Kernel
from pipeline.stages.base import Format, KernelStage, Processor, Recording, WholeSignalStage
from pipeline.stages.delay import Delay
from pipeline.stages.normalize import Normalize
from pipeline.stages.resample import Resample
from pipeline.stages.reverse import Reverse
from tests.oracle import bound_direct, direct_sum

EPS = float(np.finfo(np.float64).eps)
STEREO = Format(48_000.0, 2)


class Taps(KernelStage):
    """Any kernel, for tests."""

    taps: tuple[Any, ...]
    origin: int = 0

    def kernel(self, fmt: Format) -> Kernel:
        return Kernel(np.array(self.taps, float), self.origin)


def noise(frames: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((frames, channels))


def run(plan: Plan, x: np.ndarray, pieces: int = 7) -> np.ndarray:
    return np.concatenate([plan.format_out.empty(), *stream(plan, np.array_split(x, pieces))])


def taps(count: int, seed: int = 1) -> tuple[float, ...]:
    return tuple(np.random.default_rng(seed).standard_normal(count) / np.sqrt(count))


@cache
def noise_through_3000_taps(frames: int) -> np.ndarray:
    """All of the output by the sums, which take longer than the runs that are held to them."""
    return direct_sum(noise(frames), np.array(taps(3000)))


# ---- length, latency, tail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [0, 1, 2, 2999, 3000, 3001, 20_000])
@pytest.mark.parametrize("origin", [0, 1, 1500, 2999])
@pytest.mark.parametrize("tail", ["keep", "trim"])
@pytest.mark.parametrize("pre_roll", ["trim", "keep"])
def test_a_run_has_the_frames_that_the_plan_says_and_time_zero_in_its_place(
    frames: int, origin: int, tail: str, pre_roll: str
) -> None:
    plan = make_plan([Taps(taps=taps(3000), origin=origin)], STEREO, Options(tail=tail, pre_roll=pre_roll))
    y = run(plan, noise(frames))
    full = noise_through_3000_taps(frames)
    start = origin if pre_roll == "trim" else 0
    stop = origin + frames if tail == "trim" else len(full)
    assert (plan.latency, plan.tail) == (origin, 2999 - origin)
    assert len(y) == plan.frames_out(frames) == (stop - start if frames else 0)
    assert np.abs(y - full[start:stop]).max(initial=0) <= 1e-13


def test_a_disabled_stage_is_skipped_and_the_others_keep_their_numbers() -> None:
    plan = make_plan([Taps(taps=(2,), enabled=False), Taps(taps=(3,))], STEREO)
    assert [p.index for p in plan.stages] == [1]
    assert np.array_equal(run(plan, noise(10)), 3 * noise(10))


def test_no_stages_change_nothing() -> None:
    plan = make_plan([], STEREO)
    x = noise(100)
    assert np.array_equal(run(plan, x), x)
    assert (plan.latency, plan.tail, plan.frames_out(100), plan.passes) == (0, 0, 100, 1)


def test_reverse_convolve_reverse_is_correlation_with_its_pre_roll() -> None:
    h, x = taps(500), noise(4000)
    correlated = make_plan([Taps(taps=h[::-1], origin=499)], STEREO, Options(pre_roll="keep"))
    studio = make_plan([Reverse(), Taps(taps=h), Reverse()], STEREO, Options(pre_roll="keep"))
    assert (studio.latency, studio.tail) == (correlated.latency, correlated.tail) == (499, 0)
    assert studio.passes == 3
    a, b = run(studio, x), run(correlated, x)
    assert a.shape == b.shape == (4499, 2)
    assert np.abs(a - b).max() <= 1e-13
    trimmed = make_plan([Reverse(), Taps(taps=h), Reverse()], STEREO)
    assert np.array_equal(run(trimmed, x), a[499:])


def test_trimming_the_tail_of_a_reversed_signal_cuts_what_comes_last_then() -> None:
    h, x = taps(100), noise(1000)
    plan = make_plan([Reverse(), Taps(taps=h), Reverse()], STEREO, Options(tail="trim", pre_roll="keep"))
    assert len(run(plan, x)) == plan.frames_out(1000) == 1099


# ---- change of rate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pre_roll", ["trim", "keep"])
@pytest.mark.parametrize("tail", ["keep", "trim"])
def test_time_zero_stays_on_a_frame_through_a_change_of_rate(pre_roll: str, tail: str) -> None:
    centred = Taps(taps=tuple(np.hanning(203)[1:-1] / 101), origin=100)
    plan = make_plan([centred, Resample(fs=44_100)], STEREO, Options(pre_roll=pre_roll, tail=tail))
    frames = 48_001
    t = np.arange(frames) / 48_000
    x = np.exp(-(((t - 0.5) / 0.002) ** 2))[:, None].repeat(2, axis=1)
    y = run(plan, x)
    assert len(y) == plan.frames_out(frames)
    zero = plan.latency if pre_roll == "keep" else 0
    if pre_roll == "keep":
        assert plan.latency * 48_000 % 44_100 == 0  # a whole number of frames at both rates
    peak = np.abs(y[:, 0]).argmax()
    a, b, c = y[peak - 1 : peak + 2, 0]
    top = peak - zero + (a - c) / (2 * (a - 2 * b + c))
    assert top / 44_100 == pytest.approx(0.5, abs=2e-6)


@pytest.mark.parametrize("frames", [0, 1, 159, 160, 161, 10_007])
def test_a_whole_signal_stage_between_changes_of_rate_knows_the_signals_own_length(frames: int) -> None:
    plan = make_plan([Delay(delay="3 samples"), Resample(fs=44_100), Reverse(), Resample(fs=48_000)], STEREO)
    assert len(run(plan, noise(frames))) == plan.frames_out(frames)


def test_alignment_pads_to_whole_frames_of_both_rates_or_drops_what_is_not_heard() -> None:
    assert Align.before_rate_change(100, 48_000, 44_100, Options()).added == -100
    assert Align.before_rate_change(100, 48_000, 44_100, Options(pre_roll="keep")).added == 60
    assert Align.before_rate_change(0, 48_000, 44_100, Options(pre_roll="keep")).added == 0
    dropping = Align(-5).open(STEREO)
    x = noise(20)
    got = np.concatenate([dropping.process(x[:3]), dropping.process(x[3:4]), dropping.process(x[4:]), dropping.flush()])
    assert np.array_equal(got, x[5:])
    padding = Align(5).open(STEREO)
    got = np.concatenate([padding.process(x[:0]), padding.process(x[:3]), padding.process(x[3:]), padding.flush()])
    assert np.array_equal(got, np.concatenate([np.zeros((5, 2)), x]))


# ---- normalize hears what the listener hears ------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["keep", "trim"])
def test_the_level_is_measured_on_what_will_be_heard(tail: str) -> None:
    x = np.zeros((1000, 1))
    x[0] = 0.1
    late = Taps(taps=(1.0, *[0.0] * 1500, 5.0))  # the loudest sample comes after the input's end
    plan = make_plan([late, Normalize(peak=0.5)], Format(48_000.0, 1), Options(tail=tail))
    y = run(plan, x)
    assert np.abs(y).max() == pytest.approx(0.5, abs=1e-15)


# ---- edges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", [0, 40, 99])
@pytest.mark.parametrize("frames", [0, 1, 5, 700])
def test_held_edges_see_the_first_and_the_last_value_for_ever(origin: int, frames: int) -> None:
    h = np.array(taps(100))
    plan = make_plan([Taps(taps=tuple(h), origin=origin), Taps(taps=(0.5, 0.5))], STEREO, Options(edges="hold"))
    x = noise(frames) + 20
    y = run(plan, x)
    padded = np.pad(x, ((300, 300), (0, 0)), mode="edge") if frames else x
    both = np.convolve(h, [0.5, 0.5])
    expected = direct_sum(padded, both)[300 + origin : 300 + origin + frames]
    assert y.shape == (plan.frames_out(frames), 2) == (frames, 2)
    assert np.abs(y - expected).max(initial=0) < 1e-12


def test_held_edges_keep_a_constant_constant() -> None:
    plan = make_plan([Taps(taps=(0.25, 0.5, 0.25), origin=1)], STEREO, Options(edges="hold"))
    assert np.array_equal(run(plan, np.full((50, 2), 20.0)), np.full((50, 2), 20.0))


def test_edges_are_held_for_kernels_alone_and_leave_no_tail() -> None:
    with pytest.raises(
        SettingError, match=r"stages\[1\]: edges: hold, as of same=True, is for kernels, 'resample' is none"
    ):
        make_plan([Taps(taps=(1.0,)), Resample(fs=8000)], STEREO, Options(edges="hold"))
    with pytest.raises(ValueError, match="edges: hold gives an output of the input's length; leave 'tail: keep' out"):
        Options(edges="hold", tail="keep")


# ---- grouping -------------------------------------------------------------------------------------------------------


def groups_of(*kernels: Kernel, fuse: bool = True, channels: int = 2) -> list[tuple[int, ...]]:
    fmt = Format(48_000.0, channels)
    return [g.stages for g in group_kernels([(i, k, fmt) for i, k in enumerate(kernels)], Options(fuse=fuse))]


def test_short_neighbours_become_one_kernel_and_a_long_sparse_echo_stays_by_itself() -> None:
    smoother = Kernel(np.hanning(66)[1:-1])
    echo = Kernel.sparse({0: 1.0, 240_000: 0.5, 480_000: 0.25})
    hall = Kernel(np.random.default_rng(0).standard_normal(48_000))
    assert groups_of(smoother, smoother, Kernel([0.5])) == [(0, 1, 2)]
    assert groups_of(echo, smoother) == [(0,), (1,)]
    assert groups_of(hall, smoother) == [(0, 1)]
    assert groups_of(Kernel([2.0]), Kernel.sparse({100: 1.0}), echo) == [(0, 1, 2)]
    assert groups_of(smoother, smoother, fuse=False) == [(0,), (1,)]
    assert groups_of() == []


def test_a_group_never_passes_the_longest_kernel() -> None:
    long = Kernel.sparse({0: 1.0, 6_000_000: 0.5})
    assert groups_of(long, long) == [(0,), (1,)]


def test_grouped_and_ungrouped_runs_agree_with_the_sums() -> None:
    chain = [Taps(taps=taps(64)), Taps(taps=taps(5, 2), origin=2), Taps(taps=taps(900, 3)), Taps(taps=(0.5,))]
    x = noise(5000)
    expected = x
    for stage in chain:
        expected = direct_sum(expected, np.array(stage.taps))
    for fuse in (True, False):
        plan = make_plan(chain, STEREO, Options(fuse=fuse, pre_roll="keep"))
        y = run(plan, x)
        bound = 4 * EPS * np.log2(900) * np.prod([np.linalg.norm(s.taps) for s in chain]) * np.linalg.norm(x)
        assert y.shape == expected.shape
        assert np.abs(y - expected).max() <= bound
    assert len(make_plan(chain, STEREO, Options(fuse=False)).steps) == 4


def test_the_method_never_depends_on_the_inputs_length() -> None:
    plan = make_plan([Taps(taps=taps(3000))], STEREO)
    for frames in (1, 100, 100_000):
        x = noise(frames)
        assert np.array_equal(run(plan, x)[:frames], run(plan, noise(frames))[:frames])
    assert "n_frames" not in choose_method.__code__.co_varnames


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        (Kernel([1.0]), "direct"),
        (Kernel(np.ones(8)), "direct"),
        (Kernel(np.ones(1000)), "fft"),
        (Kernel.sparse({0: 1.0, 480_000: 0.5}), "sparse"),
        (Kernel(np.ones((1, 2, 2))), "direct"),
    ],
)
def test_the_cost_model_takes_the_method_that_its_figures_say(kernel: Kernel, name: str) -> None:
    assert choose_method(shape_of(kernel), 2).name == name


def test_a_long_kernel_is_partitioned_rather_than_transformed_whole() -> None:
    method = choose_method(shape_of(Kernel(np.ones(1_000_000))), 2)
    assert method.partitions > 1
    assert method.n_fft <= 1 << 19


def test_live_use_gives_every_hop_at_once() -> None:
    plan = make_plan([Taps(taps=taps(2000))], STEREO, Options(hop=64))
    processor = plan.steps[0].open()
    x = noise(64 * 20)
    got = [processor.process(block) for block in np.split(x, 20)]
    assert [len(block) for block in got] == [64] * 20
    assert np.abs(np.concatenate(got) - direct_sum(x, np.array(taps(2000)))[: len(x)]).max() < 1e-13


# ---- the door -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (np.zeros((5, 2), np.int16), "floating-point samples, got int16; convert integers first, .* dividing by 32768"),
        (np.zeros((5, 3)), r"a block must have shape \(n, 2\), got \(5, 3\)"),
        (np.zeros(5), r"a block must have shape \(n, 2\), got \(5,\)"),
        (np.zeros((5, 2), complex), "floating-point samples, got complex128"),
    ],
)
def test_what_is_no_signal_is_refused_at_the_door(block: np.ndarray, message: str) -> None:
    with pytest.raises(SignalError, match=message):
        list(stream(make_plan([], STEREO), [block]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_sample_that_is_not_finite_is_named(bad: float) -> None:
    x = noise(100)
    x[70, 1] = bad
    x[90, 0] = np.nan
    with pytest.raises(SignalError, match=rf"holds {bad} at frame 70, channel 1; set nonfinite: propagate"):
        list(stream(make_plan([], STEREO), np.array_split(x, 9)))
    let_through = make_plan([Taps(taps=(1.0, 1.0))], STEREO, Options(nonfinite="propagate"))
    y = run(let_through, x)
    assert np.flatnonzero(~np.isfinite(y[:, 1])).tolist() == [70, 71]


def test_samples_so_large_that_their_sum_overflows_are_no_fault() -> None:
    x = np.full((10, 2), 1e308)
    assert np.array_equal(run(make_plan([], STEREO), x), x)


@pytest.mark.parametrize("shape", [(60,), (60_000,), (60, 2, 2)])
def test_products_that_overflow_are_infinite_and_no_warning_of_numpy_is_printed(shape: tuple[int, ...]) -> None:
    h = 1e307 * np.random.default_rng(1).standard_normal(shape)
    plan = make_plan([Taps(taps=tuple(h.tolist()))], STEREO)
    assert not np.isfinite(run(plan, 1e5 * noise(100_000))).all()  # warnings are errors in tests
    with pytest.raises(KernelError, match="taps must be finite"):
        Kernel(h[:3000]) * Kernel(h[:3000])


def test_a_stage_that_does_not_fit_is_named_with_its_place() -> None:
    class PerChannel(KernelStage):
        """For two channels."""

        def kernel(self, fmt: Format) -> Kernel:
            return Kernel(np.ones((3, 2)))

    class Empty(KernelStage):
        """No kernel at all."""

        def kernel(self, fmt: Format) -> Kernel:
            return Kernel([])

    mono = Format(48_000.0, 1)
    with pytest.raises(SettingError, match=r"^stages\[1\]: the kernel takes 2 channels, the signal has 1$"):
        make_plan([Taps(taps=(1.0,)), PerChannel()], mono)
    with pytest.raises(SettingError, match=r"^stages\[0\]: a kernel needs at least one tap"):
        make_plan([Empty()], mono)


# ---- precision, memory, spool ---------------------------------------------------------------------------------------


def test_single_precision_runs_in_single_and_holds_its_own_bound() -> None:
    h = taps(9)
    plan = make_plan([Taps(taps=h)], Format(48_000.0, 2, "single"), Options(precision="single"))
    x = noise(1000).astype(np.float32)
    y = run(plan, x)
    assert y.dtype == np.float32
    rounded = np.array(h, np.float32).astype(float)
    assert (np.abs(y - direct_sum(x, rounded)) <= bound_direct(x, rounded, float(np.finfo(np.float32).eps))).all()


def test_memory_is_predicted_from_the_plan_alone() -> None:
    small, large = make_plan([Taps(taps=taps(10))], STEREO), make_plan([Taps(taps=taps(500_000))], STEREO)
    assert 64 << 20 < small.memory() < 120 << 20 < large.memory() < 400 << 20


def test_a_spool_reads_back_what_was_written_in_any_order() -> None:
    x = noise(1000)
    with Spool(STEREO) as spool:
        for block in np.array_split(x, 13):
            spool.write(block)
        assert spool.frames == 1000
        assert np.array_equal(spool.read(990, 50), x[990:])
        assert np.array_equal(spool.read(0, 7), x[:7])
        assert spool.read(1000, 5).shape == (0, 2)


@pytest.mark.parametrize(("number", "kind"), [(28, DiskFullError), (5, WriteError)])
def test_a_spool_that_cannot_be_written_says_why_and_what_helps(number: int, kind: type[Exception]) -> None:
    import os

    class Broken:
        def write(self, data: bytes) -> int:
            raise OSError(number, os.strerror(number))

        def close(self) -> None:
            pass

    with Spool(STEREO) as spool:
        spool._file.close()
        spool._file = Broken()  # type: ignore[assignment]
        with pytest.raises(kind, match=rf"{os.strerror(number)} \(set TMPDIR to a folder with room\)"):
            spool.write(noise(5))


def test_a_stage_that_is_no_kernel_runs_by_its_own_processor() -> None:
    class Counting:
        """Passes blocks on, held back by one block."""

        format, latency, tail = STEREO, 0, 0

        def __init__(self) -> None:
            self.held = STEREO.empty()

        def process(self, block: np.ndarray) -> np.ndarray:
            out, self.held = self.held, block
            return out

        def flush(self) -> np.ndarray:
            return self.held

    class Held(Taps):
        """Not a kernel."""

        linear: ClassVar[bool] = False

        def kernel(self, fmt: Format) -> Any:
            return None

        def open(self, fmt: Format) -> Processor:
            return Counting()

    x = noise(100)
    plan = make_plan([Held(taps=()), Taps(taps=(2.0,))], STEREO, Options(tail="trim"))
    assert [step.method is None for step in plan.steps] == [True, False]
    assert np.array_equal(run(plan, x), 2 * x)


def test_a_whole_signal_stage_opened_by_itself_remembers_the_signal() -> None:
    class First(WholeSignalStage):
        """Gives the first frame of the whole, twice."""

        def render(self, recording: Recording) -> Iterator[np.ndarray]:
            yield recording.read(0, 1)
            yield recording.read(0, 1)

    processor = First().open(STEREO)
    x = noise(10)
    assert processor.process(x[:4]).shape == (0, 2)
    assert processor.process(x[4:]).shape == (0, 2)
    assert np.array_equal(processor.flush(), x[[0, 0]])
