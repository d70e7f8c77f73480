"""A `Pipeline` is the list that it shows, and what is wrong with it is told with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pipeline
from pipeline import Delay, Echo, FaltungError, Gain, Kernel, Pipeline
from pipeline.errors import SettingError, SignalError

ROOT = Path(__file__).parents[1]

CHAIN = Pipeline([Echo(delay="250 ms", gain="-6 dB"), {"use": "gain", "gain": 0.5}, Delay(delay=1)], tail="trim")  # type: ignore[arg-type]


def test_a_pipeline_is_shown_as_the_list_that_it_is() -> None:
    assert repr(CHAIN) == (
        "Pipeline([Echo(delay='250 ms', gain='-6 dB'), Gain(gain=0.5), Delay(delay='1 s')], tail='trim')"
    )
    assert repr(Pipeline([])) == "Pipeline([])"


def test_what_is_shown_is_read_back_to_the_same_stages_and_options() -> None:
    again = eval(repr(CHAIN))
    assert again.stages == CHAIN.stages
    assert again.options == CHAIN.options


def test_a_pipeline_counts_and_gives_its_stages() -> None:
    assert len(CHAIN) == 3
    assert [stage.use for stage in CHAIN] == ["echo", "gain", "delay"]
    assert CHAIN[1] == CHAIN[-2] == Gain(gain=0.5)
    assert repr(CHAIN[1:]) == "Pipeline([Gain(gain=0.5), Delay(delay='1 s')], tail='trim')"
    with pytest.raises(IndexError):
        CHAIN[3]


@pytest.mark.parametrize("stages", [Gain(gain=1), "gain", {"use": "gain"}, 5, None])
def test_what_is_no_list_of_stages_is_refused_with_the_fix(stages: Any) -> None:
    with pytest.raises(SettingError, match=r"^stages: must be a list of stages, got .*; write \[\.\.\.\] around it$"):
        Pipeline(stages)


def test_all_stages_that_are_wrong_are_told_with_their_place() -> None:
    wrong: list[Any] = [{"use": "gain", "gain": "x"}, Gain(gain=1), {"use": "gane"}, 5, {"gain": 1}]
    with pytest.raises(SettingError) as refused:
        Pipeline(wrong)
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["stages[0].gain", "stages[2]", "stages[3]", "stages[4]"]
    assert "did you mean 'gain'?" in lines[1]


def test_an_option_misspelt_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingError, match=r"^tial: unknown setting; did you mean 'tail'\?$"):
        Pipeline([], tial="trim")


@pytest.mark.parametrize("fs", [0, -1.0, "8 kHz", None, float("nan"), float("inf"), True])
def test_a_rate_that_is_none_is_refused(fs: Any) -> None:
    with pytest.raises(SignalError, match=r"^a sampling rate is a number above 0, in Hz, got "):
        CHAIN(np.zeros(10), fs)


@pytest.mark.parametrize("channels", [0, -1, 1.5, "two"])
def test_a_number_of_channels_that_is_none_is_refused(channels: Any) -> None:
    with pytest.raises(SignalError, match=r"^a signal has at least 1 channel, got "):
        CHAIN.plan(8000, channels)


@pytest.mark.parametrize("x", ["noise.wav", None, [1, 2], np.zeros((2, 2, 2)), np.zeros(4, complex)])
def test_what_is_no_signal_is_refused(x: Any) -> None:
    with pytest.raises(FaltungError):
        CHAIN(x, 8000)


def test_an_array_with_its_channels_first_is_refused_with_the_guess() -> None:
    with pytest.raises(SignalError, match=r"got \(2, 4800\).*is it \(channels, frames\)\? use from_channels_first"):
        Pipeline([Delay(delay="1 ms")])(np.zeros((2, 4800)), 48_000)  # type: ignore[arg-type]
    assert Pipeline([])(pipeline.from_channels_first(np.zeros((2, 4800))), 48_000).shape == (4800, 2)


def test_what_is_read_goes_through_a_pipeline_and_is_written(tmp_path: Path) -> None:
    pipeline.write(tmp_path / "in.wav", [0.0, 0.5, 0.25], fs=8000, subtype="PCM_16")
    x, info = pipeline.read(tmp_path / "in.wav")
    report = pipeline.write(tmp_path / "out.wav", Pipeline([Gain(gain=0.5)])(x, info.fs), info.fs, source=info)
    assert report.frames == 3
    assert pipeline.read(tmp_path / "out.wav")[0].tolist() == [[0.0], [0.25], [0.125]]
    assert pipeline.read(tmp_path / "out.wav")[1].subtype == "PCM_16"


WRONG: dict[str, Callable[[], object]] = {
    "a signal of words": lambda: pipeline.convolve("abc", [1]),
    "a ragged signal": lambda: CHAIN([[1.0, 2.0], [3.0]], 8000),
    "a ragged kernel": lambda: pipeline.convolve([1.0], [[1], [2, 3]]),  # type: ignore[list-item]
    "no taps": lambda: pipeline.convolve([1.0], []),
    "a mode there is not": lambda: pipeline.convolve([1.0], [1], "half"),  # type: ignore[arg-type]
    "an axis there is not": lambda: pipeline.convolve([1.0], [1], axis=3),
    "a template of words": lambda: pipeline.correlate([1.0], "abc"),
    "a channels-first that is none": lambda: pipeline.from_channels_first("abc"),
    "an origin of words": lambda: Kernel([1], origin="x"),  # type: ignore[arg-type]
    "times of words": lambda: Kernel.sparse({"a": 1}),  # type: ignore[dict-item]
    "a delay of words": lambda: Kernel.identity().delayed("x"),  # type: ignore[arg-type]
    "a gain of words": lambda: Kernel.identity().scaled("x"),  # type: ignore[arg-type]
    "a correlator of words": lambda: Kernel.from_template("x"),
    "a rate of words": lambda: pipeline.find_matches([1.0, 2], [1.0, 2], fs="x"),  # type: ignore[arg-type]
    "a threshold of words": lambda: pipeline.find_matches([1.0, 2], [1.0, 2], threshold="x"),
    "a file there is not": lambda: pipeline.find_matches("no.wav", [1.0, 2]),
    "a score there is not": lambda: pipeline.match_scores([1.0, 2], [1.0, 2], score="best"),  # type: ignore[arg-type]
    "a template for scores of words": lambda: pipeline.match_scores([1.0, 2], "x"),
    "a time of words": lambda: pipeline.Format(8000, 1).frames("x"),
    "a target of words": lambda: pipeline.flip_check("x"),
    "a target that is a number": lambda: pipeline.causality_check(5),
    "a target that fails": lambda: pipeline.causality_check(lambda x: 1 / 0),
    "a configuration there is not": lambda: Pipeline.from_yaml("no.yaml"),
    "an input there is not": lambda: CHAIN.run_file("no.wav", "out.wav"),
    "a block of words": lambda: list(CHAIN.stream(["x"], 8000)),
    "a block of other channels": lambda: list(CHAIN.stream([np.zeros((3, 1)), np.zeros((3, 2))], 8000)),
    "a recording there is not": lambda: pipeline.read("no.wav"),
    "a recording of words": lambda: pipeline.write("out.wav", "abc", fs=8000),
    "a recording turned round": lambda: pipeline.write("out.wav", np.zeros((2, 48_000)), fs=8000),
    "a rate of nothing": lambda: pipeline.write("out.wav", np.zeros(8), fs=0),
    "a kind of file there is not": lambda: pipeline.write("out.docx", np.zeros(8), fs=8000),
    "an encoding there is not": lambda: pipeline.write("out.wav", np.zeros(8), fs=8000, subtype="PCM_17"),
    "a rate of words to write": lambda: pipeline.write("out.wav", np.zeros(8), fs="x"),  # type: ignore[arg-type]
    "a dither there is not": lambda: pipeline.write("out.wav", np.zeros(8), 8000, dither="x"),  # type: ignore[arg-type]
    "a ragged recording": lambda: pipeline.write("out.wav", [[0.0], [1.0, 2.0]], 8000),
    "a dtype there is not": lambda: pipeline.read(ROOT / "data" / "pluck.wav", dtype="x"),
    "a rate of words to read": lambda: pipeline.read(ROOT / "data" / "pluck.wav", fs="x"),
    "jobs of words": lambda: pipeline.run([Gain(gain=1)], ["in.wav"], "out.wav", jobs="x"),  # type: ignore[arg-type]
    "a configuration of nothing": lambda: pipeline.plan(None),  # type: ignore[arg-type]
    "a response of what is no kernel": lambda: pipeline.bake([pipeline.Reverse()], "out.wav", fs=8000),
    "a search of nothing": lambda: pipeline.search([], "no.wav"),
    "a name that is taken": lambda: pipeline.stage("gain")(Echo),
    "a range of words": lambda: pipeline.Within("x").check(3, None),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_refused_by_an_error_of_our_own(call: Callable[[], object]) -> None:
    with pytest.raises(FaltungError):
        call()


def test_numbers_that_grow_too_large_are_told_in_words_and_not_by_numpy():
    chain = Pipeline([{"use": "gain", "gain": 1e308}])
    two, one = Pipeline([{"use": "gain", "gain": 1e308}] * 2), {"use": "gain", "gain": 1}
    told = r"stages\[1\]: as one kernel with stages\[0\]: taps must be finite, got inf at index 0"
    with pytest.raises(SettingError, match=told):
        two([0.0, 10.0, 0.0], 8000)
    with pytest.raises(SettingError, match=told):
        two.kernel(8000)
    with pytest.raises(SettingError, match=r"stages\[3\]: as one kernel with stages\[0\], stages\[2\]: taps must be"):
        Pipeline([*two.stages[:1], {**one, "enabled": False}, one, *two.stages[:1]]).kernel(8000)
    with pytest.warns(UserWarning, match="the output is not finite at frame 1: numbers grew too large"):
        y = chain([0.0, 10.0, 0.0], 8000)
    assert np.isinf(y[1])
