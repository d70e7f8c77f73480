"""How many groups of blocks may be under way: as many as there are threads to compute them, and not one more."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.dsp.gather import Gather, Pool
from pipeline.dsp.threads import Threads, groups_ahead

Region = np.ndarray


class Soon(Future[int]):
    """A future that is waited for by a test, not for ever."""

    def result(self, timeout: float | None = None) -> int:
        return super().result(timeout or 5)


@pytest.mark.parametrize(("count", "busy"), [(1, 1), (2, 1), (5, 4)])
def test_each_thread_has_a_group_and_none_waits_in_memory(count: int, busy: int) -> None:
    """No group is ever whole here: one more is begun than may be under way, and then the oldest is waited for."""
    begun: list[Soon] = []

    def start(region: Region, blocks: int, first: int) -> Future[int]:
        gather.regions.give_back(region)
        begun.append(Soon())
        if len(begun) > busy:
            begun[len(begun) - busy - 1].set_result(first)
        return begun[-1]

    with Threads(count) as threads:
        gather: Gather[int] = Gather(1, 0, 10, 1, ahead=groups_ahead(threads))
    given = list(gather.process(np.zeros((10 * (busy + 3), 1)), start))
    assert len(begun) == busy + 3
    assert len(given) == 3


def test_groups_of_any_other_executor() -> None:
    with ThreadPoolExecutor(7) as others:
        assert groups_ahead(others) == 2
    assert groups_ahead(None) == 0


def test_an_array_that_was_given_back_is_taken_again() -> None:
    pool = Pool((3,), np.dtype(np.float64))
    first = pool.take()
    pool.give_back(first)
    assert pool.take() is first
    assert pool.take() is not first
