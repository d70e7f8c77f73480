"""How many of the threads work on transforms: one is left to reading and writing but for heavy ones."""

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


@pytest.mark.parametrize("taps", [(1000,), (48_000,), (1000,) * 4], ids=["short", "long", "many"])
def test_transforms_leave_a_thread_to_reading_and_writing(taps: tuple[int, ...]) -> None:
    four = plan(4, *taps)
    assert {step.method.name for step in four.steps if step.method} == {"fft"}
    assert (four.threads, four.workers) == (4, 3)
    assert [plan(threads, *taps).workers for threads in (1, 2)] == [1, 1]


def test_heavy_transforms_have_all_threads() -> None:
    heavy = plan(4, 400_000, 400_000)
    assert (heavy.threads, heavy.workers) == (4, 4)


def test_a_search_has_all_threads() -> None:
    assert plan(4, search=True).workers == 4
    assert plan(4, 1000, search=True).workers == 4


def test_without_a_transform_there_is_one_thread() -> None:
    alone = make_plan([Gain.model_validate({"gain": 0.5})], Format(48_000.0, 2), Options(threads=4))
    assert (alone.threads, alone.workers) == (1, 1)
