"""Does the work of `run` and `apply`, and says what came of it: one file in full, several as a table."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from ..config.inputs import STREAM
from ..errors import UsageError
from ..io.names import shown_path
from ..runs.results import FileResult, RunResult, clipped_text
from ..runs.work import Work
from ..system import share_threads, usable_processors
from ..text import count, decibels, duration, first_few, hertz, number, signed, size, times
from .process import in_options
from .terminal import Card, Output, end_with, standard_output, table, tell, write, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from ..batch.manifest import Data
    from ..runs.baking import Baked

_MOST_ROWS = 40  # of a table; more files are told in sum
_LISTED = 20  # failures and warnings that are listed one by one


def check_streams(inputs: Sequence[str], output: str | None, *, as_json: bool) -> None:
    """Refuse what cannot go together; raises `UsageError`."""
    if output == "-" and as_json:
        raise UsageError("-o - and --json both want standard output; give one")
    stream = standard_output()
    if output == "-" and stream is None:
        raise BrokenPipeError
    if output == "-" and stream is not None and stream.isatty():
        raise UsageError("standard output is a terminal, which plays no audio; pipe it: ... -o - | aplay")
    if "-" in inputs and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe audio into it: arecord | faltung run CONFIG - ...")


def do(work: Work, output: Output, *, shown: bool) -> RunResult:
    """Do the work with a bar on the terminal; the first Ctrl-C lets the files under way finish."""
    from ..runs.running import execute
    from .process import Interrupts
    from .progress import ProgressBar

    def resuming(left: Work) -> None:
        _tell_threads(left, output)
        bar.files = len(left.items)
        _tell_before(left, output)

    if work.batch is None:
        _tell_before(work, output)

    with (
        Interrupts() as interrupts,
        ProgressBar(len(work.items), interrupts, shown=shown, jobs=work.choices.jobs) as bar,
    ):
        return execute(work, bar.advance, bar.stopped, resuming)


def finish(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Do the work and say what was written; raises `typer.Exit` unless all went well."""
    output = _output_for(work, quiet=quiet or as_json, verbose=verbose)
    _tell_config_warnings(work, quiet=quiet)
    result = do(work, output, shown=not quiet)
    _show_result(result, output)
    if as_json:
        write(result.to_json() + "\n")
    if result.report is not None:
        output.note(f"report: {shown_path(result.report)}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def show_plan_of(work: Work, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say what would be written, and why; each input is opened for its format only."""
    from ..runs.plans import plan_work
    from .plan_view import predictions_table

    _tell_config_warnings(work, quiet=quiet)
    output = _output_for(work, quiet=quiet or as_json, verbose=verbose)
    planned = plan_work(work)
    if as_json:
        states = [
            {"input": str(s.item.source), "output": str(s.item.target), "state": s.state, "why": s.why}
            for s in planned.states
        ]
        files = [one.to_dict() for one in planned]
        data = {"dry_run": True, "files": files, "failed": list(planned.failed), "skipped": planned.skipped}
        write_json(data if work.batch is None else {**data, "standings": states})
    elif planned:
        output.show(predictions_table(planned))
    if planned.states:
        again = [state for state in planned.states if state.state == "again"]
        new = sum(state.state == "new" for state in planned.states)
        total = len(planned.states)
        output.note(f"{count(total, 'file')}: {new} new, {total - len(again) - new} unchanged, {len(again)} again")
        lines = [f"{shown_path(state.item.source)}: {state.why}" for state in again]
        for line in first_few(lines, _LISTED, "; --json tells all", indent="  "):
            output.note(line)
    end_with(planned.failed)


def _output_for(work: Work, *, quiet: bool, verbose: bool) -> Output:
    """Where a run's words go: to standard error as well, where standard output carries its signal."""
    return Output(quiet, verbose, to_stderr=any(STREAM in item.outputs for item in work.items))


def _tell_config_warnings(work: Work, *, quiet: bool) -> None:
    for warning in () if quiet else work.loaded.warnings:
        tell(f"warning: {warning}")


def _tell_before(work: Work, output: Output) -> None:
    from ..runs.plans import told_before

    for words in () if output.quiet else told_before(work):
        output.note(f"note: {words}")


def _tell_threads(work: Work, output: Output) -> None:
    jobs, asked = work.jobs, work.loaded.settings.threads
    given = share_threads(jobs, asked)
    if asked is not None and given != asked:
        threads = f"{count(given or 1, 'thread')} each, not {asked}"
        output.note(f"note: {jobs} jobs on {count(usable_processors(), 'processor')} have {threads}")


def _show_result(result: RunResult, output: Output) -> None:
    """Outputs, what to know of them, then what failed and why."""
    work, done = result.work, result.done
    ran = len(done) + len(result.failed)
    if output.quiet:
        pass  # what tables need takes 0.01 s to import
    elif len(done) == 1 and ran == 1:
        output.show(_one(done[0]))
    elif done:
        output.show(*(_several(done) if len(done) <= _MOST_ROWS else (_sum(done),)))
    warnings = [f"{shown_path(name)}: {text}" for file in done for name, text in file.warnings_by_file]
    for text in warnings[:_LISTED]:
        output.note(f"warning: {text}")
    if len(warnings) > _LISTED:
        output.note(f"and {count(len(warnings) - _LISTED, 'warning')} more; {_everything(work)}")
    for file in done if output.verbose else ():  # the names of thousands of files take a while to shorten
        for note in file.facts["notes"]:
            output.detail(f"note: {shown_path(file.item.source)}: {note}")
    tell_tables(result, output)
    show_passed_over(result, output)
    _tell_failures(result)
    for file in result.failed:
        if trace := file.facts.get("traceback"):
            output.detail(trace)
    for pages in result.explained:
        written = ", ".join(map(shown_path, pages))
        output.show(Card({"explained": written or "no stage of it"}))
    tell_not_begun(result)


def show_passed_over(result: RunResult, output: Output) -> None:
    """Files that were not to be done: outputs existed, or earlier runs did them."""
    work = result.work
    if work.skipped:
        were = "was" if len(work.skipped) == 1 else "were"
        output.note(f"{count(len(work.skipped), 'output')} existed already and {were} skipped")
    unchanged = len(result.of("unchanged"))
    if unchanged and not work.choices.retry_failed:
        output.note(f"{count(unchanged, 'file')} unchanged, done before")
    if work.choices.retry_failed and not work.items:
        output.note("nothing failed before")


def tell_tables(result: RunResult, output: Output) -> None:
    """Event files that hold what was found in all files; not written where the run was stopped."""
    for path in () if result.interrupted else result.work.tables:
        output.note(f"written: {shown_path(path)}, what was found in {count(len(result.done), 'file')}")


def tell_not_begun(result: RunResult) -> None:
    """How many files were left when the run ended, and what goes on from there."""
    left = len(result.work.items) + len(result.work.unreadable) - len(result.done) - len(result.failed)
    if left:
        on = "the same command goes on from here" if result.work.batch else "--skip-existing goes on from here"
        tell(f"faltung: {count(left, 'file')} not begun; {on}")


def _everything(work: Work) -> str:
    return "--json tells all" if work.batch is None else f"{shown_path(work.batch.manifest)} has all"


def _tell_failures(result: RunResult) -> None:
    known = set(result.work.unreadable)  # they come first: no manifest holds them
    failed = sorted(result.failed, key=lambda file: file.item.source not in known)
    total = len(result.work.items) + len(known)
    if len(failed) == 1 and total == 1:
        tell(f"faltung: {_naming_file(failed[0])}")
    elif failed:
        tell(f"{len(failed)} of {count(total, 'file')} failed:")
        lines = [f"{shown_path(file.item.source)}: {in_options(file.reason)}" for file in failed]
        for line in first_few(lines, max(_LISTED, len(known)), f"; {_everything(result.work)}", indent="  "):
            tell(line)


def _naming_file(file: FileResult) -> str:
    """The error of a file, with the name of the input before it where it names none."""
    error = in_options(str(file.error))
    known = [file.source, *map(str, file.item.outputs)]
    with contextlib.suppress(FileNotFoundError):  # where no folder has room
        known.append(tempfile.gettempdir())
    return error if any(name in error for name in known) else f"{shown_path(file.source)}: {error}"


def _one(file: FileResult) -> Card:
    facts, fs = file.facts, file.facts["fs"]
    into = ", ".join("standard output" if str(path) == "-" else shown_path(path) for path in file.item.outputs)
    found = {} if facts["events"] is None else {"events": f"{facts['events']:,}"}
    if file.item.signal is None:
        return Card({"written": into, **found, "speed": _speed(facts)})
    form = [_format(facts), hertz(fs), count(facts["channels"], "channel"), size(facts["bytes"])]
    return Card(
        {
            "written": into,
            "duration": f"{duration(facts['duration_s'])}, {count(facts['frames'], 'frame')}",
            "format": ", ".join(form),
            "speed": _speed(facts),
            **found,
            "peak": f"{_peak(facts)} dBFS" if facts["subtype"] else _peak(facts),
            "clipped": clipped_text(facts) + (" samples" if not facts["clipped"] else ""),
            "latency trimmed": _frames(facts["latency_trimmed"], fs),
            **({"sound is late": f"{_frames(facts['late'], fs)}: its largest tap"} if facts["late"] > 0 else {}),
            "tail kept": _frames(facts["tail_kept"], fs),
        }
    )


def _several(done: Sequence[FileResult]) -> tuple[Table, str]:
    """A row a file; what is the same for all of them is said once, below."""
    if done[0].item.signal is None:
        shown = table("written", "events", "x realtime", right=(1, 2))
        for file in done:
            paths = ", ".join(map(shown_path, file.item.outputs))
            shown.add_row(paths, f"{file.facts['events']:,}", times(file.facts["x_realtime"]))
        return shown, ""
    columns = {
        "latency": [duration(o.facts["latency_trimmed"] / o.facts["fs"]) for o in done],
        "tail": [duration(o.facts["tail_kept"] / o.facts["fs"]) for o in done],
        "format": [_format(o.facts) for o in done],
    }
    if done[0].facts["events"] is not None:
        columns["events"] = [f"{o.facts['events']:,}" for o in done]
    same = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    differ = {name: values for name, values in columns.items() if name not in same}
    dbfs = all(o.facts["subtype"] for o in done)
    titles = ["written", "duration", "x realtime", "peak dBFS" if dbfs else "peak", "clipped", *differ]
    shown = table(*titles, right=(1, 2, 3, 4, *(5 + i for i, name in enumerate(differ) if name != "format")))
    for i, file in enumerate(done):
        facts = file.facts
        cells = [shown_path(file.item.target), duration(facts["duration_s"]), times(facts["x_realtime"])]
        cells += [_peak(facts), f"{facts['clipped']:,}"]
        shown.add_row(*cells, *(values[i] for values in differ.values()))
    words = {"latency": "latency trimmed {}", "tail": "tail kept {}", "format": "written as {}", "events": "{} events"}
    caption = ", ".join(words[name].format(value) for name, value in same.items())
    return shown, f"each: {caption}" if caption else ""


def _sum(done: Sequence[FileResult]) -> Card:
    """Many files as a few numbers."""
    facts = [file.facts for file in done]
    audio, seconds = (sum(one[name] for one in facts) for name in ("duration_in_s", "seconds"))
    speed = {"speed": f"{times(audio / max(seconds, 1e-9))} x realtime each"}
    found = {"events": f"{sum(one['events'] for one in facts):,}"} if facts[0]["events"] is not None else {}
    if done[0].item.signal is None:
        return Card({"written": count(sum(len(o.item.outputs) for o in done), "event file"), **found, **speed})
    clipped = sum(one["clipped"] > 0 for one in facts)
    return Card(
        {
            "written": f"{count(len(done), 'file')}, {size(sum(one['bytes'] for one in facts))}",
            "duration": duration(sum(one["duration_s"] for one in facts)),
            **speed,
            **found,
            "clipped": f"{count(clipped, 'file')}",
        }
    )


def _speed(facts: Data) -> str:
    return f"{times(facts['x_realtime'])} x realtime, {duration(facts['seconds'])}"


def _format(facts: Data) -> str:
    return " ".join(filter(None, (facts["container"], facts["subtype"])))


def _peak(facts: Data) -> str:
    if facts["peak"] is None:
        return "not finite"
    return decibels(facts["peak"]) if facts["subtype"] else number(facts["peak"])


def _frames(frames: int, fs: float) -> str:
    return f"{duration(frames / fs)}, {count(frames, 'frame')}" if frames else "0 frames"


def show_baked(baked: Baked, *, as_json: bool, quiet: bool) -> None:
    """Say what was written, and how late it makes a signal."""
    if as_json:
        write_json(baked.to_dict())
        return
    late = baked.late_frames
    why = "the kernel needs that much of the future, which a file cannot say"
    paths = f"; paths, input then output: {baked.routes}" if baked.routes else ""
    facts = {
        "written": "standard output" if baked.output == "-" else shown_path(baked.output),
        "taps": f"{baked.taps:,}, {duration(baked.taps / baked.fs)}",
        "format": f"{baked.form}, {hertz(baked.fs)}, {count(baked.file_channels, 'channel')}{paths}",
        "largest tap": f"{decibels(baked.peak)} dBFS",
        "peak gain": "none" if baked.peak_gain_db is None else f"{signed(baked.peak_gain_db)} dB",
        "sound is late": f"{_frames(baked.largest_at, baked.fs)}: its largest tap",
        **({"delays by": f"{count(late, 'frame')}, {duration(late / baked.fs)}: {why}"} if late else {}),
    }
    Output(quiet, to_stderr=baked.output == "-").show(Card(facts))
