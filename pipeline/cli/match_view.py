"""A search spoken on the command line, and what was found: a table of the events for people, JSON for machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from ..config.inputs import expand_inputs
from ..errors import ConfigError, Problem, UnitError, UsageError
from ..io.labels import reads_labels
from ..io.names import shown_path
from ..io.remote import is_remote
from ..match.events import Event
from ..runs.results import FileResult, RunResult
from ..runs.searching import prepare_search
from ..runs.work import Work
from ..text import count, duration, frame_time, number, signed
from ..units import Duration, parse_duration
from . import process
from .applied import refuse_said, save_as
from .run_view import do, show_passed_over, show_plan_of, tell_not_begun, tell_tables
from .terminal import Output, table, tell, write_json

_MOST_ROWS = 40
_HELP = "write START:END in seconds or with units, such as 1.2:1.6 or '9600 samples:0.4 s'"


class CommandLineSearch:
    """A search as it was written: recordings, templates, settings of the stage, event files, a page."""

    def __init__(
        self,
        recordings: Sequence[str],
        templates: Sequence[str],
        settings: Mapping[str, str | None],
        outputs: Sequence[str],
        page: Path | None,
        said: Sequence[str] = (),
    ) -> None:
        self._recordings, self._outputs, self._page, self._said = recordings, outputs, page, said
        refuse_said(said, {"input": "RECORDING, the words", "events": "-o EVENTS"})
        found = [str(path) for path in expand_inputs(recordings)]
        self._templates = [template_settings(text, found, settings.get("source")) for text in templates]
        self._settings: dict[str, Any] = {name: _plain(text) for name, text in settings.items() if text is not None}
        if "spectrogram" in self._settings:
            self._settings["spectrogram"] = _pairs(str(self._settings["spectrogram"]))

    def run(
        self, save: Path | None, *, as_json: bool, quiet: bool, verbose: bool, dry_run: bool, **choices: Any
    ) -> None:
        """Search, and say what was found; raises `typer.Exit` where a recording failed."""
        if "-" in self._outputs and as_json:
            raise UsageError("-o - and --json both want standard output; give one")
        with _naming_options():
            work = prepare_search(
                self._recordings, self._templates, self._settings, self._outputs, page=self._page, dry_run=dry_run,
                said=self._said, saved=save, apart=process.is_own, **choices,
            )  # fmt: skip
            if dry_run:
                show_plan_of(work, as_json=as_json, quiet=quiet, verbose=verbose)
                return
            output = Output(quiet or as_json, verbose, to_stderr="-" in self._outputs)
            result = do(work, output, shown=not quiet)
        for file in result.done:
            _show_found(file, output, alone=len(work.items) == 1)
        if result.truth is not None and len(result.done) > 1:
            output.note(f"all recordings: {_against(result.truth)}")
        tell_tables(result, output)
        show_passed_over(result, output)
        if save is not None:
            self._save(save, work, overwrite=choices["overwrite"])
        if as_json:
            write_json(_as_data(result))
        for file in result.failed:
            tell(f"faltung: {file.source}: {_reason(file)}")
        tell_not_begun(result)
        if result.exit_code:
            raise typer.Exit(result.exit_code)

    def _save(self, path: Path, work: Work, *, overwrite: bool) -> None:
        """Write the configuration that does the same, with paths as seen from its own folder."""
        data: dict[str, Any] = {"version": 1}
        for name, given in (("input", self._recordings), ("events", self._outputs)):
            paths = [one for one in given if one != "-"]
            if paths:
                data[name] = paths[0] if len(paths) == 1 else paths
        stage = dict(self._settings)
        source = {} if "source" not in stage else {"source": stage.pop("source")}
        data |= {"nonfinite": "propagate", "gaps": "nan", **source}
        data["stages"] = [{"use": "match", "template": self._templates, **stage}]
        save_as(path, data, self._said, work.loaded.settings, overwrite=overwrite)


def _plain(value: str) -> str | float:
    """A number as one, for the file that `--save` writes."""
    try:
        return float(value)
    except ValueError:
        return value


def _pairs(words: str) -> dict[str, str]:
    """``window=20ms,low=2kHz`` as settings."""
    pairs = [word.partition("=") for word in words.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    if not all(name and value.strip() for name, (_, _, value) in zip(names, pairs, strict=True)):
        raise UsageError(
            f"--spectrogram: write setting=value, parted by commas, such as low=2kHz,high=8kHz; got {words!r}"
        )
    if len(set(names)) < len(names):
        raise UsageError(f"--spectrogram: a setting is given twice in {words!r}; give it once")
    return {name: value.strip() for name, (_, _, value) in zip(names, pairs, strict=True)}


def template_settings(text: str, recordings: Sequence[str], source: str | None = None) -> dict[str, str]:
    """The settings of a template; what is the name of a file or folder is that, whatever signs are in it.

    ``START:END`` is a slice of the one recording that is searched, ``FILE@START:END`` of any file; the end is not in
    it. ``@LABELS`` and ``FILE@LABELS`` are what the labels of a file mark, each a template.

    Raises
    ------
    UsageError
        a slice of one recording among several, or of standard input; no such slice: not two times, or none between
        them.
    """
    file, at, span = text.rpartition("@")
    labelled = bool(at) and reads_labels(span) and _is_there(span)
    if is_remote(text) or _is_there(text) or (":" not in text and not labelled):
        return {"file": text}
    settings = {"labels": span} if labelled else dict(zip(("start", "end"), map(str, _times(span, text)), strict=True))
    if not file:
        if len(recordings) != 1:
            raise UsageError(f"--template {text}: a slice of which recording? Write FILE@{span}")
        file = recordings[0]
        if file == "-":
            raise UsageError(f"--template {text}: standard input can be read only once; write FILE@{span}")
        settings |= {} if source is None else {"source": source}
    return {"file": file, **settings}


def _is_there(name: str) -> bool:
    """Whether a name is that of a file or folder; of what may not be looked for that is told where it is read."""
    try:
        return Path(name).expanduser().exists()
    except (OSError, RuntimeError):
        return True


def _times(span: str, text: str) -> tuple[Duration, Duration]:
    parts = span.split(":")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise UsageError(f"--template {text}: there is no such file, and it is no slice; {_HELP}")
    try:
        start, end = (parse_duration(part) for part in parts)
    except UnitError as error:
        raise UsageError(f"--template {text}: {error}") from error
    if start.value < 0 or (start.unit == end.unit and end.value <= start.value):
        raise UsageError(f"--template {text}: a slice starts at 0 or later and ends after it starts; {_HELP}")
    return start, end


@contextmanager
def _naming_options() -> Iterator[None]:
    """Errors in here name the option by its word: ``--threshold: must be ...``, not ``stages[0].threshold``."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([_in_options(problem) for problem in error.problems]) from error


def _in_options(problem: Problem) -> Problem:
    match problem.path:
        case ("stages", 0):
            return Problem(problem.message, ())
        case ("stages", 0, "spectrogram", *rest):
            return Problem(problem.message, ("--spectrogram", *rest))
        case ("stages", 0, str(name), *_):
            return Problem(problem.message, (f"--{name.replace('_', '-')}",))
        case path:
            return Problem(problem.message, path)


def _reason(file: FileResult) -> str:
    """Why a recording failed, with the option that a setting was given by."""
    if "at" not in file.facts:
        return file.reason
    return str(_in_options(Problem(file.facts["message"], tuple(file.facts["at"]))))


def _show_found(file: FileResult, output: Output, *, alone: bool) -> None:
    """The events as a table, then how the threshold was set, what was counted, what was written."""
    if output.quiet:
        return
    (found,) = file.searches
    if not alone:
        output.note(f"{shown_path(file.source)}:")
    if found.events:
        output.show(_table(found.events[:_MOST_ROWS], found.fs))
    if len(found.events) > _MOST_ROWS:
        output.note(f"and {len(found.events) - _MOST_ROWS:,} more; -o FILE or --json has all")
    if found.time:
        output.note(f"time: {found.time}")
    output.note(f"threshold: {found.how}")
    counted = [count(len(found.events), "event"), f"of {count(found.candidates, 'candidate')}"]
    if found.decoys is not None:
        counted.append(f"with {count(found.decoys, 'decoy')}")
    chance = "" if found.false_alarms_per_hour is None else f"; {number(found.false_alarms_per_hour)} an hour by chance"
    output.note(" ".join(counted) + chance)
    if file.truth is not None:
        output.note(f"against {file.truth['labels']}: {_against(file.truth)}")
    for status, seconds in found.unscored_s().items():
        output.note(f"without a score: {duration(seconds)}, {status}")
    name = shown_path(file.source)
    for warning in file.warnings:
        output.note(f"warning: {name}: {warning}")
    for note in file.facts["notes"]:
        output.detail(f"note: {name}: {note}")
    written = [shown_path(path) for path in file.item.outputs if str(path) != "-"]
    if written:
        output.note(f"written: {', '.join(written)}")


def _against(truth: Mapping[str, Any]) -> str:
    """What labels say of a search."""
    rates = [f"{name} {'of none' if truth[name] is None else f'{truth[name]:.3f}'}" for name in ("precision", "recall")]
    counted = f"{count(truth['hits'], 'hit')}, {truth['misses']} missed, {count(truth['false_alarms'], 'false alarm')}"
    return f"{counted}; {', '.join(rates)}; starts within {duration(truth['tolerance_s'])}"


def _table(events: Sequence[Event], fs: float) -> Any:
    decoyed = any(event.expected_false_alarms is not None for event in events)
    clocked = any(event.start_local is not None for event in events)
    more = [*(["by chance"] if decoyed else []), *(["time"] if clocked else [])]
    shown = table("start, s", "template", "channel", "score", "offset", *more, right=(0, 2, 3, 4, 5), fold=1)
    for event in events:
        expected = event.expected_false_alarms
        chance = ["" if expected is None else f"{expected:.2g}"] if decoyed else []
        score, offset = f"{event.score:.4f}", signed(event.offset)
        if clocked:
            chance.append(event.start_utc or event.start_local or "")
        shown.add_row(frame_time(event.start_s, fs), event.template, str(event.channel), score, offset, *chance)
    return shown


def _as_data(result: RunResult) -> dict[str, Any]:
    """Everything for machines; a threshold that nothing can reach is null."""
    files = [_data(file) for file in result]
    truth = {} if result.truth is None else {"truth": result.truth}
    return {"done": len(result.done), "failed": len(result.failed), "files": files, **truth}


def _data(file: FileResult) -> dict[str, Any]:
    if file.status != "done":
        return {"file": file.source, "status": file.status, **({"error": file.error} if file.error else {})}
    (found,) = file.searches
    thresholds = [[level if math.isfinite(level) else None for level in row] for row in found.thresholds.tolist()]
    return {
        **asdict(found),
        "status": "done",
        "thresholds": thresholds,
        "seconds": file.facts["seconds"],
        "warnings": file.warnings,
        "written": list(map(str, file.item.outputs)),
        **({} if file.truth is None else {"truth": file.truth}),
    }
