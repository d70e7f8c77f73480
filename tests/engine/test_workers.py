"""How many of the threads work on transforms: one is left to reading and writing where the transforms cost little."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.engine.options import Options
from pipeline.engine.plan import Plan, make_plan
from pipeline.stages.base import Format
from pipeline.stages.convolve import Convolve
from pipeline.stages.gain import Gain
from pipeline.stages.match import Match


def plan(threads: int, *taps: int, search: bool = False) -> Plan:
    noise = np.random.default_rng(2).standard_normal
    stages = [Convolve.model_validate({"taps": noise(length).tolist()}) for length in taps]
    sought = [Match.model_validate({"template": noise(50).tolist(), "threshold": 0.9})] if search else []
    options = Options(threads=threads, precision="single", fuse=False)
    return make_plan([*stages, *sought], Format(48_000.0, 2, "single"), options)


def test_light_transforms_leave_a_thread_to_reading_and_writing() -> None:
    light = plan(4, 1000)
    assert [step.method.name for step in light.steps if step.method] == ["fft"]
    assert (light.threads, light.workers) == (4, 3)
    assert plan(1, 1000).workers == 1


@pytest.mark.parametrize("taps", [(400_000,), (1000,) * 5], ids=["one", "many"])
def test_heavy_transforms_have_all_threads(taps: tuple[int, ...]) -> None:
    heavy = plan(4, *taps)
    assert (heavy.threads, heavy.workers) == (4, 4)


def test_a_search_has_all_threads() -> None:
    assert plan(4, search=True).workers == 4
    assert plan(4, 1000, search=True).workers == 4


def test_without_a_transform_there_is_one_thread() -> None:
    alone = make_plan([Gain.model_validate({"gain": 0.5})], Format(48_000.0, 2), Options(threads=4))
    assert (alone.threads, alone.workers) == (1, 1)
