"""A recording in shards comes out as in one pass, bit for bit, and no shard reads what it does not need."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_cluster import shards
from faltung_cluster.shards import Shards, stretches

from pipeline.batch.local import LocalExecutor
from pipeline.batch.task import configuration_text, make_task, run_task
from pipeline.config.load import parse_config
from pipeline.dsp.threads import SerialExecutor
from pipeline.errors import ReadError
from pipeline.io.base import Reader
from pipeline.job import Job, plan_job
from pipeline.units import parse_duration

from .tasks import dies_once

FS, FRAMES = 8000, 160_003  # 20 s

CHAINS = {
    "groups, one sparse over 10 s": "- {use: reverb, ir: room.wav}\n- {use: echo, delay: 10 s, gain: -6 dB}",
    "two grids": "- {use: reverb, ir: short.wav}\n- {use: reverb, ir: room.wav}",
    "partitions": "- {use: reverb, ir: hall.wav}",
    "short": "- {use: convolve, taps: [1, 0.5]}",
    "latency": "- {use: fir, kind: lowpass, cutoff: 1 kHz, transition: 20 Hz, phase: zero}\n- {use: gain, gain: -3 dB}",
}
OPTIONS = {
    "double": "",
    "single": "precision: single\n",
    "not fused": "fuse: false\n",
    "pre_roll": "pre_roll: keep\n",
    "trimmed": "tail: trim\n",
    "held": "edges: hold\n",
    "scaled": "clip: scale\n",
    "threads": "threads: 3\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    rng = np.random.default_rng(4)
    sf.write(folder / "in.wav", rng.uniform(-0.7, 0.7, (FRAMES, 2)), FS, subtype="PCM_16")
    for name, taps in (("short", 700), ("room", 30_000), ("hall", 600_000)):
        sf.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(taps), FS, subtype="FLOAT")
    (folder / "cut").mkdir()  # dither follows from the name of a file, so that of both is the same
    return folder


def settings_of(stages: str, options: str, place: Path, fmt: str = "{subtype: DOUBLE}"):
    lines = "".join(f"  {line}\n" for line in stages.splitlines())
    return parse_config(f"version: 1\nformat: {fmt}\n{options}stages:\n{lines}", base=place).settings


def done(settings, source: Path, target: Path | None, executor: Executor, events=(), *, cut: int = 0, jobs: int = 1):
    """What became of a file, in one pass or cut into shards of so many frames."""
    text = configuration_text(settings, None)
    task = make_task(source, target, events, configuration=text, overwrite=True)
    if not cut:
        return run_task(task)
    with Shards(executor, jobs, parse_duration(f"{cut} samples")) as shards:
        return shards.submit(run_task, task).result()


def compared(settings, place: Path, executor: Executor, cut: int, jobs: int = 1):
    one = done(settings, place / "in.wav", place / "y.wav", executor)
    many = done(settings, place / "in.wav", place / "cut" / "y.wav", executor, cut=cut, jobs=jobs)
    assert (one["status"], many["status"]) == ("done", "done"), many
    assert (place / "cut" / "y.wav").read_bytes() == (place / "y.wav").read_bytes()
    for fact in ("peak", "clipped", "first_clip", "frames_in", "frames", "warnings", "latency_trimmed", "tail_kept"):
        assert many[fact] == one[fact], fact
    assert many["shards"] == -(-one["frames"] // cut)
    assert not list(place.rglob(".*"))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("chain", [name for name in CHAINS if name != "partitions"])
def test_shards_are_one_pass_bit_for_bit(place, chain, options):
    compared(settings_of(CHAINS[chain], OPTIONS[options], place), place, SerialExecutor(), 50_001)


@pytest.mark.parametrize("options", ["double", "single", "held"])
def test_shards_of_a_kernel_in_partitions(place, options):
    compared(settings_of(CHAINS["partitions"], OPTIONS[options], place), place, SerialExecutor(), 150_000)


def test_many_shards_shorter_than_the_kernel(place):
    compared(settings_of(CHAINS["latency"], "", place, "{subtype: PCM_16, dither: tpdf}"), place, SerialExecutor(), FS)


@pytest.mark.parametrize("jobs", [1, 2])
def test_workers_do_them_too(place, jobs):
    with LocalExecutor(jobs) as executor:
        for options in ("double", "single"):
            settings = settings_of(CHAINS["two grids"], OPTIONS[options], place)
            compared(settings, place, executor, 3 * FS, jobs)


class DyingOnce(Executor):
    """Hands calls on; the worker of one is killed when it has written a part of its shard."""

    def __init__(self, executor: Executor, mark: Path) -> None:
        self._executor, self._mark = executor, mark

    def submit(self, fn, /, *args, **kwargs):
        return self._executor.submit(dies_once, str(self._mark), partial(fn, *args, **kwargs))


def test_a_worker_killed_in_a_shard_costs_no_bit(place, tmp_path):
    with LocalExecutor(2) as executor:
        dying = DyingOnce(executor, tmp_path / "died")
        compared(settings_of(CHAINS["latency"], "", place), place, dying, 3 * FS, 2)
    assert (tmp_path / "died").exists()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames that each reader of a stereo file has read since."""
    frames: list[int] = []

    def opened(self: Reader, *args, init: Callable[..., None] = Reader.__init__) -> None:
        init(self, *args)
        self.place = len(frames)
        frames.extend([0] * (self.info.channels == 2))

    def read(self: Reader, wanted: int, read: Callable[..., np.ndarray] = Reader.read) -> np.ndarray:
        block = read(self, wanted)
        if self.info.channels == 2:
            frames[self.place] += len(block)
        return block

    monkeypatch.setattr(Reader, "__init__", opened)
    monkeypatch.setattr(Reader, "read", read)
    return frames


@pytest.mark.parametrize("chain", ["short", "latency", "two grids"])
def test_a_shard_reads_its_part_only(place, chain, monkeypatch):
    settings = settings_of(CHAINS[chain], "", place)
    plan, _ = plan_job(Job.of(settings), place / "in.wav")
    most = FS
    for step in plan.steps:
        method, length = step.method, step.work.kernel.length
        most += length - 1 + (2 * method.block + method.n_fft - length if method.name == "fft" else 0)
    frames = counted(monkeypatch)
    text = configuration_text(settings, 1)
    firsts = range(0, FRAMES - FS, FS)
    for first in firsts:
        shards.render_shard(text, str(place / "in.wav"), first, first + FS, str(place / "part"))
        assert (place / "part").stat().st_size == FS * 2 * 8
    (place / "part").unlink()
    assert len(frames) == len(firsts)
    assert max(frames) <= most


def test_what_a_step_needs_is_worked_out_by_hand(place):
    """Of blocks of 10 by transforms of 16 points, and of a sum over 5 taps before them."""
    chain = "- {use: reverb, ir: short.wav}\n- {use: convolve, taps: [1, 0, 0, 0, 2]}"
    settings = settings_of(chain, "fuse: false\n", place)
    plan, _ = plan_job(Job.of(settings), place / "in.wav")
    fft, adds = plan.steps
    assert (fft.method.name, adds.method.name) == ("fft", "sparse")
    method = replace(fft.method, n_fft=16, block=10, partitions=1, group=3)
    by_hand = replace(plan, steps=(replace(fft, work=replace(fft.work, method=method)), adds))
    # the sum gives 100..120 from 96..120; these lie in the blocks 90..120, whose first sees 84; 80 is on the grid
    assert stretches(by_hand, 100, 120) == [(80, 120), (96, 120), (100, 120)]
    # 94 is in the block at 90, which sees 84; 121 is in the block that ends at 130
    assert stretches(by_hand, 98, 121) == [(80, 130), (94, 121), (98, 121)]
    assert stretches(by_hand, 3, 7) == [(0, 10), (0, 7), (3, 7)]
    method = replace(method, n_fft=20, partitions=3)  # of 10 each: a block follows from the 30 frames before it
    by_hand = replace(plan, steps=(replace(fft, work=replace(fft.work, method=method)),))
    assert stretches(by_hand, 60, 61) == [(30, 70), (60, 61)]


@pytest.mark.parametrize(
    ("stages", "options", "why"),
    [
        ("- {use: reverse}", "", "stages[0] 'reverse' is no kernel: a part of its output may need the whole input"),
        ("- {use: resample, fs: 16 kHz}", "", "stages[0] 'resample' is no kernel"),
        ("- {use: gain, gain: 1 dB}\n- {use: normalize, peak: -1 dB}", "", "stages[1] 'normalize' is no kernel"),
        ("- {use: match, template: [1, 2, -1]}", "", "stages[0] 'match' is cut only as the last stage, with events:"),
        (CHAINS["short"], "hop: 64\n", "a run for live use (hop) has no shards"),
        (CHAINS["short"], "truncated: accept\n", "truncated: accept, so where the input ends is known when"),
    ],
)
def test_what_has_no_shards_is_run_in_one_pass_and_said(place, stages, options, why):
    settings = settings_of(stages, options, place)
    one = done(settings, place / "in.wav", place / "y.wav", SerialExecutor())
    many = done(settings, place / "in.wav", place / "cut" / "y.wav", SerialExecutor(), cut=FS)
    assert (place / "cut" / "y.wav").read_bytes() == (place / "y.wav").read_bytes()
    assert many["warnings"][:-1] == one["warnings"]
    assert many["warnings"][-1].startswith(f"batch.shard: run in one pass: {why}")
    assert "shards" not in many


def test_a_file_no_longer_than_a_shard_is_not_cut(place):
    many = done(
        settings_of(CHAINS["short"], "", place), place / "in.wav", place / "y.wav", SerialExecutor(), cut=FRAMES
    )
    assert "shards" not in many
    assert many["warnings"] == []


def test_a_sample_that_is_not_finite_is_told_by_its_place(place, tmp_path):
    x = np.zeros((5 * FS, 1))
    x[4 * FS + 17] = np.nan
    sf.write(tmp_path / "in.wav", x, FS, subtype="DOUBLE")
    settings = settings_of(CHAINS["latency"], "", place)
    outcomes = [done(settings, tmp_path / "in.wav", tmp_path / "y.wav", SerialExecutor(), cut=cut) for cut in (0, FS)]
    assert {outcome["error"] for outcome in outcomes} == {
        f"the input holds nan at frame {4 * FS + 17}, channel 0; set nonfinite: propagate to let it through"
    }
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_a_file_that_is_cut_short_fails_in_a_worker_with_its_reason(place, tmp_path):
    """What a worker raises reaches us through pickle."""
    source, part, whole = tmp_path / "short.wav", tmp_path / "part", (place / "in.wav").read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    text = configuration_text(settings_of(CHAINS["short"], "", place), 1)
    with LocalExecutor(1) as executor:
        future = executor.submit(shards.render_shard, text, str(source), 0, FS, str(part))
        with pytest.raises(ReadError, match=r"short.wav: declares .* set truncated: accept"):
            future.result()


SEARCHES = {
    "waveform": "- {use: gain, gain: -3 dB}\n- {use: match, template: call.wav, threshold: {score: 0.6}}",
    "after a kernel with latency": "- {use: fir, kind: lowpass, cutoff: 3 kHz, transition: 200 Hz, phase: zero}\n"
    "- {use: match, template: call.wav, polarity: both, threshold: {score: 0.5}}",
    "spectrogram": "- {use: match, template: call.wav, domain: spectrogram, threshold: {score: 0.3}}",
}


@pytest.mark.parametrize("stages", SEARCHES)
def test_a_search_in_shards_finds_the_same(place, tmp_path, stages):
    rng = np.random.default_rng(8)
    call = np.sin(np.arange(2000) ** 2 * 2e-4) * np.hanning(2000)
    x = 0.1 * rng.standard_normal((1_300_000, 1))
    for at in range(1000, len(x) - 2000, 16_384 - 1000):  # over borders, too
        x[at : at + 2000, 0] += call
    sf.write(tmp_path / "in.wav", x, FS, subtype="FLOAT")
    sf.write(place / "call.wav", call, FS, subtype="FLOAT")
    settings = settings_of(SEARCHES[stages], "", place)
    one = done(settings, tmp_path / "in.wav", None, SerialExecutor(), [tmp_path / "one.csv"])
    many = done(settings, tmp_path / "in.wav", None, SerialExecutor(), [tmp_path / "many.csv"], cut=FS)
    assert (tmp_path / "many.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert many["events"] == one["events"] > 50
    assert many["shards"] >= 2


def test_a_file_that_cannot_be_sought_in_is_read_up_to_the_shard(place):
    settings = settings_of(CHAINS["latency"], "", place)
    sf.write(place / "in.flac", sf.read(place / "in.wav")[0], FS, subtype="PCM_16")
    one = done(settings, place / "in.flac", place / "y.wav", SerialExecutor())
    many = done(settings, place / "in.flac", place / "cut" / "y.wav", SerialExecutor(), cut=3 * FS)
    assert (one["status"], many["status"]) == ("done", "done"), many
    assert many["shards"] > 5
    assert (place / "cut" / "y.wav").read_bytes() == (place / "y.wav").read_bytes()
