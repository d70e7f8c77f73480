"""Workers that are killed, hang or fail cost at most their own task."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from multiprocessing import Pipe
from pathlib import Path

import pytest

from pipeline.batch import worker as worker_module
from pipeline.batch.local import BUNDLE, LocalExecutor, WorkerLostError, _Work
from pipeline.batch.worker import Worker, start_fork_server, start_worker
from pipeline.dsp.threads import SerialExecutor
from pipeline.system import share_threads, usable_processors

from .tasks import (
    deaf,
    dies_in_company,
    echoed,
    ends_by,
    ends_with,
    fail,
    fail_unreadably,
    handled,
    has_loaded,
    held_back,
    in_company,
    in_two_steps,
    killed_by,
    marked,
    parent_after,
    process_after,
    process_facts,
    sleep,
    sleeps_in_its_commit,
    square,
    stopped_by,
    terminated,
    unsendable,
    writes,
)

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker is loaded anew")
PATIENCE = 120  # seconds; nothing here takes more than a few


def pids(executor: LocalExecutor) -> list[int]:
    return [worker.pid for worker in executor._workers]


def is_zombie(pid: int) -> bool:
    """Whether it has ended, and only its parent has not yet looked."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end_fork_server() -> None:
    if worker_module._fork_server is not None:
        worker_module._fork_server.end()


@pytest.fixture(autouse=True, scope="module")
def no_fork_server_afterwards() -> Iterator[None]:
    """It holds all that was open here when it began: the pipes to a browser, which waits for their end."""
    yield
    end_fork_server()


@pytest.fixture
def fresh_fork_server() -> Iterator[None]:
    """What workers are copies of is begun in the test, and not left to the next."""
    end_fork_server()
    yield
    end_fork_server()


@pytest.fixture(autouse=True)
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are copies, as those of the command are, whatever threads the libraries of the tests have."""
    monkeypatch.setattr(worker_module, "_has_one_thread", lambda: True)


def test_thirty_tasks_survive_three_kills() -> None:
    rng = random.Random(1)
    with LocalExecutor(2) as executor:
        futures = [executor.submit(square, i) for i in range(30)]
        for at in (3, 12, 20):
            futures[at].result(PATIENCE)
            os.kill(rng.choice(pids(executor)), signal.SIGKILL)
        assert [future.result(PATIENCE) for future in futures] == [i * i for i in range(30)]


def test_a_poison_task_is_given_up_after_three_strikes_and_the_others_finish() -> None:
    with LocalExecutor(2) as executor:
        futures = [executor.submit(killed_by, i, 4) for i in range(10)]
        with pytest.raises(WorkerLostError, match=r"was killed \(SIGKILL\) three times; is there enough memory"):
            futures[4].result(PATIENCE)
        assert [f.result(PATIENCE) for i, f in enumerate(futures) if i != 4] == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_a_worker_that_is_stopped_is_given_up_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.batch.local._PATIENCE_S", 0.2)
    monkeypatch.setattr("pipeline.batch.local._LOOK_S", 0.05)
    with LocalExecutor(2, timeout_s=0.2) as executor:
        futures = [executor.submit(stopped_by, i, 1) for i in range(4)]
        with pytest.raises(WorkerLostError, match=r"took longer than 0\.2 s \(batch\.timeout\)"):
            futures[1].result(PATIENCE)
        assert [f.result(PATIENCE) for i, f in enumerate(futures) if i != 1] == [0, 2, 3]


def test_a_worker_that_ends_by_another_signal_is_not_said_to_lack_memory() -> None:
    with LocalExecutor(1) as executor, pytest.raises(WorkerLostError, match=r"was killed \(SIGTERM\) three times$"):
        executor.submit(terminated).result(PATIENCE)


def test_a_worker_that_exits_is_told_with_its_code() -> None:
    with LocalExecutor(1) as executor, pytest.raises(WorkerLostError, match=r"ended \(exit code 7\) three times"):
        executor.submit(ends_with, 7).result(PATIENCE)


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="a system without such signals")
def test_a_worker_that_crashes_is_told_with_its_signal_also_one_without_a_name() -> None:
    unnamed = int(signal.SIGRTMIN) + 3
    with LocalExecutor(2) as executor:
        crashed, killed = (executor.submit(ends_by, number) for number in (int(signal.SIGABRT), unnamed))
        with pytest.raises(WorkerLostError, match=r"was killed \(SIGABRT\) three times; .* a plugin crashes on it"):
            crashed.result(PATIENCE)
        with pytest.raises(WorkerLostError, match=rf"was killed \(signal {unnamed}\) three times"):
            killed.result(PATIENCE)


def test_a_task_that_takes_too_long_is_ended_and_its_neighbour_done_again() -> None:
    with LocalExecutor(2, timeout_s=2.0) as executor:
        late, *others = [executor.submit(sleep, s) for s in (3600.0, 0.2, 0.1, 0.1, 0.2)]
        with pytest.raises(WorkerLostError, match=r"took longer than 2 s \(batch\.timeout\)"):
            late.result(PATIENCE)
        assert [future.result(PATIENCE) for future in others] == [0.2, 0.1, 0.1, 0.2]


def test_no_worker_is_started_by_the_thread_that_signals_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def start(timeout_s: float | None) -> object:
        started.append(threading.current_thread())
        return start_worker(timeout_s)

    monkeypatch.setattr("pipeline.batch.local.start_worker", start)
    with LocalExecutor(2) as executor:
        futures = [executor.submit(square, i) for i in range(5)]
        assert [future.result(PATIENCE) for future in futures] == [0, 1, 4, 9, 16]
    assert len(started) == 2
    assert threading.current_thread() not in started


def test_killed_workers_are_gone_even_where_the_wait_for_them_was_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = LocalExecutor(2)
    executor.submit(square, 2).result(PATIENCE)
    workers, join = pids(executor), executor._keeper.join

    def interrupted(timeout: float | None = None) -> None:
        if timeout is None:
            raise KeyboardInterrupt
        join(timeout)

    monkeypatch.setattr(executor._keeper, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        executor.__exit__(KeyboardInterrupt, None, None)
    assert workers
    assert not any(is_there(worker) for worker in workers)


def test_what_is_left_is_told_when_all_is_stopped() -> None:
    executor = LocalExecutor(1, light=light)
    first = executor.submit(sleep, 3600.0)
    others = [executor.submit(square, i) for i in range(20)]
    while not first.running():
        time.sleep(0.01)
    executor.__exit__(KeyboardInterrupt, None, None)
    assert all(future.done() for future in (first, *others))
    assert not any(not future.cancelled() and future.exception() is None for future in (first, *others))


def test_a_future_that_was_cancelled_disturbs_no_other() -> None:
    with LocalExecutor(1) as executor:
        first, cancelled, last = (executor.submit(sleep, s) for s in (0.3, 3600.0, 0.2))
        assert cancelled.cancel()
        assert [first.result(PATIENCE), last.result(PATIENCE)] == [0.3, 0.2]


def test_a_worker_that_dies_at_rest_costs_nothing() -> None:
    with LocalExecutor(1) as executor:
        for i in range(5):
            before = executor.submit(process_after, 0.0).result(PATIENCE)
            os.kill(before, signal.SIGKILL)
            assert executor.submit(killed_by, i, -1).result(PATIENCE) == i


def test_workers_are_copies_of_one_process_and_outlive_its_death() -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere each worker is loaded anew")
    with LocalExecutor(2) as executor:
        parents = [executor.submit(parent_after, 0.3) for _ in range(2)]
        (server,) = {future.result(PATIENCE) for future in parents}
        assert server != os.getpid()
        os.kill(server, signal.SIGKILL)
        assert executor.submit(square, 3).result(PATIENCE) == 9
        with pytest.raises(WorkerLostError, match=r"(was killed|ended \(exit code 7\)) three times"):
            executor.submit(ends_with, 7).result(PATIENCE)
        assert executor.submit(square, 4).result(PATIENCE) == 16


def test_where_copies_are_not_safe_each_worker_is_loaded_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.batch.worker._COPIES", False)
    with LocalExecutor(2) as executor:
        parents = [executor.submit(parent_after, 0.1) for _ in range(2)]
        assert {future.result(PATIENCE) for future in parents} == {os.getpid()}
        pid, hears, slow = executor.submit(process_facts, 0).result(PATIENCE)
        assert not hears
        assert slow == []
        os.kill(pid, signal.SIGKILL)
        assert executor.submit(square, 3).result(PATIENCE) == 9
        with pytest.raises(WorkerLostError, match=r"ended \(exit code 7\) three times"):
            executor.submit(ends_with, 7).result(PATIENCE)
        workers = pids(executor)
    assert not any(is_there(worker) for worker in workers)


def test_relative_paths_are_seen_from_the_folder_that_its_worker_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_fork_server()
    monkeypatch.chdir(tmp_path)
    with LocalExecutor(1) as executor:
        executor.submit(marked, "here", 0.0).result(PATIENCE)
    assert (tmp_path / "here").exists()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_process_that_is_killed_takes_its_workers_with_it_and_leaves_nothing(tmp_path: Path, threads: str) -> None:
    """Even where they are in the midst of a task, whether they are copies or, where there are threads, are not."""
    text = f"""
import atexit, os
from pipeline.batch.local import LocalExecutor
from tests.batch.tasks import marked
atexit.register(os.mkdir, f"{tmp_path}/tmp/what a command does at its end")
with LocalExecutor(2) as executor:
    for i in range(2):
        executor.submit(marked, f"{tmp_path}/{{i}}", 3600.0)
    while len(os.listdir({str(tmp_path)!r})) < 3:
        pass
    print(*(worker.pid for worker in executor._workers), flush=True)
    executor.submit(marked, f"{tmp_path}/2", 3600.0).result()
"""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "OPENBLAS_NUM_THREADS": threads}
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, env=env, cwd=ROOT) as process:
        assert process.stdout is not None
        workers = [int(pid) for pid in process.stdout.readline().split()]
        assert len(workers) == 2
        process.kill()
    last = time.monotonic() + PATIENCE
    while any(is_there(worker) and not is_zombie(worker) for worker in workers):
        assert time.monotonic() < last
        time.sleep(0.01)
    assert not list(temporary.iterdir())


def test_a_worker_that_cannot_be_started_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: float | None) -> object:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("pipeline.batch.local.start_worker", start)
    with LocalExecutor(2) as executor:
        futures = [executor.submit(square, i) for i in range(3)]
        for future in futures:
            with pytest.raises(WorkerLostError, match=r"no worker could be started: .*temporarily unavailable"):
                future.result(PATIENCE)


def test_where_no_more_workers_can_be_started_those_that_are_there_do_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def start(timeout_s: float | None) -> object:
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(timeout_s)
        return start_worker(timeout_s)

    monkeypatch.setattr("pipeline.batch.local.start_worker", start)
    with LocalExecutor(3) as executor:
        futures = [executor.submit(square, i) for i in range(10)]
        assert [future.result(PATIENCE) for future in futures] == [i * i for i in range(10)]


def test_a_worker_that_has_died_takes_nothing_and_costs_nobody_a_strike() -> None:
    executor = LocalExecutor(1)
    executor.__exit__(None, None, None)
    ours, theirs = Pipe()
    theirs.close()
    work = _Work((square, (2,), {}), light=False)
    queue = deque([work])
    assert not executor._given(Worker(0, ours, lambda _: None), queue)
    assert list(queue) == [work]
    assert work.strikes == 0


@LINUX
def test_workers_are_started_where_what_they_are_copies_of_was_killed_before() -> None:
    start_fork_server()
    fork_server = worker_module._fork_server
    assert fork_server is not None
    os.kill(fork_server._pid, signal.SIGKILL)
    with LocalExecutor(1) as executor:
        assert executor.submit(square, 3).result(PATIENCE) == 9


@LINUX
def test_workers_end_with_what_they_are_copies_of_whatever_they_do() -> None:
    start_fork_server()
    fork_server = worker_module._fork_server
    assert fork_server is not None
    executor = LocalExecutor(1)
    future = executor.submit(sleep, 3600.0)
    while not future.running():
        time.sleep(0.01)
    (worker,) = pids(executor)
    os.kill(fork_server._pid, signal.SIGKILL)
    last = time.monotonic() + PATIENCE
    while is_there(worker) and not is_zombie(worker):
        assert time.monotonic() < last
        time.sleep(0.01)
    executor.__exit__(KeyboardInterrupt, None, None)


@pytest.mark.parametrize("copies", [pytest.param(True, marks=LINUX), False])
def test_workers_find_what_we_find(
    copies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_fork_server: None
) -> None:
    monkeypatch.setattr(worker_module, "_COPIES", copies)
    (tmp_path / "found_only_here.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    from found_only_here import answer  # type: ignore[import-not-found]

    with LocalExecutor(1) as executor:
        assert executor.submit(answer).result(PATIENCE) == 42


def test_a_worker_has_a_time_limit_where_its_signal_is_ignored(fresh_fork_server: None) -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        with LocalExecutor(1, 0.5) as executor, pytest.raises(WorkerLostError, match=r"took longer than 0\.5 s"):
            executor.submit(sleep, 3600.0).result(PATIENCE)
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_workers_read_no_input_of_ours(threads: str) -> None:
    text = (
        "from pipeline.batch.local import LocalExecutor; from tests.batch.tasks import read_input\n"
        "with LocalExecutor(1) as executor: print(executor.submit(read_input).result(), input())"
    )
    env = {**os.environ, "OPENBLAS_NUM_THREADS": threads}  # with two the process is not copied
    done = subprocess.run(
        [sys.executable, "-c", text], input=b"ours", capture_output=True, check=True, cwd=ROOT, env=env
    )
    assert done.stdout == b"b'' ours\n"


@LINUX
def test_what_workers_are_copies_of_does_not_outlive_the_command_and_says_nothing_again() -> None:
    text = (
        "import atexit, sys; from pipeline.batch import worker; atexit.register(print, 'end')\n"
        "sys.stdout.write('once\\n'); sys.stderr.write('said'); worker.start_fork_server()\n"
        "print(worker._fork_server._pid)"
    )
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # its threads could not be copied
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, cwd=ROOT, env=env)
    once, pid, end = done.stdout.split()
    assert (once, end) == (b"once", b"end")
    assert not is_there(int(pid))
    assert done.stderr == b"said"


def test_a_copy_that_the_system_refuses_is_told_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    ours, theirs = Pipe()
    with ours, theirs:
        monkeypatch.setattr(os, "fork", fork)
        answer = worker_module._copied(None, os.dup(theirs.fileno()))  # type: ignore[arg-type]
        fork_server = object.__new__(worker_module._ForkServer)
        monkeypatch.setattr(fork_server, "_asked", lambda *_: answer, raising=False)
        with pytest.raises(BlockingIOError, match="temporarily unavailable"):
            fork_server.worker(ours, theirs)


def test_a_worker_that_closes_its_pipe_and_goes_on_is_killed() -> None:
    with LocalExecutor(1) as executor:
        with pytest.raises(WorkerLostError, match=r"was killed \(SIGKILL\) three times"):
            executor.submit(deaf, 3600.0).result(PATIENCE)
        assert executor.submit(square, 3).result(PATIENCE) == 9


def test_what_cannot_be_sent_back_fails_by_itself() -> None:
    with LocalExecutor(1) as executor:
        with pytest.raises((AttributeError, TypeError), match="pickle"):
            executor.submit(unsendable).result(PATIENCE)
        with pytest.raises(ValueError, match=r"^unreadable$"):
            executor.submit(fail_unreadably).result(PATIENCE)
        assert executor.submit(square, 5).result(PATIENCE) == 25


def test_what_was_lost_is_run_alone_and_so_may_have_the_memory_that_it_needs(tmp_path: Path) -> None:
    with LocalExecutor(3) as executor:
        greedy = [executor.submit(dies_in_company, str(tmp_path), i, 0.2) for i in range(3)]
        others = [executor.submit(in_company, str(tmp_path), i, 0.05) for i in range(50)]
        assert [future.result(PATIENCE) for future in greedy] == [0, 1, 2]
        assert [future.result(PATIENCE) for future in others] == list(range(50))


def test_what_a_task_raises_is_raised_by_its_future() -> None:
    with LocalExecutor(1) as executor, pytest.raises(ValueError, match="why"):
        executor.submit(fail, "why").result(PATIENCE)


def test_workers_hear_no_ctrl_c() -> None:
    with LocalExecutor(2) as executor:
        facts = [executor.submit(process_facts, i).result(PATIENCE) for i in range(4)]
    assert os.getpid() not in {pid for pid, _, _ in facts}
    assert not any(hears for _, hears, _ in facts)


def test_workers_answer_signals_as_a_new_process_does(fresh_fork_server: None) -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with LocalExecutor(1) as executor:
            for handler in (signal.SIGTERM, signal.SIGALRM):
                assert executor.submit(handled, handler).result(PATIENCE) == signal.SIG_DFL
            assert not executor.submit(held_back, signal.SIGTERM).result(PATIENCE)
        assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGTERM, before)


@LINUX
def test_workers_are_copies_with_what_is_loaded_here_and_share_one_parent(fresh_fork_server: None) -> None:
    with LocalExecutor(2) as executor:
        assert executor.submit(has_loaded, __name__).result(PATIENCE)
        parents = {executor.submit(parent_after, 0.1).result(PATIENCE) for _ in range(4)}
    assert worker_module._fork_server is not None
    assert parents == {worker_module._fork_server._pid}


def test_a_process_with_other_threads_is_not_copied(monkeypatch: pytest.MonkeyPatch, fresh_fork_server: None) -> None:
    monkeypatch.undo()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with LocalExecutor(1) as executor:
            assert executor.submit(parent_after, 0.1).result(PATIENCE) == os.getpid()
        assert worker_module._fork_server is None
    finally:
        done.set()
        thread.join()


def test_workers_are_loaded_each_where_the_system_refuses_a_copy(
    monkeypatch: pytest.MonkeyPatch, fresh_fork_server: None
) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    with LocalExecutor(1) as executor:
        assert executor.submit(parent_after, 0.1).result(PATIENCE) == os.getpid()
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_an_exception_on_the_way_out_ends_the_workers_at_once() -> None:
    began = time.monotonic()
    futures: list[Future[float]] = []
    workers: list[int] = []

    def interrupted() -> None:
        with LocalExecutor(2) as executor:
            futures.extend(executor.submit(sleep, 3600.0) for _ in range(4))
            while not all(future.running() for future in futures[:2]):
                time.sleep(0.01)
            workers.extend(pids(executor))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 60
    assert workers
    assert not any(is_there(worker) for worker in workers)
    assert not any(future.done() and not future.cancelled() and future.exception() is None for future in futures)


def test_here_does_it_at_once_and_raises() -> None:
    assert SerialExecutor().submit(square, 3).result(0) == 9
    with pytest.raises(ValueError, match="why"):
        SerialExecutor().submit(fail, "why")


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
    assert usable_processors() >= 1
    monkeypatch.setattr("pipeline.system.usable_processors", lambda: processors_)
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
    with LocalExecutor(1, timeout_s=1.0, light=light) as executor:
        first = executor.submit(process_after, 0.3)  # till all the others are there, so that their bundles are large
        slow = [first, *(executor.submit(process_after, 0.12) for _ in range(24))]  # some take longer than 1 s
        (worker,) = {future.result(PATIENCE) for future in slow}
        time.sleep(1.1)  # a worker that waits is not at anything
        assert executor.submit(process_after, 0.0).result(PATIENCE) == worker
        wrong = [executor.submit(fail, text) for text in ("one", "two")]
        late, after = executor.submit(sleep, 3600.0), executor.submit(square, 7)
        for future, text in zip(wrong, ("one", "two"), strict=True):
            with pytest.raises(ValueError, match=text):
                future.result(PATIENCE)
        with pytest.raises(WorkerLostError, match=r"took longer than 1 s \(batch\.timeout\)"):
            late.result(PATIENCE)
        assert after.result(PATIENCE) == 49


def test_a_bundle_that_a_pipe_cannot_take_at_once_waits_here() -> None:
    """Else a worker that sends and we who send would wait for each other for ever."""
    long = "x" * 100_000
    with LocalExecutor(1, light=light) as executor:
        futures = [executor.submit(echoed, f"{i}{long}") for i in range(64)]
        assert [future.result(PATIENCE) for future in futures] == [f"{i}{long}" for i in range(64)]


def test_all_of_a_bundle_are_begun_before_one_is_committed(tmp_path: Path) -> None:
    bad = {2: 1, 11: 2, 12: 2}
    with LocalExecutor(1, light=light) as executor:
        futures = [executor.submit(in_two_steps, str(tmp_path), i, bad.get(i, 0)) for i in range(32)]
        begun = {}
        for i, future in enumerate(futures):
            if i in bad:
                with pytest.raises(ValueError, match=f"^step {bad[i]}$"):
                    future.result(PATIENCE)
            else:
                begun[i] = future.result(PATIENCE)
    assert all(count >= i for i, count in begun.items())
    assert begun[31] == 31
    assert sum(count > i + 1 for i, count in begun.items()) > 16
    assert len(list(tmp_path.glob("* 2"))) == 29


def test_what_is_begun_alone_is_committed_and_each_has_its_time(tmp_path: Path) -> None:
    with LocalExecutor(1, timeout_s=1.0) as executor:
        assert executor.submit(in_two_steps, str(tmp_path), 1).result(PATIENCE) == 1
        with pytest.raises(WorkerLostError, match=r"took longer than 1 s \(batch\.timeout\)"):
            executor.submit(sleeps_in_its_commit, 3600.0).result(PATIENCE)


def test_a_worker_waits_for_the_folder_of_a_bundle_once_before_it_answers(tmp_path: Path) -> None:
    with LocalExecutor(1, light=light) as executor:
        futures = [executor.submit(writes, str(tmp_path / str(i))) for i in range(64)]
        synced = [future.result(PATIENCE) for future in futures]
        folders = executor.submit(writes, str(tmp_path / "last")).result(PATIENCE)[1]
    assert [files for files, _ in synced] == list(range(1, 65))
    assert 4 <= folders <= 32, "one a bundle"


def test_no_light_task_waits_behind_one_that_is_not() -> None:
    with LocalExecutor(2, light=lambda seconds: seconds < 1) as executor:
        long = executor.submit(process_after, 3600.0)
        for short in [executor.submit(process_after, 0.01) for _ in range(100)]:
            short.result(PATIENCE)
        assert not long.done()
        executor.kill()


def test_the_next_bundle_is_there_before_the_last_is_answered() -> None:
    with LocalExecutor(1, light=light) as executor:
        for _ in range(64):
            executor.submit(process_after, 0.2)
        last = time.monotonic() + PATIENCE
        while max((len(worker.bundles) for worker in executor._workers), default=0) < 2:
            assert time.monotonic() < last
            time.sleep(0.01)
        executor.kill()
