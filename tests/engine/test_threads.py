"""Threads: they change no bit, they end when the caller stops, and what they meet reaches the caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.dsp.threads import ahead
from pipeline.engine.options import Options

KERNELS = {
    "one partition": np.random.default_rng(0).standard_normal(3000),
    "several partitions": np.random.default_rng(0).standard_normal(400_000),
    "sparse": np.eye(1, 60_000, 0)[0] + np.eye(1, 60_000, 59_999)[0],
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("precision", ["double", "single"])
def test_p8_the_number_of_threads_changes_no_bit(name: str, precision: str) -> None:
    x = np.random.default_rng(1).standard_normal((300_000, 2))
    x[1000, 0] = np.nan
    stage = {"use": "convolve", "taps": KERNELS[name].tolist()}
    results = []
    for threads in (1, 2, 5):
        pipe = Pipeline([stage], threads=threads, precision=precision, nonfinite="propagate")
        pieces = np.array_split(x, threads)
        results.append(np.concatenate(list(pipe.stream(pieces, fs=48_000))))
    for other in results[1:]:
        assert np.array_equal(results[0].view(np.uint8), other.view(np.uint8))


def test_the_default_is_a_thread_for_each_processor() -> None:
    assert Options().thread_count >= 1
    assert Options(threads=3).thread_count == 3
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        Options(threads=0)


def test_items_come_in_order_and_are_drawn_ahead() -> None:
    drawn: list[int] = []

    def numbers() -> Iterator[int]:
        for i in range(50):
            drawn.append(i)
            yield i

    items = ahead(numbers(), depth=3)
    assert next(items) == 0
    last = time.monotonic() + 60
    while len(drawn) < 2 and time.monotonic() < last:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 2 <= len(drawn) <= 5  # what waits, what is being handed over, what was taken: never the whole
    assert list(items) == list(range(1, 50))


def test_what_the_source_raises_comes_after_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the disk went away")

    items = ahead(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="the disk went away"):
        next(items)


def test_a_caller_who_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    items = ahead(iter(range(10_000)), depth=2)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_run_that_fails_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    pipe = Pipeline([{"use": "convolve", "taps": KERNELS["one partition"].tolist()}], threads=2)
    x = np.zeros((100_000, 1))
    x[90_000] = np.nan
    with pytest.raises(ValueError, match="holds nan at frame 90000"):
        list(pipe.stream(np.array_split(x, 5), fs=48_000))
    assert threading.active_count() == before
