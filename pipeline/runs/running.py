"""Does the files of a run, here or by workers, and keeps what became of each.

With one file an error in the settings is that of the configuration, with line and column; with several, each file
fails by itself with its reason and the others go on. Only a full disk ends it all: the next file would not fit either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ..batch.driver import run_tasks
from ..batch.manifest import Data, Manifest
from ..batch.resume import Check, Item, recipe_of
from ..config.inputs import Place
from ..errors import ReadError, SettingError, SignalError, UsageError
from ..io.sink import make_folder_of, remove_left_behind
from ..plugins import bundled
from ..system import keep_freed_memory, share_threads
from .outputs import files_written
from .results import FileResult, RunResult
from .work import Choices, Config, Paths, Work, load, prepare, resumed
from .workers import executor_of, is_apart, tasks_of


@dataclass(frozen=True)
class RunProgress:
    """How far a run is, as it is told to whoever asked.

    Examples
    --------
    >>> import numpy as np
    >>> _ = write("in.wav", np.zeros(8), 8000)
    >>> _ = run([Gain(gain=0.5)], "in.wav", "out.wav", progress=lambda one: print(one.kind, one.source, one.frames))
    begun in.wav 0
    read in.wav 8
    ended in.wav 0
    """

    kind: Literal["begun", "read", "ended"]
    """A file is begun, so many frames of it have been read, or it has ended."""
    source: Place
    frames: int = 0
    total: int | None = None
    """Frames of the file; None for a pipe."""
    fs: float = 1.0
    """Rate of the file in Hz."""
    outcome: Data | None = None
    """Facts of a file that has ended, by the names that `pipeline.batch.task` lists."""


Watcher = Callable[[RunProgress], object]


def run(
    config: Config,
    inputs: Paths = (),
    output: str | os.PathLike[str] | None = None,
    *,
    settings: Sequence[str] = (),
    overwrite: bool = False,
    skip_existing: bool = False,
    force: bool = False,
    retry_failed: bool = False,
    fail_fast: bool = False,
    jobs: int | Literal["auto"] | None = None,
    check: Check | None = None,
    scheduler: str | None = None,
    insecure: bool = False,
    report: str | os.PathLike[str] | None = None,
    progress: Watcher | None = None,
    stop: Callable[[], bool] | None = None,
) -> RunResult:
    """Run a configuration on files: what ``faltung run`` does, with the same refusals, bytes and manifest.

    Several files are a batch: run again, it does only what is not done, or not as it would be done now.

    Parameters
    ----------
    config
        the path of a YAML file, what such a file holds as a mapping, a `Pipeline`, or stages.
    inputs
        files or patterns, in place of those of the configuration.
    output
        a path with ``{stem}``, ``{name}``, ``{ext}``, ``{parent}`` or ``{relative}`` of the input, likewise.
    settings
        changes to the configuration, such as ``"hall.mix=20%"``.
    overwrite, skip_existing
        replace outputs that exist; pass over inputs whose output exists.
    force, retry_failed, fail_fast
        do again what is unchanged, too; do only what failed before; begin no more files once one has failed.
    jobs
        processes that do files side by side; ``"auto"`` is one a processor.
    check
        what tells a changed file: its size and time (``"stat"``) or its content too (``"hash"``).
    scheduler, insecure
        address of a Dask cluster that does the files; whether it may be one elsewhere without TLS.
    report
        a page about what became of each file.
    progress
        called with a `RunProgress` as it goes; from other threads where files are cut into shards.
    stop
        asked all the while; once true, no further file is begun and those under way are finished.

    Returns
    -------
    RunResult
        what became of each file; ``.failed`` are those that failed, each with its ``error``.

    Raises
    ------
    ConfigError
        everything that is wrong with the configuration; with one file, a setting that does not fit it.
    UsageError
        what is refused before any work: an output that exists or is an input, no input, options that contradict.
    WriteError
        the manifest or the report cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> _ = write("in.wav", np.zeros(8), 8000)
    >>> result = run([Gain(gain="-6 dB")], ["in.wav"], "out/{name}", jobs=2)
    >>> print(result, result.failed)
    1 done ()
    """
    work = prepare_run(
        config, inputs, output, settings=settings, report=report, overwrite=overwrite, skip_existing=skip_existing,
        force=force, retry_failed=retry_failed, fail_fast=fail_fast, jobs=jobs, check=check, scheduler=scheduler,
        insecure=insecure,
    )  # fmt: skip
    return execute(work, progress, stop)


def prepare_run(
    config: Config,
    inputs: Paths = (),
    output: str | os.PathLike[str] | None = None,
    *,
    settings: Sequence[str] = (),
    report: str | os.PathLike[str] | None = None,
    page: str | os.PathLike[str] | None = None,
    searching: bool = False,
    saved: Path | None = None,
    dry_run: bool = False,
    **choices: Any,
) -> Work:
    """The work of `run`, checked, which `execute` does; for a dry run, `plan_work` says what it would come to.

    Workers, where there will be any, are copies of the process that is begun here, before there are threads and the
    lock of a manifest.
    """
    # a cluster's workers have working directories of their own
    afar = choices.get("scheduler") is not None and isinstance(config, str | os.PathLike)
    loaded = load(config, settings, base=Path(config).absolute().parent if afar else None)  # type: ignore[arg-type]
    chosen = Choices.of(loaded, **choices)
    work = prepare(loaded, inputs, output, chosen, report, page=page, searching=searching, saved=saved)
    if not dry_run and (work.jobs > 1 or is_apart(work)):
        from ..batch.worker import start_fork_server

        start_fork_server()
    return work


def execute(
    work: Work,
    progress: Watcher | None = None,
    stop: Callable[[], bool] | None = None,
    resuming: Callable[[Work], object] | None = None,
) -> RunResult:
    """Do the work, write its report, and say what became of it; raises as `run` does.

    ``resuming`` is called with the work that is left when it is known what was done before.
    """
    keep_freed_memory()
    began = datetime.now(UTC)
    with ExitStack() as stack:
        manifest = None
        batch = work.batch
        if batch is not None:
            manifest = stack.enter_context(Manifest(batch.manifest))
            work = resumed(work, manifest.state)
            if resuming is not None:
                resuming(work)
            if work.items:
                manifest.begin(batch.run_record(work.loaded.file))
        outcomes = _outcomes(work, manifest, progress or (lambda _: None), stop or (lambda: False))
    files = [FileResult(work.items[place], outcomes[place]["status"], outcomes[place]) for place in sorted(outcomes)]
    files += [FileResult(item, "skipped", {}) for item in work.skipped]
    left = [item for place, item in enumerate(work.items) if place not in outcomes]
    files += [FileResult(item, "not begun", {}) for item in left]
    files += [FileResult(Item(one), "failed", {"error": f"{one}: {one.why}", "code": 1}) for one in work.unreadable]
    for state in work.passed_over:
        known = state.state == "unchanged"
        files.append(FileResult(state.item, "unchanged" if known else "not begun", (state.last or {}) if known else {}))
    stopped = stop is not None and stop()
    searches = [search for file in files for search in file.searches]
    for table in work.tables if not stopped else ():
        from ..match.writers import write_events

        make_folder_of(table)
        write_events(table, searches, overwrite=work.choices.overwrite)
    result = RunResult(work, tuple(files), stopped, _explanations(work, files))
    _write_report(result, began)
    if batch is not None:
        now = recipe_of(work.loaded.settings, work.loaded.base, batch.check)["files"]
        for name in (one for one, was in batch.recipe["files"].items() if was != now[one]):
            raise ReadError(name, "was changed while files were done with it; run it again, so that all are of one")
    return result


def _outcomes(work: Work, manifest: Manifest | None, progress: Watcher, stop: Callable[[], bool]) -> dict[int, Data]:
    """Outcome of each file that was begun, by its place among the items."""
    outcomes: dict[int, Data] = {}

    def advanced(source: str, frames: int, total: int | None, fs: float) -> None:
        progress(RunProgress("read", Path(source), frames, total, fs))

    tasks = tasks_of(work)
    alone = len(tasks) == 1 and work.batch is None
    with ExitStack() as stack:
        items = [*work.items, *(state.item for state in work.passed_over)]  # a worker may be killed behind the last
        targets = [one.path for one in files_written(items, None)]
        remove_left_behind(targets)
        if work.batch is not None:
            stack.callback(remove_left_behind, targets)
        executor, runner, window, watch = executor_of(work, tasks, advanced, stack)
        ended = run_tasks(
            tasks,
            executor,
            window=window,
            manifest=manifest,
            runner=runner,
            on_begin=partial(_tell_begun, work, progress),
            stopped=stop,
            fail_fast=work.choices.fail_fast,
            watch=watch,
        )
        for place, outcome in stack.enter_context(closing(ended)):
            outcomes[place] = outcome
            if alone and outcome.get("code") == UsageError.exit_code:
                raise _refusal(outcome, work)
            progress(RunProgress("ended", work.items[place].source, outcome=outcome))
    return outcomes


def _tell_begun(work: Work, progress: Watcher, place: int) -> None:
    progress(RunProgress("begun", work.items[place].source))


def _refusal(outcome: Data, work: Work) -> Exception:
    """The error of the one file, as that of the configuration where it is about a setting."""
    if "at" in outcome:
        return work.loaded.locate(SettingError(outcome["message"], *outcome["at"]))
    return UsageError(outcome["error"])


def _explanations(work: Work, files: Sequence[FileResult]) -> tuple[tuple[Path, ...], ...]:
    """For ``explain: true``: the pages about each kernel stage of each file that was done, beside its output.

    What stands there of an earlier explanation is replaced. A signal that came or went by a pipe, or went to a store,
    has no place for it.
    """
    if not work.loaded.settings.explain:
        return ()
    from ..job import plan_job

    explain_stage = bundled("faltung_explain.explain", "explain: true").explain_stage
    explained = []
    for file in files:
        source, beside = file.item.source, file.item.explanations
        if file.status != "done" or beside is None:
            continue
        pages = []
        for planned in plan_job(work.job, os.fspath(source))[0].stages:
            if planned.kernel is not None:
                folder = beside / f"{planned.index}-{planned.stage.id or planned.stage.use}"
                try:
                    explain_stage(work.loaded, source, folder, stage=str(planned.index))
                except SignalError as error:  # nothing, silence, or what is no number: nothing can be seen of it
                    file.facts["warnings"].append(f"not explained: {str(error).removeprefix(f'{Path(source).name}: ')}")
                    continue
                pages.append(folder / "index.html")
        explained.append(tuple(pages))
    return tuple(explained)


def _write_report(result: RunResult, began: datetime) -> None:
    """The page and the data that the configuration or ``report`` asks for, with what earlier runs have done."""
    work = result.work
    if work.report is None:
        return
    from .. import __version__
    from ..batch.report import run_facts, run_report, write_report

    settings, seconds = work.loaded.settings, (datetime.now(UTC) - began).total_seconds()
    threads = share_threads(work.choices.jobs, settings.threads) or work.job.options.thread_count
    facts = run_facts(
        settings, version=__version__, began=began.astimezone(), seconds=seconds, jobs=work.choices.jobs,
        threads=threads,
    )  # fmt: skip
    attempts = {state.item: state.record["attempts"] for state in work.states}
    records = []
    for file in result:
        tried = {"attempts": attempts.get(file.item, 1)} if file.status in ("done", "failed") else {}
        records.append(_record(file, {**file.facts, "status": file.status, **tried}))
    write_report(work.report, run_report(records, facts))


def _record(file: FileResult, facts: Data) -> Data:
    """The record of a file, with names as they are seen from here."""
    outputs = zip(facts.get("outputs", []), file.item.outputs, strict=False)
    return {
        **facts,
        "item": file.source,
        "outputs": [{**output, "path": str(path)} for output, path in outputs],
        "error": None if file.error is None else file.reason,
    }
