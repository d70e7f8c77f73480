"""What `run` and `apply` have in common: do the work, show what came of it, end with the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from ..config.paths import STREAM
from ..errors import UsageError
from .jobs import Work
from .terminal import Voice, tell, write_json
from .text import shown_path

__all__ = ["check_streams", "dry", "end_with", "finish"]


def check_streams(inputs: Sequence[str], output: str | None, *, jobs: int, as_json: bool) -> None:
    """Refuse what cannot go together; raises `UsageError`."""
    if jobs != 1:
        raise UsageError(f"files are run one after another for now; --jobs must be 1, got {jobs}")
    if output == "-" and as_json:
        raise UsageError("-o - and --json both want standard output; give one")
    if output == "-" and sys.stdout is None:
        raise BrokenPipeError
    if output == "-" and sys.stdout.isatty():
        raise UsageError("standard output is a terminal, which plays no audio; pipe it: ... -o - | aplay")
    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe audio into it: arecord | faltung run CONFIG - ...")


def finish(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Do the work and say what was written; raises `typer.Exit` unless all went well."""
    from .progress import Progress
    from .records import report_run
    from .report import as_data, show_outcomes
    from .work import do_all, exit_code

    voice = _voice(work, quiet=quiet or as_json, verbose=verbose)
    _tell_config_warnings(work, quiet=quiet)
    began = datetime.now(UTC)
    outcomes, interrupted = do_all(work, Progress(len(work.items), shown=not quiet))
    left = work.items[len(outcomes) :]
    show_outcomes(outcomes, work.skipped, len(left), voice)
    if work.loaded.settings.explain:
        from .explaining import explain_outcomes

        explain_outcomes(work, outcomes, quiet=quiet or as_json)
    if as_json:
        write_json(as_data(outcomes, work.skipped, left))
    report_run(work, outcomes, began)
    if work.report is not None:
        voice.note(f"report: {shown_path(work.report)}")
    code = exit_code(outcomes, interrupted=interrupted)
    if code:
        raise typer.Exit(code)


def dry(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say what would be written; each input is opened for its format only."""
    from .plan_view import predictions_table
    from .planning import plan_each

    _tell_config_warnings(work, quiet=quiet)
    predicted, failed = plan_each(work.loaded, work.job, [(item.source, item.target) for item in work.items])
    if as_json:
        files = [one.as_data() for one in predicted]
        write_json({"dry_run": True, "files": files, "failed": failed, "skipped": len(work.skipped)})
    elif predicted:
        _voice(work, quiet=quiet, verbose=verbose).show(predictions_table(predicted))
    end_with(failed)


def end_with(failed: Sequence[str]) -> None:
    """Tell the reasons of what failed; raises `typer.Exit` if there are any."""
    for reason in failed:
        tell(f"faltung: {reason}")
    if failed:
        raise typer.Exit(1)


def _voice(work: Work, *, quiet: bool, verbose: bool) -> Voice:
    return Voice(quiet, verbose, to_stderr=any(item.target == STREAM for item in work.items))


def _tell_config_warnings(work: Work, *, quiet: bool) -> None:
    for warning in () if quiet else work.loaded.warnings:
        tell(f"warning: {warning}")
