"""A task: one file of a batch as a plain dict, and the function that does it, wherever it is run.

A task holds paths as text (bytes that are no UTF-8 as lone surrogates, which pickle and JSON carry), the resolved
configuration as JSON text and what may be done to the output; never arrays. Whatever goes wrong in a file is an
outcome, not an exception.

What became of it is a plain dict, too, its record, which `--json` and reports show and a manifest keeps:

- ``status``, ``done`` or ``failed``; ``started`` (ISO 8601), ``seconds`` on the clock, ``pid``;
- of the input ``frames_in``, ``fs_in``, ``channels_in``, ``duration_in_s``, and ``clocks``, what tells its true time;
- of the output ``frames``, ``fs``, ``channels``, ``duration_s``, ``container``, ``subtype``, ``bytes``,
  ``latency_trimmed``, ``tail_kept`` and ``late`` (by its largest taps) in frames, ``outputs`` (a list: ``path``,
  ``bytes``, ``mtime_ns``, ``blake2b``; in a store ``mark`` for the last two), where there is a manifest or a report;
- None for these where no signal is written; ``events``, how many were found, None where none were looked for;
- ``x_realtime``, ``peak`` (linear, None unless finite), ``peak_dbfs``, ``clipped`` in samples, ``first_clip``
  (``frame``, ``channel``), ``warnings``, ``notes``, and ``envelope`` for a report (`pipeline.dsp.envelope`);
- ``truth``, hits, misses and false alarms of a search, where there are labels to compare it with;
- ``shards``, how many, where the file was cut into some;
- where it failed, ``error`` and the exit ``code``; ``at`` and ``message`` of an error in a setting, ``traceback`` of
  one that nobody foresaw, or that a plugin raised, ``lost`` where the worker was lost.

A manifest and a report put the ``item`` first, and ``attempts``.
"""

from __future__ import annotations

import json
import math
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..config.inputs import STREAM, Place
from ..config.load import validate_config
from ..config.model import Configuration
from ..dsp.envelope import Envelope
from ..engine.lateness import lateness
from ..engine.plan import Plan
from ..errors import DiskFullError, FaltungError, SettingError, traceback_of
from ..io.remote import place_of
from ..io.source import cause
from ..job import BegunJob, Hooks, Job, Progress, Render, Report, begin_job
from ..plugins import bundled, in_words
from ..stages.base import Format
from ..system import FolderSync, is_disk_full, is_interruption
from ..text import without_secrets
from .manifest import Data, timestamp
from .resume import digest, identity, page_and_picture

_LIGHT = 256 << 10
"""Bytes of an input: of 16 bit mono at 16 kHz 8 s, which take some 4 ms."""

_KEPT = 4
"""Configurations, and plans of each, that a worker keeps; each plan with its kernels and their transforms."""


@dataclass(frozen=True)
class Prepared:
    """A job with the plans made for it so far: kernels are read, and transformed, once for all files of a format."""

    job: Job
    _plans: dict[Format, Plan] = field(default_factory=dict)

    def plan(self, fmt: Format) -> Plan:
        """The plan for signals of this format."""
        if fmt not in self._plans:
            if len(self._plans) == _KEPT:
                self._plans.clear()
            self._plans[fmt] = self.job.plan(fmt)
        return self._plans[fmt]


def configuration_text(settings: Configuration, threads: int | None) -> str:
    """The resolved configuration of a task as JSON, without what is a batch's own."""
    data = settings.model_dump(
        mode="json", exclude_unset=True, exclude={"input", "output", "events", "batch", "explain", "report"}
    )
    if threads is not None:
        data["threads"] = threads
    return json.dumps(data, sort_keys=True)


def make_task(
    source: Place,
    target: Place | None,
    events: Sequence[Place] = (),
    page: Path | None = None,
    *,
    configuration: str,
    overwrite: bool,
    absolute: bool = False,
    fresh: bool = False,
    reported: bool = False,
    searching: bool = False,
    truth: Any = None,
    record: Data | None = None,
) -> Data:
    """A task.

    ``absolute`` is for workers with working directories of their own. With ``fresh``, nothing may stand under the
    output's name when the task is begun. ``record`` is what its lines in a manifest begin with, ``output`` among it;
    None where there is no manifest. ``reported`` asks for what a report shows, too; ``searching`` for what is found,
    and ``truth`` is what that is compared with.
    """

    def placed(place: Place) -> Place:
        return place.absolute() if absolute and isinstance(place, Path) else place

    return {
        "source": os.fspath(placed(source)),
        "target": None if target is None else os.fspath(placed(target)),
        "events": [os.fspath(placed(path)) for path in events],
        "configuration": configuration,
        "overwrite": overwrite,
        "fresh": fresh,
        "page": None if page is None else os.fspath(placed(page)),
        "reported": reported,
        "searching": searching,
        "truth": truth,
        "record": record,
    }


def paths_written(task: Data) -> list[str]:
    """Every output of a task, in the order of its item's."""
    signal = [] if task["target"] is None else [task["target"]]
    return [*signal, *task["events"], *map(str, page_and_picture(task["page"]))]


def is_light(task: Data) -> bool:
    """Whether the input is so small that to hand the task to a worker costs as much as the work; not if unknown."""
    known = (task["record"] or {}).get("input") or {}
    return bool(known.get("bytes", _LIGHT) < _LIGHT)


Runner = Callable[[Data], "Data | BegunTask"]
"""A task in, what became of it out, or so far is."""


def run_task(task: Data, **how: Any) -> Data:
    """Outcome of a task; ``how`` as for `begin_task`."""
    with begin_task(task, **how) as begun:
        return begun.commit()


_full = False  # whether the disk was, where this process is a worker


def run_in_turn(task: Data) -> Data:
    """Outcome of a task in a worker that is given several at once: behind a full disk none is begun.

    Raises
    ------
    CancelledError
        the disk was full under an earlier one.
    """
    global _full
    if _full:
        raise CancelledError
    outcome = run_task(task)
    _full = outcome.get("code") == DiskFullError.exit_code
    return outcome


def begin_task(
    task: Data, *, progress: Progress | None = None, prepared: Prepared | None = None, render: Render | None = None
) -> BegunTask:
    """Do a task as far as to outputs that are whole, and hidden until it is committed.

    ``progress`` and ``render`` are those of `Hooks`. Only a reader that went away (BrokenPipeError) and what a signal
    raises are let through.
    """
    begun = BegunTask(task)
    with begun.catching_errors():
        prepared = prepared or prepared_for(task["configuration"])
        source, page, replaces = task["source"], begun.page, task["overwrite"]
        before, after = (None, begun.envelope) if page is None else (page.waveform, page.scores)
        hooks = Hooks(progress, before, after, prepared.plan, render)
        job = begin_job(prepared.job, source, task["target"], events=task["events"], overwrite=replaces, hooks=hooks)
        begun.job = job
        if task["truth"] is not None:
            report = job.report
            scoring = bundled("faltung_events.scoring", "truth=")
            begun.scored = scoring.scored(report.events, source, report.info.clocks, *task["truth"])
        if page is not None:
            files = page.begin(prepared.job, source, job.report, overwrite=replaces, scored=begun.scored)
            begun.job = replace(job, outputs=(*job.outputs, *files))
    return begun


class BegunTask:
    """A task that has failed, or has outputs that are whole, and hidden until `commit`; a context manager."""

    def __init__(self, task: Data) -> None:
        self.envelope = Envelope() if task["reported"] and task["page"] is None else None
        self.page = _search_page(task)
        self.job: BegunJob | None = None
        self.scored: Any = None
        self._task, self._started = task, timestamp()
        self._outcome: Data = {}
        self._seconds = 0.0  # on the clock; those between the beginning and the commit are not the task's

    def commit(self, folders: FolderSync | None = None) -> Data:
        """Outcome of the task, whose outputs get their names; ``folders``, if given, makes these durable."""
        if self.job is not None and not self._outcome:
            with self.catching_errors():
                report = self.job.commit(folders)
                seconds = self._seconds + report.seconds - self.job.report.seconds
                self._outcome = _done(report, seconds, self.envelope, _outputs(self._task))
                if self._task["searching"]:
                    self._outcome["searches"] = report.events
                if self.scored is not None:
                    self._outcome["truth"] = self.scored.to_dict()
        self.abort()
        return {"seconds": self._seconds, **self._outcome, "started": self._started, "pid": os.getpid()}

    def abort(self) -> None:
        """Forget the outputs that have no name yet."""
        if self.job is not None:
            self.job.abort()

    def __enter__(self) -> BegunTask:
        return self

    def __exit__(self, *error: object) -> None:
        self.abort()

    @contextmanager
    def catching_errors(self) -> Iterator[None]:
        """Time what is done in here, and have an error in it be the outcome."""
        began = time.perf_counter()
        try:
            yield
        except BrokenPipeError:
            raise
        except (FaltungError, OSError, MemoryError) as error:
            text = traceback_of(error)
            self._outcome = {**_failed(error), **({} if text is None else {"traceback": text})}
        except BaseException as error:
            if is_interruption(error):
                raise
            self._outcome = {**_failed(error), "traceback": without_secrets(traceback.format_exc())}
        finally:
            self._seconds += time.perf_counter() - began


def _search_page(task: Data) -> Any:
    if task["page"] is None:
        return None
    return bundled("faltung_match_report.search_page", "a page of a search").SearchPage(Path(task["page"]))


@lru_cache(maxsize=_KEPT)
def prepared_for(configuration: str) -> Prepared:
    """The job of a task's configuration, kept for the next."""
    return Prepared(Job.of(validate_config(json.loads(configuration)).settings))


def _failed(error: BaseException) -> Data:
    where = {"at": list(error.path), "message": error.message} if isinstance(error, SettingError) else {}
    return {"status": "failed", "error": _reason(error), "code": _exit_code(error), **where}


def _exit_code(error: BaseException) -> int:
    full = isinstance(error, OSError) and is_disk_full(error)
    return getattr(error, "exit_code", DiskFullError.exit_code if full else 1)


def _reason(error: BaseException) -> str:
    name = getattr(error, "filename", None)
    text = cause(error) if isinstance(error, OSError) else in_words(error)
    return without_secrets(f"{name}: {text}" if name else text)


def _done(report: Report, seconds: float, envelope: Envelope | None, outputs: list[Data]) -> Data:
    return {
        "status": "done",
        "frames_in": report.frames_in,
        "fs_in": report.info.fs,
        "channels_in": report.info.channels,
        "duration_in_s": report.duration,
        "seconds": seconds,
        "x_realtime": report.duration / max(seconds, 1e-9),
        **_written(report),
        "events": sum(len(search.events) for search in report.events) if report.events else None,
        "clocks": [{**clock.facts(report.info.frames), "words": str(clock)} for clock in report.info.clocks],
        "warnings": list(report.warnings),
        "about_input": report.about_input,
        "notes": [f"stages[{p.index}] {p.stage.use}: {note}" for p in report.plan.stages for note in p.notes],
        "outputs": outputs,
        **({} if envelope is None else {"envelope": envelope.pairs()}),
    }


_AS_WRITTEN = ("frames", "fs", "channels", "clipped", "container", "subtype", "bytes")
_BESIDES = ("duration_s", "peak", "peak_dbfs", "first_clip", "latency_trimmed", "tail_kept", "late")


def _written(report: Report) -> Data:
    """The facts of the output; None each, where no signal was written."""
    written = report.written
    if written is None:
        return dict.fromkeys((*_AS_WRITTEN, *_BESIDES))
    finite, first = math.isfinite(written.peak), written.first_clip
    return {
        **{name: getattr(written, name) for name in _AS_WRITTEN},
        "duration_s": written.frames / written.fs,
        "peak": written.peak if finite else None,
        "peak_dbfs": 20 * math.log10(written.peak) if finite and written.peak > 0 and written.subtype else None,
        "first_clip": None if first is None else {"frame": int(first[0]), "channel": int(first[1])},
        "latency_trimmed": report.latency_trimmed,
        "tail_kept": report.tail_kept,
        "late": lateness(report.plan),
    }


def _outputs(task: Data) -> list[Data]:
    """Identity of each output; nothing but its name where it is no regular file."""
    record = task["record"]
    if record is None and not task["reported"]:
        return []
    paths = paths_written(task)
    places = list(map(place_of, paths))
    names = map(str, places) if record is None else [record["output"], *record.get("more", ())]
    return [_output(name, place) for name, place in zip(names, places, strict=True)]


def _output(name: str, place: Place) -> Data:
    known = identity(place, "stat") or {} if place != STREAM else {}
    return {"path": name, **known, **({"blake2b": digest(place)} if known and isinstance(place, Path) else {})}
