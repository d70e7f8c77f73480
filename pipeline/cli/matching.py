"""From a command line to a search of recordings, one after the other, and to what was found in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from ..config.inputs import STREAM, Place, expand_inputs, input_root
from ..config.load import LoadedConfig, validate_config
from ..config.outputs import plan_outputs
from ..config.yaml_text import to_yaml
from ..dsp.envelope import Envelope
from ..errors import ConfigError, FaltungError, Problem, SettingError, UsageError
from ..fields import files_named_in
from ..io import same_file
from ..io.names import refuse_taken
from ..io.sink import write_bytes
from ..job import Hooks, Job, Report, refuse_outputs, run_job
from ..job import Progress as Advance
from ..system import keep_freed_memory
from .match_view import Found, as_data, show_found
from .progress import Progress
from .template_words import template_settings
from .terminal import Voice, tell, write_json
from .words import rebased, seen_from

__all__ = ["Search", "find_all"]


@dataclass(frozen=True)
class Search:
    """What is looked for, where, and what is written of it; everything that can be refused beforehand was not."""

    loaded: LoadedConfig
    raw: Mapping[str, Any]
    """The settings of the stage, as they were written."""
    recordings: tuple[Place, ...]
    patterns: tuple[str, ...]
    outputs: tuple[str, ...]
    events: tuple[tuple[Place, ...], ...]
    """The event files of each recording."""
    reports: tuple[Path | None, ...]
    save: Path | None
    overwrite: bool

    @classmethod
    def of(
        cls,
        patterns: Sequence[str],
        templates: Sequence[str],
        settings: Mapping[str, str | None],
        outputs: Sequence[str],
        *,
        report: Path | None,
        save: Path | None,
        overwrite: bool,
    ) -> Search:
        """A search as it was written on the command line.

        Raises
        ------
        ConfigError, UsageError
            settings that cannot be; files that are not there or may not be written.
        """
        recordings = expand_inputs(patterns)
        root = input_root(patterns)
        raw: dict[str, Any] = {"use": "match"}
        raw["template"] = [template_settings(text, [str(path) for path in recordings]) for text in templates]
        raw |= {name: _plain(value) for name, value in settings.items() if value is not None}
        if "spectrogram" in raw:
            raw["spectrogram"] = _pairs(str(raw["spectrogram"]))
        with naming_options():
            loaded = validate_config({"version": 1, "nonfinite": "propagate", "stages": [raw]})
        if "-" in outputs and len(recordings) > 1:
            raise UsageError(f"standard output takes the events of one recording, there are {len(recordings)}")
        planned = [[output for _, output in plan_outputs(recordings, template, None, root)] for template in outputs]
        pages = [None] * len(recordings) if report is None else _pages(recordings, report, root)
        made = cls(
            loaded,
            raw,
            tuple(recordings),
            tuple(patterns),
            tuple(outputs),
            tuple(zip(*planned, strict=True)) if planned else ((),) * len(recordings),
            tuple(pages),
            save,
            overwrite,
        )
        made.refuse()
        return made

    def refuse(self) -> None:
        """Raise `UsageError` where something that will be written may not be."""
        read = [*files_named_in(self.loaded.settings.stages), *(path for path in self.recordings if path != STREAM)]
        for source, events, page in zip(self.recordings, self.events, self.reports, strict=True):
            refuse_outputs(str(source), None, list(map(str, events)), overwrite=self.overwrite)
            written = [*events, *_pair(page)]
            for output, other in ((output, other) for output in written for other in read):
                if output != STREAM and same_file(output, other):
                    raise UsageError(f"{output}: the output is an input; give it another name")
            for path in _pair(page):
                refuse_taken(path, overwrite=self.overwrite)
            if page is not None and source == STREAM:
                raise UsageError("a report plays and shows the recording, which standard input is not; name a file")
        if self.save is not None:
            refuse_taken(self.save, overwrite=self.overwrite)

    def write_config(self) -> None:
        """Write the configuration that does the same, with paths as seen from its own folder."""
        if self.save is None:
            return
        folder = self.save.parent
        data: dict[str, Any] = {"version": 1}
        inputs = [seen_from(folder, pattern) for pattern in self.patterns if pattern != "-"]
        events = [seen_from(folder, template) for template in self.outputs if template != "-"]
        for name, paths in (("input", inputs), ("events", events)):
            if paths:
                data[name] = paths[0] if len(paths) == 1 else paths
        data["nonfinite"] = "propagate"
        data["stages"] = [rebased(self.loaded.settings.stages[0], self.raw, folder)]
        write_bytes(self.save, to_yaml(data).encode(), overwrite=self.overwrite)


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


def _pages(recordings: Sequence[Place], report: Path, root: Path) -> list[Path | None]:
    if report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{report}: a report is a page; call it .html")
    return [Path(page) for _, page in plan_outputs(recordings, str(report), None, root)]


def _pair(page: Path | None) -> list[Path]:
    """A page, and the picture beside it."""
    return [] if page is None else [page, page.with_suffix(".png")]


@contextmanager
def naming_options() -> Iterator[None]:
    """Errors in here name the option by its word: ``--threshold: must be ...``, not ``stages[0].threshold``."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([_in_words(problem) for problem in error.problems]) from error
    except SettingError as error:
        raise ConfigError([_in_words(Problem(error.message, error.path))]) from error


def _in_words(problem: Problem) -> Problem:
    match problem.path:
        case ("stages", 0):
            return Problem(problem.message, ())
        case ("stages", 0, "spectrogram", *rest):
            return Problem(problem.message, ("--spectrogram", *rest))
        case ("stages", 0, str(name), *_):
            return Problem(problem.message, (f"--{name.replace('_', '-')}",))
        case path:
            return Problem(problem.message, path)


def find_all(search: Search, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Search every recording and say what was found; raises `typer.Exit` where one failed.

    With one recording its error is that of the command; with several, each fails by itself and the others go on.
    """
    to_stdout = "-" in search.outputs
    if to_stdout and as_json:
        raise UsageError("-o - and --json both want standard output; give one")
    keep_freed_memory()
    job = Job.of(search.loaded.settings)
    voice = Voice(quiet or as_json, verbose, to_stderr=to_stdout)
    found: list[Found] = []
    failed: dict[str, str] = {}
    alone = len(search.recordings) == 1
    progress = Progress(len(search.recordings), shown=not quiet)
    with progress.watching():
        for source, events, page in zip(search.recordings, search.events, search.reports, strict=True):
            progress.begin(source)
            try:
                with naming_options():
                    found.append(_find(job, source, events, page, progress.advance, overwrite=search.overwrite))
            except FaltungError as error:
                if alone:
                    raise
                failed[str(source)] = str(error)
                progress.end({"status": "failed"}, source)
            else:
                progress.end({"status": "done", "duration_in_s": found[-1].report.duration}, source)
    for one in found:
        show_found(one, voice, alone=alone)
    search.write_config()
    if as_json:
        write_json(as_data(found, failed))
    for name, reason in failed.items():
        tell(f"faltung: {name}: {reason.removeprefix(f'{name}: ')}")
    if failed:
        raise typer.Exit(1)


def _find(
    job: Job, source: Place, events: Sequence[Place], page: Path | None, advance: Advance, *, overwrite: bool
) -> Found:
    run = partial(run_job, job, str(source), None, events=list(map(str, events)), overwrite=overwrite)
    if page is None:
        return Found(run(hooks=Hooks(advance)), tuple(map(str, events)))
    from ..match_report import STRETCHES

    waveform, scores = Envelope(STRETCHES), Envelope(STRETCHES)
    report = run(hooks=Hooks(advance, envelope_in=waveform, envelope_out=scores))
    _write_page(job, source, report, waveform, scores, page, overwrite=overwrite)
    return Found(report, (*map(str, events), *map(str, _pair(page))))


def _write_page(
    job: Job, source: Place, report: Report, waveform: Envelope, scores: Envelope, page: Path, *, overwrite: bool
) -> None:
    from ..explain.figure import png_bytes
    from ..match_report import match_figure, match_page, picture_of

    picture = picture_of(job, str(source), report, waveform, scores)
    png = png_bytes(match_figure(picture))
    page.parent.mkdir(parents=True, exist_ok=True)
    html = match_page(picture, str(source), page.parent, png)
    for path, data in zip(_pair(page), (html.encode(), png), strict=True):
        write_bytes(path, data, overwrite=overwrite)
