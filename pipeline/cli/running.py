"""What `run` and `apply` have in common: do the work, show what came of it, end with the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from ..batch.manifest import Manifest, read_manifest
from ..config.inputs import STREAM
from ..errors import UsageError
from ..io.names import shown_path
from ..system import share_threads, usable_processors
from ..text import count
from .jobs import Choices, Work, resumed
from .terminal import Voice, tell, write_json

if TYPE_CHECKING:
    from ..config.load import LoadedConfig

__all__ = ["check_scheduler", "check_streams", "choices_of", "dry", "end_with", "finish"]

_MOST_JOBS = 256
_TOLD = 20  # files listed one by one


def check_streams(inputs: Sequence[str], output: str | None, *, as_json: bool) -> None:
    """Refuse what cannot go together; raises `UsageError`."""
    if output == "-" and as_json:
        raise UsageError("-o - and --json both want standard output; give one")
    if output == "-" and sys.stdout is None:
        raise BrokenPipeError
    if output == "-" and sys.stdout.isatty():
        raise UsageError("standard output is a terminal, which plays no audio; pipe it: ... -o - | aplay")
    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe audio into it: arecord | faltung run CONFIG - ...")


def check_scheduler(scheduler: str | None, jobs: str | None, *, insecure: bool) -> None:
    """Refuse an address that is none or not safe; raises `UsageError`."""
    if scheduler is None:
        return
    from ..batch.dask import check_address

    if jobs is not None:
        raise UsageError("--jobs are processes of this machine, --scheduler is a cluster; give one")
    check_address(scheduler, insecure=insecure)


def choices_of(
    loaded: LoadedConfig,
    jobs: str | None,
    check: str | None,
    scheduler: str | None,
    *,
    force: bool,
    retry_failed: bool,
    fail_fast: bool,
) -> Choices:
    """What was chosen for a batch, the command line before the configuration; raises `UsageError`."""
    chosen = loaded.settings.batch.jobs if jobs is None else jobs
    if chosen == "auto":
        chosen = usable_processors()
    if not str(chosen).isdecimal() or not 1 <= int(chosen) <= _MOST_JOBS:
        raise UsageError(f"--jobs must be a whole number from 1 to {_MOST_JOBS}, or auto, got {jobs!r}")
    if check not in (None, "stat", "hash"):
        raise UsageError(f"--check must be stat or hash, got {check!r}")
    return Choices(int(chosen), check, force, retry_failed, fail_fast, scheduler)  # type: ignore[arg-type]


def finish(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Do the work and say what was written; raises `typer.Exit` unless all went well."""
    from .progress import Progress
    from .report import as_data, show_outcomes, write_run_report
    from .work import do_all, exit_code

    voice = _voice(work, quiet=quiet or as_json, verbose=verbose)
    _tell_config_warnings(work, quiet=quiet)
    began = datetime.now(UTC)
    with ExitStack() as stack:
        manifest = None
        batch = work.batch
        if batch is not None:
            manifest = stack.enter_context(Manifest(batch.manifest))
            work = resumed(work, manifest.state)
            _tell_threads(work, voice)
            if work.items:
                manifest.begin(batch.run_record(work.loaded.file))
        jobs = work.choices.jobs or 1
        outcomes, interrupted = do_all(work, Progress(len(work.items), shown=not quiet, jobs=jobs), manifest)
    done = {outcome.item for outcome in outcomes}
    left = [item for item in work.items if item not in done]
    show_outcomes(outcomes, work, left, voice)
    if work.loaded.settings.explain:
        from .explaining import explain_outcomes

        explain_outcomes(work, outcomes, quiet=quiet or as_json)
    if as_json:
        write_json(as_data(outcomes, work, left))
    write_run_report(outcomes, work, left, began)
    if work.report is not None:
        voice.note(f"report: {shown_path(work.report)}")
    code = exit_code(outcomes, interrupted=interrupted)
    if code:
        raise typer.Exit(code)


def _tell_threads(work: Work, voice: Voice) -> None:
    jobs, asked = work.jobs, work.loaded.settings.threads
    given = share_threads(jobs, asked)
    if asked is not None and given != asked:
        threads = f"{count(given or 1, 'thread')} each, not {asked}"
        voice.note(f"note: {jobs} jobs on {count(usable_processors(), 'processor')} have {threads}")


def dry(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say what would be written, and why; each input is opened for its format only."""
    from .plan_view import predictions_table
    from .planning import plan_each

    _tell_config_warnings(work, quiet=quiet)
    if work.batch is not None:
        work = resumed(work, read_manifest(work.batch.manifest))
    voice = _voice(work, quiet=quiet or as_json, verbose=verbose)
    asked = [(item.source, item.signal, item.events) for item in work.items]
    predicted, failed = plan_each(work.loaded, work.job, asked, alone=work.batch is None and len(asked) == 1)
    if as_json:
        files = [one.as_data() for one in predicted]
        stand = [
            {"input": str(s.item.source), "output": str(s.item.target), "state": s.state, "why": s.why}
            for s in work.standings
        ]
        data = {"dry_run": True, "files": files, "failed": failed, "skipped": len(work.skipped)}
        write_json(data if work.batch is None else {**data, "standings": stand})
    elif predicted:
        voice.show(predictions_table(predicted))
    _tell_standings(work, voice)
    end_with(failed)


def _tell_standings(work: Work, voice: Voice) -> None:
    if not work.standings:
        return
    again = [standing for standing in work.standings if standing.state == "again"]
    new = sum(standing.state == "new" for standing in work.standings)
    unchanged = len(work.standings) - len(again) - new
    voice.note(f"{count(len(work.standings), 'file')}: {new} new, {unchanged} unchanged, {len(again)} again")
    for standing in again[:_TOLD]:
        voice.note(f"  {shown_path(standing.item.source)}: {standing.why}")
    if len(again) > _TOLD:
        voice.note(f"  and {len(again) - _TOLD} more; --json tells all")


def end_with(failed: Sequence[str]) -> None:
    """Tell the reasons of what failed; raises `typer.Exit` if there are any."""
    for reason in failed:
        tell(f"faltung: {reason}")
    if failed:
        raise typer.Exit(1)


def _voice(work: Work, *, quiet: bool, verbose: bool) -> Voice:
    return Voice(quiet, verbose, to_stderr=any(STREAM in item.outputs for item in work.items))


def _tell_config_warnings(work: Work, *, quiet: bool) -> None:
    for warning in () if quiet else work.loaded.warnings:
        tell(f"warning: {warning}")
