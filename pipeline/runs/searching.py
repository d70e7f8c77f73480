"""Searches recordings for templates: a configuration of one ``match`` stage, and the run of it.

What was found in each recording comes back with the result, whoever searched it; event files and pages with the picture
of the search are outputs of the run like any other, so that a batch goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from ..errors import ConfigError, UsageError
from ..io.apart import Named, keep_apart
from ..io.formats import READING
from ..plugins import bundled
from .outputs import files_written
from .results import RunResult
from .running import RunProgress, execute, prepare_run
from .work import Paths, Work

Template = str | os.PathLike[str] | Mapping[str, Any]
"""A file or a folder, or a mapping as in a configuration: ``{"file": "day.wav", "start": 1.2, "end": "1.6 s"}``."""


def search(
    recordings: Paths,
    template: Template | Sequence[Template],
    output: Paths = (),
    *,
    page: str | os.PathLike[str] | None = None,
    truth: str | os.PathLike[str] | None = None,
    tolerance: str | float | None = None,
    truth_label: str | None = None,
    overwrite: bool = False,
    force: bool = False,
    retry_failed: bool = False,
    jobs: int | Literal["auto"] | None = None,
    report: str | os.PathLike[str] | None = None,
    progress: Callable[[RunProgress], object] | None = None,
    stop: Callable[[], bool] | None = None,
    **settings: Any,
) -> RunResult:
    """Search recordings for templates, without the flip: what ``faltung match`` does.

    Parameters
    ----------
    recordings
        files or patterns.
    template
        a file or a folder of templates, a mapping of the settings of one, or several of these.
    output
        event files, each in the format of its extension, with ``{stem}`` and the like of the recording.
    page
        a page with the picture of each search, ``.html``, likewise; the picture as PNG beside it.
    truth, tolerance, truth_label
        labels by which hits, misses and false alarms are counted, likewise; how far apart an event and a label may
        start, 50 ms unless given; which labels count, by their text: ``"wren*"``.
    overwrite, force, retry_failed, jobs, report, progress, stop
        as for `run`.
    settings
        of the ``match`` stage: ``threshold="1 per hour"``, ``score``, ``polarity``, ``channels``, ``min_distance``,
        ``domain``, ``spectrogram``; and how files are read, as in a configuration: ``time_column="time"``.

    Returns
    -------
    RunResult
        what became of each recording; ``.searches`` of a file are what was found in it, as `Events`; ``.truth`` is
        how they compare with the labels, of each recording and of all.

    Raises
    ------
    ConfigError
        a setting that cannot be.
    UsageError
        what is refused before any work.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).uniform(-0.5, 0.5, 800)
    >>> _ = write("day.wav", x, 8000), write("call.wav", x[300:350], 8000)
    >>> (file,) = search("day.wav", "call.wav", threshold=0.9)
    >>> [event.start_frame for event in file.searches[0]]
    [300]
    """
    with _naming_settings():
        work = prepare_search(
            recordings, template, settings, output, page=page, report=report, overwrite=overwrite, force=force,
            retry_failed=retry_failed, jobs=jobs, truth=truth, tolerance=tolerance, truth_label=truth_label,
        )  # fmt: skip
        return execute(work, progress, stop)


@contextmanager
def _naming_settings() -> Iterator[None]:
    """Errors in here name a setting by itself: ``threshold: must be ...``, not ``stages[0].threshold``."""
    try:
        yield
    except ConfigError as error:
        problems = [replace(one, path=one.path[2:]) if one.path[:2] == ("stages", 0) else one for one in error.problems]
        raise ConfigError(problems) from error


def prepare_search(
    recordings: Paths,
    template: Template | Sequence[Template],
    settings: Mapping[str, Any],
    output: Paths = (),
    *,
    page: str | os.PathLike[str] | None = None,
    said: Sequence[str] = (),
    truth: str | os.PathLike[str] | None = None,
    tolerance: str | float | None = None,
    truth_label: str | None = None,
    **choices: Any,
) -> Work:
    """The work of `search`, checked, which `execute` does; choices are those of `prepare_run`.

    ``said`` changes the configuration that comes of it, as ``settings`` of `run` does.
    """
    templates = [template] if isinstance(template, str | os.PathLike | Mapping) else list(template)
    outputs = [output] if isinstance(output, str | os.PathLike) else list(output)
    stage = {
        "use": "match",
        "template": [dict(one) if isinstance(one, Mapping) else {"file": os.fspath(one)} for one in templates],
        **{name: value for name, value in settings.items() if name not in READING},
    }
    reading = {"gaps": "nan", **{name: value for name, value in settings.items() if name in READING}}
    data = {"nonfinite": "propagate", **reading, "events": [os.fspath(path) for path in outputs], "stages": [stage]}
    saved = choices.get("saved")
    work = prepare_run(data, recordings, settings=said, page=page, searching=True, **choices)
    if truth is None:
        if tolerance is not None or truth_label is not None:
            raise UsageError("tolerance= and truth_label= say how labels are compared; give these as truth=")
        return work
    sources = [item.source for item in work.items]
    scoring = bundled("faltung_events.scoring", "truth=")
    labels = scoring.truth_of(os.fspath(truth), tolerance, truth_label, sources)
    read = [Named(path, "the labels") for path in dict.fromkeys(one[0] for one in labels.values())]
    more = [*map(Named, work.tables), *([] if saved is None else [Named(saved, "the saved configuration")])]
    keep_apart(read, files_written(work.items, work.report, *more))
    return replace(work, truth=labels, choices=replace(work.choices, force=True))  # what is found has to be known
