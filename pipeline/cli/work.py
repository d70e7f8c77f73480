"""Does files, here or by workers, and keeps what became of each; the first Ctrl-C lets those under way finish.

With one file an error in the settings is that of the configuration, with line and column; with several, each file
fails by itself with its reason and the others go on. Only a full disk ends it all: the next file would not fit either.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from ..batch.driver import run_tasks
from ..batch.manifest import Data, Manifest
from ..batch.task import Prepared, Runner, begin_task, configuration_text, is_light, make_task, run_task
from ..dsp.serial import SerialExecutor
from ..errors import DiskFullError, SettingError, UsageError
from ..io.sink import remove_left_behind
from ..system import keep_freed_memory, share_threads
from .interrupts import Interrupts
from .jobs import Item, Work
from .progress import Progress

__all__ = ["Outcome", "do_all", "exit_code"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file: the facts, as its task told them."""

    item: Item
    record: Data

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        return self.record.get("error")


def do_all(work: Work, progress: Progress, manifest: Manifest | None = None) -> tuple[list[Outcome], bool]:
    """What became of each file that was begun, in their order, and whether Ctrl-C ended it before all were done."""
    keep_freed_memory()
    outcomes: dict[int, Outcome] = {}
    tasks = _tasks(work, work.jobs)
    alone = len(tasks) == 1 and work.batch is None
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        stack.enter_context(progress.watching(interrupts))
        if work.batch is not None:
            targets = [path for item in work.items for path in item.outputs]
            remove_left_behind(targets)
            stack.callback(remove_left_behind, targets)
        executor, runner, window = _executor(work, progress, stack, alone=alone)
        run = run_tasks(
            tasks,
            executor,
            window=window,
            manifest=manifest,
            runner=runner,
            on_begin=lambda place: progress.begin(work.items[place].source),
            stopped=progress.stopped,
            fail_fast=work.choices.fail_fast,
        )
        for place, record in stack.enter_context(closing(run)):
            outcomes[place] = Outcome(work.items[place], record)
            if alone and record.get("code") == UsageError.exit_code:
                raise _refusal(record, work)
            progress.end(record, work.items[place].source)
    return [outcomes[place] for place in sorted(outcomes)], interrupts.asked


def _executor(work: Work, progress: Progress, stack: ExitStack, *, alone: bool) -> tuple[Executor, Runner, int]:
    """Where tasks are run, by what, and how many it is given at a time."""
    if work.choices.scheduler is not None:
        from ..batch.dask import cluster

        there, slots = stack.enter_context(cluster(work.choices.scheduler))
        return _cutting(there, slots, work, progress, stack), run_task, 2 * slots
    if work.jobs == 1:
        runner = partial(run_task, progress=progress.advance, prepared=Prepared(work.job), alone=alone)
        return SerialExecutor(), runner, 1
    from ..batch.local import BUNDLE, LocalExecutor

    timeout = work.loaded.settings.batch.timeout
    timeout_s = None if timeout is None else timeout.seconds(1.0)
    if work.shard is not None or work.choices.fail_fast:
        executor = stack.enter_context(LocalExecutor(work.jobs, timeout_s))
        return _cutting(executor, work.jobs, work, progress, stack), run_task, 2 * work.jobs
    executor = stack.enter_context(LocalExecutor(work.jobs, timeout_s, is_light))
    return executor, begin_task, 3 * work.jobs * BUNDLE


def _cutting(executor: Executor, jobs: int, work: Work, progress: Progress, stack: ExitStack) -> Executor:
    """The executor, behind one that cuts long files into shards where that is asked for."""
    if work.shard is None:
        return executor
    from ..batch.shards import Shards

    far = work.choices.scheduler is not None
    return stack.enter_context(Shards(executor, jobs, work.shard, progress.joined, far=far))


def _tasks(work: Work, jobs: int) -> list[Data]:
    settings = work.loaded.settings
    remote = work.choices.scheduler is not None
    text = configuration_text(settings, (settings.threads or 1) if remote else share_threads(jobs, settings.threads))
    make = partial(make_task, configuration=text, absolute=remote, reported=work.report is not None)
    if work.batch is None:
        return [make(item.source, item.signal, item.events, overwrite=work.overwrite) for item in work.items]
    standings = {standing.item: standing for standing in work.standings}
    tasks = []
    for item in work.items:  # what stands under an output's name was found to be ours, or may be replaced
        stands = standings[item]
        fresh = stands.fresh and not work.overwrite
        tasks.append(make(item.source, item.signal, item.events, overwrite=True, fresh=fresh, record=stands.record))
    return tasks


def _refusal(record: Data, work: Work) -> Exception:
    """The error of the one file, as that of the configuration where it is about a setting."""
    if "at" in record:
        return work.loaded.locate(SettingError(record["message"], *record["at"]))
    return UsageError(record["error"])


def exit_code(outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    """0 when all is well, 1 when a file failed, 3 when the run could not go on, 130 when it was interrupted."""
    if any(outcome.record.get("code") == DiskFullError.exit_code for outcome in outcomes):
        return DiskFullError.exit_code
    return 130 if interrupted else int(any(outcome.error for outcome in outcomes))
