"""Who does the files of a run: this process, workers beside it or a cluster; and what each of them is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from ..batch.manifest import Data
from ..batch.resume import Item, owners_of
from ..batch.task import Prepared, Runner, begin_task, configuration_text, is_light, make_task, run_in_turn, run_task
from ..config.inputs import STREAM
from ..dsp.threads import SerialExecutor
from ..plugins import bundled, owners_for
from ..system import share_threads
from .work import Work

Advanced = Callable[[str, int, int | None, float], None]
"""Told of each block of a file: its name, the frames read, of how many, at what rate."""


def executor_of(
    work: Work, tasks: Sequence[Data], advanced: Advanced, stack: ExitStack
) -> tuple[Executor, Runner, int, Callable[[], object]]:
    """Where tasks are run, by what, how many it is given at a time, and what looks whether it is still there."""
    if work.choices.scheduler is not None:
        dask = bundled("faltung_cluster.dask", "scheduler=")
        files = [path for item in work.items for path in item.outputs if isinstance(path, Path)]
        there, slots, watch = stack.enter_context(dask.workers_at(work.choices.scheduler, _plugins_of(work), files))
        return _cutting(there, slots, work, advanced, stack), run_task, 2 * slots, watch
    nothing = lambda: None  # noqa: E731
    if work.jobs == 1 and not is_apart(work):
        return SerialExecutor(), partial(_run_here, advanced=advanced, prepared=Prepared(work.job)), 1, nothing
    from ..batch.local import BUNDLE, LocalExecutor

    timeout = work.loaded.settings.batch.timeout
    timeout_s = None if timeout is None else timeout.seconds(1.0)
    if work.shard is not None or work.choices.fail_fast:
        executor = stack.enter_context(LocalExecutor(work.jobs, timeout_s))
        return _cutting(executor, work.jobs, work, advanced, stack), run_task, 2 * work.jobs, nothing
    executor = stack.enter_context(LocalExecutor(work.jobs, timeout_s, is_light))
    if work.jobs == 1:  # one file after another, as here
        return executor, run_in_turn, 3 * BUNDLE if all(map(is_light, tasks)) else 1, nothing
    return executor, begin_task, 3 * work.jobs * BUNDLE, nothing


def is_apart(work: Work) -> bool:
    """Whether one job, too, is done by a process of its own, which a file may take down with it; not a pipe's."""
    streams = any(STREAM in (item.source, *item.outputs) for item in work.items)
    return work.choices.apart and work.batch is not None and not streams


def _plugins_of(work: Work) -> set[str]:
    """Distributions that the workers must have, for the stages and for the names of the files."""
    sources = [os.fspath(item.source) for item in work.items]
    signals = [os.fspath(item.signal) for item in work.items if item.signal is not None]
    events = [os.fspath(path) for item in work.items for path in item.events]
    named = owners_for("reader", sources) | owners_for("writer", signals) | owners_for("event writer", events)
    return (owners_of(work.job.stages) | named) - {"faltung"}


def _run_here(task: Data, advanced: Advanced, prepared: Prepared) -> Data:
    return run_task(task, progress=partial(advanced, task["source"]), prepared=prepared)


def _cutting(executor: Executor, jobs: int, work: Work, advanced: Advanced, stack: ExitStack) -> Executor:
    """The executor, behind one that cuts long files into shards where that is asked for."""
    if work.shard is None:
        return executor
    shards = bundled("faltung_cluster.shards", "batch.shard")
    cutting: Executor = shards.Shards(executor, jobs, work.shard, advanced, far=work.choices.scheduler is not None)
    return stack.enter_context(cutting)


def tasks_of(work: Work) -> list[Data]:
    """The tasks of the files that are to be done, in their order."""
    settings = work.loaded.settings
    remote = work.choices.scheduler is not None
    threads = (settings.threads or 1) if remote else share_threads(work.jobs, settings.threads)
    text = configuration_text(settings, threads)
    reported, searching = work.report is not None, work.searching

    def task(item: Item, **how: Any) -> Data:
        return make_task(
            item.source, item.signal, item.events, item.page,
            configuration=text, absolute=remote, reported=reported, searching=searching,
            truth=work.truth.get(item.source), **how,
        )  # fmt: skip

    if work.batch is None:
        return [task(item, overwrite=work.choices.overwrite) for item in work.items]
    states = {state.item: state for state in work.states}
    tasks = []
    for item in work.items:  # what stands under an output's name was found to be ours, or may be replaced
        state = states[item]
        fresh = state.fresh and not work.choices.overwrite
        tasks.append(task(item, overwrite=True, fresh=fresh, record=state.record))
    return tasks
