"""Reverse: the last frame comes first."""

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.stages import reverse
from pipeline.stages.base import Format
from pipeline.stages.base.processors import InMemory
from pipeline.stages.reverse import Reverse

from .helpers import noise, run


@pytest.mark.parametrize("frames", [0, 1, 2, 999, 1000, 1001])
def test_the_last_frame_comes_first_whatever_the_block(frames, monkeypatch):
    monkeypatch.setattr(reverse, "_BLOCK", 100)
    x = noise(frames, 2)
    np.testing.assert_array_equal(run(Reverse(), x), x[::-1])


def test_twice_is_nothing():
    x = noise(500, 2)
    np.testing.assert_array_equal(run(Reverse(), run(Reverse(), x)), x)


def test_what_sounded_on_after_the_end_now_comes_before_time_zero():
    assert Reverse().moves(latency=3, tail=50) == (50, 3)


def test_blocks_are_read_from_the_end_and_no_larger_than_need_be(monkeypatch):
    monkeypatch.setattr(reverse, "_BLOCK", 100)
    reads = []

    class Watched(InMemory):
        def read(self, start, frames):
            reads.append((start, frames))
            return super().read(start, frames)

    list(Reverse().render(Watched(noise(250, 1), Format(8000.0, 1))))
    assert reads == [(150, 100), (50, 100), (0, 50)]


def test_it_is_not_time_invariant_and_says_so():
    assert Reverse.linear
    assert not Reverse.time_invariant


def test_the_times_of_a_table_that_is_turned_round_are_said_not_to_be_those_of_its_values(tmp_path):
    rows = "".join(f"2024-01-01 10:00:{k:02},{k}\n" for k in range(8))
    (tmp_path / "in.csv").write_text(f"time,a\n{rows}")

    def warnings(stages):
        pipe = Pipeline([{"use": one} for one in stages], time_column="time")
        return pipe.run_file(tmp_path / "in.csv", tmp_path / "out.csv", overwrite=True).warnings

    (words,) = warnings(["reverse"])
    assert words.startswith("the signal is turned round: the times in 'time' stand in the order of the input")
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "2024-01-01 10:00:00,7.0"
    assert warnings(["reverse", "reverse"]) == warnings(["differentiate"]) == ()
