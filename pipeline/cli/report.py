"""What was written, after a run: one file in full, several as a table; the same facts for machines as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..batch.manifest import Data
from ..io.names import shown_path
from ..system import share_threads
from ..text import count, decibels, duration, hertz, number, size, times
from .jobs import Item, Work
from .terminal import Voice, card, table, tell

if TYPE_CHECKING:
    from rich.table import Table

    from .work import Outcome

__all__ = ["as_data", "show_outcomes", "write_run_report"]

_MOST_ROWS = 40  # of a table; more files are told in sum
_TOLD = 20  # failures and warnings that are listed one by one
_ASIDE = {"at", "message", "code", "status", "traceback", "envelope"}


def show_outcomes(outcomes: Sequence[Outcome], work: Work, left: Sequence[Item], voice: Voice) -> None:
    """What was written, what to know of it, then what failed and why."""
    done = [outcome for outcome in outcomes if outcome.error is None]
    if voice.quiet:
        pass  # what tables need takes 0.01 s to import
    elif len(done) == 1 and len(outcomes) == 1:
        voice.show(_one(done[0]))
    elif done:
        voice.show(*(_several(done) if len(done) <= _MOST_ROWS else (_sum(done),)))
    warnings = [f"{shown_path(o.item.target)}: {text}" for o in done for text in _warnings(o.record)]
    for text in warnings[:_TOLD]:
        voice.note(f"warning: {text}")
    if len(warnings) > _TOLD:
        voice.note(f"and {count(len(warnings) - _TOLD, 'warning')} more; {_everything(work)}")
    for outcome in done:
        for note in outcome.record["notes"]:
            voice.detail(f"note: {shown_path(outcome.item.source)}: {note}")
    if work.skipped:
        were = "was" if len(work.skipped) == 1 else "were"
        voice.note(f"{count(len(work.skipped), 'output')} existed already and {were} skipped")
    unchanged = sum(standing.state == "unchanged" for standing in work.standings)
    if unchanged and not work.choices.force and not work.choices.retry_failed:
        voice.note(f"{count(unchanged, 'file')} unchanged, done before")
    if work.choices.retry_failed and not work.items:
        voice.note("nothing failed before")
    _tell_failures([outcome for outcome in outcomes if outcome.error], len(outcomes) + len(left), work)
    if left:
        on = "the same command goes on from here" if work.batch else "--skip-existing goes on from here"
        tell(f"faltung: {count(len(left), 'file')} not begun; {on}")


def _everything(work: Work) -> str:
    return "--json tells all" if work.batch is None else f"{shown_path(work.batch.manifest)} has all"


def _tell_failures(failed: Sequence[Outcome], total: int, work: Work) -> None:
    if len(failed) == 1 and total == 1:
        tell(f"faltung: {failed[0].error}")
    elif failed:
        tell(f"{len(failed)} of {count(total, 'file')} failed:")
        for outcome in failed[:_TOLD]:
            name, reason = shown_path(outcome.item.source), str(outcome.error)
            tell(f"  {name}: {reason.removeprefix(f'{outcome.item.source}: ')}")
        if len(failed) > _TOLD:
            tell(f"  and {len(failed) - _TOLD} more; {_everything(work)}")


def _one(outcome: Outcome) -> Table:
    facts, fs = outcome.record, outcome.record["fs"]
    into = ", ".join("standard output" if str(path) == "-" else shown_path(path) for path in outcome.item.outputs)
    found = {} if facts["events"] is None else {"events": f"{facts['events']:,}"}
    if outcome.item.signal is None:
        return card({"written": into, **found, "speed": _speed(facts)})
    form = [_format(facts), hertz(fs), count(facts["channels"], "channel"), size(facts["bytes"])]
    return card(
        {
            "written": into,
            "duration": f"{duration(facts['duration_s'])}, {count(facts['frames'], 'frame')}",
            "format": ", ".join(form),
            "speed": _speed(facts),
            **found,
            "peak": f"{_peak(facts)} dBFS" if facts["subtype"] else _peak(facts),
            "clipped": _clipped(facts) + (" samples" if not facts["clipped"] else ""),
            "latency trimmed": _frames(facts["latency_trimmed"], fs),
            "tail kept": _frames(facts["tail_kept"], fs),
        }
    )


def _several(done: Sequence[Outcome]) -> tuple[Table, str]:
    """A row a file; what is the same for all of them is said once, below."""
    if done[0].item.signal is None:
        shown = table("written", "events", "x realtime", right=(1, 2))
        for outcome in done:
            paths = ", ".join(map(shown_path, outcome.item.outputs))
            shown.add_row(paths, f"{outcome.record['events']:,}", times(outcome.record["x_realtime"]))
        return shown, ""
    columns = {
        "latency": [duration(o.record["latency_trimmed"] / o.record["fs"]) for o in done],
        "tail": [duration(o.record["tail_kept"] / o.record["fs"]) for o in done],
        "format": [_format(o.record) for o in done],
    }
    if done[0].record["events"] is not None:
        columns["events"] = [f"{o.record['events']:,}" for o in done]
    same = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    differ = {name: values for name, values in columns.items() if name not in same}
    dbfs = all(o.record["subtype"] for o in done)
    titles = ["written", "duration", "x realtime", "peak dBFS" if dbfs else "peak", "clipped", *differ]
    shown = table(*titles, right=(1, 2, 3, 4, *(5 + i for i, name in enumerate(differ) if name != "format")))
    for i, outcome in enumerate(done):
        facts = outcome.record
        cells = [shown_path(outcome.item.target), duration(facts["duration_s"]), times(facts["x_realtime"])]
        cells += [_peak(facts), f"{facts['clipped']:,}"]
        shown.add_row(*cells, *(values[i] for values in differ.values()))
    words = {"latency": "latency trimmed {}", "tail": "tail kept {}", "format": "written as {}", "events": "{} events"}
    caption = ", ".join(words[name].format(value) for name, value in same.items())
    return shown, f"each: {caption}" if caption else ""


def _sum(done: Sequence[Outcome]) -> Table:
    """Many files as a few numbers."""
    facts = [outcome.record for outcome in done]
    audio, seconds = (sum(one[name] for one in facts) for name in ("duration_in_s", "seconds"))
    speed = {"speed": f"{times(audio / max(seconds, 1e-9))} x realtime each"}
    found = {"events": f"{sum(one['events'] for one in facts):,}"} if facts[0]["events"] is not None else {}
    if done[0].item.signal is None:
        return card({"written": count(sum(len(o.item.outputs) for o in done), "event file"), **found, **speed})
    clipped = sum(one["clipped"] > 0 for one in facts)
    return card(
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


def _clipped(facts: Data) -> str:
    if facts["first_clip"] is None:
        return f"{facts['clipped']:,}"
    frame, channel = facts["first_clip"]["frame"], facts["first_clip"]["channel"]
    first = f"the first at {duration(frame / facts['fs'])} (frame {frame:,}, channel {channel})"
    return f"{count(facts['clipped'], 'sample')}, {first}"


def _frames(frames: int, fs: float) -> str:
    return f"{duration(frames / fs)}, {count(frames, 'frame')}" if frames else "0 frames"


def _warnings(facts: Data) -> list[str]:
    clipped = [f"clipped {_clipped(facts)}; lower the gain, or set clip: scale"] if facts["clipped"] else []
    return [*clipped, *facts["warnings"]]


def as_data(outcomes: Sequence[Outcome], work: Work, left: Sequence[Item]) -> dict[str, Any]:
    """Everything for machines; with a batch, in the order of its items."""
    files = [_outcome_data(outcome) for outcome in outcomes]
    not_done = _not_done(work, left)
    files += [{"input": str(i.source), "output": str(i.target), "status": status} for i, status in not_done]
    failed = sum(outcome.error is not None for outcome in outcomes)
    data = {
        "done": len(outcomes) - failed,
        "failed": failed,
        "skipped": len(work.skipped),
        "not_begun": sum(status == "not begun" for _, status in not_done),
        "files": files,
    }
    if work.batch is None:
        return data
    unchanged = sum(status == "unchanged" for _, status in not_done)
    return {**data, "unchanged": unchanged, "manifest": str(work.batch.manifest)}


def _not_done(work: Work, left: Sequence[Item]) -> list[tuple[Item, str]]:
    """Each file that this run did not begin, and why."""
    found = [(item, "skipped") for item in work.skipped] + [(item, "not begun") for item in left]
    return found + [(s.item, "unchanged" if s.state == "unchanged" else "not begun") for s in work.passed_over]


def write_run_report(outcomes: Sequence[Outcome], work: Work, left: Sequence[Item], began: datetime) -> None:
    """The page and the data that the configuration or ``--report`` asks for, with what earlier runs have done."""
    from .. import __version__
    from ..batch.report import run_facts, run_report, write_report

    if work.report is None:
        return
    seconds = (datetime.now(UTC) - began).total_seconds()
    jobs = work.choices.jobs or 1
    threads = share_threads(jobs, work.loaded.settings.threads) or work.job.options.thread_count
    facts = run_facts(
        work.loaded.settings, version=__version__, began=began.astimezone(), seconds=seconds, jobs=jobs, threads=threads
    )
    before = {standing.item: standing for standing in work.standings}
    records = []
    for outcome in outcomes:
        attempts = before[outcome.item].record["attempts"] if outcome.item in before else 1
        records.append(_record(outcome.item, {**outcome.record, "attempts": attempts}))
    for item, status in _not_done(work, left):
        known = before[item].last if status == "unchanged" else None
        records.append(_record(item, {**(known or {}), "status": status}))
    write_report(work.report, run_report(records, facts))


def _record(item: Item, facts: Data) -> Data:
    """The record of a file, with names as they are seen from here."""
    error = facts.get("error")
    return {
        **facts,
        "item": str(item.source),
        "outputs": [{**o, "path": str(path)} for o, path in zip(facts.get("outputs", []), item.outputs, strict=False)],
        "error": None if error is None else error.removeprefix(f"{item.source}: "),
    }


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    facts = {name: value for name, value in outcome.record.items() if name not in _ASIDE}
    if outcome.error is None:
        facts["warnings"] = _warnings(facts)
    item = outcome.item
    paths: dict[str, Any] = {"input": str(item.source), "output": None if item.signal is None else str(item.signal)}
    paths |= {"event_files": list(map(str, item.events))} if item.events else {}
    return {**paths, "status": outcome.record["status"], **facts}
