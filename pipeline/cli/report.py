"""What was written, after a run: one file in full, several as a table; the same facts for machines as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .terminal import Voice, card, table, tell
from .text import count, decibels, duration, hertz, number, shown_path, size, times

if TYPE_CHECKING:
    from rich.table import Table

    from ..job import Report
    from .jobs import Item
    from .work import Outcome

__all__ = ["as_data", "show_outcomes"]


def show_outcomes(outcomes: Sequence[Outcome], skipped: Sequence[Item], left: int, voice: Voice) -> None:
    """What was written, what to know of it, then what failed and why."""
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    if voice.quiet:
        pass  # what tables need takes 0.01 s to import
    elif len(reports) == 1 and len(outcomes) == 1:
        voice.show(_one(reports[0]))
    elif reports:
        voice.show(*_several(reports))
    for report in reports:
        for warning in _warnings(report):
            voice.note(f"warning: {shown_path(report.written.path)}: {warning}")
        for planned in report.plan.stages:
            for note in planned.notes:
                voice.detail(f"note: {shown_path(report.source)}: stages[{planned.index}] {planned.stage.use}: {note}")
    if skipped:
        voice.note(
            f"{count(len(skipped), 'output')} existed already and {'was' if len(skipped) == 1 else 'were'} skipped"
        )
    _tell_failures([outcome for outcome in outcomes if outcome.error], len(outcomes) + left)
    if left:
        tell(f"faltung: {count(left, 'file')} not begun; --skip-existing goes on from here")


def _tell_failures(failed: Sequence[Outcome], total: int) -> None:
    if len(failed) == 1 and total == 1:
        tell(f"faltung: {failed[0].error}")
    elif failed:
        tell(f"{len(failed)} of {count(total, 'file')} failed:")
        for outcome in failed:
            name, reason = shown_path(outcome.item.source), str(outcome.error)
            tell(f"  {name}: {reason.removeprefix(f'{outcome.item.source}: ')}")


def _one(report: Report) -> Table:
    written = report.written
    into = "standard output" if written.path == "-" else shown_path(written.path)
    form = [_format(report), hertz(written.fs), count(written.channels, "channel"), size(written.bytes)]
    return card(
        {
            "written": into,
            "duration": f"{duration(written.frames / written.fs)}, {count(written.frames, 'frame')}",
            "format": ", ".join(form),
            "speed": f"{times(_speed(report))} x realtime, {duration(report.seconds)}",
            "peak": f"{_peak(report)} dBFS" if written.subtype else _peak(report),
            "clipped": _clipped(report) + (" samples" if not written.clipped else ""),
            "latency trimmed": _frames(report.latency_trimmed, written.fs),
            "tail kept": _frames(report.tail_kept, written.fs),
        }
    )


def _several(reports: Sequence[Report]) -> tuple[Table, str]:
    """A row a file; what is the same for all of them is said once, below."""
    columns = {
        "latency": [duration(report.latency_trimmed / report.written.fs) for report in reports],
        "tail": [duration(report.tail_kept / report.written.fs) for report in reports],
        "format": [_format(report) for report in reports],
    }
    same = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    differ = {name: values for name, values in columns.items() if name not in same}
    dbfs = all(report.written.subtype for report in reports)
    titles = ["written", "duration", "x realtime", "peak dBFS" if dbfs else "peak", "clipped", *differ]
    shown = table(*titles, right=(1, 2, 3, 4, *(5 + i for i, name in enumerate(differ) if name != "format")))
    for i, report in enumerate(reports):
        written = report.written
        cells = [shown_path(written.path), duration(written.frames / written.fs), times(_speed(report))]
        cells += [_peak(report), f"{written.clipped:,}"]
        shown.add_row(*cells, *(values[i] for values in differ.values()))
    words = {"latency": "latency trimmed {}", "tail": "tail kept {}", "format": "written as {}"}
    caption = ", ".join(words[name].format(value) for name, value in same.items())
    return shown, f"each: {caption}" if caption else ""


def _speed(report: Report) -> float:
    return report.duration / max(report.seconds, 1e-9)


def _format(report: Report) -> str:
    return " ".join(filter(None, (report.written.container, report.written.subtype)))


def _peak(report: Report) -> str:
    return decibels(report.written.peak) if report.written.subtype else number(report.written.peak)


def _clipped(report: Report) -> str:
    written = report.written
    if written.first_clip is None:
        return f"{written.clipped:,}"
    frame, channel = written.first_clip
    first = f"the first at {duration(frame / written.fs)} (frame {frame:,}, channel {channel})"
    return f"{count(written.clipped, 'sample')}, {first}"


def _frames(frames: int, fs: float) -> str:
    return f"{duration(frames / fs)}, {count(frames, 'frame')}" if frames else "0 frames"


def _warnings(report: Report) -> list[str]:
    clipped = [f"clipped {_clipped(report)}; lower the gain, or set clip: scale"] if report.written.clipped else []
    return [*clipped, *report.warnings]


def as_data(outcomes: Sequence[Outcome], skipped: Sequence[Item], left: Sequence[Item]) -> dict[str, Any]:
    """Everything for machines."""
    files = [_outcome_data(outcome) for outcome in outcomes]
    for status, items in (("skipped", skipped), ("not begun", left)):
        files += [{"input": str(i.source), "output": str(i.target), "status": status} for i in items]
    failed = sum(outcome.error is not None for outcome in outcomes)
    return {
        "done": len(outcomes) - failed,
        "failed": failed,
        "skipped": len(skipped),
        "not_begun": len(left),
        "files": files,
    }


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    data = {"input": str(outcome.item.source), "output": str(outcome.item.target)}
    if outcome.report is None:
        return {**data, "status": "failed", "error": outcome.error}
    report, written = outcome.report, outcome.report.written
    peak_db = 20 * math.log10(written.peak) if written.peak > 0 and written.subtype else None
    first = written.first_clip
    return {
        **data,
        "status": "done",
        "frames_in": report.frames_in,
        "fs_in": report.info.fs,
        "channels_in": report.info.channels,
        "frames": written.frames,
        "fs": written.fs,
        "channels": written.channels,
        "duration_s": written.frames / written.fs,
        "seconds": report.seconds,
        "x_realtime": _speed(report),
        "peak": written.peak,
        "peak_dbfs": peak_db,
        "clipped": written.clipped,
        "first_clip": None if first is None else {"frame": first[0], "channel": first[1]},
        "latency_trimmed": report.latency_trimmed,
        "tail_kept": report.tail_kept,
        "container": written.container,
        "subtype": written.subtype,
        "bytes": written.bytes,
        "warnings": _warnings(report),
        "notes": [f"stages[{p.index}] {p.stage.use}: {note}" for p in report.plan.stages for note in p.notes],
    }
