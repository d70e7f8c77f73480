"""Workers that are killed, hang or fail cost at most their own task."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor

import pytest

from pipeline.batch.local import BUNDLE, LocalExecutor, WorkerLostError
from pipeline.batch.process import processors, share_threads
from pipeline.dsp.here import Here

from .tasks import ends_with, fail, killed_by, process_after, process_facts, sleep, square

PATIENCE = 120  # seconds; nothing here takes more than a few


def test_thirty_tasks_survive_three_kills() -> None:
    rng = random.Random(1)
    with LocalExecutor(2) as executor:
        futures = [executor.submit(square, i) for i in range(30)]
        for at in (3, 12, 20):
            futures[at].result(PATIENCE)
            victim = rng.choice(multiprocessing.active_children())
            os.kill(victim.pid or 0, signal.SIGKILL)
        assert [future.result(PATIENCE) for future in futures] == [i * i for i in range(30)]


def test_a_poison_task_is_given_up_after_three_strikes_and_the_others_finish() -> None:
    with LocalExecutor(2) as executor:
        futures = [executor.submit(killed_by, i, 4) for i in range(10)]
        with pytest.raises(WorkerLostError, match=r"was killed \(SIGKILL\) three times; is there enough memory"):
            futures[4].result(PATIENCE)
        assert [f.result(PATIENCE) for i, f in enumerate(futures) if i != 4] == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_a_worker_that_exits_is_told_with_its_code() -> None:
    with LocalExecutor(1) as executor, pytest.raises(WorkerLostError, match=r"was killed \(exit code 7\) three times"):
        executor.submit(ends_with, 7).result(PATIENCE)


def test_a_task_that_takes_too_long_is_ended_and_its_neighbour_done_again() -> None:
    with LocalExecutor(2, timeout_s=3.0) as executor:
        late, *others = [executor.submit(sleep, s) for s in (3600.0, 0.2, 0.1, 0.1, 0.2)]
        with pytest.raises(WorkerLostError, match=r"took longer than 3 s \(batch\.timeout\)"):
            late.result(PATIENCE)
        assert [future.result(PATIENCE) for future in others] == [0.2, 0.1, 0.1, 0.2]


def test_no_worker_is_started_by_the_thread_that_signals_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Pool(ProcessPoolExecutor):
        def submit(self, *args, **kwargs):
            started.append(threading.current_thread())
            return super().submit(*args, **kwargs)

    monkeypatch.setattr("pipeline.batch.local.ProcessPoolExecutor", Pool)
    with LocalExecutor(2) as executor:
        assert [future.result(PATIENCE) for future in [executor.submit(square, i) for i in range(5)]] == [
            0,
            1,
            4,
            9,
            16,
        ]
    assert len(started) == 5
    assert threading.current_thread() not in started


def test_killed_workers_are_gone_even_where_the_wait_for_them_was_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool(ProcessPoolExecutor):
        def shutdown(self, *_args, **_kwargs):
            raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.batch.local.ProcessPoolExecutor", Pool)
    executor = LocalExecutor(2)
    executor.submit(square, 2).result(PATIENCE)
    workers = multiprocessing.active_children()
    with pytest.raises(KeyboardInterrupt):
        executor.__exit__(KeyboardInterrupt, None, None)
    assert workers
    assert not any(worker.is_alive() for worker in workers)


def test_what_a_task_raises_is_raised_by_its_future() -> None:
    with LocalExecutor(1) as executor, pytest.raises(ValueError, match="why"):
        executor.submit(fail, "why").result(PATIENCE)


def test_workers_hear_no_ctrl_c_and_import_nothing_that_they_do_not_need() -> None:
    with LocalExecutor(2) as executor:
        facts = [executor.submit(process_facts, i).result(PATIENCE) for i in range(4)]
    assert os.getpid() not in {pid for pid, _, _ in facts}
    assert not any(hears for _, hears, _ in facts)
    assert all(slow == [] for _, _, slow in facts)


def test_an_exception_on_the_way_out_ends_the_workers_at_once() -> None:
    began = time.monotonic()
    futures: list[Future[float]] = []

    def interrupted() -> None:
        with LocalExecutor(2) as executor:
            futures.extend(executor.submit(sleep, 3600.0) for _ in range(4))
            time.sleep(1.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 60
    assert not multiprocessing.active_children()
    assert not any(future.done() and future.exception() is None for future in futures)


def test_here_does_it_at_once_and_raises() -> None:
    assert Here().submit(square, 3).result(0) == 9
    with pytest.raises(ValueError, match="why"):
        Here().submit(fail, "why")


@pytest.mark.parametrize(
    ("jobs", "threads", "processors_", "expected"),
    [
        (1, None, 8, None),
        (1, 16, 8, 16),
        (2, None, 8, 4),
        (3, None, 8, 2),
        (16, None, 8, 1),
        (2, 1, 8, 1),
        (4, 6, 8, 2),
    ],
)
def test_threads_of_all_workers_are_at_most_the_processors(
    jobs: int, threads: int | None, processors_: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert processors() >= 1
    monkeypatch.setattr("pipeline.batch.process.processors", lambda: processors_)
    assert share_threads(jobs, threads) == expected


# ---- bundles of light tasks -----------------------------------------------------------------------------------------


def light(*_args: object) -> bool:
    return True


def test_light_tasks_go_to_a_worker_together_and_others_alone() -> None:
    sizes = []

    class Seen(LocalExecutor):
        def _at_once(self, queue):
            sizes.append(super()._at_once(queue))
            return sizes[-1]

    with Seen(2, light=lambda x, _: x != 30) as executor:
        futures = [executor.submit(killed_by, i, -1) for i in range(100)]
        assert [future.result(PATIENCE) for future in futures] == list(range(100))
    assert sum(sizes) == 100
    assert 4 <= max(sizes) <= BUNDLE
    assert sizes[-1] == 1  # the last are shared out


def test_in_a_bundle_only_the_poison_tasks_are_given_up() -> None:
    bad = {9, 10, 22}
    with LocalExecutor(2, light=light) as executor:
        futures = [executor.submit(killed_by, i, i if i in bad else -1) for i in range(40)]
        for i, future in enumerate(futures):
            if i in bad:
                with pytest.raises(WorkerLostError, match=r"was killed \(SIGKILL\) three times"):
                    future.result(PATIENCE)
            else:
                assert future.result(PATIENCE) == i


def test_in_a_bundle_each_has_its_own_time_and_its_own_error() -> None:
    with LocalExecutor(1, timeout_s=2.0, light=light) as executor:
        slow = [executor.submit(process_after, 0.25) for _ in range(24)]  # some bundles take longer than 2 s
        (worker,) = {future.result(PATIENCE) for future in slow}
        time.sleep(2.5)  # a worker that waits is not at anything
        assert executor.submit(process_after, 0.0).result(PATIENCE) == worker
        wrong = [executor.submit(fail, text) for text in ("one", "two")]
        late, after = executor.submit(sleep, 3600.0), executor.submit(square, 7)
        for future, text in zip(wrong, ("one", "two"), strict=True):
            with pytest.raises(ValueError, match=text):
                future.result(PATIENCE)
        with pytest.raises(WorkerLostError, match=r"took longer than 2 s \(batch\.timeout\)"):
            late.result(PATIENCE)
        assert after.result(PATIENCE) == 49
