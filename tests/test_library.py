"""A `Pipeline` is the list that it shows, and what is wrong with it is told with its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline import Delay, Echo, FaltungError, Gain, Pipeline
from pipeline.errors import SettingError, SignalError

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
